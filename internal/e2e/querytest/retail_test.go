//go:build !race

package querytest

import (
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/queries"
)

// retailQueries are those of the shop's own project. One has the name of a query
// that comes with lakectl, about tables that the shop does not have.
var retailQueries = map[string]string{
	"revenue_by_country.sql": `-- name: revenue_by_country
-- description: Revenue of each month and country, against the month before
-- parameter: country string - The country
with monthly as (
  select country, date_trunc('month', invoice_date) as month_start, sum(amount) as revenue, count(*) as invoice_lines, count(distinct customer_id) as customers
  from ${silver}.lines
  group by country, date_trunc('month', invoice_date)
), compared as (
  select m.*, g.amount as gold_revenue,
    lag(m.month_start) over (partition by m.country order by m.month_start) as month_before,
    lag(m.revenue) over (partition by m.country order by m.month_start) as revenue_before
  from monthly m
  join ${gold}.sales_by_country_and_month g on g.country = m.country and g.month_start = m.month_start
)
select country, month_start, revenue, gold_revenue, invoice_lines, customers,
  case when date_diff('month', month_before, month_start) = 1 then revenue - revenue_before end as revenue_change
from compared
where country = :country or :country = 'all'
order by country, month_start
`,
	"lineage.sql": `-- name: lineage
-- description: What became of each daily file, in both tables
-- parameter: since date 2010-01-01 Only files that came in on this day or later
with places as (
  select 'lines' as dataset, source_file, 1 as bronze_rows, 0 as silver_rows, 0 as rejected_rows from ${bronze}.lines where ingestion_date >= :since
  union all
  select 'unique_lines', source_file, 1, 0, 0 from ${bronze}.unique_lines where ingestion_date >= :since
  union all
  select 'lines', source_file, 0, 1, 0 from ${silver}.lines where ingestion_date >= :since
  union all
  select 'unique_lines', source_file, 0, 1, 0 from ${silver}.unique_lines where ingestion_date >= :since
  union all
  select 'lines', source_file, 0, 0, 1 from ${silver}.lines_quarantine where ingestion_date >= :since
  union all
  select 'unique_lines', source_file, 0, 0, 1 from ${silver}.unique_lines_quarantine where ingestion_date >= :since
)
select dataset, source_file, sum(bronze_rows) as records, sum(silver_rows) as silver_rows, sum(rejected_rows) as quarantined_rows,
  sum(bronze_rows - silver_rows - rejected_rows) as repeats
from places
group by dataset, source_file
order by dataset, source_file
`,
}

// retailLake runs the shop's project on files that arrive at once.
func retailLake(t *testing.T, s lab.Stock, names []string) *lab.Lab {
	t.Helper()
	l := lab.RetailProject(t)
	l.Bucket = mem.New(mem.Options{})
	for name, text := range retailQueries {
		l.Write("queries/"+name, text)
	}
	l.Arrive(s, names...)
	l.MustRun()
	return l
}

// ownAndNamed returns the queries of a project with those of lakectl behind them.
func ownAndNamed(t *testing.T, l *lab.Lab) []queries.Query {
	t.Helper()
	own, problems, err := queries.Load(os.DirFS(filepath.Join(l.Dir, "queries")), "athena")
	if err != nil || len(problems) > 0 || len(own) != len(retailQueries) {
		t.Fatal(own, problems, err)
	}
	all := queries.Merge(own, named(t))
	if len(all) != len(named(t))+1 {
		t.Fatalf("%d queries", len(all))
	}
	return all
}

// A project's own queries come before those of lakectl, and are right on half a
// million rows.
func TestOnlineRetail(t *testing.T) {
	s := lab.RetailFiles(t)
	l := retailLake(t, s, s.Names)
	want, all := lab.ExpectedRetail(t), ownAndNamed(t, l)
	checkCountries(t, l, find(t, all, "revenue_by_country"), want)

	var records, repeats, silver int64
	byDataset := map[string]int{}
	ledgers := map[string]map[string]string{}
	for _, name := range []string{"lines", "unique_lines"} {
		ledgers[name] = map[string]string{}
		for file, f := range l.FileLedger(name) {
			ledgers[name][file] = fmt.Sprint(f.Sum(), f.Silver, f.Quarantined, f.Duplicate)
		}
	}
	for _, r := range ask(l, find(t, all, "lineage")) {
		byDataset[r["dataset"]]++
		if got := fmt.Sprint(r["records"], " ", r["silver_rows"], " ", r["quarantined_rows"], " ", r["repeats"]); got != ledgers[r["dataset"]][r["source_file"]] {
			t.Errorf("lineage of %s in %s: %s, and the ledger has %s", r["source_file"], r["dataset"], got, ledgers[r["dataset"]][r["source_file"]])
		}
		if r["dataset"] == "unique_lines" {
			records, repeats, silver = records+number(r["records"]), repeats+number(r["repeats"]), silver+number(r["silver_rows"])
		}
	}
	if records != want.Records || repeats != want.Repeats || silver != want.UniqueLines || byDataset["lines"] != 305 || byDataset["unique_lines"] != 305 {
		t.Errorf("lineage: %d records, %d repeats, %d in silver, of %v files", records, repeats, silver, byDataset)
	}
	if _, err := tryAsk(l, find(t, all, "gold_daily")); err == nil {
		t.Error("gold_daily has an answer, and the shop no such table")
	}
}

func checkCountries(t *testing.T, l *lab.Lab, q queries.Query, want lab.RetailFigures) {
	t.Helper()
	months, lines := map[string]*exact{}, int64(0)
	for _, r := range l.Rows("silver.lines") {
		at := r["country"] + " " + r["invoice_date"][:7] + "-01"
		if months[at] == nil {
			months[at] = &exact{}
		}
		months[at].add(r["amount"])
	}
	var total exact
	rows := ask(l, q, "country=all")
	for _, r := range rows {
		at := r["country"] + " " + r["month_start"]
		if m := months[at]; m == nil || r["revenue"] != digits(&m.Rat, 3) || r["gold_revenue"] != r["revenue"] {
			t.Errorf("%s: %v", at, r)
		}
		var change string
		year, month := mustInt(r["month_start"][:4]), mustInt(r["month_start"][5:7])
		if before := months[fmt.Sprintf("%s %04d-%02d-01", r["country"], year-(13-month)/12, (month+10)%12+1)]; before != nil && months[at] != nil {
			change = digits(new(big.Rat).Sub(&months[at].Rat, &before.Rat), 3)
		}
		if r["revenue_change"] != change {
			t.Errorf("%s: the change is %s, want %s", at, r["revenue_change"], change)
		}
		total.add(r["revenue"])
		lines += number(r["invoice_lines"])
	}
	if len(rows) != len(months) || digits(&total.Rat, 3) != want.Amount || lines != want.Records {
		t.Errorf("%d months of countries, want %d; %s in %d lines", len(rows), len(months), digits(&total.Rat, 3), lines)
	}
	countries := slices.Sorted(maps.Keys(months))
	one := ask(l, q, "country=EIRE")
	if n := len(slices.DeleteFunc(countries, func(c string) bool { return len(c) < 5 || c[:5] != "EIRE " })); len(one) != n || n == 0 {
		t.Errorf("%d months of EIRE, want %d", len(one), n)
	}
	if none := ask(l, q, "country=' or '1'='1"); len(none) != 0 {
		t.Errorf("a value was SQL: %v", none[0])
	}
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}
