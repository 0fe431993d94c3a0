package e2e

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/sample"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/faulty"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// faultLab is a lake that a run changes in all layers and ways: rows come,
// change and leave quarantine, partitions are new and touched.
type faultLab struct {
	*lab.Lab
	before map[string]string // all objects of the lake before the run
	want   lakeAfter         // when nothing goes wrong
	ops    int               // operations of the run
}

// lakeAfter is what a lake must be whatever went wrong on the way: all objects
// outside of the log, and the rows of quarantine, which name the run.
type lakeAfter struct {
	tree map[string]string
	rows map[string][]string
}

func afterOf(l *lab.Lab) lakeAfter {
	l.T.Helper()
	a := lakeAfter{tree: l.Tree("_lakectl/log/", "_lakectl/runs/", "quarantine/"), rows: map[string][]string{}}
	for _, name := range []string{"quarantine.customers", "quarantine.transactions"} {
		a.rows[name] = lab.Lines(lab.Without(l.Rows(name), "run_id"))
	}
	return a
}

func newFaultLab(t *testing.T, changes ...func(*lab.Lab)) *faultLab {
	t.Helper()
	l := sampleLab(t)
	quarantineUnknown(l)
	for _, change := range changes {
		change(l)
	}
	stock := l.Generate(sample.Options{Seed: 31, Transactions: 150, Customers: 24, Days: 4, Files: 4, Defects: 0.4, Shuffled: true})
	customers, transactions := stock.Of("customers"), stock.Of("transactions")
	l.Arrive(stock, append(customers[:1:1], transactions[:2]...)...)
	l.MustRun()
	l.Now = l.Now.Add(time.Hour)
	l.Arrive(stock, append(customers[1:], transactions[2:]...)...)
	f := &faultLab{Lab: l, before: l.Tree()}
	l.Bucket = f.bucket(t)
	counting := faulty.New(l.Bucket)
	inner := l.Bucket
	l.Bucket = counting
	l.MustRun()
	f.ops = len(counting.Trace())
	l.Bucket = inner
	f.want = afterOf(l)
	return f
}

// bucket is the lake before the run, anew.
func (f *faultLab) bucket(t *testing.T) storage.Bucket {
	t.Helper()
	b := mem.New(mem.Options{})
	for name, data := range f.before {
		if _, err := storage.WriteAll(t.Context(), b, name, []byte(data), storage.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// disturb runs with a fault, and then once more with none.
func (f *faultLab) disturb(t *testing.T, fault faulty.Fault) {
	t.Helper()
	l := *f.Lab
	l.T = t
	plain := f.bucket(t)
	failing := faulty.New(plain, fault)
	l.Bucket, l.Process = failing, "dead"
	_, err := l.Run()
	trace := failing.Trace()
	if err != nil && !errors.Is(err, faulty.ErrInjected) && !errors.Is(err, faulty.ErrKilled) && !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the run failed, but not of the fault: %v", err)
	}
	l.Bucket, l.Process = plain, "second"
	if _, err := l.Run(); err != nil {
		t.Errorf("the run after it: %v", err)
	}
	got := afterOf(&l)
	lab.SameTree(t, got.tree, f.want.tree)
	for name, rows := range f.want.rows {
		lab.SameLines(t, name, got.rows[name], rows)
	}
	l.CheckLedger()
	if t.Failed() {
		op := trace[min(fault.At, len(trace))-1]
		t.Fatalf("%s at operation %d of %d: %s %s: %v", fault.Mode, fault.At, len(trace), op.Kind, op.Name, err)
	}
}

// TestFaultsAtEveryOperation lets operations of a run fail, or kill it, and
// runs again: the lake is what it would have been.
func TestFaultsAtEveryOperation(t *testing.T) {
	f := newFaultLab(t)
	if f.ops < 200 {
		t.Errorf("the run has only %d operations", f.ops)
	}
	modes := faulty.Modes()
	for turn := range faultTurn {
		t.Run(fmt.Sprint("turn ", turn), func(t *testing.T) {
			for at := 1; at <= f.ops; at += faultStep {
				f.disturb(t, faulty.Fault{At: at, Mode: modes[(at/faultStep+turn)%len(modes)]})
			}
		})
	}
}

// TestFaultsWithBuckets does the same where each partition is several files, of
// which some are published when the run ends.
func TestFaultsWithBuckets(t *testing.T) {
	f := newFaultLab(t, func(l *lab.Lab) { inBuckets(l, 3) })
	modes := faulty.Modes()
	for at := 1; at <= f.ops; at += 3 * faultStep {
		f.disturb(t, faulty.Fault{At: at, Mode: modes[at%len(modes)]})
	}
}

// TestNothingIsLeftOfFailedRuns looks for staged files and temporary ones.
func TestNothingIsLeftOfFailedRuns(t *testing.T) {
	f := newFaultLab(t)
	l := *f.Lab
	l.Bucket = nil
	for name, data := range f.before {
		l.Write("lake/"+name, data)
	}
	l.Process, l.Workers = "dead", 1 // no writer is made while the process dies
	inner := l.Open().Bucket()
	l.Bucket = faulty.New(inner, faulty.Fault{At: f.ops / 2, Mode: faulty.Kill})
	if _, err := l.Run(); !errors.Is(err, faulty.ErrKilled) {
		t.Fatal(err)
	}
	l.Bucket, l.Process = nil, "second"
	l.MustRun()
	for name := range modified(t, &l) {
		if strings.HasPrefix(name, "_lakectl/stage/") || strings.Contains(name, storage.TempPrefix) && name != "_lakectl/_tmp.lock" {
			t.Errorf("%s was left behind", name)
		}
	}
	lab.SameTree(t, afterOf(&l).tree, f.want.tree)
}
