package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
)

// retailFiles are the daily files of UCI Online Retail.
const retailFiles = "online_retail_by_day"

// retail is the Online Retail project without its files, and the files.
func retail(t *testing.T) (*lab.Lab, []string, string) {
	t.Helper()
	data := lab.Retail(t)
	l := lab.New(t)
	l.CopyFS(os.DirFS("testdata/online-retail"))
	names, err := filepath.Glob(filepath.Join(data, "*.csv"))
	if err != nil || len(names) != 305 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	return l, names, data
}

func expectedRetail(t *testing.T) (want struct {
	Records, Repeats, UniqueLines                int64
	Quantity, Amount, WithoutCustomer, Cancelled string
}) {
	t.Helper()
	data, err := os.ReadFile("testdata/online-retail/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	want.Records, want.Repeats, want.UniqueLines = int64(raw["records"].(float64)), int64(raw["repeats"].(float64)), int64(raw["unique_lines"].(float64))
	want.Quantity, want.Amount = raw["quantity"].(string), raw["amount"].(string)
	want.WithoutCustomer, want.Cancelled = raw["without_customer"].(string), raw["cancelled"].(string)
	return want
}

func checkRetail(l *lab.Lab) {
	l.T.Helper()
	want := expectedRetail(l.T.(*testing.T))
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

func TestOnlineRetailInOneRunAndFileByFile(t *testing.T) {
	l, names, _ := retail(t)
	link := func(name string) {
		if err := os.MkdirAll(filepath.Join(l.Dir, retailFiles), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(name, filepath.Join(l.Dir, retailFiles, filepath.Base(name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		link(name)
	}
	l.MustRun()
	checkRetail(l)
	tables := []string{"silver.lines", "silver.unique_lines", "gold.totals", "gold.sales_by_day", "gold.sales_by_country_and_month", "gold.customers"}
	want := map[string][]string{}
	for _, table := range tables {
		want[table] = lab.Lines(lab.Without(l.Rows(table), lab.Dependent()...))
	}
	l, _, _ = retail(t)
	for _, name := range names {
		link(name)
		result, err := l.Run()
		if err != nil {
			data, _ := json.MarshalIndent(result, "", " ")
			t.Fatalf("%s: %v\n%s", name, err, data)
		}
	}
	checkRetail(l)
	for _, table := range tables {
		lab.SameLines(t, table, lab.Lines(lab.Without(l.Rows(table), lab.Dependent()...)), want[table])
	}
}
