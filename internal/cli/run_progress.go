package cli

import (
	"sync"
	"time"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/term"
)

// observer shows how a run gets on: on a terminal a line for each stage, and
// everywhere whom it waits for.
type observer struct {
	progress *term.Progress
	err      term.Stream

	mu      sync.Mutex
	waiting string // the lease that it was last said to wait for
}

func newObserver(app *App) *observer {
	return &observer{progress: term.NewProgress(app.IO.Err), err: app.IO.Err}
}

// Start implements pipeline.Observer.
func (o *observer) Start(stage string, bytes int64) pipeline.Stage {
	return o.progress.Start(stage, bytes)
}

// Warning implements pipeline.Observer.
func (o *observer) Warning(text string) {
	o.progress.Note(o.err.Paint(term.Yellow, "warning:") + " " + term.Clean(text))
}

// Waiting implements pipeline.Observer. It is called again and again, and says
// each holder once.
func (o *observer) Waiting(holder lake.LockInfo) {
	o.mu.Lock()
	said := o.waiting == holder.Nonce
	o.waiting = holder.Nonce
	o.mu.Unlock()
	if !said {
		o.progress.Note("waiting for the lock of the lake, held by " + term.Clean(holder.Owner.String()) +
			" since " + holder.Acquired.UTC().Format(time.RFC3339))
	}
}
