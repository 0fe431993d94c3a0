package lab

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/source"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/local"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// Lab is a project in a temporary folder, and the lake that it makes.
type Lab struct {
	T       testing.TB
	Dir     string // of the project
	Lake    string // folder of the lake
	Now     time.Time
	Workers int
	Segment int   // bytes; 0 is the default
	Memory  int64 // bytes; 0 is no limit

	// Bucket is what the lake is in; nil is the folder Lake.
	Bucket storage.Bucket
	// Context is that of runs; nil is one that never ends.
	Context context.Context
	// Process tells processes on the lake apart, in leases and in ids of commits.
	// One whose name begins with "dead" is taken for dead by the others.
	Process string
}

// New returns an empty project in a temporary folder.
func New(t testing.TB) *Lab {
	dir := t.TempDir()
	return &Lab{T: t, Dir: dir, Lake: filepath.Join(dir, "lake"), Now: time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC), Workers: 2}
}

// CopyFS puts the files of a file system into the project's folder.
func (l *Lab) CopyFS(files fs.FS) {
	l.T.Helper()
	if err := os.CopyFS(l.Dir, files); err != nil {
		l.T.Fatal(err)
	}
}

// Write writes a file of the project.
func (l *Lab) Write(name, content string) {
	l.T.Helper()
	path := filepath.Join(l.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		l.T.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		l.T.Fatal(err)
	}
}

// Project loads and binds lakehouse.yaml.
func (l *Lab) Project() *project.Project {
	l.T.Helper()
	cfg, problems := config.Load(filepath.Join(l.Dir, "lakehouse.yaml"), config.Options{})
	if len(problems) > 0 {
		l.T.Fatal(problems.Err())
	}
	p, problems := project.Bind(cfg, nil)
	if len(problems) > 0 {
		l.T.Fatal(problems.Err())
	}
	return p
}

// Open opens the lake.
func (l *Lab) Open() *lake.Lake {
	l.T.Helper()
	opened, err := l.TryOpen()
	if err != nil {
		l.T.Fatal(err)
	}
	return opened
}

// TryOpen opens the lake, which may fail.
func (l *Lab) TryOpen() (*lake.Lake, error) {
	bucket := l.Bucket
	if bucket == nil {
		var err error
		if bucket, err = local.New(l.Lake, local.Options{NoSync: true}); err != nil {
			return nil, err
		}
	}
	ids, now := 0, l.Now
	return lake.Open(context.Background(), bucket, lake.Options{
		Clock:    func() time.Time { return now },
		NewID:    func() string { ids++; return fmt.Sprintf("%s-%d-%d", l.Process, now.UnixNano(), ids) },
		Owner:    lake.Owner{Host: "lab " + l.Process, PID: 1},
		Gone:     func(o lake.Owner) bool { return strings.HasPrefix(o.Host, "lab dead") },
		LeaseTTL: time.Hour,
	})
}

// folder makes source.Folder a pipeline.Sources.
type folder struct{ source.Folder }

func (f folder) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	return f.Folder.Open(ctx, path)
}

// Run runs the pipeline on everything.
func (l *Lab) Run(change ...func(*pipeline.Options)) (*pipeline.Result, error) {
	l.T.Helper()
	p := l.Project()
	all, err := p.Select(nil)
	if err != nil {
		l.T.Fatal(err)
	}
	o := pipeline.Options{Selection: all, Workers: l.Workers, SegmentSize: l.Segment, Memory: l.Memory, SpillDir: l.T.TempDir(), Now: l.Now,
		Sources: folder{source.Folder{Root: l.Dir}}}
	for _, c := range change {
		c(&o)
	}
	opened, err := l.TryOpen()
	if err != nil {
		return &pipeline.Result{Outcome: pipeline.Failed}, err
	}
	ctx := l.Context
	if ctx == nil {
		ctx = context.Background()
	}
	return pipeline.Run(ctx, p, opened, o)
}

// MustRun is run that fails the test on an error.
func (l *Lab) MustRun(change ...func(*pipeline.Options)) *pipeline.Result {
	l.T.Helper()
	result, err := l.Run(change...)
	if err != nil {
		l.T.Fatal(err)
	}
	return result
}

// Row is the values of a row as text; nulls are left out.
type Row map[string]string

// Rows returns all rows of a table, as an engine would read them, in no
// particular order.
func (l *Lab) Rows(ref string) []Row {
	l.T.Helper()
	var out []Row
	files := l.RowsByFile(ref)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		out = append(out, files[path]...)
	}
	return out
}

// RowsByFile returns the rows of each file of a table, by path.
func (l *Lab) RowsByFile(ref string) map[string][]Row {
	l.T.Helper()
	r, err := lake.ParseTableRef(ref)
	if err != nil {
		l.T.Fatal(err)
	}
	opened := l.Open()
	state, err := opened.State(context.Background())
	if err != nil {
		l.T.Fatal(err)
	}
	out := map[string][]Row{}
	for _, f := range state.Files(r) {
		rows := []Row{}
		reader, err := table.Open(context.Background(), opened.Bucket(), f.Path)
		if err != nil {
			l.T.Fatal(err)
		}
		columns := reader.File().Table().Columns
		err = reader.ScanAll(columns, func(cols []arrow.Array, n int) error {
			for i := range n {
				rows = append(rows, rowOf(columns, cols, i, f.Partition))
			}
			return nil
		})
		if err != nil {
			l.T.Fatal(err)
		}
		reader.Close()
		out[f.Path] = rows
	}
	return out
}

func rowOf(columns []schema.Column, cols []arrow.Array, i int, partition map[string]*string) Row {
	r := Row{}
	for c, col := range cols {
		if col.IsValid(i) {
			r[columns[c].Name] = string(vec.AppendText(nil, col, i))
		}
	}
	for name, value := range partition {
		if value != nil {
			r[name] = *value
		}
	}
	return r
}

// Without returns the rows without columns that depend on the run.
func Without(rows []Row, columns ...string) []Row {
	for _, r := range rows {
		for _, c := range columns {
			delete(r, c)
		}
	}
	return rows
}

// Lines prints rows canonically, sorted.
func Lines(rows []Row) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		var parts []string
		for name, value := range r {
			parts = append(parts, name+"="+value)
		}
		slices.Sort(parts)
		out[i] = strings.Join(parts, " | ")
	}
	slices.Sort(out)
	return out
}

// SameLines fails the test with the first few differences.
func SameLines(t testing.TB, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	t.Errorf("%s: %d rows, want %d", what, len(got), len(want))
	shown := 0
	for i := 0; i < max(len(got), len(want)) && shown < 3; i++ {
		g, w := "(none)", "(none)"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("  got  %s\n  want %s", g, w)
			shown++
		}
	}
}

// Ledger returns what the lake says of its datasets.
func (l *Lab) Ledger() []pipeline.LedgerLine {
	l.T.Helper()
	state, err := l.Open().State(context.Background())
	if err != nil {
		l.T.Fatal(err)
	}
	return pipeline.Ledger(state)
}
