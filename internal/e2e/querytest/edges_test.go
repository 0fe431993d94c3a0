package querytest

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/sample/samplemodel"
	"github.com/lakectl/lakectl/sampledata"
)

// checkAll compares the answers with the model, on a lake of one day.
func checkAll(t *testing.T, l *lab.Lab) {
	t.Helper()
	const always = "0001-01-01"
	checkWeeks(t, l, always)
	checkDays(t, l, always)
	checkMonths(t, l, always)
	checkLineage(t, l)
	checkQuality(t, l)
	checkSegments(t, l)
	checkSnapshot(t, l, model(l).Transactions.Silver.Rows)
}

const customerOne = customersHeader + "C1,Ada,L,ada@example.com,1,2026-03-01 00:00:00,100\n"

// Before the first run, and after one that found no files, each question says
// which table it lacks and what makes it.
func TestNothingIngested(t *testing.T) {
	l := emptyLab(t)
	for _, state := range []string{"before the first run", "after a run without files"} {
		for _, q := range named(t) {
			_, err := tryAsk(l, q)
			var typed *diag.Error
			if !errors.As(err, &typed) || typed.Class != diag.Usage || !strings.HasPrefix(typed.Msg, "there is no table ") || typed.Next != "the lake is empty; build it with `lakectl run`" {
				t.Errorf("%s, %s: %+v", q.Name, state, err)
			}
		}
		l.MustRun()
	}
}

// One good row of each dataset: nothing is in quarantine, and has never been.
func TestOneRow(t *testing.T) {
	l := emptyLab(t)
	l.Write("customers_1.csv", customerOne)
	l.Write("transactions_1.csv", transactionsHeader+"T1,C1,P1,2026-03-31 10:00:00,1.50,2,completed\n")
	l.MustRun()
	checkAll(t, l)
	expect(t, "bronze_recent", only(askNamed(l, "bronze_recent"), "source_file", "source_row", "transaction_id", "amount"), "transactions_1.csv|1|T1|1.50")
	expect(t, "gold_daily", only(askNamed(l, "gold_daily"), "transaction_date", "total_revenue", "revenue_7_day_average"), "2026-03-31|3|null")
	expect(t, "weekly_trend", only(askNamed(l, "weekly_trend"), "week_start"))
	expect(t, "revenue_by_month", only(askNamed(l, "revenue_by_month"), "month_start", "previous_revenue", "revenue_of_year"), "2026-03-01|null|3")
	expect(t, "lineage", only(askNamed(l, "lineage"), "source_file", "records", "silver_rows", "quarantined_rows", "superseded_rows"),
		"customers_1.csv|1|1|0|0", "transactions_1.csv|1|1|0|0")
}

// A parameter is a bound, of whichever days there are.
func TestSince(t *testing.T) {
	l := sampleLake(t)
	for _, q := range named(t) {
		if len(q.Parameters) == 0 {
			continue
		}
		if rows := ask(l, q, "since=2999-12-31"); len(rows) > 0 {
			t.Errorf("%s in the future: %v", q.Name, rows[0])
		}
		if len(ask(l, q, "since=0001-01-01")) == 0 {
			t.Errorf("%s: nothing", q.Name)
		}
	}
	rows := askNamed(l, "bronze_recent", "since=2026-04-01", "most=3")
	expect(t, "bronze_recent", only(rows, "source_file", "source_row"), "transactions_01.csv|400", "transactions_01.csv|399", "transactions_01.csv|398")
	if rows := askNamed(l, "bronze_recent", "most=0"); len(rows) > 0 {
		t.Errorf("at most none: %d", len(rows))
	}
	if n := len(askNamed(l, "bronze_recent", "most=100000")); n != len(l.Rows("bronze.transactions")) {
		t.Errorf("all of bronze: %d rows", n)
	}
}

// Weeks and months without sales, weeks of which the half is there, years that
// change, a week of returns and one without revenue.
func TestGaps(t *testing.T) {
	l := emptyLab(t)
	l.Write("customers_1.csv", customerOne)
	l.Write("transactions_1.csv", transactionsHeader+strings.Join([]string{
		"T01,C1,P1,2025-10-01 00:00:00,10.00,1,pending",   // a Wednesday: this week is a half one
		"T02,C1,P1,2025-10-03 10:00:00,10.00,1,completed", // in it
		"T03,C1,P1,2025-10-06 10:00:00,20.00,1,completed", // the first whole week has nothing before it
		"T04,C1,P1,2025-10-14 10:00:00,30.00,2,completed",
		"T05,C2,P1,2025-11-30 23:59:59,40.00,1,completed", // after a gap, without a customer that is known
		"T06,C1,P1,2025-12-01 00:00:00,0.00,1,completed",  // a week, and a month so far, of nothing
		"T07,C1,P1,2025-12-08 10:00:00,0.00,1,completed",
		"T08,C1,P1,2025-12-15 10:00:00,7.00,1,completed",
		"T09,C1,P1,2026-01-01 10:00:00,50.00,1,completed", // another year, the same week as the year's end before
		"T10,C1,P1,2026-01-05 10:00:00,60.00,-1,completed",
		"T11,C1,P1,2026-03-02 10:00:00,70.00,1,completed", // no February
		"T12,C1,P1,2026-03-09 10:00:00,80.00,1,completed",
		"T13,C1,P1,2026-03-14 10:00:00,80.00,1,failed", // a Saturday: that week is a half one, too
	}, "\n")+"\n")
	l.MustRun()
	checkAll(t, l)
	weeks := only(askNamed(l, "weekly_trend", "since=2025-01-01"), "week_start", "total_revenue", "previous_revenue", "revenue_change", "revenue_change_percent")
	expect(t, "weekly_trend", weeks, "2025-10-06|20|null|null|null", "2025-10-13|60|20|40|200", "2025-11-24|40|null|null|null", "2025-12-01|0|40|-40|-100",
		"2025-12-08|0|0|0|null", "2025-12-15|7|0|7|null", "2025-12-29|50|null|null|null", "2026-01-05|-60|50|-110|-220", "2026-03-02|70|null|null|null")
	months := only(askNamed(l, "revenue_by_month", "since=2025-11-15"), "month_start", "first_day", "total_revenue", "previous_revenue", "revenue_change_percent", "revenue_of_year")
	expect(t, "revenue_by_month", months, "2025-11-01|2025-11-30|40|90|-55.6|130", "2025-12-01|2025-12-01|7|40|-82.5|137", "2026-01-01|2026-01-01|-10|7|-242.9|-10", "2026-03-01|2026-03-02|150|null|null|140")
	days := only(askNamed(l, "gold_daily", "since=2025-12-01"), "transaction_date", "revenue_7_day_average")
	expect(t, "gold_daily", days[:4], "2025-12-01|5.71", "2025-12-08|0", "2025-12-15|1", "2026-01-01|7.14")
}

// What is missing in a row is null in silver, and a group of its own.
func TestNulls(t *testing.T) {
	l := emptyLab(t)
	l.Edit(`status:                {type: string, expr: "lower(trim(status))"}`, `status:                {type: string, expr: "nullif(lower(trim(status)), '')"}`)
	l.Write("customers_1.csv", customersHeader+"C1,Ada,L,ada@example.com,1,2026-03-01 00:00:00,\nC2,Bo,L,,,,1000\nC3,Cy,L,cy@example.com,1,2026-03-01 00:00:00,100\n")
	l.Write("transactions_1.csv", transactionsHeader+strings.Join([]string{
		"T1,C1,P1,2026-03-02 10:00:00,10.00,1,",
		"T2,C1,P1,2026-03-03 10:00:00,10.00,1, ",
		"T3,C2,P1,,5.00,1,completed", // on no day
		"T4,C3,P1,2026-03-08 10:00:00,20.00,1,completed",
	}, "\n")+"\n")
	l.MustRun()
	expect(t, "latest_snapshot", only(askNamed(l, "latest_snapshot"), "status", "transactions", "revenue", "revenue_percent", "first_day", "last_day"),
		"completed|2|25|55.6|2026-03-08|2026-03-08", "null|2|20|44.4|2026-03-02|2026-03-03")
	expect(t, "customer_segments", only(askNamed(l, "customer_segments"), "customer_segment", "customers", "buyers", "buyers_percent", "revenue", "revenue_per_buyer", "last_purchase_date"),
		"regular|1|1|100|20|20|2026-03-08", "premium|1|1|100|5|5|null", "new|1|0|0|0|null|null")
	checkSegments(t, l)
	checkLineage(t, l)
	checkQuality(t, l)
	expect(t, "gold_daily", only(askNamed(l, "gold_daily"), "transaction_date", "total_revenue"), "2026-03-08|20")
	expect(t, "weekly_trend", only(askNamed(l, "weekly_trend"), "week_start", "total_revenue"), "2026-03-02|20")
	expect(t, "revenue_by_month", only(askNamed(l, "revenue_by_month"), "month_start", "total_revenue"), "2026-03-01|20")
}

// The rows of equal revenue have an order, too.
func TestTies(t *testing.T) {
	l := emptyLab(t)
	l.Write("customers_1.csv", customersHeader+strings.ReplaceAll("C1,A,L,a@x.org,1,DAY,0\nC2,B,L,b@x.org,1,DAY,100\nC3,C,L,c@x.org,1,DAY,1000\n", "DAY", "2026-03-01 00:00:00"))
	l.Write("transactions_1.csv", transactionsHeader+"T1,C1,P1,2026-03-02 10:00:00,0.00,1,refunded\nT2,C1,P1,2026-03-02 10:00:00,0.00,1,failed\nT3,C1,P1,2026-03-02 10:00:00,0.00,1,pending\n")
	l.MustRun()
	checkAll(t, l)
	expect(t, "latest_snapshot", only(askNamed(l, "latest_snapshot"), "status", "revenue_percent"), "failed|null", "pending|null", "refunded|null")
	expect(t, "customer_segments", only(askNamed(l, "customer_segments"), "customer_segment", "revenue_percent"), "new|null", "premium|null", "regular|null")
}

// A second run brings new versions of rows, rows that cannot be read, and rows
// that are not good enough; then a file goes away.
func TestSecondRun(t *testing.T) {
	l := emptyLab(t)
	l.Write("customers_1.csv", customerOne)
	l.Write("transactions_1.csv", transactionsHeader+"T1,C1,P1,2026-03-30 10:00:00,1.00,1,pending\nT2,C1,P1,2026-03-30 10:00:00,2.00,1,completed\nT2,C1,P1,2026-03-30 09:00:00,9.00,1,completed\n")
	l.MustRun()
	l.Now = time.Date(2026, 4, 2, 6, 0, 0, 0, time.UTC)
	l.Write("transactions_2.csv", transactionsHeader+strings.Join([]string{
		"T1,C1,P1,2026-03-31 10:00:00,1.00,1,completed", // a newer version
		"T2,C1,P1,2026-03-29 10:00:00,5.00,1,completed", // an older one
		"T3,C1,P1,2026-03-31 10:00:00,-1.00,1,completed",
		"T4,C1,P1,2026-03-31 10:00:00,x,1,completed",
		"too,few", "T5,C9,P1,2026-03-31 10:00:00,4.00,1,completed",
	}, "\n")+"\n")
	l.Write("transactions_3.csv", transactionsHeader+"T6,C1\n\"T7,C1,P1,2026-03-31 10:00:00,4.00,1,completed\n") // nothing of it can be read
	l.MustRun()
	lineage := []string{"source_file", "ingested_at", "records", "bronze_rows", "silver_rows", "warned_rows", "quarantined_rows", "superseded_rows", "processed_at", "delay_seconds"}
	const first, second = "2026-04-01 06:00:00", "2026-04-02 06:00:00"
	expect(t, "lineage", only(askNamed(l, "lineage"), lineage...),
		"customers_1.csv|"+first+"|1|1|1|0|0|0|"+first+"|0",
		"transactions_1.csv|"+first+"|3|3|1|0|0|2|"+first+"|0",
		"transactions_2.csv|"+second+"|6|5|2|1|3|1|"+second+"|0",
		"transactions_3.csv|"+second+"|2|0|0|0|2|0|null|null")
	checkLineage(t, l)
	expect(t, "lineage since", only(askNamed(l, "lineage", "since=2026-04-02"), "source_file"), "transactions_2.csv", "transactions_3.csv")
	expect(t, "silver_quality", only(askNamed(l, "silver_quality"), "dataset", "ingestion_date", "judged_rows", "passed_rows", "warned_rows", "quarantined_rows", "quarantined_percent"),
		"transactions|2026-04-02|7|1|1|5|71.43", "customers|2026-04-01|1|1|0|0|0", "transactions|2026-04-01|1|1|0|0|0")
	expect(t, "bronze_recent", only(askNamed(l, "bronze_recent", "most=3"), "ingestion_timestamp", "source_file", "source_row", "transaction_id"),
		second+"|transactions_2.csv|6|T5", second+"|transactions_2.csv|4|T4", second+"|transactions_2.csv|3|T3")
	rows := slices.DeleteFunc(model(l).Transactions.Silver.Rows, func(r samplemodel.Row) bool { return r["source_file"] == "transactions_1.csv" })
	checkSnapshot(t, l, rows)
}

// What a gate keeps from silver waits, and is not taken for superseded; a file
// that cannot be read at all is nowhere.
func TestStoppedByAGate(t *testing.T) {
	l := emptyLab(t)
	text, err := fs.ReadFile(sampledata.Project(), "lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	l.Write("lakehouse.yaml", string(text)) // with its limits
	l.Write("customers_1.csv", customerOne)
	l.Write("transactions_1.csv", transactionsHeader+"T1,C1,P1,2026-03-31 10:00:00,1.50,2,completed\n")
	l.MustRun()
	before := map[string][]lab.Row{}
	for _, q := range named(t) {
		before[q.Name] = ask(l, q)
	}
	l.Now = l.Now.AddDate(0, 0, 1)
	l.Write("customers_2.csv", customersHeader+"C2,Bo,L,bo@example.com,1,never,100\nC3,Cy,L,cy@example.com,1,2026-03-01 00:00:00,100\n")
	l.Write("transactions_2.csv", transactionsHeader+"T1,C1,P1,2026-03-31 11:00:00,1.50,2,completed\nT2,C3,P1,2026-03-31 10:00:00,1.50,2,completed\n")
	l.Write("transactions_3.csv.gz", "not gzip")
	if result, err := l.Run(); err == nil || result.Outcome == pipeline.Succeeded {
		t.Fatal(result.Outcome, err)
	}
	for _, q := range named(t) {
		if q.Name != "bronze_recent" && q.Name != "lineage" {
			same(t, q.Name, ask(l, q), before[q.Name])
		}
	}
	columns := []string{"source_file", "records", "bronze_rows", "silver_rows", "quarantined_rows", "superseded_rows", "waiting_rows"}
	expect(t, "stopped", only(askNamed(l, "lineage"), columns...),
		"customers_1.csv|1|1|1|0|0|0", "customers_2.csv|2|2|0|0|0|2", "transactions_1.csv|1|1|1|0|0|0", "transactions_2.csv|2|2|0|0|0|2")
	expect(t, "stopped, the second day", only(askNamed(l, "lineage", "since=2026-04-02"), columns...), "customers_2.csv|2|2|0|0|0|2", "transactions_2.csv|2|2|0|0|0|2")
	l.Write("lakehouse.yaml", strings.ReplaceAll(string(text), "quarantined: 5%", "quarantined: 100%"))
	if _, err := l.Run(); err == nil || !strings.Contains(err.Error(), "transactions_3.csv.gz") {
		t.Error(err)
	}
	expect(t, "let through", only(askNamed(l, "lineage"), columns...),
		"customers_1.csv|1|1|1|0|0|0", "customers_2.csv|2|2|1|1|0|0", "transactions_1.csv|1|1|0|0|1|0", "transactions_2.csv|2|2|2|0|0|0")
}
