package glue

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// Watch is who follows a run.
type Watch struct {
	State func(*Run)   // the state has changed
	Seen  func(*Run)   // it was looked at, after State
	Log   func(Line)   // a line of the log
	Note  func(string) // something that does not end the run
}

// How often a run is looked at, and how often that may fail in a row: the run
// goes on whether we see it or not.
const (
	firstPoll = time.Second
	lastPoll  = 15 * time.Second
	tolerated = 5
)

// lastLines is how many lines of the log an error quotes.
const lastLines = 15

// follower follows one run.
type follower struct {
	*Runner
	watch Watch
	run   *Run
	tail  *Tail
	deaf  bool     // the log cannot be read
	last  []string // lines of the log
}

// Follow waits until a run has ended, and returns it as it then is, also with an
// error: one of a run that did not succeed, of a context that ended, or of a run
// that can no longer be seen.
func (r *Runner) Follow(ctx context.Context, run *Run, w Watch) (*Run, error) {
	f := &follower{Runner: r, watch: w, run: run, tail: r.Tail(run, OutputLog)}
	w.State(run)
	w.Seen(run)
	pause := firstPoll
	for failed := 0; !f.run.Ended(); {
		if err := r.wait(ctx, pause); err != nil {
			return f.run, err
		}
		pause = min(pause*3/2, lastPoll)
		now, err := r.Run(ctx, run.Job, run.ID)
		switch {
		case ctx.Err() != nil:
			return f.run, ctx.Err()
		case err != nil:
			if failed++; failed > tolerated || diag.ClassOf(err) != diag.Transient || session.Refused(err) {
				return f.run, err
			}
			w.Note(err.Error())
			continue
		}
		failed = 0
		if now.State != f.run.State {
			w.State(now)
			pause = firstPoll
		}
		w.Seen(now)
		f.run = now
		f.listen(ctx)
	}
	f.listen(ctx) // what was said at the very end
	return f.run, f.outcome()
}

// listen reads the log. A run is followed without it where it cannot be read,
// which is said once.
func (f *follower) listen(ctx context.Context) {
	if f.deaf {
		return
	}
	lines, err := f.tail.Next(ctx)
	for _, line := range lines {
		f.watch.Log(line)
		f.last = append(f.last, line.Text)
	}
	f.last = f.last[max(0, len(f.last)-lastLines):]
	if err != nil && ctx.Err() == nil && diag.ClassOf(err) != diag.Transient {
		f.deaf = true
		f.watch.Note("the log is not shown: " + err.Error())
	}
}

// outcome is the error of a run that did not succeed.
func (f *follower) outcome() error {
	r := f.run
	if r.Succeeded() {
		return nil
	}
	message := r.Error
	if message == "" {
		message = "Glue gives no reason"
		if len(f.last) > 0 {
			message += "; the last line of its log is: " + f.last[len(f.last)-1]
		}
	}
	said := map[string]string{"STOPPED": "was stopped", "TIMEOUT": "took longer than its timeout", "EXPIRED": "waited too long for capacity"}[r.State]
	if said == "" {
		said = "failed"
	}
	err := diag.Errorf(classOf(message), "the job %s %s: %s", r.Job, said, message)
	switch r.State {
	case "EXPIRED":
		err.Class = diag.Transient
		return err.WithNext("there was no spare capacity: try again later, or set `flex: false` under `aws: {glue: ...}`")
	case "TIMEOUT":
		return err.WithNext("set a longer `timeout`, or more `max_workers`, under `aws: {glue: ...}`; `lakectl job logs %s` shows how far it came", r.ID)
	case "STOPPED":
		return err.WithNext("start it again when it may run; nothing is half-published")
	}
	return err.WithNext("`lakectl job logs %s` has the whole log, --system what Spark says", r.ID)
}

// exits is how the programs of the jobs begin the error of a run that lakectl
// ended there.
var exits = regexp.MustCompile(`lakectl \(exit ([0-9]+)\): `)

// classOf returns the class of the error that a run ended with, which its message
// says: a gate that fails there is one that fails here.
func classOf(message string) diag.Class {
	match := exits.FindStringSubmatch(message)
	if match == nil {
		return diag.Unexpected
	}
	switch class, _ := strconv.Atoi(match[1]); diag.Class(class) {
	case diag.Usage, diag.Gate, diag.Transient, diag.Locked, diag.Budget, diag.Ledger:
		return diag.Class(class)
	}
	return diag.Unexpected
}

// Retry returns the run with which Glue tries a failed run again; nil if it does
// not within a minute.
func (r *Runner) Retry(ctx context.Context, failed *Run, retries int) (*Run, error) {
	if failed.Attempt >= retries || !slices.Contains([]string{"FAILED", "TIMEOUT", "ERROR"}, failed.State) {
		return nil, nil
	}
	for range 12 {
		if err := r.wait(ctx, 5*time.Second); err != nil {
			return nil, err
		}
		runs, err := r.Runs(ctx, failed.Job, 5)
		if err != nil {
			return nil, fmt.Errorf("look for the next attempt: %w", err)
		}
		for _, run := range runs {
			if run.Attempt > failed.Attempt && run.Arguments[RunArgument] == failed.Arguments[RunArgument] {
				return run, nil
			}
		}
	}
	return nil, nil
}
