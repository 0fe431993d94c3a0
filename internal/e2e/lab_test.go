package e2e

import (
	"context"
	"io"
	"io/fs"
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
	"github.com/lakectl/lakectl/internal/storage/local"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// lab is a project in a temporary folder, and the lake that it makes.
type lab struct {
	t       testing.TB
	dir     string // of the project
	lake    string // folder of the lake
	now     time.Time
	workers int
	segment int
	memory  int64
}

func newLab(t testing.TB) *lab {
	dir := t.TempDir()
	return &lab{t: t, dir: dir, lake: filepath.Join(dir, "lake"), now: time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC), workers: 2}
}

// copyFS puts the files of a file system into the project's folder.
func (l *lab) copyFS(files fs.FS) {
	l.t.Helper()
	if err := os.CopyFS(l.dir, files); err != nil {
		l.t.Fatal(err)
	}
}

// write writes a file of the project.
func (l *lab) write(name, content string) {
	l.t.Helper()
	path := filepath.Join(l.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

// project loads and binds lakehouse.yaml.
func (l *lab) project() *project.Project {
	l.t.Helper()
	cfg, problems := config.Load(filepath.Join(l.dir, "lakehouse.yaml"), config.Options{})
	if len(problems) > 0 {
		l.t.Fatal(problems.Err())
	}
	p, problems := project.Bind(cfg, nil)
	if len(problems) > 0 {
		l.t.Fatal(problems.Err())
	}
	return p
}

func (l *lab) open() *lake.Lake {
	l.t.Helper()
	bucket, err := local.New(l.lake, local.Options{NoSync: true})
	if err != nil {
		l.t.Fatal(err)
	}
	ids := 0
	opened, err := lake.Open(context.Background(), bucket, lake.Options{Clock: func() time.Time { return l.now },
		NewID: func() string { ids++; return strings.Repeat("0", 20) + l.now.Format("150405") + string(rune('a'+ids)) }})
	if err != nil {
		l.t.Fatal(err)
	}
	return opened
}

// folder makes source.Folder a pipeline.Sources.
type folder struct{ source.Folder }

func (f folder) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	return f.Folder.Open(ctx, path)
}

// run runs the pipeline on everything.
func (l *lab) run(change ...func(*pipeline.Options)) (*pipeline.Result, error) {
	l.t.Helper()
	p := l.project()
	all, err := p.Select(nil)
	if err != nil {
		l.t.Fatal(err)
	}
	o := pipeline.Options{Selection: all, Workers: l.workers, SegmentSize: l.segment, Memory: l.memory, SpillDir: l.t.TempDir(), Now: l.now,
		Sources: folder{source.Folder{Root: l.dir}}}
	for _, c := range change {
		c(&o)
	}
	return pipeline.Run(context.Background(), p, l.open(), o)
}

// mustRun is run that fails the test on an error.
func (l *lab) mustRun(change ...func(*pipeline.Options)) *pipeline.Result {
	l.t.Helper()
	result, err := l.run(change...)
	if err != nil {
		l.t.Fatal(err)
	}
	return result
}

// row is the values of a row as text; nulls are left out.
type row map[string]string

// rows returns all rows of a table, as an engine would read them, in no
// particular order.
func (l *lab) rows(ref string) []row {
	l.t.Helper()
	r, err := lake.ParseTableRef(ref)
	if err != nil {
		l.t.Fatal(err)
	}
	opened := l.open()
	state, err := opened.State(context.Background())
	if err != nil {
		l.t.Fatal(err)
	}
	var out []row
	for _, f := range state.Files(r) {
		reader, err := table.Open(context.Background(), opened.Bucket(), f.Path)
		if err != nil {
			l.t.Fatal(err)
		}
		columns := reader.File().Table().Columns
		err = reader.ScanAll(columns, func(cols []arrow.Array, n int) error {
			for i := range n {
				out = append(out, rowOf(columns, cols, i, f.Partition))
			}
			return nil
		})
		if err != nil {
			l.t.Fatal(err)
		}
		reader.Close()
	}
	return out
}

func rowOf(columns []schema.Column, cols []arrow.Array, i int, partition map[string]*string) row {
	r := row{}
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

// without returns the rows without columns that depend on the run.
func without(rows []row, columns ...string) []row {
	for _, r := range rows {
		for _, c := range columns {
			delete(r, c)
		}
	}
	return rows
}

// lines prints rows canonically, sorted.
func lines(rows []row) []string {
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

// sameLines fails the test with the first few differences.
func sameLines(t testing.TB, what string, got, want []string) {
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
