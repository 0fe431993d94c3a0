package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/internal/aws/glue"
	"github.com/lakectl/lakectl/internal/term"
)

// runWatch shows a run of a job that is followed, on standard error: on a
// terminal one line that lives, with the log above it; elsewhere a line for each
// change of state.
type runWatch struct {
	app      *App
	progress *term.Progress
	stage    *term.Stage
	live     bool
	began    time.Time
}

// follow follows a run to its end, and shows it.
func (app *App) follow(ctx context.Context, runner *glue.Runner, run *glue.Run) (*glue.Run, error) {
	w := newRunWatch(app, run)
	defer w.progress.Close()
	return runner.Follow(ctx, run, glue.Watch{
		State: w.state,
		Seen:  w.seen,
		Log:   func(l glue.Line) { w.note(app.IO.Err.Paint(term.Dim, "|") + " " + term.Clean(l.Text)) },
		Note:  func(text string) { w.note(app.IO.Err.Paint(term.Yellow, "warning:") + " " + lines(text)) },
	})
}

func newRunWatch(app *App, run *glue.Run) *runWatch {
	stream := app.IO.Err
	stream.Terminal = stream.Terminal && !app.quiet && !app.json
	w := &runWatch{app: app, progress: term.NewProgress(stream), live: stream.Terminal, began: time.Now()}
	layer := layerOf(run)                                   // the job's name would leave little room for the rest
	if run.Started.After(w.began) || run.Started.IsZero() { // or by another clock
		w.stage = w.progress.Start(layer, 0)
	} else {
		w.stage = w.progress.StartedAt(layer, run.Started)
	}
	return w
}

func (w *runWatch) note(line string) {
	if !w.app.quiet && !w.app.json {
		w.progress.Note(line)
	}
}

// state shows a change of state. The line that lives has all but the last one.
func (w *runWatch) state(r *glue.Run) {
	if w.live && !r.Ended() {
		return
	}
	text := fmt.Sprintf("%s: %s", r.Job, r.State)
	if r.Detail != "" {
		text += " (" + term.Clean(r.Detail) + ")"
	}
	w.note(w.app.IO.Err.Paint(stateStyle(r.State), text) + "  " + w.app.IO.Err.Paint(term.Dim, term.Duration(time.Since(w.began))))
}

// seen brings the line that lives up to date: the state, and as far as Glue says
// so what the run has and has used.
func (w *runWatch) seen(r *glue.Run) {
	text := r.State
	if r.Detail != "" {
		text += " (" + r.Detail + ")"
	}
	if r.Workers > 0 {
		text += fmt.Sprintf(", at most %d %s", r.Workers, r.WorkerType)
	}
	if r.DPUHours > 0 {
		text += ", " + dpuHours(r.DPUHours) + " DPU-hours"
	}
	w.stage.Say(text)
}
