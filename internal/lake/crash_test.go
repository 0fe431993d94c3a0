package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/faulty"
	"github.com/lakectl/lakectl/internal/storage/local"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// lastScripted is the number of commits of the script.
const lastScripted = 4

// script is a run as the pipeline makes it: take the lease, recover, make the
// commits that are missing up to the one given, give the lease back. What a
// commit contains depends on its number alone, so whoever makes it, and after
// whatever accidents, the lake must look the same.
func script(t *testing.T, b storage.Bucket, opts Options, until uint64) (err error) {
	ctx := t.Context()
	l, err := Open(ctx, b, opts)
	if err != nil {
		return err
	}
	lease, err := l.Lock(ctx, LockOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lease.Release(ctx)) }()
	if _, err := l.Recover(ctx, lease); err != nil {
		return err
	}
	for {
		s, err := l.State(ctx)
		if err != nil || s.Sequence >= until {
			return err
		}
		if err := scriptCommit(t, l, lease); err != nil {
			return err
		}
	}
}

func scriptCommit(t *testing.T, l *Lake, lease *Lease) (err error) {
	tx, err := l.Begin(t.Context(), lease, TxOptions{Run: "run", Layer: Silver})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tx.Abort(t.Context())) }()
	number := tx.Sequence()
	put := func(table TableRef, path string, rows int64) {
		kind := Data
		if strings.HasPrefix(path, ownDir) {
			kind = Index
		}
		content := strings.Repeat(fmt.Sprintf("commit %d wrote %s\n", number, path), int(rows)+1)
		err = errors.Join(err, tryPut(t, tx, table, FileChange{Path: path, Kind: kind, Rows: rows}, content))
	}
	day := func(d int) string { return fmt.Sprintf("silver/transactions/day=%d/data.parquet", d) }
	key := func(d int) string { return fmt.Sprintf("_lakectl/keys/silver.transactions/%d.idx", d) }
	remove := func(paths ...string) {
		for _, path := range paths {
			tx.Remove(silverTx, tx.Base().Tables[silverTx].File(path))
		}
	}
	switch number {
	case 1:
		put(bronzeTx, "bronze/transactions/ingestion_date=2026-11-23/a.parquet", 3)
		tx.Ingest(Input{Dataset: "transactions", SourceFile: "tx_1.csv", Size: 30, Version: "v1", SHA256: "aa", Records: 3})
	case 2:
		put(silverTx, day(1), 2)
		put(silverTx, day(2), 1)
		put(silverTx, day(3), 0)
		put(silverTx, key(2), 0)
		tx.SetTable(silverTx, TableSettings{Definition: "d", Consumed: map[TableRef]uint64{bronzeTx: 1}})
		tx.AddLedger(LedgerChange{FileVersion{"transactions", "tx_1.csv", 1}, Totals{Silver: 3}})
	case 3:
		put(silverTx, day(1), 1) // shrinks: a row moves to another day
		put(silverTx, day(2), 2)
		put(silverTx, key(3), 0)
		remove(key(2), day(3))
	case 4:
		put(TableRef{Gold, "sales"}, "gold/sales/data.parquet", 5)
		put(silverTx, day(2), 3)
		put(silverTx, day(3), 1) // is back
		remove(day(1))
	}
	if err != nil {
		return err
	}
	_, err = tx.Commit(t.Context())
	return err
}

// store makes empty buckets of one kind for a test.
type store struct {
	name string
	open func(t *testing.T, clock func() time.Time) storage.Bucket
}

func stores() []store {
	return []store{
		{"mem", func(_ *testing.T, clock func() time.Time) storage.Bucket { return mem.New(mem.Options{Clock: clock}) }},
		{"keep", func(_ *testing.T, clock func() time.Time) storage.Bucket {
			return mem.New(mem.Options{Clock: clock, Keep: true})
		}},
		{"local", func(t *testing.T, _ func() time.Time) storage.Bucket {
			b, err := local.New(memoryDir(t), local.Options{NoSync: true})
			if err != nil {
				t.Fatal(err)
			}
			return b
		}},
	}
}

// memoryDir returns an empty folder, in memory where the system has a place
// for that: disks are ten times slower, and thousands of folders are needed.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "lakectl-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// crashing returns options for a process that others see as dead once it ends.
func crashing(name string) Options {
	opts := process(name)
	opts.CheckpointEvery = 2
	return opts
}

// result is what the script leaves.
type result struct {
	objects map[string]string
	state   string
}

// finished runs the script with nothing going wrong.
func finished(t *testing.T) result {
	t.Helper()
	b := newMem()
	if err := script(t, b, crashing("undisturbed"), lastScripted); err != nil {
		t.Fatal(err)
	}
	return result{contents(t, b), essence(t, b)}
}

// wantFinished checks that a lake is as the script leaves it when nothing
// goes wrong, to the byte, with nothing left over.
func wantFinished(t *testing.T, b storage.Bucket, want result) {
	t.Helper()
	if diff := cmp.Diff(want.objects, contents(t, b)); diff != "" {
		t.Fatalf("the lake differs from an undisturbed one (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.state, essence(t, b)); diff != "" {
		t.Fatalf("the log differs from an undisturbed one (-want +got):\n%s", diff)
	}
	if l, ok := b.(*local.Bucket); ok {
		wantNoRubbish(t, l.Dir())
	}
}

// contents is all of the lake but what names the attempts that it took.
func contents(t *testing.T, b storage.Bucket) map[string]string {
	t.Helper()
	return objects(t, b, logDir, lockName, clockName)
}

// essence is the state less what names the attempts that it took.
func essence(t *testing.T, b storage.Bucket) string {
	t.Helper()
	l := mustOpen(t, b, process("judge"))
	// From the records alone: a checkpoint could hide that one was replaced.
	s, err := l.fold(t.Context(), newState(), mustState(t, l).Sequence)
	if err != nil {
		t.Fatal(err)
	}
	c := s.checkpoint()
	c.Nonce, c.Fence = "", 0
	data, err := encode(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// wantNoRubbish looks for temporary files and empty folders.
func wantNoRubbish(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entries, _ := os.ReadDir(file); len(entries) == 0 {
				t.Errorf("%s is empty", file)
			}
		} else if strings.HasPrefix(entry.Name(), storage.TempPrefix) && entry.Name() != "_tmp.lock" {
			t.Errorf("%s was left behind", file)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// watched calls back after each change of a bucket.
type watched struct {
	storage.Bucket
	after func()
}

func (w watched) Create(ctx context.Context, name string, opts storage.CreateOptions) (storage.Writer, error) {
	inner, err := w.Bucket.Create(ctx, name, opts)
	return watchedWriter{inner, w.after}, err
}

func (w watched) Copy(ctx context.Context, dst, src string, opts storage.CopyOptions) (storage.Info, error) {
	defer w.after()
	return w.Bucket.Copy(ctx, dst, src, opts)
}

func (w watched) Delete(ctx context.Context, name string, opts storage.DeleteOptions) error {
	defer w.after()
	return w.Bucket.Delete(ctx, name, opts)
}

type watchedWriter struct {
	storage.Writer
	after func()
}

func (w watchedWriter) Commit(ctx context.Context) (storage.Info, error) {
	defer w.after()
	return w.Writer.Commit(ctx)
}

// wantReadable reads the lake as a command that only reads does, and checks
// that every file is there and whole: as committed or, where a commit is being
// published, as that commit has it.
func wantReadable(t *testing.T, b storage.Bucket, l *Lake) {
	t.Helper()
	s, err := l.State(t.Context())
	if err != nil {
		t.Fatalf("a reader cannot read: %v", err)
	}
	allowed := map[string]map[string]bool{} // hashes by path; "" for absent
	allow := func(path, hash string) {
		if allowed[path] == nil {
			allowed[path] = map[string]bool{}
		}
		allowed[path][hash] = true
	}
	for _, table := range s.Tables {
		for path, f := range table.files {
			allow(path, f.SHA256)
		}
	}
	if s.Pending != nil {
		for _, change := range s.Pending.Tables {
			for _, f := range change.Put {
				allow(f.Path, f.SHA256)
				if f.Replaces == 0 {
					allow(f.Path, "")
				}
			}
			for _, f := range change.Removed {
				allow(f.Path, "")
			}
		}
	}
	for path, hashes := range allowed {
		if hash := hashOf(t, b, path); !hashes[hash] {
			t.Fatalf("at commit %d (pending: %v) %s has content %.8q, want one of %v", s.Sequence, s.Pending != nil, path, hash, hashes)
		}
	}
	for name := range objects(t, b, ownDir) {
		if allowed[name] == nil {
			t.Fatalf("at commit %d %s is there, which no commit knows", s.Sequence, name)
		}
	}
}

func hashOf(t *testing.T, b storage.Bucket, path string) string {
	data, _, err := storage.ReadAll(t.Context(), b, path)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func TestReadersSeeWholeCommits(t *testing.T) {
	for _, store := range stores() {
		t.Run(store.name, func(t *testing.T) {
			b := store.open(t, time.Now)
			pending := 0
			err := script(t, watched{b, func() {
				fresh := mustOpen(t, b, process("reader"))
				wantReadable(t, b, fresh)
				if mustState(t, fresh).Pending != nil {
					pending++
				}
			}}, crashing("writer"), lastScripted)
			if err != nil {
				t.Fatal(err)
			}
			want := finished(t)
			if pending < 10 {
				t.Errorf("a pending commit was seen only %d times", pending)
			}
			wantFinished(t, b, want)
		})
	}
}

// TestCrashAtEveryOperation lets each operation of a run go wrong in each way.
// A fresh process then recovers and finishes the work, watched by a reader.
func TestCrashAtEveryOperation(t *testing.T) {
	want := finished(t)
	for _, store := range stores() {
		if store.name == "local" {
			// The same protocol on a slower store: each operation goes wrong
			// in one way, in turn.
			t.Run(store.name, func(t *testing.T) {
				crashes(t, store, want, func(n int) faulty.Mode { return faulty.Modes()[n%len(faulty.Modes())] })
			})
			continue
		}
		modes := faulty.Modes()
		if store.name == "keep" {
			modes = []faulty.Mode{faulty.FailAfter, faulty.Torn}
		}
		for _, mode := range modes {
			t.Run(store.name+"/"+mode.String(), func(t *testing.T) {
				crashes(t, store, want, func(int) faulty.Mode { return mode })
			})
		}
	}
}

// crashes lets one operation after the other go wrong.
func crashes(t *testing.T, store store, want result, mode func(n int) faulty.Mode) {
	n := 1
	for crashAt(t, store, faulty.Fault{At: n, Mode: mode(n)}, want) && !t.Failed() {
		n += thin
	}
	if n < 100 {
		t.Errorf("only %d operations", n)
	}
}

// crashAt runs the script with a fault at operation n, and then without. It
// returns false if the script has no such operation.
func crashAt(t *testing.T, store store, fault faulty.Fault, want result) bool {
	n, mode := fault.At, fault.Mode
	b := store.open(t, time.Now)
	failing := faulty.New(b, fault)
	firstErr := script(t, failing, crashing("dead-1"), lastScripted)
	trace := failing.Trace()
	if n > len(trace) {
		if firstErr != nil {
			t.Fatal(firstErr)
		}
		wantFinished(t, b, want)
		return false
	}
	reader := mustOpen(t, b, process("reader"))
	check := func() {}
	if store.name != "local" {
		check = func() { wantReadable(t, b, reader) }
	}
	wantReadable(t, b, reader)
	if err := script(t, watched{b, check}, crashing("second"), lastScripted); err != nil {
		t.Fatalf("after %s at operation %d (%s %s; %v): %v", mode, n, trace[n-1].Kind, trace[n-1].Name, firstErr, err)
	}
	recoverRest(t, b)
	wantFinished(t, b, want)
	if t.Failed() {
		t.Logf("after %s at operation %d (%s %s): %v", mode, n, trace[n-1].Kind, trace[n-1].Name, firstErr)
	}
	return true
}

// recoverRest sweeps what the run that made the last commit must leave to the
// next: nothing but temporary files of a later crash.
func recoverRest(t *testing.T, b storage.Bucket) {
	t.Helper()
	if err := script(t, b, crashing("sweeper"), 0); err != nil {
		t.Fatal(err)
	}
}

// TestCrashDuringRecovery kills a second process too, at each of its operations.
func TestCrashDuringRecovery(t *testing.T) {
	want := finished(t)
	for _, first := range []int{50, 60, 75, 90, 105, 120, 150} {
		for n := 1; ; n += thin {
			b := newMem()
			one, two := faulty.New(b, faulty.Fault{At: first, Mode: faulty.KillAfter}), faulty.New(b, faulty.Fault{At: n, Mode: faulty.Torn})
			if err := script(t, one, crashing("dead-1"), lastScripted); err == nil {
				t.Fatalf("there is no operation %d", first)
			}
			if err := script(t, two, crashing("dead-2"), lastScripted); err == nil {
				break
			}
			if err := script(t, b, crashing("third"), lastScripted); err != nil {
				t.Fatalf("killed at %d and %d: %v", first, n, err)
			}
			wantFinished(t, b, want)
		}
	}
}
