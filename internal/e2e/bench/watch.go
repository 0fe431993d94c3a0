package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
)

// watch measures the stages of a run in this process, and profiles them. Stages
// follow one another.
type watch struct {
	profile string // folder for profiles; empty is none
	meter   meter
	cpu     *os.File
	failed  error
}

// watched is a stage in progress.
type watched struct {
	*watch
	name string // such as silver.transactions
}

// Start implements pipeline.Observer.
func (w *watch) Start(stage string, _ int64) pipeline.Stage {
	if w.profile != "" {
		w.note(w.startProfile(stage))
	}
	w.note(w.meter.begin())
	return watched{w, stage}
}

// Waiting implements pipeline.Observer: nobody else is in the lake.
func (w *watch) Waiting(holder lake.LockInfo) { w.note(fmt.Errorf("the lake is locked: %v", holder)) }

// Warning implements pipeline.Observer: nobody changes the project.
func (w *watch) Warning(text string) { w.note(errors.New(text)) }

// Add implements pipeline.Stage.
func (watched) Add(int64, int64) {}

// Done implements pipeline.Stage.
func (s watched) Done() {
	layer, _, _ := strings.Cut(s.name, ".")
	s.note(s.meter.end(layer))
	if s.profile != "" {
		s.note(s.stopProfile(s.name))
	}
}

// note keeps an error for the end of the run.
func (w *watch) note(err error) { w.failed = errors.Join(w.failed, err) }

func (w *watch) startProfile(stage string) error {
	f, err := os.Create(filepath.Join(w.profile, "cpu-"+stage+".pprof"))
	if err != nil {
		return err
	}
	w.cpu = f
	return pprof.StartCPUProfile(f)
}

// stopProfile ends the profile of a stage and writes what was allocated until
// then; `go tool pprof -base` gives the difference between two.
func (w *watch) stopProfile(stage string) error {
	pprof.StopCPUProfile()
	f, err := os.Create(filepath.Join(w.profile, "allocs-"+stage+".pprof"))
	if err != nil {
		return errors.Join(err, w.cpu.Close())
	}
	return errors.Join(w.cpu.Close(), pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}

// profile runs lakectl's side once, in a child, and leaves its profiles.
func profile(ctx context.Context, s *settings, out io.Writer) error {
	if err := os.MkdirAll(s.Profile, 0o755); err != nil {
		return err
	}
	s.Lakectl = ""
	r, err := measure(ctx, s, lakectlSide)
	if err != nil {
		return err
	}
	for _, stage := range stageNames() {
		fmt.Fprintf(out, "%-7s %7.2f s wall  %7.2f s CPU\n", stage, r.Stages[stage].Wall, r.Stages[stage].CPU)
	}
	_, err = fmt.Fprintf(out, "%-7s %7.2f s wall  %7.2f s CPU  %.0f MiB\nprofiles are in %s\n", "total", r.Total.Wall, r.Total.CPU, float64(r.Peak)/mebi, s.Profile)
	return err
}
