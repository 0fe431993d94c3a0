//go:build e2e

package sparkrun

import (
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
)

// TestOnlineRetail takes in every third day of UCI Online Retail in one run. Bronze
// is not compared, which is most of the rows: the ledger is.
func TestOnlineRetail(t *testing.T) {
	got, want := lab.RetailProject(t), lab.RetailProject(t)
	files := lab.RetailFiles(t)
	var days []string
	for i := 0; i < len(files.Names); i += 3 {
		days = append(days, files.Names[i])
	}
	got.Arrive(files, days...)
	want.Arrive(files, days...)
	inTurns(t, got, want, true)
	compare(t, got, want, "bronze."+want.Ledger()[0].Dataset)
	sameLedgers(t, got, want)
}
