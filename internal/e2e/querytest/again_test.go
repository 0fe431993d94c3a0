//go:build cgo

package querytest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/e2e/lab"
)

// cents is a decimal of two digits as a whole number.
func cents(t testing.TB, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 64)
	if err != nil || !strings.Contains(text, ".") {
		t.Fatalf("%q is not an amount: %v", text, err)
	}
	return n
}

// trend is weekly_trend as Go finds it in the rows of silver: the week, its
// transactions and revenue, the revenue before, and the change in percent.
func trend(l *lab.Lab) (want [][]string) {
	l.T.Helper()
	type week struct{ count, revenue int64 }
	weeks, first, last := map[time.Time]*week{}, "9999", ""
	for _, r := range l.Rows("silver.transactions") {
		day := r["transaction_date"]
		first, last = min(first, day), max(last, day)
		if r["status"] != "completed" {
			continue
		}
		monday, err := time.Parse(time.DateOnly, day)
		if err != nil {
			l.T.Fatal(err)
		}
		monday = monday.AddDate(0, 0, -(int(monday.Weekday())+6)%7)
		if weeks[monday] == nil {
			weeks[monday] = &week{}
		}
		weeks[monday].count++
		weeks[monday].revenue += cents(l.T, r["revenue"])
	}
	whole := func(monday time.Time) bool {
		return monday.Format(time.DateOnly) >= first && monday.AddDate(0, 0, 6).Format(time.DateOnly) <= last
	}
	for monday, w := range weeks {
		if !whole(monday) {
			continue
		}
		row := []string{monday.Format(time.DateOnly), fmt.Sprint(w.count), fmt.Sprint(w.revenue), "null", "null"}
		before := monday.AddDate(0, 0, -7)
		if b := weeks[before]; b != nil && whole(before) {
			row[3] = fmt.Sprint(b.revenue)
			if b.revenue != 0 {
				row[4] = fmt.Sprintf("%.1f", math.Round(1000*float64(w.revenue-b.revenue)/float64(b.revenue))/10)
			}
		}
		want = append(want, row)
	}
	slices.SortFunc(want, slices.Compare)
	return want
}

func TestWeeklyTrendAgain(t *testing.T) {
	l := sampleLake(t)
	columns, rows := ask(t, engineOn(l), "weekly_trend", nil)
	want := trend(l)
	if len(rows) != len(want) || len(rows) < 5 {
		t.Fatalf("%d weeks, want %d", len(rows), len(want))
	}
	for i, row := range rows {
		var got []string
		for _, name := range []string{"week_start", "total_transactions", "total_revenue", "previous_revenue", "revenue_change_percent"} {
			v := row[slices.Index(columns, name)]
			switch {
			case v == "null":
			case strings.HasSuffix(name, "_revenue"):
				v = fmt.Sprint(cents(t, v))
			case strings.HasSuffix(name, "_percent"):
				f, err := strconv.ParseFloat(v, 64)
				if err != nil {
					t.Fatal(err)
				}
				v = fmt.Sprintf("%.1f", f)
			}
			got = append(got, v)
		}
		if !slices.Equal(got, want[i]) {
			t.Errorf("got %v, want %v", got, want[i])
		}
	}
}

// Each file has the rows that Go counts in the tables, and no record is lost:
// the lake's own ledger of the file says the same.
func TestLineageAgain(t *testing.T) {
	l := sampleLake(t)
	columns, rows := ask(t, engineOn(l), "lineage", nil)
	var got, want []string
	for _, row := range rows {
		line := ""
		for _, name := range []string{"dataset", "source_file", "records", "bronze_rows", "silver_rows", "warned_rows", "quarantined_rows", "superseded_rows"} {
			line += row[slices.Index(columns, name)] + " "
		}
		got = append(got, line)
	}
	for _, dataset := range []string{"customers", "transactions"} {
		bronze, silver, warned := map[string]int64{}, map[string]int64{}, map[string]int64{}
		for _, r := range l.Rows("bronze." + dataset) {
			bronze[r["source_file"]]++
		}
		for _, r := range l.Rows("silver." + dataset) {
			silver[r["source_file"]]++
			if r["data_quality_flag"] == "WARNED" {
				warned[r["source_file"]]++
			}
		}
		for file, totals := range l.FileLedger(dataset) {
			want = append(want, fmt.Sprintf("%s %s %d %d %d %d %d %d ", dataset, file, totals.Sum(), bronze[file], silver[file], warned[file],
				totals.Quarantined, totals.Superseded+totals.Duplicate))
		}
	}
	slices.Sort(want)
	lab.SameLines(t, "lineage", got, want)
	if len(got) != 7 {
		t.Errorf("%d files, want 7", len(got))
	}
}
