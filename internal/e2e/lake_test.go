package e2e

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/storage"
)

// TestIndexesMayBeLostOrDamaged: they are made anew from the tables.
func TestIndexesMayBeLostOrDamaged(t *testing.T) {
	stock := sampleLab(t).Generate(small(71))
	whole := sampleLab(t)
	quarantineUnknown(whole)
	inBatches(whole, stock, [][]string{stock.Names})
	want := whole.Contents(byRun)
	for name, data := range map[string]string{"lost": "", "damaged": "this is no index", "cut": "cut"} {
		t.Run(name, func(t *testing.T) {
			l := sampleLab(t)
			quarantineUnknown(l)
			n := 0
			for _, names := range arrivals(stock)["in turns"] {
				l.Arrive(stock, names...)
				l.MustRun()
				l.Now = l.Now.Add(time.Hour)
				for name, content := range l.Tree() {
					if !strings.HasPrefix(name, "_lakectl/keys/") {
						continue
					}
					n++
					err := l.Bucket.Delete(t.Context(), name, storage.DeleteOptions{})
					if data == "cut" {
						data = content[:len(content)/2]
					}
					if err == nil && data != "" {
						_, err = storage.WriteAll(t.Context(), l.Bucket, name, []byte(data), storage.CreateOptions{})
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			if n < 4 {
				t.Errorf("there were only %d indexes", n)
			}
			lab.SameContents(t, l.Contents(byRun), want)
			l.CheckLedger()
		})
	}
}

// countdown cancels a context at an operation of the bucket.
type countdown struct {
	storage.Bucket
	left   *atomic.Int64
	cancel context.CancelCauseFunc
}

func (c countdown) tick() {
	if c.left.Add(-1) == 0 {
		c.cancel(context.Canceled)
	}
}

func (c countdown) Open(ctx context.Context, name string) (storage.Object, error) {
	c.tick()
	return c.Bucket.Open(ctx, name)
}

func (c countdown) Create(ctx context.Context, name string, o storage.CreateOptions) (storage.Writer, error) {
	c.tick()
	return c.Bucket.Create(ctx, name, o)
}

func (c countdown) Copy(ctx context.Context, dst, src string, o storage.CopyOptions) (storage.Info, error) {
	c.tick()
	return c.Bucket.Copy(ctx, dst, src, o)
}

// TestInterruptedRunsEndCleanly cancels runs at many of their operations, as
// Ctrl-C does: nothing is half published, the lease is given back, and the next
// run goes on.
func TestInterruptedRunsEndCleanly(t *testing.T) {
	f := newFaultLab(t)
	interrupted, whole := 0, false
	for at := 3; !whole; at += interruptStep {
		l := *f.Lab
		plain := f.bucket(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		left := new(atomic.Int64)
		left.Store(int64(at))
		l.Bucket, l.Context = countdown{plain, left, cancel}, ctx
		_, err := l.Run()
		if whole = err == nil; !whole {
			interrupted++
			if diag.ClassOf(err) != diag.Interrupted {
				t.Errorf("interrupted at %d: class %d: %v", at, diag.ClassOf(err), err)
			}
		}
		l.Bucket, l.Context = plain, nil
		opened := l.Open()
		state, err := opened.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if state.Pending != nil {
			t.Errorf("interrupted at %d: commit %d is half published", at, state.Pending.Sequence)
		}
		if holder, err := opened.Holder(t.Context()); holder != nil || err != nil {
			t.Errorf("interrupted at %d: the lease is held by %v, %v", at, holder, err)
		}
		for name := range l.Tree() {
			if strings.HasPrefix(name, "_lakectl/stage/") {
				t.Fatalf("interrupted at %d: %s was left behind", at, name)
			}
		}
		l.MustRun()
		lab.SameTree(t, afterOf(&l).tree, f.want.tree)
		cancel(nil)
	}
	if interrupted < 5 {
		t.Errorf("only %d runs were interrupted", interrupted)
	}
}

func TestRunsWaitForOneAnother(t *testing.T) {
	l := salesLab(t, "", "")
	l.Write("sales_1.csv", sales(0, 10, 0))
	other := l.Open()
	lease, err := other.Lock(t.Context(), lake.LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Run()
	wantClass(t, err, diag.Locked, "lab")
	time.AfterFunc(100*time.Millisecond, func() { _ = lease.Release(context.Background()) })
	l.MustRun(func(o *pipeline.Options) { o.LockTimeout = time.Minute })
	if got := len(l.Rows("silver.sales")); got != 10 {
		t.Errorf("%d rows", got)
	}
}

// TestALakeThatLacksAFile says which, and does not go on without it.
func TestALakeThatLacksAFile(t *testing.T) {
	l := salesLab(t, "", "")
	l.Write("sales_1.csv", sales(0, 10, 0))
	l.MustRun()
	if err := l.Bucket.Delete(t.Context(), "silver/sales/shop=s1/part-0.parquet", storage.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	l.Write("sales_2.csv", sales(1, 1, 0)) // touches that partition
	_, err := l.Run()
	if err == nil || !strings.Contains(err.Error(), "silver/sales/shop=s1/part-0.parquet") {
		t.Errorf("the error does not say which file: %v", err)
	}
	l.MustRun(func(o *pipeline.Options) { o.FullRefresh = true })
	if got := len(l.Rows("silver.sales")); got != 10 {
		t.Errorf("%d rows after a full refresh", got)
	}
}
