package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/query/athena"
	"github.com/lakectl/lakectl/internal/query/duckdb"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/s3"
	"github.com/lakectl/lakectl/internal/term"
)

// athena opens the engine in AWS.
func (w *workspace) athena(ctx context.Context, opts *QueryOptions) (query.Engine, error) {
	if !onS3(w.Config.Lake.Value) {
		return nil, diag.Errorf(diag.Usage, "Athena cannot read the lake: it is in a folder, %s", w.Config.Lake.Value).
			WithNext("put it on S3 (lake: s3://BUCKET, and `lakectl deploy`), or ask --engine duckdb")
	}
	c, err := openCloud(ctx, w.Config)
	if err != nil {
		return nil, err
	}
	app := opts.App
	bucket := func(name string) *s3.Bucket { return s3.New(c.Session, s3.Options{Bucket: name}) }
	return athena.New(c.Session, athena.Options{
		Workgroup: c.Names.Workgroup(), Database: c.Names.Database, Reuse: opts.Reuse, MaxScan: int64(opts.MaxScan),
		Objects: func(ctx context.Context, name, key string) (storage.Stream, error) {
			return bucket(name).Stream(ctx, key)
		},
		Empty: func(ctx context.Context, name, prefix string) (bool, error) { return empty(ctx, bucket(name), prefix) },
		Estimate: func(ctx context.Context, st query.Statement) (int64, error) {
			return duckdb.Estimate(ctx, duckdb.Options{Lake: w.Lake, Temp: os.TempDir()}, st)
		},
		OnState: func(state string) {
			if app.IO.Err.Terminal && state != "succeeded" {
				app.note("%s", app.IO.Err.Paint(term.Dim, "Athena: "+state))
			}
		},
	}), nil
}

// empty says whether a bucket has nothing below a prefix.
func empty(ctx context.Context, bucket storage.Bucket, prefix string) (bool, error) {
	for _, err := range bucket.List(ctx, prefix) {
		if errors.Is(err, fs.ErrNotExist) {
			return false, diag.Errorf(diag.Usage, "there is no such bucket: %w", err).WithNext("name one that there is")
		}
		return false, err
	}
	return true, nil
}

// noUnload is the error of an engine that writes no files.
func noUnload(engine string) error {
	return diag.Errorf(diag.Usage, "%s writes no files to S3", engine).
		WithNext("ask --engine athena, or write the rows here: -o parquet > FILE")
}

// unload has the engine write the rows to S3.
func (app *App) unload(ctx context.Context, opts *QueryOptions, engine query.Engine, st query.Statement) error {
	a, ok := engine.(*athena.Engine)
	if !ok {
		return noUnload(engine.Name())
	}
	stats, err := a.Unload(ctx, st, opts.To)
	if err != nil {
		return err
	}
	if app.json {
		return writeJSON(app.IO.Out, statsOf(stats))
	}
	app.note("written to %s: %s", stats.Location, footer(engine.Name(), stats))
	return nil
}
