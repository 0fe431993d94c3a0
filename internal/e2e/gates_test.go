package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// salesYAML has one table of each layer; RULES stands for what a test adds to
// silver, and GOLD for what it adds to gold.
const salesYAML = `project: sales
lake: ./lake
bronze:
  sales: {source: ["sales_*.csv", "sales_*.csv.gz"]}
silver:
  sales:
    key: id
    partition_by: shop
    columns:
      id:     {type: integer}
      shop:   {type: string}
      amount: {type: "decimal(8,2)", required: true}
RULES
gold:
  by_shop:
    from: sales
    group_by: {shop: shop}
    measures: {amount: "sum(amount)", sales: "count(*)"}
GOLD
`

func salesLab(t *testing.T, rules, gold string) *lab.Lab {
	t.Helper()
	l := lab.New(t)
	l.Bucket = mem.New(mem.Options{})
	l.Write("lakehouse.yaml", strings.NewReplacer("RULES", rules, "GOLD", gold).Replace(salesYAML))
	return l
}

// sales is a file of so many good rows and so many without an amount.
func sales(first, good, bad int) string {
	var b strings.Builder
	b.WriteString("id,shop,amount\n")
	for i := range good + bad {
		amount := "1.50"
		if i >= good {
			amount = ""
		}
		fmt.Fprintf(&b, "%d,s%d,%s\n", first+i, (first+i)%3, amount)
	}
	return b.String()
}

func wantClass(t testing.TB, err error, class diag.Class, parts ...string) {
	t.Helper()
	if diag.ClassOf(err) != class {
		t.Fatalf("an error of class %d, want %d: %v", diag.ClassOf(err), class, err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
}

// private is what a run may write although a gate stops it.
var private = []string{"bronze/", "_lakectl/"}

func accept(gate string) func(*pipeline.Options) {
	return func(o *pipeline.Options) { o.Accept = map[string]string{gate: "it is known"} }
}

func TestGatesPublishNothingUntilTheyAreAccepted(t *testing.T) {
	for _, test := range []struct {
		name, rules, gold string
		file              string // that comes second
		gate              string
		says              []string
		rows              int // of silver after it was accepted; 40 are there before
	}{
		{name: "share of a file", rules: "    limits: {quarantined: 10%}", file: sales(100, 8, 2), gate: "silver.sales.quarantined",
			says: []string{"sales_2.csv: 2 of 10 records"}, rows: 48},
		{name: "rows of a file", rules: "    limits: {quarantined_rows: 1}", file: sales(100, 8, 2), gate: "silver.sales.quarantined",
			says: []string{"sales_2.csv: 2 of 10 records", "at most 1"}, rows: 48},
		{name: "records that cannot be read count", rules: "    limits: {quarantined_rows: 1}", file: sales(100, 8, 1) + "1,2,3,4\n", gate: "silver.sales.quarantined",
			says: []string{"2 of 10"}, rows: 48},
		{name: "a check of rows", rules: `    checks: {cheap: {expect: "amount < 1000", on_fail: fail}}`, file: sales(100, 8, 0) + "999,s1,1000.00\n",
			gate: "silver.sales.cheap", says: []string{"1 rows", "sales_2.csv", "1000.00"}, rows: 49},
		{name: "a reference", rules: "    checks: {known: {column: shop, references: {dataset: shops, column: shop}, on_fail: fail}}\n" +
			"  shops:\n    key: shop\n    columns: {shop: {type: string}}", file: "id,shop,amount\n100,s9,1\n", gate: "silver.sales.known", says: []string{"s9"}, rows: 41},
		{name: "number of rows", rules: "    table_checks: {few: {row_count: {max: 44}}}", file: sales(100, 8, 0), gate: "silver.sales.few", says: []string{"48"}, rows: 48},
		{name: "unique", rules: "    table_checks: {one_each: {unique: [amount, id]}, prices: {unique: amount, on_fail: flag}, few: {row_count: {max: 40}}}",
			file: sales(100, 8, 0), gate: "silver.sales.few", rows: 48},
		{name: "share of nulls", rules: "    table_checks: {placed: {null_share: {column: shop, max: 1%}}}", file: "id,shop,amount\n100,,1\n101,,1\n",
			gate: "silver.sales.placed", rows: 42},
		{name: "sum", rules: "    table_checks: {total: {sum: {column: amount, max: 65}}}", file: "id,shop,amount\n100,s1,5.01\n", gate: "silver.sales.total", rows: 41},
		{name: "newest", rules: "      day:    {type: date}\n    table_checks: {fresh: {newest: {column: day, within: 48h}}}", file: "id,shop,amount,day\n1,s1,1,2026-03-01\n",
			gate: "silver.sales.fresh", rows: 1},
		{name: "gold", gold: "    table_checks: {few: {row_count: {max: 3}}}", file: "id,shop,amount\n100,s9,1\n", gate: "gold.by_shop.few", rows: 41},
		{name: "gold against silver", gold: "    table_checks: {adds_up: {sum: {column: sales, max: 40}}}", file: sales(100, 8, 0), gate: "gold.by_shop.adds_up", rows: 48},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := salesLab(t, test.rules, test.gold)
			if strings.Contains(test.rules, "shops") {
				l.Edit("bronze:\n", "bronze:\n  shops: {source: \"shops.csv\"}\n")
				l.Write("shops.csv", "shop\ns0\ns1\ns2\n")
			}
			if test.name != "newest" {
				l.Write("sales_1.csv", sales(0, 40, 0))
				l.MustRun()
			}
			l.Now = l.Now.Add(time.Hour)
			private := private
			if strings.HasPrefix(test.gate, "gold") {
				private = append([]string{"silver/"}, private...)
			}
			if strings.Contains(test.file, "1,2,3,4") { // what could not be read came with bronze
				private = append([]string{"quarantine/"}, private...)
			}
			before := l.Tree(private...)
			l.Write("sales_2.csv", test.file)
			for range 2 { // the second time nothing is new, and silver waits still
				result, err := l.Run()
				wantClass(t, err, diag.Gate, append(test.says, test.gate)...)
				lab.SameTree(t, l.Tree(private...), before)
				if result.Outcome != pipeline.Stopped || len(result.Gates) != 1 || result.Gates[0].Name != test.gate {
					t.Errorf("%s, gates %+v", result.Outcome, result.Gates)
				}
			}
			if _, err := l.Run(accept("silver.sales.other")); diag.ClassOf(err) != diag.Gate {
				t.Errorf("another gate was accepted: %v", err)
			}
			result := l.MustRun(accept(test.gate))
			if len(result.Gates) != 1 || result.Gates[0].Accepted != "it is known" {
				t.Errorf("gates of the run: %+v", result.Gates)
			}
			if rows := l.Rows("silver.sales"); len(rows) != test.rows {
				t.Errorf("silver has %d rows, want %d", len(rows), test.rows)
			}
			l.CheckLedger()
			wantAccepted(t, l, test.gate)
			if again := l.MustRun(); again.Outcome != pipeline.NothingToDo {
				t.Errorf("the run after it: %s", again.Outcome)
			}
		})
	}
}

// wantAccepted checks that the last commit of a layer says which gate was let pass.
func wantAccepted(t *testing.T, l *lab.Lab, gate string) {
	t.Helper()
	state, err := l.Open().State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range state.Commits {
		for _, a := range c.Accepted {
			if a == (lake.Acceptance{Gate: gate, Reason: "it is known"}) {
				return
			}
		}
	}
	t.Errorf("no commit says that %s was accepted", gate)
}

// TestGoodRowsDoNotHideABadFile has a run below its limit with a file above it.
func TestGoodRowsDoNotHideABadFile(t *testing.T) {
	l := salesLab(t, "    limits: {quarantined: 10%}", "")
	l.Write("sales_1.csv", sales(0, 1000, 0))
	l.Write("sales_2.csv", sales(2000, 5, 5))
	_, err := l.Run()
	wantClass(t, err, diag.Gate, "sales_2.csv: 5 of 10")
	if strings.Contains(err.Error(), "of this run") || strings.Contains(err.Error(), "sales_1.csv") {
		t.Errorf("more than the one file is blamed: %v", err)
	}
}

func TestGoodRowsOfEarlierRunsDoNotHideABadRun(t *testing.T) {
	l := salesLab(t, "    limits: {quarantined: 10%}", "")
	l.Write("sales_1.csv", sales(0, 1000, 0))
	l.MustRun()
	l.Write("sales_2.csv", sales(2000, 5, 5))
	_, err := l.Run()
	wantClass(t, err, diag.Gate, "of this run 5 of 10")
}

func TestLedgerOfTheRun(t *testing.T) {
	l := salesLab(t, "", "")
	l.Write("sales_1.csv", sales(0, 10, 2)+"too,many,fields,here\n3,s9,7.00\n")
	l.Write("sales_2.csv", "id,shop,amount\n4,s4,1\n5,s5,\n")
	result := l.MustRun()
	want := pipeline.LedgerLine{Dataset: "sales", Files: 2, Read: 16, Totals: lake.Totals{Silver: 10, Quarantined: 4, Superseded: 2}}
	if len(result.Ledger) != 1 || result.Ledger[0] != want {
		t.Errorf("the ledger is %+v, want %+v", result.Ledger, want)
	}
	byFile := l.FileLedger("sales")
	if byFile["sales_1.csv"] != (lake.Totals{Silver: 9, Quarantined: 3, Superseded: 2}) || byFile["sales_2.csv"] != (lake.Totals{Silver: 1, Quarantined: 1}) {
		t.Errorf("by file: %+v", byFile)
	}
	want.Quarantined-- // the record that could not be read is of bronze
	if len(result.Silver) != 1 || *result.Silver[0].Changes != want.Totals || result.Silver[0].Judged != 15 {
		t.Errorf("silver: %+v", result.Silver)
	}
}

// TestAcceptedFilesAreNotJudgedAgain has a table built from scratch because a
// value that rows refer to has gone: only files of which more rows fail now
// than were accepted before, and new ones, are judged by the limits.
func TestAcceptedFilesAreNotJudgedAgain(t *testing.T) {
	l := salesLab(t, "    checks: {known: {column: shop, references: {dataset: shops, column: shop}}}\n    limits: {quarantined: 10%}\n"+
		"  shops:\n    key: id\n    latest_by: version\n    columns: {id: {type: integer}, shop: {type: string}, version: {type: integer}}", "")
	l.Edit("bronze:\n", "bronze:\n  shops: {source: \"shops_*.csv\"}\n")
	l.Write("shops_1.csv", "id,shop,version\n1,s0,1\n2,s1,1\n3,s2,1\n4,s3,1\n")
	l.Write("sales_1.csv", sales(0, 5, 5)) // half of it is bad, which is accepted
	l.MustRun(accept("silver.sales.quarantined"))
	l.Write("sales_2.csv", sales(100, 99, 0)+"1000,s3,1.00\n")
	l.MustRun()
	l.Write("shops_2.csv", "id,shop,version\n4,s4,2\n") // s3 is gone, and with it one row of sales_2
	result := l.MustRun()
	if got := l.FileLedger("sales"); got["sales_2.csv"].Quarantined != 1 || got["sales_1.csv"].Quarantined != 5 || !result.Silver[1].Rebuilt {
		t.Errorf("the ledger by file: %+v; %+v", got, result.Silver)
	}
	l.Write("shops_3.csv", "id,shop,version\n3,s5,2\n") // s2 is gone, and with it a third of all
	_, err := l.Run()
	wantClass(t, err, diag.Gate, "sales_2.csv: 34 of 100", "sales_1.csv")
}
