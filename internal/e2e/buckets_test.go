package e2e

import (
	"fmt"
	"hash/crc32"
	"path"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
)

// inBuckets has the silver tables of the sample in buckets.
func inBuckets(l *lab.Lab, n int) {
	l.Edit("key: customer_id\n", fmt.Sprintf("key: customer_id\n    buckets: %d\n", n))
	l.Edit("key: transaction_id\n", fmt.Sprintf("key: transaction_id\n    buckets: %d\n", n))
}

// checkBuckets looks for each row of a table in the file that its key says.
func checkBuckets(l *lab.Lab, table, key string, n int) {
	l.T.Helper()
	found := 0
	for name, rows := range l.RowsByFile(table) {
		for _, row := range rows {
			bucket := crc32.ChecksumIEEE([]byte(row[key])) % uint32(n)
			if want := fmt.Sprintf("part-%d.parquet", bucket); path.Base(name) != want {
				l.T.Errorf("%s is in %s, not in %s", row[key], name, want)
			}
			found++
		}
	}
	if found == 0 {
		l.T.Errorf("%s has no rows", table)
	}
}

// TestBucketsDoNotMatter has the same files come in the same ways with buckets and
// without: the rows of all layers are the same, whatever the workers.
func TestBucketsDoNotMatter(t *testing.T) {
	for name, change := range map[string]func(*lab.Lab){"flag": func(*lab.Lab) {}, "quarantine": quarantineUnknown} {
		t.Run(name, func(t *testing.T) {
			plain := sampleLab(t)
			change(plain)
			stock := plain.Generate(small(41))
			inBatches(plain, stock, [][]string{stock.Names})
			want := plain.Contents(byRun)
			for name, batches := range ways(stock) {
				t.Run(name, func(t *testing.T) {
					const n = 5
					l := sampleLab(t)
					change(l)
					inBuckets(l, n)
					inBatches(l, stock, batches)
					lab.SameContents(t, l.Contents(byRun), want)
					checkBuckets(l, "silver.customers", "customer_id", n)
					checkBuckets(l, "silver.transactions", "transaction_id", n)
					l.MustRun(replay)
					lab.SameContents(t, l.Contents(byRun), want)
				})
			}
		})
	}
}

func TestSameSettingsGiveSameBytesInBuckets(t *testing.T) {
	sameBytesTwice(t, func(l *lab.Lab) { inBuckets(l, 4) })
}

// TestChangedBucketsLeaveNoFiles rebuilds a table with other numbers of buckets:
// the files that are of no bucket any more go, and no row is there twice.
func TestChangedBucketsLeaveNoFiles(t *testing.T) {
	l := sampleLab(t)
	stock := l.Generate(small(43))
	inBatches(l, stock, [][]string{stock.Names})
	want, now := l.Contents(byRun), "key: customer_id\n"
	for _, n := range []int{7, 2, 1000, 3, 1} {
		before := now
		now = fmt.Sprintf("key: customer_id\n    buckets: %d\n", n)
		l.Edit(before, now)
		_, err := l.Run()
		wantClass(t, err, diag.Usage, "silver.customers", "buckets")
		l.MustRun(rebuildChanged)
		lab.SameContents(t, l.Contents(byRun), want)
		l.CheckLedger()
		checkBuckets(l, "silver.customers", "customer_id", n)
		known := l.RowsByFile("silver.customers")
		if n > 1 && len(known) < 2 || len(known) > n {
			t.Errorf("%d files with %d buckets", len(known), n)
		}
		for name := range l.Tree("_lakectl/") {
			if _, ok := known[name]; !ok && path.Dir(name) == "silver/customers" {
				t.Errorf("%s is still there with %d buckets", name, n)
			}
		}
	}
}
