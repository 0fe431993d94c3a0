package lake

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/local"
)

// ingest makes a bronze commit of one file of three records, one of them damaged.
func ingest(t *testing.T, tx *Tx) {
	t.Helper()
	stagePut(t, tx, bronzeTx, FileChange{Path: "bronze/transactions/ingestion_date=2026-11-23/ab.parquet", Rows: 2, Source: "tx_1.csv",
		Partition: map[string]*string{"ingestion_date": ptr("2026-11-23")}}, "bronze rows")
	tx.SetTable(bronzeTx, TableSettings{Definition: "d1", Schema: []Column{{"amount", "string", true}}})
	tx.Ingest(Input{Dataset: "transactions", SourceFile: "tx_1.csv", Size: 30, Version: "v1", SHA256: "aa", Records: 3, Damaged: 1})
	tx.AddLedger(LedgerChange{FileVersion{"transactions", "tx_1.csv", tx.Sequence()}, Totals{Quarantined: 1}})
}

func TestCommit(t *testing.T) {
	b := newMem()
	l := mustOpen(t, b, process("p"))
	if s := mustState(t, l); s.Sequence != 0 || len(s.Commits) != 0 || s.Pending != nil {
		t.Errorf("the state of an empty bucket: %+v", s)
	}
	lease := mustLock(t, l)
	tx := mustBegin(t, l, lease, Bronze)
	ingest(t, tx)
	mustCommit(t, tx)

	tx = mustBegin(t, l, lease, Silver)
	day := func(d string) string { return "silver/transactions/day=" + d + "/data.parquet" }
	stagePut(t, tx, silverTx, FileChange{Path: day("1"), Rows: 1, Stats: map[string]ColumnStats{"amount": {Nulls: 0, Min: ptr("1"), Max: ptr("9")}}}, "one")
	stagePut(t, tx, silverTx, FileChange{Path: day("2"), Rows: 1}, "two")
	stagePut(t, tx, silverTx, FileChange{Path: "_lakectl/keys/silver.transactions/2.idx", Kind: Index}, "index")
	tx.SetTable(silverTx, TableSettings{Definition: "d2", Consumed: map[TableRef]uint64{bronzeTx: 1}})
	tx.AddLedger(LedgerChange{FileVersion{"transactions", "tx_1.csv", 1}, Totals{Silver: 1}})
	tx.AddLedger(LedgerChange{FileVersion{"transactions", "tx_1.csv", 1}, Totals{Silver: 1}})
	tx.Check(CheckResult{Table: silverTx, Name: "known_status", Kind: "expect", OnFail: "flag", Failed: 1, Rows: 2})
	tx.Accept(Acceptance{Gate: "quarantined", Reason: "known bad day"})
	mustCommit(t, tx)

	want := map[string]string{
		"bronze/transactions/ingestion_date=2026-11-23/ab.parquet": "bronze rows",
		day("1"): "one", day("2"): "two", "_lakectl/keys/silver.transactions/2.idx": "index",
	}
	if diff := cmp.Diff(want, objects(t, b, logDir, lockName, publishedName, clockName)); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}

	r, err := l.Record(t.Context(), 1)
	if _, none := l.Record(t.Context(), 3); err != nil || r.Run != "run-bronze" || !errors.Is(none, fs.ErrNotExist) {
		t.Errorf("records: %+v, %v, %v", r, err, none)
	}
	for name, s := range map[string]*State{"cached": mustState(t, l), "folded": mustState(t, mustOpen(t, b, process("q")))} {
		t.Run(name, func(t *testing.T) { checkFirstCommits(t, s, day) })
	}
}

func checkFirstCommits(t *testing.T, s *State, day func(string) string) {
	if s.Sequence != 2 || s.Pending != nil || len(s.Commits) != 2 || s.Commits[0].Records != 3 || s.Commits[1].Failed != 1 ||
		s.Commits[1].Accepted[0].Gate != "quarantined" {
		t.Errorf("commits: %+v", s)
	}
	if got := s.Tables[bronzeTx].FilesAfter(0); len(got) != 1 || len(s.Tables[bronzeTx].FilesAfter(1)) != 0 {
		t.Errorf("files after a commit: %+v", got)
	}
	files := s.Files(silverTx)
	if len(files) != 2 || files[0].Path != day("1") || files[0].Sequence != 2 || files[0].Bytes != 3 || *files[0].Stats["amount"].Max != "9" {
		t.Errorf("silver files: %+v", files)
	}
	table := s.Tables[silverTx]
	if n, rows, bytes := table.Size(); n != 2 || rows != 2 || bytes != 6 || len(table.IndexFiles()) != 1 {
		t.Errorf("size %d files, %d rows, %d bytes", n, rows, bytes)
	}
	if table.Definition != "d2" || table.Consumed[bronzeTx] != 1 || table.Checks[0].Name != "known_status" || table.ChecksCommit != 2 {
		t.Errorf("silver: %+v", table)
	}
	in, change := s.Compare("transactions", "tx_1.csv", 30, "v1")
	if change != Unchanged || in.Ledger != (Totals{Silver: 2, Quarantined: 1}) || in.Ingested != 1 {
		t.Errorf("input %+v, %v", in, change)
	}
	if _, change := s.Compare("transactions", "tx_1.csv", 30, "v2"); change != Changed {
		t.Error("another version is not a change")
	}
	if _, change := s.Compare("transactions", "tx_2.csv", 30, "v1"); change != New {
		t.Error("an unknown file is not new")
	}
}

func TestReplaceRemoveWithdraw(t *testing.T) {
	b := newMem()
	l := mustOpen(t, b, process("p"))
	lease := mustLock(t, l)
	tx := mustBegin(t, l, lease, Bronze)
	ingest(t, tx)
	mustCommit(t, tx)

	tx = mustBegin(t, l, lease, Bronze)
	in := tx.Base().Datasets["transactions"].Inputs["tx_1.csv"]
	tx.Withdraw(in)
	tx.Ingest(Input{Dataset: "transactions", SourceFile: "tx_1.csv", Size: 10, Version: "v2", SHA256: "bb", Records: 1})
	tx.Remove(bronzeTx, tx.Base().Files(bronzeTx)...)
	stagePut(t, tx, bronzeTx, FileChange{Path: "bronze/transactions/ingestion_date=2026-11-23/cd.parquet", Rows: 1}, "new rows")
	mustCommit(t, tx)

	tx = mustBegin(t, l, lease, Bronze)
	tx.Seen(Seen{"transactions", "tx_1.csv", 10, "v3"})
	mustCommit(t, tx)

	s := mustState(t, mustOpen(t, b, process("q")))
	d := s.Datasets["transactions"]
	if in := d.Inputs["tx_1.csv"]; in.Ingested != 2 || in.Version != "v3" || in.SHA256 != "bb" || in.Ledger != (Totals{}) {
		t.Errorf("the live version: %+v", in)
	}
	if len(d.Withdrawn) != 1 || d.Withdrawn[0].WithdrawnBy != 2 || d.Withdrawn[0].Ingested != 1 || d.Withdrawn[0].Ledger.Quarantined != 1 {
		t.Errorf("withdrawn: %+v", d.Withdrawn)
	}
	if files := s.Files(bronzeTx); len(files) != 1 || !strings.HasSuffix(files[0].Path, "cd.parquet") {
		t.Errorf("files: %+v", files)
	}
	got := slices.Sorted(maps.Keys(objects(t, b, ownDir)))
	if want := []string{"bronze/transactions/ingestion_date=2026-11-23/cd.parquet"}; !slices.Equal(got, want) {
		t.Errorf("objects %q, want %q", got, want)
	}
}

func TestLedger(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(tx *Tx)
		want   string // the error; "" for none
	}{
		{"complete", func(tx *Tx) { tx.AddLedger(ledger(2, 0, 0)) }, ""},
		{"in all places", func(tx *Tx) { tx.AddLedger(ledger(0, 1, 1)) }, ""},
		{"lost", func(tx *Tx) { tx.AddLedger(ledger(1, 0, 0)) }, "3 records read, but 1 in silver + 1 quarantined + 0 superseded + 0 duplicate = 2"},
		{"counted twice", func(tx *Tx) { tx.AddLedger(ledger(2, 1, 0)) }, "= 4 (ingested by commit 1)"},
		{"negative", func(tx *Tx) { tx.AddLedger(ledger(3, -1, 0)) }, "-1 superseded"},
		{"set", func(tx *Tx) {
			tx.AddLedger(ledger(7, 7, 7))
			tx.SetLedger(tx.Base().Datasets["transactions"].Inputs["tx_1.csv"], Totals{Silver: 3})
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newMem()
			l := mustOpen(t, b, process("p"))
			lease := mustLock(t, l)
			tx := mustBegin(t, l, lease, Bronze)
			ingest(t, tx)
			mustCommit(t, tx)
			before := objects(t, b)
			tx = mustBegin(t, l, lease, Silver)
			stagePut(t, tx, silverTx, FileChange{Path: "silver/transactions/data.parquet"}, "x")
			tx.SetTable(silverTx, TableSettings{Consumed: map[TableRef]uint64{bronzeTx: 1}})
			test.change(tx)
			_, err := tx.Commit(t.Context())
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantClass(t, err, diag.Ledger, test.want)
			wantClass(t, err, diag.Ledger, "tx_1.csv")
			if err := tx.Abort(t.Context()); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(before, objects(t, b)); diff != "" {
				t.Errorf("a refused commit left (-before +after):\n%s", diff)
			}
		})
	}
}

func ledger(silver, superseded, duplicate int64) LedgerChange {
	return LedgerChange{FileVersion{"transactions", "tx_1.csv", 1}, Totals{Silver: silver, Superseded: superseded, Duplicate: duplicate}}
}

// What contradicts itself or the state is no commit.
func TestBadCommits(t *testing.T) {
	put := func(t *testing.T, tx *Tx, path string) {
		stagePut(t, tx, silverTx, FileChange{Path: path}, "x")
	}
	for name, change := range map[string]func(*testing.T, *Tx){
		"put twice": func(t *testing.T, tx *Tx) { put(t, tx, "silver/transactions/x"); put(t, tx, "silver/transactions/x") },
		"put and removed": func(t *testing.T, tx *Tx) {
			put(t, tx, "silver/transactions/x")
			tx.Remove(silverTx, &File{FileChange: FileChange{Path: "silver/transactions/x"}})
		},
		"checks of no table": func(_ *testing.T, tx *Tx) { tx.Check(CheckResult{Table: silverTx, Name: "c"}) },
		"not staged":         func(_ *testing.T, tx *Tx) { tx.Put(silverTx, FileChange{Path: "silver/transactions/x"}) },
		"removes nothing": func(_ *testing.T, tx *Tx) {
			tx.Remove(silverTx, &File{FileChange: FileChange{Path: "silver/transactions/x"}, Sequence: 7})
		},
		"ingested again": func(_ *testing.T, tx *Tx) {
			tx.Ingest(Input{Dataset: "d", SourceFile: "f"}, Input{Dataset: "d", SourceFile: "f"})
		},
		"unknown version": func(_ *testing.T, tx *Tx) {
			tx.AddLedger(LedgerChange{FileVersion{"d", "f", 1}, Totals{Silver: 1}})
		},
		"seen but unknown":      func(_ *testing.T, tx *Tx) { tx.Seen(Seen{Dataset: "d", SourceFile: "f"}) },
		"withdrawn but unknown": func(_ *testing.T, tx *Tx) { tx.Withdraw(&InputFile{Input: Input{Dataset: "d", SourceFile: "f"}}) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newMem()
			l := mustOpen(t, b, process("p"))
			tx := mustBegin(t, l, mustLock(t, l), Silver)
			change(t, tx)
			if _, err := tx.Commit(t.Context()); err == nil {
				t.Error("it was committed")
			}
			if err := tx.Abort(t.Context()); err != nil || mustState(t, l).Sequence != 0 || len(objects(t, b, lockName)) != 0 {
				t.Errorf("something is left: %v", err)
			}
		})
	}
	l := mustOpen(t, newMem(), process("p"))
	tx := mustBegin(t, l, mustLock(t, l), Silver)
	for _, path := range []string{"gold/transactions/x", "silver/transactions", "silver/other/x", "_lakectl/keys/gold.x/1", "silver/transactions/../x", "_lakectl/log/x"} {
		if _, err := tx.Stage(t.Context(), silverTx, path); err == nil {
			t.Errorf("%s was staged for silver.transactions", path)
		}
	}
	for _, run := range []string{"", "a/b", "_tmp", ".."} {
		if _, err := l.Begin(t.Context(), tx.lease, TxOptions{Run: run}); err == nil {
			t.Errorf("the run id %q was taken", run)
		}
	}
}

// What was staged in vain goes with the commit, and can be read before it.
func TestStagedFiles(t *testing.T) {
	b := newMem()
	l := mustOpen(t, b, process("p"))
	lease := mustLock(t, l)
	path := "silver/transactions/x"
	for _, content := range []string{"old", "new"} {
		tx := mustBegin(t, l, lease, Silver)
		stagePut(t, tx, silverTx, FileChange{Path: path}, content)
		w, err := tx.Stage(t.Context(), silverTx, "silver/transactions/in_vain")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		o, err := tx.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 3)
		if _, err := o.ReadAt(got, 0); err != nil || string(got) != content {
			t.Errorf("%q, %v; want %q", got, err, content)
		}
		if err := o.Close(); err != nil {
			t.Error(err)
		}
		mustCommit(t, tx)
	}
	tx := mustBegin(t, l, lease, Silver)
	if o, err := tx.Open(t.Context(), path); err != nil || o.Info().Name != path {
		t.Errorf("a file that is not staged: %v", err)
	}
	if left := objects(t, b, logDir, publishedName, lockName, clockName); len(left) != 1 || left[path] != "new" {
		t.Errorf("objects: %v", left)
	}
}

// Workers stage and put at the same time, files are published at the same
// time, and a reader looks on.
func TestConcurrentUse(t *testing.T) {
	b := newMem()
	opts := process("p")
	opts.Parallel = 8
	l := mustOpen(t, b, opts)
	lease := mustLock(t, l)
	stop := make(chan struct{})
	var reader, workers sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := l.State(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	for range 3 {
		tx := mustBegin(t, l, lease, Silver)
		for worker := range 8 {
			workers.Go(func() {
				for i := range 10 {
					path := fmt.Sprintf("silver/transactions/part=%d/%d", worker, i)
					if err := tryPut(t, tx, silverTx, FileChange{Path: path, Rows: 1}, path); err != nil {
						t.Error(err)
					}
				}
			})
		}
		workers.Wait()
		mustCommit(t, tx)
	}
	close(stop)
	reader.Wait()
	if n, rows, _ := mustState(t, l).Tables[silverTx].Size(); n != 80 || rows != 80 {
		t.Errorf("%d files with %d rows", n, rows)
	}
}

func TestTableRef(t *testing.T) {
	for _, bad := range []string{"", "silver", "silver.", ".x", "_lakectl.x", "silver._x", "silver.a/b", "si/lver.x"} {
		if _, err := ParseTableRef(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	ref, err := ParseTableRef("gold.daily_sales")
	if err != nil || ref.Dir() != "gold/daily_sales" || ref.IndexDir() != "_lakectl/keys/gold.daily_sales" {
		t.Errorf("%+v, %v", ref, err)
	}
}

var _ storage.Writer = (*stageWriter)(nil)

// A lake may lie in a folder with other things, such as that of its project.
func TestRecoverLeavesAloneWhatIsNotOfTheLake(t *testing.T) {
	dir := t.TempDir()
	b, err := local.New(dir, local.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := script(t, b, process("first"), 2); err != nil {
		t.Fatal(err)
	}
	crashed, theirs := "silver/transactions/day=9", []string{"inbox/empty", "silver/of others"}
	for _, name := range append(theirs, crashed) {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "_tmp_notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := mustOpen(t, b, process("second"))
	if _, err := l.Recover(t.Context(), mustLock(t, l)); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(theirs, "_tmp_notes.txt") {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, crashed)); err == nil {
		t.Errorf("the empty folder %s of a table is still there", crashed)
	}
}
