package lake

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/faulty"
	"github.com/lakectl/lakectl/internal/storage/local"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

func TestLeaseIsExclusive(t *testing.T) {
	b := newMem()
	one, two := mustOpen(t, b, process("one")), mustOpen(t, b, process("two"))
	lease := mustLock(t, one)
	_, err := two.Lock(t.Context(), LockOptions{})
	wantClass(t, err, diag.Locked, "locked by process 1 on one since 2026-11-23T09:00:00Z")
	wantNext(t, err, "lakectl lock break")
	if _, err := one.Lock(t.Context(), LockOptions{}); diag.ClassOf(err) != diag.Locked {
		t.Errorf("the holder itself got a second lease: %v", err)
	}
	if holder, err := two.Holder(t.Context()); err != nil || holder.Owner.Host != "one" || holder.Fence != 1 {
		t.Errorf("holder %+v, %v", holder, err)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if holder, err := two.Holder(t.Context()); holder != nil || err != nil {
		t.Errorf("holder %+v, %v after the release", holder, err)
	}
	if next := mustLock(t, two); next.Fence() != 2 {
		t.Errorf("fence %d, want 2", next.Fence())
	}
	wantClass(t, lease.Check(t.Context()), diag.Locked, "no longer holds")
	wantClass(t, lease.Renew(t.Context()), diag.Locked, "no longer holds")
	if err := lease.Release(t.Context()); err != nil {
		t.Errorf("second release: %v", err)
	}
	if holder, _ := two.Holder(t.Context()); holder == nil || holder.Owner.Host != "two" {
		t.Errorf("a second release took the lease of another: %+v", holder)
	}
}

func TestLockWaits(t *testing.T) {
	b := newMem()
	one, two := mustOpen(t, b, process("one")), mustOpen(t, b, process("two"))
	lease := mustLock(t, one)
	waits := 0
	next, err := two.Lock(t.Context(), LockOptions{Timeout: time.Minute, Wait: func(holder LockInfo) {
		if waits++; waits == 3 {
			if err := lease.Release(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if holder.Owner.Host != "one" {
			t.Errorf("waits for %+v", holder)
		}
	}})
	if err != nil || waits != 3 {
		t.Fatalf("%v after %d waits", err, waits)
	}
	defer next.stop()

	_, err = one.Lock(t.Context(), LockOptions{Timeout: 5 * time.Millisecond})
	wantClass(t, err, diag.Locked, "locked by process 1 on two")
	ctx, cancel := context.WithCancel(t.Context())
	_, err = one.Lock(ctx, LockOptions{Timeout: time.Minute, Wait: func(LockInfo) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait: %v", err)
	}
}

func TestContenders(t *testing.T) {
	for _, store := range stores() {
		t.Run(store.name, func(t *testing.T) {
			b := store.open(t, time.Now)
			for round := range 5 {
				var group sync.WaitGroup
				var wins atomic.Int32
				for range 4 {
					group.Go(func() {
						l, err := Open(t.Context(), b, process("p"))
						if err != nil {
							t.Error(err)
							return
						}
						switch lease, err := l.Lock(t.Context(), LockOptions{}); {
						case err == nil:
							wins.Add(1)
							defer lease.stop()
						case diag.ClassOf(err) != diag.Locked:
							t.Error(err)
						}
					})
				}
				group.Wait()
				if wins.Load() != 1 {
					t.Fatalf("round %d: %d have the lease", round, wins.Load())
				}
				if _, err := mustOpen(t, b, process("p")).Break(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestTakeoverOfTheDead(t *testing.T) {
	b := newMem()
	mustLock(t, mustOpen(t, b, process("dead")))
	lease := mustLock(t, mustOpen(t, b, process("two")))
	if lease.Fence() != 2 || lease.info.Doubtful != 0 {
		t.Errorf("%+v", lease.info)
	}
}

func TestTakeoverAfterTTL(t *testing.T) {
	now := start
	b := mem.New(mem.Options{Clock: func() time.Time { return now }})
	opts := process("one")
	opts.Clock = func() time.Time { return now.Add(-48 * time.Hour) } // the holder's clock is wrong
	old := mustLock(t, mustOpen(t, b, opts))
	two := mustOpen(t, b, process("two"))
	now = now.Add(50 * time.Minute)
	if err := old.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(59 * time.Minute)
	if _, err := two.Lock(t.Context(), LockOptions{}); diag.ClassOf(err) != diag.Locked {
		t.Errorf("a renewed lease was taken: %v", err)
	}
	now = now.Add(2 * time.Minute)
	lease := mustLock(t, two)
	if lease.Fence() != 2 || lease.info.Doubtful != 1 {
		t.Errorf("%+v", lease.info)
	}
	wantClass(t, old.Renew(t.Context()), diag.Unexpected, "another writer")
	wantClass(t, old.Check(t.Context()), diag.Locked, "no longer holds")
	select {
	case <-old.Lost():
	default:
		t.Error("the old holder was not told")
	}
}

// The holder of a lost lease commits nothing.
func TestFencing(t *testing.T) {
	b := newMem()
	one, two := mustOpen(t, b, process("one")), mustOpen(t, b, process("two"))
	lease := mustLock(t, one)
	tx := mustBegin(t, one, lease, Bronze)
	ingest(t, tx)
	if broken, err := two.Break(t.Context()); err != nil || broken.Owner.Host != "one" {
		t.Fatalf("%+v, %v", broken, err)
	}
	if broken, err := two.Break(t.Context()); broken != nil || err != nil {
		t.Errorf("a free lease was broken: %+v, %v", broken, err)
	}
	_, err := tx.Commit(t.Context())
	wantClass(t, err, diag.Locked, "no longer holds")
	if _, err := one.Begin(t.Context(), lease, TxOptions{Run: "r", Layer: Bronze}); diag.ClassOf(err) != diag.Locked {
		t.Errorf("a transaction without a lease: %v", err)
	}
	if _, err := one.Recover(t.Context(), lease); diag.ClassOf(err) != diag.Locked {
		t.Errorf("a recovery without a lease: %v", err)
	}
	// Nobody knows whether the holder lives, so its files stay for now.
	lease = mustLock(t, two)
	if done, err := two.Recover(t.Context(), lease); err != nil || done.Unstaged != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	tx = mustBegin(t, two, lease, Bronze)
	ingest(t, tx)
	mustCommit(t, tx)
	if left := objects(t, b, logDir, "bronze/", publishedName, lockName, clockName); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestRenewsItself(t *testing.T) {
	b := newMem()
	opts := process("one")
	opts.LeaseTTL = 30 * time.Millisecond
	l := mustOpen(t, b, opts)
	lease := mustLock(t, l)
	first, err := l.Holder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		now, err := l.Holder(t.Context())
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("not renewed: %v", err)
		}
		if now.Modified().After(first.Modified()) {
			break
		}
	}
	if _, err := mustOpen(t, b, process("two")).Break(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-lease.Lost():
	case <-time.After(10 * time.Second):
		t.Error("the holder did not notice that its lease was broken")
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// A holder that cannot renew for its TTL gives up by itself.
func TestRenewFails(t *testing.T) {
	b := faulty.New(newMem())
	opts := process("one")
	opts.LeaseTTL = 15 * time.Millisecond
	lease := mustLock(t, mustOpen(t, b, opts))
	b.Kill()
	select {
	case <-lease.Lost():
	case <-time.After(10 * time.Second):
		t.Error("the lease was not given up")
	}
}

func TestLockObjectIsLostOrBroken(t *testing.T) {
	b := newMem()
	l := mustOpen(t, b, process("one"))
	for range 3 {
		if err := mustLock(t, l).Release(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	lease := mustLock(t, l)
	tx := mustBegin(t, l, lease, Bronze)
	ingest(t, tx)
	mustCommit(t, tx) // under fence 4
	if err := b.Delete(t.Context(), lockName, storage.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	wantClass(t, lease.Check(t.Context()), diag.Locked, "no longer holds")
	if next := mustLock(t, l); next.Fence() != 5 {
		t.Errorf("fence %d after the object was deleted, want 5", next.Fence())
	}
	for _, text := range []string{"", "{", `{"format": 2}`, `{"format": 1, "strange": 1}`} {
		if _, err := storage.WriteAll(t.Context(), b, lockName, []byte(text), storage.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		_, err := l.Lock(t.Context(), LockOptions{})
		wantClass(t, err, diag.Unexpected, lockName)
		wantNext(t, err, "delete it")
	}
}

const holderEnv = "LAKECTL_TEST_LAKE_HOLDER"

// TestKilledProcess takes over the lease of a real process that was killed,
// at once although it is fresh, but not while the process lives.
func TestKilledProcess(t *testing.T) {
	if dir := os.Getenv(holderEnv); dir != "" {
		holdForever(t, dir)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledProcess$")
	cmd.Env = append(os.Environ(), holderEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make([]byte, 5)
	if _, err := out.Read(ready); err != nil || string(ready) != "ready" {
		t.Fatalf("%q, %v", ready, err)
	}
	b, err := local.New(dir, local.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	l := mustOpen(t, b, Options{})
	_, err = l.Lock(t.Context(), LockOptions{})
	wantClass(t, err, diag.Locked, "locked by process ")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if bootID() == "" {
		return // a system where death is not looked into
	}
	lease := mustLock(t, l)
	if lease.Fence() != 2 || lease.info.Doubtful != 0 {
		t.Errorf("%+v", lease.info)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

func holdForever(t *testing.T, dir string) {
	b, err := local.New(dir, local.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mustOpen(t, b, Options{}).Lock(t.Context(), LockOptions{}); err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdout.WriteString("ready")
	time.Sleep(time.Minute)
}

func TestGone(t *testing.T) {
	self := CurrentOwner()
	if self.Host == "" || self.PID != os.Getpid() || !strings.Contains(self.String(), self.Host) {
		t.Errorf("%+v", self)
	}
	if self.Gone(self) {
		t.Error("this process is gone")
	}
	if self.Boot == "" {
		return
	}
	reused := self
	reused.Started = "1"
	if !reused.Gone(self) {
		t.Error("a process whose number was used again is not gone")
	}
	for name, change := range map[string]func(*Owner){
		"another host": func(o *Owner) { o.Host += "x" }, "another boot": func(o *Owner) { o.Boot += "x" },
		"unknown boot": func(o *Owner) { o.Boot = "" }, "unknown start": func(o *Owner) { o.Started = "" },
	} {
		o := reused
		if change(&o); o.Gone(self) {
			t.Errorf("%s: taken for gone", name)
		}
	}
}
