package lake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/faulty"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// scripted returns a bucket with the commits of the script.
func scripted(t *testing.T) *mem.Bucket {
	t.Helper()
	b := newMem()
	if err := script(t, b, crashing("p"), lastScripted); err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, b storage.Bucket, name, data string) {
	t.Helper()
	if _, err := storage.WriteAll(t.Context(), b, name, []byte(data), storage.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, b storage.Bucket, name string) {
	t.Helper()
	if err := b.Delete(t.Context(), name, storage.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, b storage.Bucket, name string) string {
	t.Helper()
	data, _, err := storage.ReadAll(t.Context(), b, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestBrokenLogs(t *testing.T) {
	edit := func(sequence uint64, old, fresh string) func(*testing.T, storage.Bucket) {
		return func(t *testing.T, b storage.Bucket) {
			text := read(t, b, recordName(sequence))
			if !strings.Contains(text, old) {
				t.Fatalf("no %q in %s", old, text)
			}
			write(t, b, recordName(sequence), strings.Replace(text, old, fresh, 1))
		}
	}
	for _, test := range []struct {
		name  string
		spoil func(*testing.T, storage.Bucket)
		want  string
	}{
		{"gap", func(t *testing.T, b storage.Bucket) { remove(t, b, recordName(2)) }, "00000000000000000002.json is missing"},
		{"no beginning", func(t *testing.T, b storage.Bucket) { remove(t, b, recordName(1)) }, "00000000000000000001.json is missing"},
		{"no end", func(t *testing.T, b storage.Bucket) { remove(t, b, recordName(4)) }, "is ahead of the log"},
		{"torn", func(t *testing.T, b storage.Bucket) { write(t, b, recordName(3), read(t, b, recordName(3))[:200]) }, "00000000000000000003.json cannot be used"},
		{"empty", func(t *testing.T, b storage.Bucket) { write(t, b, recordName(3), "") }, "00000000000000000003.json cannot be used"},
		{"later format", edit(4, `"format": 1`, `"format": 2`), "it has format 2, but this lakectl reads format 1"},
		{"unknown key", edit(4, `"format": 1`, `"format": 1, "branch": "main"`), "branch"},
		{"more text", edit(4, "\n}\n", "\n}\n{}"), "after top-level value"},
		{"fork", edit(3, `"nonce": "p-`, `"nonce": "q-`), "00000000000000000004.json cannot be used: it follows another commit 3"},
		{"other sequence", edit(3, `"sequence": 3`, `"sequence": 4`), "00000000000000000003.json cannot be used: it is that of commit 4"},
		{"replaces another", edit(4, `"replaces": 3`, `"replaces": 1`), "replaces the content of commit 1, but there is that of commit 3"},
		{"strange name", func(t *testing.T, b storage.Bucket) { write(t, b, logDir+"1.json", "{}") }, "_lakectl/log/1.json is not a record"},
		{"copy of a record", func(t *testing.T, b storage.Bucket) { write(t, b, recordName(4)+" (1)", "{}") }, "(1) is not a record"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := scripted(t)
			for _, sequence := range []uint64{2, 4} {
				remove(t, b, checkpointName(sequence))
			}
			test.spoil(t, b)
			_, err := Open(t.Context(), b, process("q"))
			wantClass(t, err, diag.Unexpected, test.want)
			wantNext(t, err, "")
		})
	}
}

// What is only there to save work may be lost or broken.
func TestLostHelpers(t *testing.T) {
	b := scripted(t)
	want := essence(t, b)
	if read(t, b, checkpointName(2)) == "" || read(t, b, checkpointName(4)) == "" {
		t.Error("no checkpoints")
	}
	for _, spoil := range []func(){
		func() { write(t, b, logDir+".DS_Store", "x") },
		func() { write(t, b, checkpointName(4), read(t, b, checkpointName(4))[:100]) },
		func() { write(t, b, checkpointName(4), read(t, b, checkpointName(2))) },
		func() {
			write(t, b, checkpointName(2), strings.Replace(read(t, b, checkpointName(2)), `"nonce": "p`, `"nonce": "q`, 1))
		},
		func() { write(t, b, checkpointName(2), `{"format": 9}`) },
		func() { remove(t, b, publishedName) },
		func() { write(t, b, publishedName, "rubbish") },
		func() { write(t, b, publishedName, `{"format": 1, "sequence": 1}`) },
	} {
		spoil()
		if err := script(t, b, crashing("q"), lastScripted); err != nil {
			t.Fatal(err)
		}
		s := mustState(t, mustOpen(t, b, process("r")))
		if got := essence(t, b); got != want || s.Pending != nil || s.Sequence != lastScripted {
			t.Errorf("the state differs (-want +got):\n%s", cmp.Diff(want, got))
		}
	}
}

// A checkpoint is all that a lake with many commits is opened by.
func TestCheckpointIsUsed(t *testing.T) {
	b := scripted(t)
	watch := faulty.New(b)
	s := mustState(t, mustOpen(t, watch, process("q")))
	if s.checkpointed != 4 || len(s.Commits) != 4 {
		t.Errorf("opened from checkpoint %d", s.checkpointed)
	}
	for _, op := range watch.Trace() {
		if op.Name == recordName(1) || op.Name == recordName(3) {
			t.Errorf("%s was read", op.Name)
		}
	}
}

// A file that is neither staged nor in place cannot be made up.
func TestNeitherStagedNorPublished(t *testing.T) {
	opts := crashing("dead")
	var b *mem.Bucket
	for at := 1; ; at++ {
		b = newMem()
		_ = script(t, faulty.New(b, faulty.Fault{At: at, Mode: faulty.Kill}), opts, 2)
		if s := mustState(t, mustOpen(t, b, process("q"))); s.Pending != nil && s.Pending.Sequence == 2 {
			break
		}
	}
	s := mustState(t, mustOpen(t, b, process("q")))
	remove(t, b, s.Pending.stage().file("silver/transactions/day=1/data.parquet"))
	l := mustOpen(t, b, process("q"))
	lease := mustLock(t, l)
	if _, err := l.Begin(t.Context(), lease, TxOptions{Run: "r"}); err == nil || !strings.Contains(err.Error(), "commit 2 is recorded but not yet published") {
		t.Errorf("a transaction before the recovery: %v", err)
	}
	_, err := l.Recover(t.Context(), lease)
	wantClass(t, err, diag.Unexpected, "silver/transactions/day=1/data.parquet is not the file of commit 2")
	wantNext(t, err, "restore it from a backup")
}

// A commit goes on when the context is cancelled once its record exists.
func TestCancelledAfterRecord(t *testing.T) {
	b := newMem()
	ctx, cancel := context.WithCancel(t.Context())
	l := mustOpen(t, watched{b, func() {
		if _, err := storage.Stat(t.Context(), b, recordName(1)); err == nil {
			cancel()
		}
	}}, process("p"))
	lease := mustLock(t, l)
	tx := mustBegin(t, l, lease, Bronze)
	ingest(t, tx)
	if _, err := tx.Commit(ctx); err != nil {
		t.Error(err)
	}
	if ctx.Err() == nil || mustState(t, l).Sequence != 1 {
		t.Error("the commit is not published")
	}
	tx = mustBegin(t, l, lease, Bronze)
	if _, err := tx.Commit(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a commit of a cancelled context: %v", err)
	}
	if err := tx.Abort(ctx); err != nil {
		t.Error(err)
	}
	if err := lease.Release(ctx); err != nil {
		t.Error(err)
	}
}

func TestRecordIsStable(t *testing.T) {
	b := newMem()
	opts := process("p")
	l := mustOpen(t, b, opts)
	tx := mustBegin(t, l, mustLock(t, l), Bronze)
	stagePut(t, tx, bronzeTx, FileChange{Path: "bronze/transactions/b", Rows: 1, Source: "b <&>.csv",
		Partition: map[string]*string{"z": nil, "a": ptr("1")}, Stats: map[string]ColumnStats{"y": {Nulls: 1}, "x": {Min: ptr("a"), Max: ptr("b")}}}, "b")
	stagePut(t, tx, bronzeTx, FileChange{Path: "bronze/transactions/a", Rows: 1}, "a")
	tx.SetTable(bronzeTx, TableSettings{Definition: "d", FullRefresh: true, Consumed: map[TableRef]uint64{silverTx: 1},
		Schema: Columns(schema.Table{Columns: []schema.Column{{Name: "n", Type: schema.DecimalOf(10, 2)}, {Name: "raw", Type: schema.T(schema.Binary), Nullable: true}}})})
	for _, name := range []string{"b <&>.csv", "a.csv"} {
		tx.Ingest(Input{Dataset: "transactions", SourceFile: name, Size: 1, Version: "v", SHA256: "s", Records: 1, ColumnsAdded: []string{"new"}})
		tx.AddLedger(LedgerChange{FileVersion{"transactions", name, 1}, Totals{Quarantined: 1}})
	}
	tx.Check(CheckResult{Table: bronzeTx, Name: "z", Kind: "expect", OnFail: "flag", Rows: 1}, CheckResult{Table: bronzeTx, Name: "a", Kind: "type", OnFail: "quarantine", Failed: 1, Rows: 1, Detail: "x"})
	tx.Accept(Acceptance{"limit", "why"})
	r := mustCommit(t, tx)
	got := read(t, b, recordName(1))
	want, err := os.ReadFile("testdata/record.json")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		err = os.WriteFile("testdata/record.json", []byte(got), 0o600)
		want = []byte(got)
	}
	if err != nil || string(want) != got {
		t.Errorf("the record differs from testdata/record.json (UPDATE_GOLDEN=1 writes it), %v:\n%s", err, cmp.Diff(string(want), got))
	}
	parsed, err := ParseRecord([]byte(got))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, parsed); diff != "" {
		t.Errorf("parsed differs (-committed +parsed):\n%s", diff)
	}
	back, err := SchemaOf(parsed.Tables[bronzeTx].Schema)
	if err != nil || back.Columns[0].Type != schema.DecimalOf(10, 2) || back.Columns[1].Type.Kind != schema.Binary || !back.Columns[1].Nullable {
		t.Errorf("schema %+v, %v", back, err)
	}
	if _, err := SchemaOf([]Column{{"x", "geometry", true}}); err == nil {
		t.Error("an unknown type was taken")
	}
}

func FuzzParseRecord(f *testing.F) {
	golden, err := os.ReadFile("testdata/record.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte(`{"format": 1, "sequence": 1, "nonce": "n", "run": "r"}`))
	f.Add([]byte(`{"format": 1, "sequence": 1, "nonce": "n", "run": "r", "tables": {"silver.x": null}}`))
	f.Add([]byte(`{"format": 2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseRecord(data)
		if err != nil {
			return
		}
		first, err := r.marshal()
		if err != nil {
			t.Fatalf("it was read, but cannot be written: %v", err)
		}
		again, err := ParseRecord(first)
		if err != nil {
			t.Fatalf("%v: %s", err, first)
		}
		second, err := again.marshal()
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("not stable, %v:\n%s\n%s", err, first, second)
		}
		// What can be parsed is applied or refused, and makes a checkpoint.
		s := newState()
		if s.apply(r) == nil {
			if _, err := json.Marshal(s.checkpoint()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
