//go:build !race

package e2e

import (
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// runRetail runs the Online Retail project once for each batch of files.
func runRetail(t *testing.T, s lab.Stock, batches ...[]string) *lab.Lab {
	t.Helper()
	l := lab.RetailProject(t)
	l.Bucket = mem.New(mem.Options{})
	for _, names := range batches {
		l.Arrive(s, names...)
		l.MustRun()
	}
	return l
}

// oneByOne makes each name a batch.
func oneByOne(names []string) (batches [][]string) {
	for _, name := range names {
		batches = append(batches, []string{name})
	}
	return batches
}

func checkRetail(l *lab.Lab) {
	l.T.Helper()
	want := lab.ExpectedRetail(l.T)
	totals := l.Rows("gold.totals")
	if len(totals) != 1 {
		l.T.Fatalf("gold.totals has %d rows", len(totals))
	}
	for column, value := range map[string]string{"quantity": want.Quantity, "amount": want.Amount, "without_customer": want.WithoutCustomer, "cancelled": want.Cancelled} {
		if got := totals[0][column]; got != value {
			l.T.Errorf("%s is %s, want %s", column, got, value)
		}
	}
	for _, line := range l.Ledger() {
		silver, duplicate := want.Records, int64(0)
		if line.Dataset == "unique_lines" {
			silver, duplicate = want.UniqueLines, want.Repeats
		}
		if line.Read != want.Records || line.Silver != silver || line.Duplicate != duplicate || line.Quarantined+line.Superseded+line.Waiting != 0 {
			l.T.Errorf("the ledger of %s is %+v", line.Dataset, line)
		}
	}
}

func TestOnlineRetailInOneRun(t *testing.T) {
	s := lab.RetailFiles(t)
	checkRetail(runRetail(t, s, s.Names))
}

func TestOnlineRetailFileByFile(t *testing.T) {
	s := lab.RetailFiles(t)
	first := s.Names[:20]
	lab.SameContents(t, runRetail(t, s, oneByOne(first)...).Contents(), runRetail(t, s, first).Contents())
}
