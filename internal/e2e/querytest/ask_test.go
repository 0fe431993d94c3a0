package querytest

import (
	"context"
	"fmt"
	"io/fs"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/query/duckdb"
	"github.com/lakectl/lakectl/queries"
	"github.com/lakectl/lakectl/sampledata"
)

// sampleLake returns the sample project, run once.
func sampleLake(t *testing.T) *lab.Lab {
	t.Helper()
	l := lab.New(t)
	l.CopyFS(sampledata.Project())
	l.MustRun()
	return l
}

// The headers of the raw files of the sample project.
const (
	customersHeader    = "customer_id,first_name,last_name,email,phone,registration_date,loyalty_points\n"
	transactionsHeader = "transaction_id,customer_id,product_id,transaction_date,amount,quantity,status\n"
)

// emptyLab returns the sample project without files. However many rows of a file
// are bad, the run is not stopped: a file here has but a few.
func emptyLab(t *testing.T) *lab.Lab {
	t.Helper()
	l := lab.New(t)
	text, err := fs.ReadFile(sampledata.Project(), "lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	l.Write("lakehouse.yaml", strings.ReplaceAll(string(text), "quarantined: 5%", "quarantined: 100%"))
	return l
}

// named returns the queries that come with lakectl, in Trino's SQL.
func named(t *testing.T) []queries.Query {
	t.Helper()
	list, problems, err := queries.Load(queries.Files(), "athena")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return list
}

// find returns the query of a name.
func find(t *testing.T, list []queries.Query, name string) queries.Query {
	t.Helper()
	at := slices.IndexFunc(list, func(q queries.Query) bool { return q.Name == name })
	if at < 0 {
		t.Fatalf("there is no query %s", name)
	}
	return list[at]
}

// tryAsk asks a question; params are name=value. The columns of the lines are
// the names of those of the answer.
func tryAsk(l *lab.Lab, q queries.Query, params ...string) (*query.Rows, error) {
	l.T.Helper()
	given := map[string]string{}
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		given[name] = value
	}
	values, err := q.Bind(given)
	if err != nil {
		l.T.Fatal(err)
	}
	o := duckdb.Options{Lake: l.Open(), Folder: l.Lake, Temp: l.T.TempDir()}
	if l.Bucket != nil { // in memory: its files are fetched
		o.Folder, o.Cache = "", duckdb.Cache{Folder: l.T.TempDir(), Bytes: 1 << 30}
	}
	e, err := duckdb.New(o)
	if err != nil {
		l.T.Fatal(err)
	}
	defer e.Close()
	return query.Collect(context.Background(), e, query.Statement{Query: q, Values: values})
}

// ask returns the rows of an answer, in its order, without nulls.
func ask(l *lab.Lab, q queries.Query, params ...string) []lab.Row {
	l.T.Helper()
	answer, err := tryAsk(l, q, params...)
	if err != nil {
		l.T.Fatalf("%s: %v", q.Name, err)
	}
	var rows []lab.Row
	for _, line := range answer.Lines {
		row := lab.Row{}
		for i, c := range answer.Columns {
			if line[i] != query.Null {
				row[c.Name] = line[i]
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// askNamed asks a question that comes with lakectl.
func askNamed(l *lab.Lab, name string, params ...string) []lab.Row {
	l.T.Helper()
	t, ok := l.T.(*testing.T)
	if !ok {
		l.T.Fatal("not a test")
	}
	return ask(l, find(t, named(t), name), params...)
}

// same compares rows, in their order.
func same(t *testing.T, what string, got, want []lab.Row) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := "(none)", "(none)"
		if i < len(got) {
			g = lab.Lines(got[i : i+1])[0]
		}
		if i < len(want) {
			w = lab.Lines(want[i : i+1])[0]
		}
		if g != w {
			t.Errorf("%s: row %d of %d, want %d\n got %s\nwant %s", what, i+1, len(got), len(want), g, w)
			return
		}
	}
}

// only returns some columns of rows.
func only(rows []lab.Row, columns ...string) []string {
	var out []string
	for _, r := range rows {
		var values []string
		for _, c := range columns {
			value, ok := r[c]
			if !ok {
				value = "null"
			}
			values = append(values, value)
		}
		out = append(out, strings.Join(values, "|"))
	}
	return out
}

// expect compares some columns of an answer with lines.
func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// exact is a sum of decimals.
type exact struct{ big.Rat }

func (e *exact) add(text string) {
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(fmt.Sprintf("%q is not a number", text))
	}
	e.Add(&e.Rat, value)
}

// digits rounds a number half away from zero, and writes it as answers are.
func digits(x *big.Rat, n int) string {
	text := x.FloatString(n)
	if n > 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}

// percent returns 100 a / b.
func percent(a, b *big.Rat, n int) string {
	share := new(big.Rat).Quo(a, b)
	return digits(share.Mul(share, big.NewRat(100, 1)), n)
}

func whole(n int) *big.Rat { return new(big.Rat).SetInt64(int64(n)) }

// dayOf returns the number of a day since 1970.
func dayOf(t *testing.T, text string) int {
	t.Helper()
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return int(day.Unix() / 86400)
}

// dateOf is the inverse of dayOf.
func dateOf(day int) string { return time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly) }
