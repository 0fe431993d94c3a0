package cli

import (
	"os"
	"path/filepath"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/query/duckdb"
	"github.com/lakectl/lakectl/internal/term"
)

const (
	// cacheVariable is the folder of files that were fetched for queries.
	cacheVariable = "LAKEHOUSE_CACHE"
	// cacheSizeVariable is how large it may become.
	cacheSizeVariable = "LAKEHOUSE_CACHE_SIZE"
	// defaultCacheSize is enough for some months of a lake of middling size.
	defaultCacheSize = sizeValue(10 << 30)
)

// duckdb opens the engine in this process.
func (w *workspace) duckdb(opts *QueryOptions) (query.Engine, error) {
	app := opts.App
	o := duckdb.Options{Lake: w.Lake, Memory: int64(opts.Memory), Threads: opts.Threads, MaxScan: int64(opts.MaxScan), Temp: os.TempDir()}
	if path := w.Config.Path(w.Config.Lake.Value); onS3(path) {
		cache, err := app.queryCache()
		if err != nil {
			return nil, err
		}
		o.Cache = cache
		o.OnFetch = func(files int, bytes int64) {
			app.note("%s", app.IO.Err.Paint(term.Dim, "fetching "+term.Plural(int64(files), "file", "files")+", "+term.Size(bytes)+" ..."))
		}
	} else {
		o.Folder = path
	}
	return duckdb.New(o)
}

// queryCache returns where files of a lake on S3 are kept.
func (app *App) queryCache() (duckdb.Cache, error) {
	size, folder := defaultCacheSize, app.Getenv(cacheVariable)
	if text := app.Getenv(cacheSizeVariable); text != "" {
		if err := size.Set(text); err != nil {
			return duckdb.Cache{}, diag.Errorf(diag.Usage, "%s=%s: %w", cacheSizeVariable, text, err)
		}
	}
	if folder == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return duckdb.Cache{}, diag.Errorf(diag.Usage, "there is no folder for the cache of queries: %w", err).
				WithNext("name one with %s", cacheVariable)
		}
		folder = filepath.Join(user, "lakehouse", "queries")
	}
	return duckdb.Cache{Folder: folder, Bytes: int64(size)}, nil
}
