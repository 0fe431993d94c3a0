package cli

import (
	"context"
	"slices"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/pipeline"
)

// tellCloud tells AWS of a run on a lake on S3: the catalog, what is in the lake
// now. It does so also where nothing was committed, which repairs what a crash
// of an earlier run left out. An error of it undoes nothing of the run.
func (app *App) tellCloud(ctx context.Context, w *workspace, result *pipeline.Result, runErr error) error {
	settings := &w.Config.AWS
	if !onS3(w.Config.Lake.Value) || !settings.Catalog.Value || ctx.Err() != nil {
		return nil
	}
	if without := []diag.Class{diag.Usage, diag.Locked, diag.Interrupted}; runErr != nil && slices.Contains(without, diag.ClassOf(runErr)) {
		return nil // the run did nothing
	}
	c, err := openCloud(ctx, w.Config)
	if err != nil {
		return diag.Errorf(diag.ClassOf(err), "what the run committed stays, but the catalog could not be told: %w", err).
			WithNext("`lakectl catalog sync` tells it, or the next run; on a store that is not AWS's, write `aws: {catalog: false, metrics: false}` into lakehouse.yaml")
	}
	_, err = app.syncCatalog(ctx, w, c)
	return err
}
