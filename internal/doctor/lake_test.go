package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// project returns lakehouse.yaml with more lines in it.
func project(t *testing.T, lines ...string) *config.Config {
	t.Helper()
	text := "project: shop\n" + strings.Join(lines, "\n")
	if !strings.Contains(text, "bronze:") {
		text += "\nbronze: {a: {source: x.csv}}"
	}
	if !strings.Contains(text, "lake:") {
		text += "\nlake: " + t.TempDir()
	}
	cfg, problems := config.Parse("lakehouse.yaml", []byte(text), config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return cfg
}

var gold = lake.TableRef{Layer: lake.Gold, Name: "t"}

// lakeWith returns a lake with one commit of one table of these files.
func lakeWith(t *testing.T, files map[string]string) (*lake.Lake, storage.Bucket) {
	t.Helper()
	ctx := context.Background()
	bucket := mem.New(mem.Options{})
	l, err := lake.Open(ctx, bucket, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := l.Lock(ctx, lake.LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lease.Release(ctx) }()
	commit(t, l, lease, files)
	return l, bucket
}

// commit commits files of the table.
func commit(t *testing.T, l *lake.Lake, lease *lake.Lease, files map[string]string) {
	t.Helper()
	ctx := context.Background()
	tx, err := l.Begin(ctx, lease, lake.TxOptions{Run: "r", Layer: lake.Gold})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range files {
		w, err := tx.Stage(ctx, gold, path)
		if err != nil {
			t.Fatal(err)
		}
		_, err1 := w.Write([]byte(content))
		_, err2 := w.Commit(ctx)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		tx.Put(gold, lake.FileChange{Path: path})
	}
	if _, err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

// lakeFindings runs the checks of a lake.
func lakeFindings(t *testing.T, l *lake.Lake) map[string]diag.Finding {
	t.Helper()
	o := Options{Config: project(t), Now: time.Now, Offline: true, OpenLake: func(context.Context) (*lake.Lake, error) { return l, nil }}
	return findings(t, lakeChecks(o, newCloud(o)))
}

func findings(t *testing.T, checks []Check) map[string]diag.Finding {
	t.Helper()
	found := map[string]diag.Finding{}
	if _, err := Run(context.Background(), checks, func(r Result) { found[r.Check] = r.Finding }); err != nil {
		t.Fatal(err)
	}
	return found
}

func write(t *testing.T, b storage.Bucket, name, content string) {
	t.Helper()
	if _, err := storage.WriteAll(context.Background(), b, name, []byte(content), storage.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestLakeFiles(t *testing.T) {
	two := map[string]string{"gold/t/d=1/a.parquet": "one", "gold/t/d=2/a.parquet": "two"}
	for name, test := range map[string]struct {
		change       func(storage.Bucket)
		level        diag.Level
		text, remedy string
	}{
		"as written": {func(storage.Bucket) {}, diag.Good, "what the log names: 2 files", ""},
		"hidden": {func(b storage.Bucket) {
			write(t, b, "gold/t/_temporary/x.parquet", "x")
			write(t, b, "gold/t/.x.crc", "x")
			write(t, b, "other/x.parquet", "x")
		}, diag.Good, "what the log names", ""},
		"foreign": {func(b storage.Bucket) {
			write(t, b, "gold/t/_d=1/b.parquet", "x")
			write(t, b, "gold/new/b.parquet", "x")
		}, diag.Bad, "readers read them: gold/new/b.parquet (and 1 more)", "move them out of the lake"},
		"missing": {func(b storage.Bucket) {
			_ = b.Delete(context.Background(), "gold/t/d=1/a.parquet", storage.DeleteOptions{})
		},
			diag.Bad, "missing: gold/t/d=1/a.parquet", "--full-refresh"},
		"changed": {func(b storage.Bucket) { write(t, b, "gold/t/d=2/a.parquet", "longer") }, diag.Bad, "changed by something else than lakectl: gold/t/d=2/a.parquet", "--full-refresh"},
	} {
		l, bucket := lakeWith(t, two)
		test.change(bucket)
		wanted(t, name, lakeFindings(t, l)["files"], test.level, test.text, test.remedy)
	}
}

// What a run writes while the files are looked at is not foreign.
func TestFilesOfARun(t *testing.T) {
	ctx := context.Background()
	l, _ := lakeWith(t, map[string]string{"gold/t/d=1/a.parquet": "one"})
	state, err := l.State(ctx)
	if err != nil {
		t.Fatal(err)
	}
	lease, err := l.Lock(ctx, lake.LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lease.Release(ctx) }()
	commit(t, l, lease, map[string]string{"gold/t/d=2/a.parquet": "two"})
	wanted(t, "before", (&openedLake{lake: l, state: state}).files(ctx), diag.Suspect, "a run is changing the lake", "try again")
}

func TestLakeLog(t *testing.T) {
	l, bucket := lakeWith(t, map[string]string{"gold/t/a.parquet": "one"})
	found := lakeFindings(t, l)
	wanted(t, "log", found["log"], diag.Good, "up to commit 1: 1 tables", "")
	wanted(t, "commit", found["commit"], diag.Good, "no commit waits", "")
	wanted(t, "lock", found["lock"], diag.Good, "nobody", "")

	// A crash left the last commit half-published: nobody holds the lock.
	if err := bucket.Delete(context.Background(), "_lakectl/published", storage.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	l, err := lake.Open(context.Background(), bucket, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found = lakeFindings(t, l)
	wanted(t, "pending", found["commit"], diag.Suspect, "commit 1 was left half-published", "`lakectl run`")
	wanted(t, "files while pending", found["files"], diag.Skipped, "commit 1 is not published whole yet", "")
	lease, err := l.Lock(context.Background(), lake.LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wanted(t, "publishing", lakeFindings(t, l)["commit"], diag.Good, "commit 1 is being published by process", "")
	if err := lease.Release(context.Background()); err != nil {
		t.Fatal(err)
	}

	// A log that cannot be read says why, and what needs it is skipped.
	write(t, bucket, "_lakectl/log/00000000000000000003.json", "{}")
	if l, err = lake.Open(context.Background(), bucket, lake.Options{}); err == nil {
		t.Fatal("a log with a gap was opened")
	}
	o := Options{Config: project(t), Now: time.Now, Offline: true, OpenLake: func(context.Context) (*lake.Lake, error) { return l, err }}
	found = findings(t, lakeChecks(o, newCloud(o)))
	wanted(t, "gap", found["log"], diag.Bad, "the log has a gap", "restore the missing record")
	wanted(t, "files without log", found["files"], diag.Skipped, "could not be read", "")
}

func TestEmptyAndUnknownLake(t *testing.T) {
	l, err := lake.Open(context.Background(), mem.New(mem.Options{}), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wanted(t, "empty", lakeFindings(t, l)["log"], diag.Good, "the lake is empty", "")
	o := Options{Now: time.Now, Validate: func(context.Context) (string, []string, error) { return "", nil, errors.New("no file") }}
	found := findings(t, Checks(o))
	wanted(t, "no project", found["folder"], diag.Skipped, "does not say where", "")
	wanted(t, "no project", found["identity"], diag.Skipped, "lakehouse.yaml cannot be read", "")
	wanted(t, "no project", found["lakehouse.yaml"], diag.Bad, "no file", "")
}
