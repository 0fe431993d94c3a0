//go:build cgo

package querytest

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/query/duckdb"
	"github.com/lakectl/lakectl/internal/vec"
	"github.com/lakectl/lakectl/queries"
	"github.com/lakectl/lakectl/sampledata"
)

const (
	customersHeader    = "customer_id,first_name,last_name,email,phone,registration_date,loyalty_points\n"
	transactionsHeader = "transaction_id,customer_id,product_id,transaction_date,amount,quantity,status\n"
)

// sampleLake returns the sample project, run once.
func sampleLake(t testing.TB) *lab.Lab {
	t.Helper()
	l := lab.New(t)
	l.CopyFS(sampledata.Project())
	l.MustRun()
	return l
}

// lakeOf returns a lake of the sample project's tables with these records, which
// may be none.
func lakeOf(t testing.TB, customers, transactions string) *lab.Lab {
	t.Helper()
	l := lab.New(t)
	text, err := os.ReadFile("../../../sampledata/lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	l.Write("lakehouse.yaml", strings.Replace(string(text), "row_count: {min: 1}", "row_count: {min: 0}", 1))
	l.Write("customers_1.csv", customersHeader+customers)
	l.Write("transactions_1.csv", transactionsHeader+transactions)
	l.MustRun()
	return l
}

// named returns all queries that come with lakectl.
func named(t testing.TB) []queries.Query {
	t.Helper()
	list, problems, err := queries.Load(queries.Files(), "athena")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return list
}

// engineOn returns DuckDB on the folder of a lake.
func engineOn(l *lab.Lab) query.Engine {
	l.T.Helper()
	e, err := duckdb.New(duckdb.Options{Lake: l.Open(), Folder: l.Lake, Temp: l.T.TempDir()})
	if err != nil {
		l.T.Fatal(err)
	}
	l.T.Cleanup(func() { _ = e.Close() })
	return e
}

// ask runs one of the named queries and returns the names of its columns and its
// rows, with values as text and null for none.
func ask(t testing.TB, e query.Engine, name string, given map[string]string) (columns []string, rows [][]string) {
	t.Helper()
	for _, q := range named(t) {
		if q.Name == name {
			return askQuery(t, e, q, given)
		}
	}
	t.Fatalf("there is no query %s", name)
	return nil, nil
}

func askQuery(t testing.TB, e query.Engine, q queries.Query, given map[string]string) (columns []string, rows [][]string) {
	t.Helper()
	values, err := q.Bind(given)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Run(t.Context(), query.Statement{Query: q, Values: values})
	if err != nil {
		t.Fatalf("%s: %v", q.Name, err)
	}
	defer r.Close()
	for _, c := range r.Columns() {
		columns = append(columns, c.Name)
	}
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return columns, rows
		}
		if err != nil {
			t.Fatalf("%s: %v", q.Name, err)
		}
		for i := range int(record.NumRows()) {
			row := make([]string, record.NumCols())
			for c, col := range record.Columns() {
				row[c] = "null"
				if col.IsValid(i) {
					row[c] = string(vec.AppendText(nil, col, i))
				}
			}
			rows = append(rows, row)
		}
		record.Release()
	}
}
