package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const mebi = 1 << 20

// The sides.
const (
	lakectlSide = "lakectl"
	duckdbSide  = "duckdb"
	sparkSide   = "spark"
)

// cost is what work took, in seconds. CPU is that of all threads, user and
// system; below 0 it is not known.
type cost struct{ Wall, CPU float64 }

// The stages, and what is in none of them: starting, commits, syncing.
const (
	bronzeStage = "bronze"
	silverStage = "silver"
	goldStage   = "gold"
	restStage   = "rest"
)

func stageNames() []string { return []string{bronzeStage, silverStage, goldStage, restStage} }

// run is what one run of a side took.
type run struct {
	Total  cost
	Stages map[string]cost
	Peak   int64 // bytes resident
}

// measure runs a side from nothing until all it wrote is on disk.
func measure(ctx context.Context, s *settings, side string) (run, error) {
	cmd, stages, err := sideCommand(ctx, s, side)
	if err != nil {
		return run{}, err
	}
	if err := os.RemoveAll(s.lake(side)); err != nil {
		return run{}, err
	}
	if err := syncAll(s.Dir); err != nil { // what others wrote is not this run's
		return run{}, err
	}
	begun := time.Now()
	text, err := output(cmd)
	if err != nil {
		return run{}, err
	}
	if err := syncAll(s.Dir); err != nil {
		return run{}, err
	}
	r := run{Total: cost{Wall: time.Since(begun).Seconds()}}
	if r.Total.CPU, r.Peak, err = usage(cmd); err != nil {
		return run{}, err
	}
	if r.Stages, err = stages(text); err != nil {
		return run{}, err
	}
	r.Stages[restStage] = rest(r.Total, r.Stages)
	return r, nil
}

// sideCommand returns the process of a side, and what reads its stages from
// what it prints.
func sideCommand(ctx context.Context, s *settings, side string) (*exec.Cmd, func([]byte) (map[string]cost, error), error) {
	if side == sparkSide {
		return sparkCommand(ctx, s), stagesOfResult, nil
	}
	if side == lakectlSide && s.Lakectl != "" {
		return lakectlCommand(ctx, s), stagesOfResult, nil
	}
	name := map[string]string{lakectlSide: lakectlChild, duckdbSide: duckdbChild}[side]
	cmd, err := command(ctx, name, s)
	return cmd, func(text []byte) (stages map[string]cost, err error) { return stages, decode(text, &stages) }, err
}

// syncAll waits until the file system of a folder has everything on disk.
func syncAll(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return errors.Join(fmt.Errorf("sync %s: %w", dir, err), f.Close())
	}
	return f.Close()
}

// usage returns the CPU seconds of a process that has ended and of those that it
// started, and the peak memory, in bytes, of the largest of them.
func usage(cmd *exec.Cmd) (cpu float64, peak int64, err error) {
	u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, 0, errors.New("this system does not say what a process used")
	}
	return cpuSeconds(u), u.Maxrss << 10, nil
}

func cpuSeconds(u *syscall.Rusage) float64 {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// rest is what is in no stage.
func rest(total cost, stages map[string]cost) cost {
	for _, c := range stages {
		total.Wall -= c.Wall
		if c.CPU < 0 {
			total.CPU = -1
		}
		if total.CPU >= 0 {
			total.CPU -= c.CPU
		}
	}
	return total
}

// meter measures the stages of this process. It is not for use by several
// goroutines.
type meter struct {
	stages map[string]cost
	wall   time.Time
	cpu    float64
}

func (m *meter) begin() error {
	cpu, err := ownCPU()
	m.wall, m.cpu = time.Now(), cpu
	return err
}

// end adds what was used since begin to a stage.
func (m *meter) end(stage string) error {
	cpu, err := ownCPU()
	if m.stages == nil {
		m.stages = map[string]cost{}
	}
	c := m.stages[stage]
	m.stages[stage] = cost{c.Wall + time.Since(m.wall).Seconds(), c.CPU + cpu - m.cpu}
	return err
}

func ownCPU() (float64, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return cpuSeconds(&u), nil
}
