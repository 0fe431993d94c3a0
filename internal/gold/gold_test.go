package gold

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	arrowmemory "github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

const projectHead = `
project: test
lake: ./lake
bronze:
  customers: {source: "customers.csv"}
  products: {source: "products.csv"}
  transactions: {source: "transactions.csv"}
  visits: {source: "visits.csv"}
silver:
  customers:
    key: customer_id
    columns:
      customer_id: {type: string, required: true}
      full_name: {type: string}
      segment: {type: string}
      balance: {type: double}
      joined: {type: date}
  products:
    key: [product_id, shop]
    columns:
      product_id: {type: bigint, required: true}
      shop: {type: string, required: true}
      category: {type: string}
      weight: {type: "decimal(30,3)"}
  transactions:
    key: transaction_id
    partition_by: transaction_date
    columns:
      transaction_id: {type: string, required: true}
      customer_id: {type: string}
      product_id: {type: bigint}
      shop: {type: string}
      transaction_date: {type: date}
      at: {type: timestamp}
      revenue: {type: "decimal(18,2)"}
      quantity: {type: integer}
      score: {type: double}
      status: {type: string}
      paid: {type: boolean}
  visits:
    columns:
      customer_id: {type: string}
      visited: {type: timestamp}
      minutes: {type: integer}
gold:
`

// bindGold binds a project of the tables above and these gold tables.
func bindGold(t testing.TB, gold string) *project.Project {
	t.Helper()
	cfg, problems := config.Parse(config.FileName, []byte(projectHead+gold), config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	p, problems := project.Bind(cfg, nil)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// value is a cell as expr.Node.Value has it; nil is null.
type value = any

// lakeRows are the rows of the silver tables, in the order of their files.
type testLake struct {
	bucket storage.Bucket
	rows   map[*project.Silver][][]value
	files  map[*project.Silver][]File
}

func newTestLake() *testLake {
	return &testLake{bucket: mem.New(mem.Options{}), rows: map[*project.Silver][][]value{}, files: map[*project.Silver][]File{}}
}

// Stage writes files at once; only the tests' own lake does so.
func (*testLake) Sequence() uint64 { return 1 }

func (l *testLake) Stage(ctx context.Context, _ lake.TableRef, path string) (storage.Writer, error) {
	return l.bucket.Create(ctx, path, storage.CreateOptions{})
}

// randomRows fills a table with n rows.
func (l *testLake) randomRows(r *rand.Rand, s *project.Silver, n int) {
	for i := range n {
		row := make([]value, len(s.Table().Columns))
		for c, column := range s.Table().Columns {
			if !column.Nullable || r.IntN(7) > 0 {
				row[c] = randomValue(r, column.Name, column.Type)
			}
			if slices.Contains(s.Key, c) && (c == s.Key[0]) {
				if row[c] = any(fmt.Sprintf("K%03d", i)); column.Type.Kind == schema.Bigint {
					row[c] = int64(i)
				}
			}
		}
		l.rows[s] = append(l.rows[s], row)
	}
}

func randomValue(r *rand.Rand, name string, typ schema.Type) value {
	switch typ.Kind {
	case schema.String:
		if name == "customer_id" {
			return fmt.Sprintf("K%03d", r.IntN(60))
		}
		return []string{"", "a", "b", "completed", "pending", "é", "North", "South"}[r.IntN(8)]
	case schema.Boolean:
		return r.IntN(2) == 0
	case schema.Integer:
		return r.Int64N(20) - 4
	case schema.Bigint:
		return r.Int64N(30)
	case schema.Double:
		return []float64{0, 0.1, -2.5, 1e18, -1e18, 3e-5}[r.IntN(6)]
	case schema.Decimal:
		return decimal128.FromI64(r.Int64N(2_000_000) - 500_000)
	case schema.Date:
		return int32(20_000 + r.IntN(45))
	default:
		return int64(20_000+r.IntN(45)) * 86_400_000_000
	}
}

// write makes files of a table, by partition, in random row groups.
func (l *testLake) write(t testing.TB, r *rand.Rand, s *project.Silver) {
	t.Helper()
	parts := map[string][][]value{}
	values := map[string]map[string]*string{}
	for _, row := range l.rows[s] {
		names, texts := s.PartitionNames(), []*string(nil)
		of := map[string]*string{}
		for i, c := range s.PartitionBy {
			var text *string
			if row[c] != nil {
				text = ptr(textOf(s.Table().Columns[c].Type, row[c]))
			}
			texts = append(texts, text)
			of[names[i]] = text
		}
		path := lake.PartitionPath(names, texts)
		parts[path] = append(parts[path], row)
		values[path] = of
	}
	l.rows[s] = nil
	ctx, file := context.Background(), s.FileTable()
	for _, path := range sortedKeys(parts) {
		name := fmt.Sprintf("silver/%s/%s/part-0.parquet", s.Name, path)
		w, err := table.Create(ctx, l, table.Target{Path: strings.ReplaceAll(name, "//", "/")}, file, parquetio.WriterOptions{RowGroupRows: 1 + r.IntN(90), PageRows: 1 + r.IntN(50)})
		if err != nil {
			t.Fatal(err)
		}
		rows := parts[path]
		l.rows[s] = append(l.rows[s], rows...)
		if err := w.WriteColumns(columnsOf(s, rows), len(rows)); err != nil {
			t.Fatal(err)
		}
		change, err := w.Close(ctx)
		if err != nil {
			t.Fatal(err)
		}
		l.files[s] = append(l.files[s], File{Path: change.Path, Rows: change.Rows, Partition: values[path]})
	}
}

func ptr(text string) *string { return &text }

func sortedKeys(m map[string][][]value) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// columnsOf makes the columns of rows that stand in files.
func columnsOf(s *project.Silver, rows [][]value) []arrow.Array {
	var cols []arrow.Array
	for _, c := range s.FileTable().Columns {
		cells, at := make([]value, len(rows)), s.Table().Index(c.Name)
		for i, row := range rows {
			cells[i] = row[at]
		}
		cols = append(cols, arrayOf(c.Type, cells))
	}
	return cols
}

func arrayOf(typ schema.Type, cells []value) arrow.Array {
	b := array.NewBuilder(arrowmemory.DefaultAllocator, typ.Arrow())
	for _, cell := range cells {
		if cell == nil {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.StringBuilder:
			b.Append(cell.(string))
		case *array.BooleanBuilder:
			b.Append(cell.(bool))
		case *array.Int32Builder:
			b.Append(int32(cell.(int64)))
		case *array.Int64Builder:
			b.Append(cell.(int64))
		case *array.Float64Builder:
			b.Append(cell.(float64))
		case *array.Date32Builder:
			b.Append(arrow.Date32(cell.(int32)))
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(cell.(int64)))
		case *array.Decimal128Builder:
			b.Append(cell.(decimal128.Num))
		}
	}
	return b.NewArray()
}

func textOf(typ schema.Type, v value) string {
	if v == nil {
		return "null"
	}
	return string(vec.AppendText(nil, arrayOf(typ, []value{v}), 0))
}

var testNow = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

func (l *testLake) build(t testing.TB, p *project.Project, workers int) ([]Result, error) {
	t.Helper()
	spill := engine.NewSpill(t.TempDir())
	defer spill.Close()
	return Build(context.Background(), Request{Tables: p.Gold, Inputs: l.files, Bucket: l.bucket, Stager: l},
		Options{Workers: workers, Budget: budget.New(1 << 30), Spill: spill, Now: testNow})
}

// lines reads a table back: the path of the partition and the columns.
func (l *testLake) lines(t testing.TB, result Result) []string {
	t.Helper()
	var lines []string
	columns := result.Table.FileTable().Columns
	for _, f := range result.Files {
		r, err := table.Open(context.Background(), l.bucket, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.File().Table(); !slices.Equal(got.Columns, columns) {
			t.Errorf("%s has columns %v, want %v", f.Path, got.Columns, columns)
		}
		rows := int64(0)
		err = r.ScanAll(columns, func(cols []arrow.Array, n int) error {
			for i := range n {
				line := strings.TrimSuffix(strings.TrimPrefix(f.Path, "gold/"+result.Table.Name+"/"), "part-0.parquet")
				for k, col := range cols {
					line += " " + textOf(columns[k].Type, valueOf(col, i))
				}
				lines = append(lines, line)
			}
			rows += int64(n)
			return nil
		})
		if err != nil || rows != f.Rows {
			t.Fatalf("%s: %d rows, %v; want %d", f.Path, rows, err, f.Rows)
		}
	}
	if int64(len(lines)) != result.Rows {
		t.Errorf("%s: %d rows, the result says %d", result.Table.Name, len(lines), result.Rows)
	}
	return lines
}

const testGold = `
  daily:
    from: transactions
    where: "status = 'completed'"
    group_by: {transaction_date: transaction_date}
    measures:
      rows: "count(*)"
      revenue: "sum(revenue)"
      customers: "count(distinct customer_id)"
      average: {expr: "avg(revenue)", type: "decimal(18,2)"}
      quantity: "sum(quantity)"
      per_row: "cast(sum(quantity) as decimal(20,2)) / count(*)"
      score: "sum(score)"
      first_at: "min(at)"
      last_status: "max(shop)"
      paid: "max(paid)"
  weekly:
    from: transactions
    where: "status = 'completed'"
    group_by: {week_start: "date_trunc('week', transaction_date)"}
    measures:
      rows: "count(*)"
      customers: "count(distinct customer_id)"
      days: "count(distinct transaction_date)"
      twice: "sum(quantity * 2)"
  by_many:
    from: transactions
    group_by: {shop: shop, status: status, paid: paid, score: score}
    measures: {rows: "count(*)", revenue: "max(revenue)", ids: "min(transaction_id)"}
    partition_by: shop
  everything:
    from: transactions
    where: "quantity > 100"
    group_by: {all: "'all'"}
    measures: {rows: "count(*)"}
  analytics:
    from: customers
    join: {transactions: {on: customer_id, where: "status = 'completed'"}}
    group_by: {customer_id: customer_id, full_name: full_name, segment: segment}
    measures:
      purchases: "count(transactions.transaction_id)"
      rows: "count(*)"
      revenue: "sum(transactions.revenue)"
      none: "sum(coalesce(transactions.quantity, -1))"
      shops: "count(distinct transactions.shop)"
      last: "max(transactions.transaction_date)"
      mixed: "sum(balance)"
      both: "count(distinct concat_ws('|', full_name, transactions.shop))"
  by_segment:
    from: customers
    where: "joined is not null"
    join:
      transactions: {on: customer_id}
    group_by: {segment: "upper(segment)", status: transactions.status}
    measures: {rows: "count(*)", customers: "count(distinct customers.customer_id)"}
  by_category:
    from: transactions
    join:
      customers: {on: customer_id, where: "balance is not null"}
      products: {on: [product_id, shop]}
    group_by: {category: category, segment: segment, kind: "concat_ws('-', category, status)"}
    measures:
      rows: "count(*)"
      matched: "count(products.product_id)"
      weight: "sum(weight)"
      heaviest: "max(weight)"
      names: "count(distinct full_name)"
  visits_of_transactions:
    from: transactions
    where: "transaction_date is not null"
    join:
      visits: {on: customer_id, where: "minutes > 0"}
      customers: {on: customer_id}
    group_by: {transaction_date: transaction_date, segment: segment}
    measures: {rows: "count(*)", minutes: "sum(minutes)", visits: "count(visited)", late: "max(visited)", odd: "sum(minutes * quantity)"}
  visit_rows:
    from: transactions
    join:
      visits: {on: customer_id, where: "minutes > 3"}
      customers: {on: customer_id}
    columns: {id: transaction_id, segment: segment, minutes: minutes, sum: "minutes + quantity", day: transaction_date}
  newest:
    from: transactions
    latest: transaction_date
  newest_paid:
    from: transactions
    where: "paid"
    latest: at
    columns: {id: transaction_id, at: at, day: transaction_date}
    partition_by: day
  newest_customers:
    from: customers
    latest: joined
    join: {transactions: {on: customer_id}}
    group_by: {customer_id: customer_id}
    measures: {n: "count(transaction_id)"}
  copy:
    from: products
`

func TestBuildIsTheReference(t *testing.T) {
	p := bindGold(t, testGold)
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 9))
			l := newTestLake()
			for i, s := range p.Silver {
				l.randomRows(r, s, []int{0, 1, 40, 130}[min(int(seed), 3)]*(1+i%2))
				l.write(t, r, s)
			}
			var first [][]string
			for _, workers := range []int{1, 2, 8} {
				results, err := l.build(t, p, workers)
				if err != nil {
					t.Fatal(err)
				}
				for i, result := range results {
					lines := l.lines(t, result)
					if workers == 1 {
						first = append(first, slices.Clone(lines))
						compareLines(t, result.Table.Name, lines, l.reference(t, result.Table))
					} else if !slices.Equal(lines, first[i]) {
						t.Errorf("%s: other rows with %d workers", result.Table.Name, workers)
					}
				}
			}
		})
	}
}

// compareLines compares rows; the order of the reference is by key or by file,
// that of partitions by path.
func compareLines(t *testing.T, name string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("%s, row %d of %d, want %d rows:\ngot  %s\nwant %s", name, i, len(got), len(want),
				got[min(i, len(got)):min(i+1, len(got))], want[min(i, len(want)):min(i+1, len(want))])
			return
		}
	}
}

func TestFailures(t *testing.T) {
	for _, test := range []struct{ gold, want string }{
		{`{from: transactions, group_by: {shop: shop}, measures: {n: "sum(cast(score as bigint) * 100)"}}`, "measure n of group shop="},
		{`{from: transactions, group_by: {q: "10 / quantity"}, measures: {n: "count(*)"}}`, "gold.bad: group key q: a division by zero"},
		{`{from: transactions, where: "10 / quantity > 1", group_by: {q: quantity}, measures: {n: "count(*)"}}`, "gold.bad: where: a division by zero"},
		{`{from: transactions, columns: {q: "10 / quantity"}}`, "gold.bad: column q: a division by zero"},
		{`{from: transactions, group_by: {status: status}, measures: {n: "count(*) / (sum(quantity) - sum(quantity))"}}`, "measure n of group status="},
		{`{from: customers, join: {transactions: {on: customer_id}}, group_by: {k: "10 / quantity"}, measures: {n: "count(*)"}}`, "gold.bad: group key k: a division by zero"},
	} {
		p := bindGold(t, "  bad: "+test.gold)
		r := rand.New(rand.NewPCG(1, 9))
		l := newTestLake()
		for _, s := range p.Silver {
			l.randomRows(r, s, 200)
			l.write(t, r, s)
		}
		for _, workers := range []int{1, 4} {
			_, err := l.build(t, p, workers)
			if err == nil || !strings.Contains(err.Error(), test.want) || diag.ClassOf(err) != diag.Gate {
				t.Errorf("%s: %v (class %d), want %q", test.gold, err, diag.ClassOf(err), test.want)
			}
		}
	}
}

func TestNoMemory(t *testing.T) {
	p := bindGold(t, `  daily: {from: transactions, group_by: {id: transaction_id}, measures: {n: "count(*)"}}`)
	r := rand.New(rand.NewPCG(1, 9))
	l := newTestLake()
	s := p.SilverTable("transactions")
	l.randomRows(r, s, 200)
	l.write(t, r, s)
	b := budget.New(1 << 10)
	_, err := Build(context.Background(), Request{Tables: p.Gold, Inputs: l.files, Bucket: l.bucket, Stager: l}, Options{Workers: 1, Budget: b, Now: testNow})
	var e *diag.Error
	if diag.ClassOf(err) != diag.Budget || !errors.As(err, &e) || e.Next == "" {
		t.Errorf("%v", err)
	}
	if b.Used() != 0 {
		t.Errorf("%d bytes were not given back", b.Used())
	}
}
