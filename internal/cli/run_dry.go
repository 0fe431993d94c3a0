package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/storage/local"
	"github.com/lakectl/lakectl/internal/storage/overlay"
	"github.com/lakectl/lakectl/internal/term"
)

// runDry does all that a run does in a temporary folder that lies over the lake,
// and says what would change. The lake is not written to, nor locked.
func runDry(ctx context.Context, opts *RunOptions, w *workspace, o pipeline.Options) (err error) {
	app := opts.App
	dir, err := os.MkdirTemp("", "lakectl-dry-run-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	upper, err := local.New(dir, local.Options{NoSync: true}) // it need not survive anything
	if err != nil {
		return err
	}
	options, err := app.lakeOptions()
	if err != nil {
		return err
	}
	l, err := lake.Open(ctx, overlay.New(w.Lake.Bucket(), upper), options)
	if err != nil {
		return err
	}
	// Whoever holds the lake goes on: the lock is taken away in the overlay alone.
	holder, err := l.Break(ctx)
	if err != nil {
		return err
	}
	if holder != nil {
		app.warn(fmt.Sprintf("%s is writing to the lake: what a run will do may differ", term.Clean(holder.Owner.String())))
	}
	result, err := app.execute(ctx, w, l, o)
	result.DryRun = true
	return errors.Join(err, app.printRun(w, result, err))
}
