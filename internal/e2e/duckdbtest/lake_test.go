package duckdbtest

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/sample"
	"github.com/lakectl/lakectl/sampledata"
)

func TestDuckDBReadsTheSampleLake(t *testing.T) {
	l := lab.New(t)
	l.CopyFS(sampledata.Project())
	l.MustRun()
	d := open(t)
	checkLake(d, l)
	if !t.Failed() {
		checkLookups(d, l)
	}
}

// checkLookups finds each row of a table again by its key, by a filter that
// skips files and row groups by their bounds and bloom filters.
func checkLookups(d duck, l *lab.Lab) {
	d.t.Helper()
	source := fmt.Sprintf("read_parquet(%s)", quote(filepath.Join(l.Lake, "silver/transactions/**/*.parquet")))
	for i, row := range d.rows("SELECT transaction_id, revenue::VARCHAR, source_row::VARCHAR FROM " + source) {
		if i%40 != 0 {
			continue
		}
		query := fmt.Sprintf("SELECT count(*) FROM %s WHERE transaction_id = %s AND revenue = %s AND source_row = %s", source, quote(row[0]), row[1], row[2])
		if got := d.rows(query)[0][0]; got != "1" {
			d.t.Errorf("%v is found %s times", row, got)
		}
	}
}

// TestDuckDBReadsALakeOfManyRuns has files replaced, emptied and rejudged.
func TestDuckDBReadsALakeOfManyRuns(t *testing.T) {
	l := lab.New(t)
	yaml, err := fs.ReadFile(sampledata.Project(), "lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	l.Write("lakehouse.yaml", strings.ReplaceAll(string(yaml), "quarantined: 5%", "quarantined: 100%"))
	stock := l.Generate(sample.Options{Seed: 41, Transactions: 900, Customers: 90, Days: 9, Files: 3, Defects: 0.3, Shuffled: true})
	for _, name := range append(stock.Of("transactions"), stock.Of("customers")...) {
		l.Arrive(stock, name)
		l.MustRun()
		l.Now = l.Now.Add(17 * time.Hour)
	}
	checkLake(open(t), l)
}

// oddYAML has values in the path that are hard on paths.
const oddYAML = `project: odd
lake: ./lake
bronze:
  items: {source: "items.csv"}
silver:
  items:
    key: id
    partition_by: [shop, floor]
    columns:
      id:    {type: bigint}
      shop:  {type: string}
      floor: {type: integer}
      rate:  {type: double}
      fine:  {type: boolean}
      big:   {type: "decimal(38,10)"}
      small: {type: "decimal(5,2)"}
`

func TestDuckDBReadsOddPartitionsAndTypes(t *testing.T) {
	l := lab.New(t)
	l.Write("lakehouse.yaml", oddYAML)
	var b strings.Builder
	b.WriteString("id,shop,floor,rate,fine,big,small\n")
	shops := []string{"", "plain", "a/b", "x=y", "%41", "A", "Ünï cødé", "..", " ", "a b", "it's", `""q""`, `\`, "#?*", "🦆", "a%2Fb", "100%"}
	for i, shop := range shops {
		fmt.Fprintf(&b, "%d,\"%s\",%d,%g,%t,%d.0123456789,-%d.5\n", i, shop, i%3-1, float64(i)/3-1, i%2 == 0, int64(i-8)*1e17, i)
	}
	b.WriteString("77,,,,,,\n78,plain,2147483647,-1e300,true,-9999999999999999999999999999.9999999999,999.99\n")
	l.Write("items.csv", b.String())
	l.MustRun()
	if got := len(l.Rows("silver.items")); got != len(shops)+2 {
		t.Errorf("%d rows", got)
	}
	checkLake(open(t), l)
}
