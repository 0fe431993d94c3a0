package cli

import (
	"context"
	"errors"

	"github.com/lakectl/lakectl/internal/aws/catalog"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/term"
)

// syncCatalog sends to the Glue catalog what a run has committed to a lake on
// S3. That it fails undoes nothing: the error says so, and has the class of its
// cause; the next run sends what is missing. The result may be there beside an
// error, and is nil if nothing could be compared.
func (app *App) syncCatalog(ctx context.Context, w *workspace, c *cloud) (*catalog.Result, error) {
	r, err := w.catalog(c).Sync(ctx, catalog.SyncOptions{})
	if r != nil {
		for _, text := range r.Warnings {
			app.warn(text)
		}
	}
	if session.Refused(err) { // one cause, whatever was asked for
		first := describe(apart(err)[0])
		return r, (&diag.Error{Class: diag.ClassOf(err), Msg: "what the run committed stays, but the catalog does not have all of it yet: " + first.message, Err: err}).
			WithNext("%s; then `lakectl catalog sync` sends it, or the next run", first.next)
	}
	if err != nil {
		left := diag.Errorf(diag.ClassOf(err), "what the run committed stays, but the catalog does not have all of it yet").
			WithNext("`lakectl catalog sync` sends it, or the next run")
		return r, errors.Join(err, left)
	}
	if r.Changes > 0 {
		app.note("catalog: %s sent", term.Plural(int64(r.Changes), "change", "changes"))
	}
	return r, nil
}
