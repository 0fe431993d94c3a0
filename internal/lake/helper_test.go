package lake

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

var (
	start    = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	bronzeTx = TableRef{Bronze, "transactions"}
	silverTx = TableRef{Silver, "transactions"}
)

// process returns options of a process that is alone on its host, with a fixed
// clock, ids of its own, and publishing in a fixed order.
func process(name string) Options {
	n := 0
	return Options{
		Clock:    func() time.Time { return start },
		NewID:    func() string { n++; return fmt.Sprintf("%s-%d", name, n) },
		Owner:    Owner{Host: name, PID: 1},
		Gone:     func(o Owner) bool { return strings.HasPrefix(o.Host, "dead") },
		LeaseTTL: time.Hour,
		Poll:     time.Millisecond,
		Parallel: 1,
	}
}

func mustOpen(t *testing.T, b storage.Bucket, opts Options) *Lake {
	t.Helper()
	l, err := Open(t.Context(), b, opts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func mustLock(t *testing.T, l *Lake) *Lease {
	t.Helper()
	lease, err := l.Lock(t.Context(), LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lease.stop() })
	return lease
}

func mustBegin(t *testing.T, l *Lake, lease *Lease, layer string) *Tx {
	t.Helper()
	tx, err := l.Begin(t.Context(), lease, TxOptions{Run: "run-" + layer, Layer: layer})
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// stagePut stages a file and puts it.
func stagePut(t *testing.T, tx *Tx, table TableRef, f FileChange, content string) {
	t.Helper()
	if err := tryPut(t, tx, table, f, content); err != nil {
		t.Fatal(err)
	}
}

func tryPut(t *testing.T, tx *Tx, table TableRef, f FileChange, content string) error {
	w, err := tx.Stage(t.Context(), table, f.Path)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write([]byte(content)); err != nil {
		return err
	}
	if _, err = w.Commit(t.Context()); err == nil {
		tx.Put(table, f)
	}
	return err
}

func mustCommit(t *testing.T, tx *Tx) *Record {
	t.Helper()
	r, err := tx.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustState(t *testing.T, l *Lake) *State {
	t.Helper()
	s, err := l.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantClass(t *testing.T, err error, class diag.Class, text string) {
	t.Helper()
	if diag.ClassOf(err) != class || err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error of class %d: %v; want class %d and %q", diag.ClassOf(err), err, class, text)
	}
}

func wantNext(t *testing.T, err error, text string) {
	t.Helper()
	if e, ok := errors.AsType[*diag.Error](err); !ok || !strings.Contains(e.Next, text) {
		t.Errorf("error %v says no next action with %q", err, text)
	}
}

// objects returns the content of all objects by name, less those whose names
// begin with one of the prefixes.
func objects(t *testing.T, b storage.Bucket, less ...string) map[string]string {
	t.Helper()
	all := map[string]string{}
next:
	for info, err := range b.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		for _, prefix := range less {
			if strings.HasPrefix(info.Name, prefix) {
				continue next
			}
		}
		data, _, err := storage.ReadAll(t.Context(), b, info.Name)
		if err != nil {
			t.Fatal(err)
		}
		all[info.Name] = string(data)
	}
	return all
}

func newMem() *mem.Bucket { return mem.New(mem.Options{}) }
