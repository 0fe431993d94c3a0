package duckdb

import (
	"github.com/lakectl/lakectl/internal/lake"
)

// Name is what --engine calls this engine.
const Name = "duckdb"

// Options are the settings of New.
type Options struct {
	// Lake is what is asked.
	Lake *lake.Lake
	// Folder is where the lake is on this machine. Without one its files are
	// fetched to the cache.
	Folder string
	// Cache is where files are kept that were fetched.
	Cache Cache
	// Memory is how much DuckDB may use, in bytes; beyond it, it writes to Temp.
	Memory int64
	// Threads is how many DuckDB may use; 0 is one for each processor.
	Threads int
	// Temp is a folder for what does not fit the memory, for each statement in one
	// of its own; empty is that of the system.
	Temp string
	// MaxScan is how many bytes of files a statement may need, which is known
	// before it runs; 0 is any number.
	MaxScan int64
	// OnFetch, if set, is told before files are fetched how much that is.
	OnFetch func(files int, bytes int64)
}

// Cache is a folder for files of lakes that are elsewhere. It may be shared by
// several processes.
type Cache struct {
	Folder string
	Bytes  int64 // how large it may become; what was not used for longest goes first
}
