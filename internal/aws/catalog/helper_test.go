package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/aws/catalog/catalogtest"
	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

const projectText = `
project: shop-x
lake: s3://the-lake/top
bronze: {orders: {source: orders/}}
silver:
  orders:
    partition_by: day
    columns: {id: {type: string}, amount: {type: "decimal(10,2)"}, day: {type: date}}
`

// world is a lake, and a Glue that is to be kept the same.
type world struct {
	t     *testing.T
	lake  *lake.Lake
	lease *lake.Lease
	glue  *catalogtest.Glue
	runs  string // what their ids begin with
	run   int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, glue: &catalogtest.Glue{}, runs: "run"}
	var err error
	if w.lake, err = lake.Open(t.Context(), mem.New(mem.Options{}), lake.Options{LeaseTTL: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if w.lease, err = w.lake.Lock(t.Context(), lake.LockOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.lease.Release(context.Background()) })
	return w
}

func bound(t *testing.T) (*project.Project, names.Names) {
	t.Helper()
	cfg, problems := config.Parse("lakehouse.yaml", []byte(projectText), config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	p, problems := project.Bind(cfg, nil)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	n, err := names.Of(cfg, "123456789012", "eu-central-1")
	if err != nil {
		t.Fatal(err)
	}
	return p, n
}

// catalog returns the catalog of the world's lake in a Glue.
func (w *world) catalog(g *catalogtest.Glue) *Catalog {
	p, n := bound(w.t)
	return New(Options{Glue: g, Lake: w.lake, Names: n, Project: p, Wait: func(ctx context.Context, _ int) error { return ctx.Err() }})
}

// change is what a commit does to a table.
type change struct {
	table   string
	columns string           // "id string, day date"; "" leaves them
	put     map[string]int64 // rows by path below the table's folder
	remove  []string
}

// commit makes one commit.
func (w *world) commit(changes ...change) {
	w.t.Helper()
	ctx := w.t.Context()
	w.run++
	tx, err := w.lake.Begin(ctx, w.lease, lake.TxOptions{Run: fmt.Sprintf("%s-%d", w.runs, w.run), Layer: "x"})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range changes {
		ref, err := lake.ParseTableRef(c.table)
		if err != nil {
			w.t.Fatal(err)
		}
		settings := lake.TableSettings{}
		for part := range strings.SplitSeq(c.columns, ", ") {
			if name, typ, ok := strings.Cut(part, ": "); ok {
				settings.Schema = append(settings.Schema, lake.Column{Name: name, Type: typ, Nullable: true})
			}
		}
		tx.SetTable(ref, settings)
		for path, rows := range c.put {
			w.stage(tx, ref, path, rows)
		}
		for _, path := range c.remove {
			tx.Remove(ref, tx.Base().Tables[ref].File(ref.Dir()+"/"+path))
		}
	}
	if _, err := tx.Commit(ctx); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stage(tx *lake.Tx, ref lake.TableRef, path string, rows int64) {
	w.t.Helper()
	f, err := tx.Stage(w.t.Context(), ref, ref.Dir()+"/"+path)
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = fmt.Fprint(f, "rows of", w.run, path)
	if err == nil {
		_, err = f.Commit(w.t.Context())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	tx.Put(ref, lake.FileChange{Path: ref.Dir() + "/" + path, Rows: rows})
}

// sync brings the catalog up to date, and returns what was sent.
func (w *world) sync(o SyncOptions) *Result {
	w.t.Helper()
	r, err := w.catalog(w.glue).Sync(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// wantSame checks that the catalog is what a new one of this lake is, and that
// nothing is left to be sent.
func (w *world) wantSame() {
	w.t.Helper()
	fresh := &catalogtest.Glue{}
	if _, err := w.catalog(fresh).Sync(w.t.Context(), SyncOptions{}); err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(fresh.Dump(), w.glue.Dump()); diff != "" {
		w.t.Errorf("a catalog made anew, and this one: %s", diff)
	}
	for _, full := range []bool{false, true} {
		if r := w.sync(SyncOptions{Full: full}); r.Changes != 0 || len(r.Tables) != 0 {
			w.t.Errorf("full %v: %d changes are left: %+v", full, r.Changes, r.Tables)
		}
	}
	w.wantFound()
}

// wantFound checks what Check finds, as "kind: what".
func (w *world) wantFound(want ...string) {
	w.t.Helper()
	f, err := w.catalog(w.glue).Check(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	got := []string{}
	for _, d := range f.Differences {
		got = append(got, d.Table+" "+d.Kind+": "+d.What)
		if d.Name == "" || !strings.Contains(d.Remedy, "lakectl catalog sync") {
			w.t.Errorf("%+v has no name or no remedy", d)
		}
	}
	if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
		w.t.Errorf("found: %s", diff)
	}
}

// wantCalls checks what was asked of Glue beside reading the three databases.
func (w *world) wantCalls(want ...string) {
	w.t.Helper()
	got := slices.DeleteFunc(w.glue.Calls(), func(c string) bool { return c == "GetTables" })
	if diff := cmp.Diff(append([]string{}, want...), append([]string{}, got...)); diff != "" {
		w.t.Errorf("calls: %s", diff)
	}
}
