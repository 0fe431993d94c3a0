package pipeline

import (
	"context"
	"io"
	"time"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/source"
)

// Options are the settings of a run.
type Options struct {
	Selection project.Selection
	// FullRefresh rebuilds the silver and gold tables that are selected from
	// bronze. RebuildChanged rebuilds those whose definition has changed; without
	// it Confirm is asked, and without that the run fails.
	FullRefresh    bool
	RebuildChanged bool
	Confirm        func(changed []DefinitionChange) (bool, error)
	// Replay judges the rows in quarantine again.
	Replay bool
	// Accept are gates to let pass although they fail, with the reasons.
	Accept map[string]string

	Engine      Engine // nil: this process
	Workers     int
	Memory      int64  // bytes that the run may take; what does not fit goes to disk; 0 is no limit
	SpillDir    string // for what does not fit; empty is the system's
	SegmentSize int    // bytes of raw files that a worker parses at a time; 0 is the default

	PartOf      string    // what the run is a part of: see Result
	Now         time.Time // start of the run
	LockTimeout time.Duration
	Sources     Sources
	Observer    Observer // may be nil
}

// Sources is where raw files are found.
type Sources interface {
	// List returns the files that the patterns name, by ascending path.
	List(ctx context.Context, patterns []string) ([]source.File, error)
	// Open opens a file for reading from its start.
	Open(ctx context.Context, path string) (io.ReadCloser, error)
}

// Observer is told how a run gets on. It must be safe for concurrent use.
type Observer interface {
	// Start begins a stage that has so many bytes to go through, 0 if that is
	// not known.
	Start(stage string, bytes int64) Stage
	// Waiting says that another run holds the lake.
	Waiting(holder lake.LockInfo)
	// Warning is told what the result has among its warnings, when it is found.
	Warning(text string)
}

// Stage is a stage of a run in progress.
type Stage interface {
	Add(rows, bytes int64)
	Done()
}

// quiet is the Observer of a run that nobody watches.
type quiet struct{}

func (quiet) Start(string, int64) Stage { return quiet{} }
func (quiet) Waiting(lake.LockInfo)     {}
func (quiet) Warning(string)            {}
func (quiet) Add(int64, int64)          {}
func (quiet) Done()                     {}
