package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/pipeline"
)

// tellCloud tells AWS and Snowflake of a run on a lake on S3: the catalog and
// Snowflake, what is in the lake now, and CloudWatch, how the run went. An error undoes nothing of the run.
func (app *App) tellCloud(ctx context.Context, w *workspace, result *pipeline.Result, runErr error) error {
	if !onS3(w.Config.Lake.Value) {
		return nil
	}
	var c *cloud
	var err error
	if w.Config.AWS.Catalog.Value && ctx.Err() == nil && mayHaveCommitted(runErr) {
		c, err = app.tellCatalog(ctx, w)
	}
	// In a job of Glue nobody is logged in to Snowflake: who started it tells it.
	if app.Getenv(sparkSocket) == "" && ctx.Err() == nil && mayHaveCommitted(runErr) {
		err = errors.Join(err, app.tellSnowflake(ctx, w))
	}
	app.reportRun(ctx, w, c, result, errors.Join(runErr, err))
	return err
}

// mayHaveCommitted says whether a run that ended with an error may have changed
// the lake.
func mayHaveCommitted(err error) bool {
	return err == nil || !slices.Contains([]diag.Class{diag.Usage, diag.Locked, diag.Interrupted}, diag.ClassOf(err))
}

// tellCatalog makes the catalog what the lake is, also where a run committed
// nothing, which repairs what a crash of an earlier one left out. It returns
// where AWS is, if that could be found out.
func (app *App) tellCatalog(ctx context.Context, w *workspace) (*cloud, error) {
	c, err := openCloud(ctx, w.Config)
	if err != nil {
		return nil, diag.Errorf(diag.ClassOf(err), "what the run committed stays, but the catalog could not be told: %w", err).
			WithNext("`lakectl catalog sync` tells it, or the next run; on a store that is not AWS's, write `aws: {catalog: false, metrics: false}` into lakehouse.yaml")
	}
	_, err = app.syncCatalog(ctx, w, c)
	return c, err
}
