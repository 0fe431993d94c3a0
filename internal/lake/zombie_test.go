package lake

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/faulty"
	"github.com/lakectl/lakectl/internal/storage/local"
)

// paused runs something else before its nth operation, as if the process were
// stopped there for a long time.
type paused struct {
	storage.Bucket
	count *int
	at    int
	other func()
}

func (p paused) step() {
	if *p.count++; *p.count == p.at {
		p.other()
	}
}

func (p paused) Open(ctx context.Context, name string) (storage.Object, error) {
	p.step()
	return p.Bucket.Open(ctx, name)
}

func (p paused) Create(ctx context.Context, name string, opts storage.CreateOptions) (storage.Writer, error) {
	p.step()
	w, err := p.Bucket.Create(ctx, name, opts)
	return pausedWriter{w, p}, err
}

func (p paused) Copy(ctx context.Context, dst, src string, opts storage.CopyOptions) (storage.Info, error) {
	p.step()
	return p.Bucket.Copy(ctx, dst, src, opts)
}

func (p paused) Delete(ctx context.Context, name string, opts storage.DeleteOptions) error {
	p.step()
	return p.Bucket.Delete(ctx, name, opts)
}

type pausedWriter struct {
	storage.Writer
	paused paused
}

func (w pausedWriter) Commit(ctx context.Context) (storage.Info, error) {
	w.paused.step()
	return w.Writer.Commit(ctx)
}

// TestZombie stops a process before each of its operations, lets its lease
// expire, lets a second process take over and do part or all of the work, and
// then lets the first go on as if nothing had happened.
func TestZombie(t *testing.T) {
	want := finished(t)
	for _, store := range stores()[:2] {
		for _, mode := range []string{"recovers", "commits once", "finishes", "dies"} {
			t.Run(store.name+"/"+mode, func(t *testing.T) {
				n := 1
				for zombieAt(t, store.open, zombie{mode, n, want}) && !t.Failed() {
					n += thin
				}
				if n < 90 {
					t.Errorf("only %d operations", n)
				}
			})
		}
	}
}

// zombie is one case of TestZombie.
type zombie struct {
	mode string
	n    int // the operation before which the first process is stopped
	want result
}

func zombieAt(t *testing.T, open func(*testing.T, func() time.Time) storage.Bucket, z zombie) (reached bool) {
	n, mode, want := z.n, z.mode, z.want
	now := start
	b := open(t, func() time.Time { return now })
	second := func() {
		reached = true
		now = now.Add(2 * time.Hour)
		until := map[string]uint64{"finishes": lastScripted, "commits once": 0, "recovers": 0, "dies": lastScripted}[mode]
		if mode == "commits once" {
			s := mustState(t, mustOpen(t, b, process("judge")))
			until = min(s.Sequence+1, lastScripted)
			if s.Pending != nil {
				until = min(s.Pending.Sequence+1, lastScripted)
			}
		}
		var bucket storage.Bucket = b
		if mode == "dies" {
			bucket = faulty.New(b, faulty.Fault{At: 20 + n%40, Mode: faulty.Kill})
		}
		if err := script(t, bucket, crashing("dead-2"), until); err != nil && mode != "dies" {
			t.Fatalf("the second process, at operation %d: %v", n, err)
		}
	}
	count := 0
	err := script(t, paused{b, &count, n, second}, crashing("zombie"), lastScripted)
	if !reached {
		wantFinished(t, b, want)
		return false
	}
	if err != nil && (diag.ClassOf(err) != diag.Locked || strings.Contains(err.Error(), "could not be published")) {
		t.Errorf("the zombie is told something else than that it lost the lock: %v", err)
	}
	reader := mustOpen(t, b, process("reader"))
	wantReadable(t, b, reader)
	if s := mustState(t, reader); mode == "finishes" && (s.Sequence != lastScripted || s.Pending != nil) {
		t.Fatalf("zombie at operation %d: the lake went back to commit %d, %v", n, s.Sequence, s.Pending)
	}
	now = now.Add(2 * time.Hour)
	if err2 := script(t, b, crashing("third"), lastScripted); err2 != nil {
		t.Fatalf("zombie at operation %d (%v): %v", n, err, err2)
	}
	wantFinished(t, b, want)
	if t.Failed() {
		t.Logf("zombie at operation %d: %s", n, strconv.Quote(fmt.Sprint(err)))
	}
	return true
}

// A new holder sweeps what the old one has staged; that is not what to say.
func TestZombieWhoseFilesAreSwept(t *testing.T) {
	b, err := local.New(t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	first := mustOpen(t, b, process("first"))
	tx := mustBegin(t, first, mustLock(t, first), Bronze)
	ingest(t, tx)
	second := mustOpen(t, b, process("second"))
	if _, err := second.Break(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := mustBegin(t, second, mustLock(t, second), Bronze)
	ingest(t, other)
	mustCommit(t, other)
	_, err = tx.Commit(t.Context())
	wantClass(t, err, diag.Locked, "no longer holds the lock")
}
