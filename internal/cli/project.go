package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/csvio"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/source"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/local"
)

// workspace is a project that was found, bound to types, and its lake.
type workspace struct {
	Config  *config.Config
	Project *project.Project
	Sources source.Files
	cloud   *lazySession
	Lake    *lake.Lake  // nil unless it was asked for
	State   *lake.State // of Lake, when it was opened
	Found   map[string][]source.File
}

// findProject returns the folder with lakehouse.yaml: the one of --project, or
// the nearest one at or above the working directory.
func (app *App) findProject() (string, error) {
	if app.projectDir != "" {
		if exists(filepath.Join(app.projectDir, config.FileName)) {
			return app.projectDir, nil
		}
		return "", diag.Errorf(diag.Usage, "there is no %s in %s", config.FileName, app.projectDir).
			WithNext("give --project the folder of a project, or start one with `lakectl init %s`", app.projectDir)
	}
	for dir := app.Dir; ; dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, config.FileName)) {
			return app.short(dir), nil
		}
		if dir == filepath.Dir(dir) {
			return "", diag.Errorf(diag.Usage, "there is no %s in %s or any folder above it", config.FileName, app.Dir).
				WithNext("go to the folder of a project, name it with --project DIR, or start one with `lakectl init DIR`")
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// short returns a path as people like to read it: relative to the working
// directory if it is at, above or below it.
func (app *App) short(path string) string {
	rel, err := filepath.Rel(app.Dir, path)
	if err != nil || strings.Count(rel, "..") > 3 {
		return path
	}
	return rel
}

// open loads the project and opens its lake.
func (app *App) open(ctx context.Context) (*workspace, error) {
	w, cfg, problems, err := app.readWithLake(ctx)
	if err != nil {
		return nil, err
	}
	return w, w.bind(ctx, cfg, problems)
}

// look is open for commands that only show what is in the lake: raw files are
// not looked for, which may be many, or not there on this machine.
func (app *App) look(ctx context.Context) (*workspace, error) {
	w, cfg, problems, err := app.readWithLake(ctx)
	if err != nil {
		return nil, err
	}
	return w, w.bindTo(cfg, problems, nil)
}

// readWithLake is read, with the lake open if it is known where that is.
func (app *App) readWithLake(ctx context.Context) (*workspace, *config.Config, diag.List, error) {
	w, cfg, problems, err := app.read()
	if err != nil {
		return nil, nil, nil, err
	}
	if cfg != nil && cfg.Lake.Value != "" {
		if err := w.openLake(ctx, app, cfg); err != nil {
			return nil, nil, nil, errors.Join(problems.Err(), err)
		}
	}
	return w, cfg, problems, nil
}

// read finds and parses lakehouse.yaml.
func (app *App) read() (*workspace, *config.Config, diag.List, error) {
	dir, err := app.findProject()
	if err != nil {
		return nil, nil, nil, err
	}
	cfg, problems := config.Load(filepath.Join(dir, config.FileName), config.Options{Environment: app.environment, Getenv: app.Getenv})
	w := &workspace{Config: cfg, cloud: &lazySession{cfg: cfg}}
	w.Sources = source.Files{Folder: source.Folder{Root: dir}, Store: w.sourceBucket}
	return w, cfg, problems, nil
}

// openLake opens the lake of the project.
func (w *workspace) openLake(ctx context.Context, app *App, cfg *config.Config) error {
	o, err := app.lakeOptions()
	if err != nil {
		return err
	}
	if onS3(cfg.Lake.Value) {
		o.Parallel = parallelOnS3
	}
	bucket, err := w.openBucket(ctx, cfg)
	if err != nil {
		return err
	}
	w.Lake, err = lake.Open(ctx, bucket, o)
	if err != nil {
		return err
	}
	w.State, err = w.Lake.State(ctx)
	return err
}

// openBucket opens what the lake of the project is in.
func (w *workspace) openBucket(ctx context.Context, cfg *config.Config) (storage.Bucket, error) {
	if path := cfg.Path(cfg.Lake.Value); !onS3(path) {
		return local.New(path, local.Options{})
	}
	return w.lakeBucket(ctx, cfg)
}

func onS3(path string) bool { return strings.HasPrefix(path, "s3://") }

// bind binds the project to types and returns all that is wrong with it.
func (w *workspace) bind(ctx context.Context, cfg *config.Config, problems diag.List) error {
	if cfg == nil {
		return problems.Err()
	}
	raw, err := w.rawColumns(ctx, cfg)
	if err != nil {
		return errors.Join(problems.Err(), err)
	}
	return w.bindTo(cfg, problems, raw)
}

// bindTo is bind for raw columns that are known.
func (w *workspace) bindTo(cfg *config.Config, problems diag.List, raw project.RawColumns) error {
	if cfg == nil {
		return problems.Err()
	}
	p, more := project.Bind(cfg, raw)
	problems.Add(more)
	problems.Sort()
	if err := problems.Err(); err != nil {
		return err
	}
	w.Project = p
	return nil
}

// rawColumns returns the raw columns that are known: those in the lake, and
// those in the headers of the files found. Files that cannot be read are the
// business of a run.
func (w *workspace) rawColumns(ctx context.Context, cfg *config.Config) (project.RawColumns, error) {
	raw := project.RawColumns{}
	w.Found = map[string][]source.File{}
	for _, d := range datasets(cfg) {
		files, err := w.Sources.List(ctx, d.Sources)
		if err != nil {
			return nil, err
		}
		w.Found[d.Name] = files
		names := w.ingested(d.Name)
		for _, f := range files {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if !w.known(d, f) {
				names = union(names, w.header(ctx, d, f.Path))
			}
		}
		if len(names) > 0 {
			raw[d.Name] = union(names, declared(cfg, d))
		}
	}
	return raw, nil
}

// datasets binds the bronze datasets alone, those that have nothing wrong.
func datasets(cfg *config.Config) []*project.Bronze {
	var list []*project.Bronze
	for _, e := range cfg.Bronze.Entries {
		one := config.Config{File: cfg.File, Project: cfg.Project, Environment: cfg.Environment, Lake: cfg.Lake}
		one.Bronze.Entries = append(one.Bronze.Entries, e)
		if p, _ := project.Bind(&one, nil); p != nil {
			list = append(list, p.Bronze...)
		}
	}
	return list
}

// ingested returns the raw columns that a dataset has in the lake.
func (w *workspace) ingested(dataset string) []string {
	if w.State == nil {
		return nil
	}
	t := w.State.Tables[lake.TableRef{Layer: lake.Bronze, Name: dataset}]
	if t == nil {
		return nil
	}
	var names []string
	for _, c := range t.Schema {
		if !slices.Contains([]string{project.SourceFile, project.SourceRow, project.IngestionTimestamp, project.IngestionDate}, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// known says whether a file was ingested as it is, so that its columns are in
// the lake.
func (w *workspace) known(d *project.Bronze, f source.File) bool {
	if w.State == nil {
		return false
	}
	_, change := w.State.Compare(d.Name, f.Path, f.Size, f.Version)
	return change == lake.Unchanged
}

// declared returns the raw columns that the file itself names.
func declared(cfg *config.Config, d *project.Bronze) []string {
	e := cfg.Bronze.Get(d.Name)
	return normalised(d, e.Value.Columns.Values())
}

// header returns the names of the columns of a file, none if it cannot be read.
func (w *workspace) header(ctx context.Context, d *project.Bronze, path string) []string {
	if !d.Dialect.Header {
		return nil
	}
	f, err := w.Sources.Open(ctx, path)
	if err != nil {
		return nil
	}
	defer f.Close()
	plain, err := csvio.Decompress(path, f)
	if err != nil {
		return nil
	}
	defer plain.Close()
	s, err := csvio.NewSplitter(plain, d.Dialect, csvio.Options{Name: path, SegmentSize: headerSize})
	if err != nil {
		return nil
	}
	return normalised(d, s.Header())
}

// headerSize is how much of a file is read at a time to find its header.
const headerSize = 64 << 10

func normalised(d *project.Bronze, names []string) []string {
	out := slices.Clone(names)
	if d.NormaliseNames {
		for i, name := range out {
			out[i] = config.NormaliseName(name)
		}
	}
	return out
}

// union returns the names of both, those of more that differ in case alone left
// out.
func union(names, more []string) []string {
	for _, name := range more {
		if !slices.ContainsFunc(names, func(have string) bool { return strings.EqualFold(have, name) }) {
			names = append(slices.Clip(names), name)
		}
	}
	return names
}

// at returns where a path that was typed is: relative ones are relative to the
// working directory.
func (app *App) at(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(app.Dir, path)
}
