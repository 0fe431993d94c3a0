package querytest

import (
	"fmt"
	"maps"
	"math/big"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/sample/samplemodel"
)

// model is what the slow model makes of the raw files of a lab.
func model(l *lab.Lab) *samplemodel.Lake {
	l.T.Helper()
	files, err := samplemodel.Load(os.DirFS(l.Dir))
	if err != nil {
		l.T.Fatal(err)
	}
	return samplemodel.Build(files)
}

// sales are the completed transactions of a period.
type sales struct {
	count     int
	revenue   exact
	customers map[string]bool
	first     int // day
	last      int
}

// by groups completed transactions; those without a day are left out.
func by(t *testing.T, m *samplemodel.Lake, period func(day int) int) map[int]*sales {
	t.Helper()
	out := map[int]*sales{}
	for _, row := range m.Transactions.Silver.Rows {
		if row["status"] != "completed" || row["transaction_date"] == "" {
			continue
		}
		day := dayOf(t, row["transaction_date"])
		p := period(day)
		if out[p] == nil {
			out[p] = &sales{customers: map[string]bool{}, first: day}
		}
		s := out[p]
		s.count++
		s.revenue.add(row["revenue"])
		s.customers[row["customer_id"]] = true
		s.first, s.last = min(s.first, day), max(s.last, day)
	}
	return out
}

func (s *sales) row(period string, day int) lab.Row {
	return lab.Row{period: dateOf(day), "total_transactions": strconv.Itoa(s.count), "total_revenue": digits(&s.revenue.Rat, 2), "unique_customers": strconv.Itoa(len(s.customers))}
}

// monday returns the Monday of a day's week: day 4 of 1970 was one.
func monday(day int) int { return day - (day+3)%7 }

func month(day int) int {
	return day - (mustInt(dateOf(day)[8:]) - 1)
}

func mustInt(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

// checkWeeks walks from the first to the last day of the transactions, week by
// week, and looks at each week that lies between them.
func checkWeeks(t *testing.T, l *lab.Lab, since string) int {
	t.Helper()
	m := model(l)
	first, last := 1<<30, -1<<30
	for _, row := range m.Transactions.Silver.Rows {
		if row["transaction_date"] != "" {
			first, last = min(first, dayOf(t, row["transaction_date"])), max(last, dayOf(t, row["transaction_date"]))
		}
	}
	weeks := by(t, m, monday)
	var want []lab.Row
	for week := monday(first); week <= last; week += 7 {
		s, before := weeks[week], weeks[week-7]
		if s == nil || week < first || week+6 > last || dateOf(week) < since {
			continue
		}
		row := s.row("week_start", week)
		if before != nil && week-7 >= first {
			change := new(big.Rat).Sub(&s.revenue.Rat, &before.revenue.Rat)
			row["previous_revenue"], row["revenue_change"] = digits(&before.revenue.Rat, 2), digits(change, 2)
			if before.revenue.Sign() != 0 {
				row["revenue_change_percent"] = percent(change, &before.revenue.Rat, 1)
			}
		}
		want = append(want, row)
	}
	same(t, "weekly_trend since "+since, askNamed(l, "weekly_trend", "since="+since), want)
	return len(want)
}

// checkDays computes each average from the days themselves, and not from a
// window that moves.
func checkDays(t *testing.T, l *lab.Lab, since string) int {
	t.Helper()
	days := by(t, model(l), func(day int) int { return day })
	all := slices.Sorted(maps.Keys(days))
	var want []lab.Row
	for _, day := range all {
		if dateOf(day) < since {
			continue
		}
		row := days[day].row("transaction_date", day)
		if day-6 >= all[0] {
			var week big.Rat
			for d := day - 6; d <= day; d++ {
				if days[d] != nil {
					week.Add(&week, &days[d].revenue.Rat)
				}
			}
			row["revenue_7_day_average"] = digits(week.Quo(&week, whole(7)), 2)
		}
		want = append(want, row)
	}
	same(t, "gold_daily since "+since, askNamed(l, "gold_daily", "since="+since), want)
	return len(want)
}

func checkMonths(t *testing.T, l *lab.Lab, since string) int {
	t.Helper()
	months := by(t, model(l), month)
	var want []lab.Row
	for _, at := range slices.Sorted(maps.Keys(months)) {
		s, before := months[at], months[month(at-1)]
		if dateOf(at)[:7] < since[:7] {
			continue
		}
		row := s.row("month_start", at)
		row["first_day"], row["last_day"] = dateOf(s.first), dateOf(s.last)
		if before != nil {
			row["previous_revenue"] = digits(&before.revenue.Rat, 2)
			if before.revenue.Sign() != 0 {
				row["revenue_change_percent"] = percent(new(big.Rat).Sub(&s.revenue.Rat, &before.revenue.Rat), &before.revenue.Rat, 1)
			}
		}
		var year big.Rat
		for other, o := range months {
			if other <= at && dateOf(other)[:4] == dateOf(at)[:4] {
				year.Add(&year, &o.revenue.Rat)
			}
		}
		row["revenue_of_year"] = digits(&year, 2)
		want = append(want, row)
	}
	same(t, "revenue_by_month since "+since, askNamed(l, "revenue_by_month", "since="+since), want)
	return len(want)
}

// checkLineage compares the records of each file with the raw file, the tables
// and the ledger: three who should not differ.
func checkLineage(t *testing.T, l *lab.Lab) int {
	t.Helper()
	m := model(l)
	var want []lab.Row
	for _, name := range []string{"customers", "transactions"} {
		d := map[string]*samplemodel.Dataset{"customers": m.Customers, "transactions": m.Transactions}[name]
		inLake := l.FileLedger(name)
		bronze, warned := map[string]int64{}, map[string]int{}
		for _, r := range l.Rows("bronze." + name) {
			bronze[r["source_file"]]++
		}
		for _, r := range d.Silver.Rows {
			if r["data_quality_flag"] == "WARNED" {
				warned[r["source_file"]]++
			}
		}
		for _, file := range slices.Sorted(maps.Keys(d.Files)) {
			f := d.Files[file]
			if got := inLake[file]; got.Silver != f.Silver || got.Quarantined != f.Quarantined || got.Superseded != f.Superseded || got.Sum() != f.Records {
				t.Errorf("the ledger has %+v of %s, and the raw file %+v", got, file, f)
			}
			if f.Records == 0 {
				continue // there is no row anywhere that could tell of it
			}
			want = append(want, lab.Row{"dataset": name, "source_file": file, "records": fmt.Sprint(f.Records), "bronze_rows": fmt.Sprint(bronze[file]),
				"silver_rows": fmt.Sprint(f.Silver), "warned_rows": fmt.Sprint(warned[file]), "quarantined_rows": fmt.Sprint(f.Quarantined), "superseded_rows": fmt.Sprint(f.Superseded), "waiting_rows": "0"})
		}
	}
	got := askNamed(l, "lineage")
	for _, r := range got {
		if (r["processed_at"] == "") != (r["silver_rows"] == "0") || (r["delay_seconds"] == "") != (r["processed_at"] == "") || r["ingested_at"] == "" {
			t.Errorf("when: %v", r)
		}
	}
	same(t, "lineage", lab.Without(got, "ingested_at", "processed_at", "delay_seconds"), want)
	return len(want)
}

// checkQuality counts the verdicts on all rows, for a lake of one day.
func checkQuality(t *testing.T, l *lab.Lab) {
	t.Helper()
	m := model(l)
	var want []lab.Row
	for _, name := range []string{"customers", "transactions"} {
		d := map[string]*samplemodel.Dataset{"customers": m.Customers, "transactions": m.Transactions}[name]
		n := map[string]int{"QUARANTINED": len(d.Quarantine)}
		for _, r := range d.Silver.Rows {
			n[r["data_quality_flag"]]++
		}
		sum := n["PASSED"] + n["WARNED"] + n["QUARANTINED"]
		if sum == 0 {
			continue
		}
		want = append(want, lab.Row{"dataset": name, "ingestion_date": "2026-04-01", "judged_rows": fmt.Sprint(sum), "passed_rows": fmt.Sprint(n["PASSED"]),
			"warned_rows": fmt.Sprint(n["WARNED"]), "quarantined_rows": fmt.Sprint(n["QUARANTINED"]),
			"warned_percent": percent(whole(n["WARNED"]), whole(sum), 2), "quarantined_percent": percent(whole(n["QUARANTINED"]), whole(sum), 2)})
	}
	same(t, "silver_quality", askNamed(l, "silver_quality"), want)
}

// The answers on the sample lake are what stands in the raw files.
func TestAgainstTheModel(t *testing.T) {
	l := sampleLake(t)
	for since, n := range map[string]int{"2026-01-01": 12, "2026-08-10": 11, "2026-10-19": 1, "2026-10-20": 0} {
		if got := checkWeeks(t, l, since); got != n {
			t.Errorf("%d weeks since %s, want %d", got, since, n)
		}
	}
	for since, n := range map[string]int{"2026-01-01": 90, "2026-08-07": 84, "2026-10-29": 1, "2027-01-01": 0} {
		if got := checkDays(t, l, since); got != n {
			t.Errorf("%d days since %s, want %d", got, since, n)
		}
	}
	for since, n := range map[string]int{"2026-01-01": 3, "2026-09-30": 2, "2026-10-01": 1, "2026-11-01": 0} {
		if got := checkMonths(t, l, since); got != n {
			t.Errorf("%d months since %s, want %d", got, since, n)
		}
	}
	if n := checkLineage(t, l); n != 7 {
		t.Errorf("%d files", n)
	}
	checkQuality(t, l)
	checkSegments(t, l)
	checkSnapshot(t, l, model(l).Transactions.Silver.Rows)
}
