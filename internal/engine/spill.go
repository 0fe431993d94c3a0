package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Spill is where operators put rows that the memory budget has no room for:
// unnamed temporary files that vanish with the process, whatever ends it.
// It is safe for concurrent use.
type Spill struct {
	dir     string
	written atomic.Int64
	mu      sync.Mutex
	files   []*os.File
}

// NewSpill returns a spill into temporary files under dir, which is made when
// the first is needed. An empty dir is the system's.
func NewSpill(dir string) *Spill { return &Spill{dir: dir} }

// Written returns the bytes spilled so far.
func (s *Spill) Written() int64 { return s.written.Load() }

// Close frees the space of all files.
func (s *Spill) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first error
	for _, f := range s.files {
		if err := f.Close(); err != nil && first == nil {
			first = err
		}
	}
	s.files = nil
	return first
}

// file opens a new file of one writer.
func (s *Spill) file() (*spillFile, error) {
	dir := s.dir
	if dir == "" {
		dir = os.TempDir()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("spill to disk: %w", err)
	}
	f, err := os.CreateTemp(dir, "lakectl-spill-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("spill to disk: %w", err)
	}
	// Without a name nothing is left behind by a killed process.
	if err := os.Remove(f.Name()); err != nil {
		return nil, fmt.Errorf("spill to disk: %s: %w", filepath.Base(f.Name()), err)
	}
	s.mu.Lock()
	s.files = append(s.files, f)
	s.mu.Unlock()
	return &spillFile{file: f, spill: s}, nil
}

// spillFile appends blocks for one writer; any number may read.
type spillFile struct {
	file  *os.File
	spill *Spill
	end   int64
}

// block is a place in a spillFile.
type block struct{ offset, size int64 }

func (f *spillFile) append(b []byte) (block, error) {
	if _, err := f.file.WriteAt(b, f.end); err != nil {
		return block{}, fmt.Errorf("spill to disk: %w", err)
	}
	at := block{f.end, int64(len(b))}
	f.end += at.size
	f.spill.written.Add(at.size)
	return at, nil
}

func (f *spillFile) read(at block) ([]byte, error) {
	b := make([]byte, at.size)
	if _, err := f.file.ReadAt(b, at.offset); err != nil {
		return nil, fmt.Errorf("read back what was spilled: %w", err)
	}
	return b, nil
}
