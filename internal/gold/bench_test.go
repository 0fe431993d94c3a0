package gold

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/table"
)

const benchGold = `
  daily:
    from: transactions
    where: "status = 'completed'"
    group_by: {transaction_date: transaction_date}
    measures: {rows: "count(*)", revenue: "sum(revenue)", customers: "count(distinct customer_id)", average: {expr: "avg(revenue)", type: "decimal(18,2)"}, quantity: "sum(quantity)"}
  weekly:
    from: transactions
    where: "status = 'completed'"
    group_by: {week_start: "date_trunc('week', transaction_date)"}
    measures: {rows: "count(*)", revenue: "sum(revenue)", customers: "count(distinct customer_id)", average: {expr: "avg(revenue)", type: "decimal(18,2)"}, quantity: "sum(quantity)"}
  monthly:
    from: transactions
    where: "status = 'completed'"
    group_by: {month_start: "date_trunc('month', transaction_date)"}
    measures: {rows: "count(*)", revenue: "sum(revenue)", customers: "count(distinct customer_id)", average: {expr: "avg(revenue)", type: "decimal(18,2)"}, quantity: "sum(quantity)"}
  analytics:
    from: customers
    join: {transactions: {on: customer_id, where: "status = 'completed'"}}
    group_by: {customer_id: customer_id, full_name: full_name, segment: segment}
    measures:
      purchases: "count(transactions.transaction_id)"
      revenue: "sum(transactions.revenue)"
      average: {expr: "avg(transactions.revenue)", type: "decimal(18,2)"}
      first: "min(transactions.transaction_date)"
      last: "max(transactions.transaction_date)"
  latest_snapshot:
    from: transactions
    latest: ingestion_date
`

// benchLake has 100 days of transactions, of customers of whom most buy.
func benchLake(b *testing.B, p *project.Project, rows, customers int) *testLake {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	l := newTestLake()
	dimension := p.SilverTable("customers")
	cells := make([][]value, customers)
	for i := range cells {
		cells[i] = benchRow(dimension)
		cells[i][0], cells[i][1], cells[i][2] = fmt.Sprintf("CUST-%07d", i), fmt.Sprintf("Name%d Surname%d", i%9999, i%7777), []string{"gold", "silver"}[i%2]
	}
	l.benchFile(b, dimension, "silver/customers/part-0.parquet", nil, cells)
	facts := p.SilverTable("transactions")
	for day := range 100 {
		cells := make([][]value, rows/100)
		for i := range cells {
			cells[i] = benchRow(facts)
			c := cells[i]
			c[0], c[1] = fmt.Sprintf("TX-%09d", day*rows/100+i), fmt.Sprintf("CUST-%07d", r.IntN(customers))
			c[2], c[3], c[4] = r.Int64N(1000), fmt.Sprintf("shop %d", r.IntN(40)), int32(20_000+day)
			c[5], c[6] = int64(20_000+day)*86_400_000_000+r.Int64N(86_400_000_000), decimal128.FromI64(r.Int64N(100_000))
			c[7], c[8], c[9], c[10] = 1+r.Int64N(9), r.Float64(), []string{"completed", "completed", "completed", "pending"}[r.IntN(4)], true
		}
		text := textOf(facts.Table().Columns[4].Type, cells[0][4])
		l.benchFile(b, facts, "silver/transactions/transaction_date="+text+"/part-0.parquet", map[string]*string{"transaction_date": &text}, cells)
	}
	return l
}

// benchRow returns a row whose lineage columns are set.
func benchRow(s *project.Silver) []value {
	n := len(s.Columns)
	row := make([]value, n+7)
	row[n], row[n+2], row[n+3], row[n+4], row[n+5], row[n+6] = "PASSED", "file.csv", int64(7), testNow.UnixMicro(), int32(20_700), testNow.UnixMicro()
	return row
}

func (l *testLake) benchFile(b *testing.B, s *project.Silver, path string, partition map[string]*string, rows [][]value) {
	b.Helper()
	w, err := table.Create(context.Background(), l, table.Target{Table: lake.TableRef{Layer: lake.Silver, Name: s.Name}, Path: path}, s.FileTable(), parquetio.WriterOptions{})
	if err != nil {
		b.Fatal(err)
	}
	if err := w.WriteColumns(columnsOf(s, rows), len(rows)); err != nil {
		b.Fatal(err)
	}
	change, err := w.Close(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	l.files[s] = append(l.files[s], File{Path: path, Rows: change.Rows, Partition: partition})
}

// BenchmarkBuild builds the gold tables of the sample project; once all of
// them, then some alone.
func BenchmarkBuild(b *testing.B) {
	p := bindGold(b, benchGold)
	const rows = 1_000_000
	l := benchLake(b, p, rows, 200_000)
	all := p.Gold
	for _, test := range []struct {
		name   string
		tables []*project.Gold
	}{{"all", all}, {"sales", all[:3]}, {"daily", all[:1]}, {"analytics", all[3:4]}, {"latest", all[4:]}} {
		p.Gold = test.tables
		b.Run(test.name, func(b *testing.B) {
			start := cpuTime(b)
			for b.Loop() {
				if _, err := l.build(b, p, 2); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
			b.ReportMetric(float64((cpuTime(b)-start).Nanoseconds())/float64(b.N)/rows, "cpu-ns/row")
		})
	}
}

// cpuTime returns the processor time of the process, which a busy machine
// lengthens less than the wall clock's.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
