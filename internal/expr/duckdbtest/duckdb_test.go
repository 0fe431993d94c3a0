package duckdbtest

import (
	"database/sql"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/expr/exprtest"
	"github.com/lakectl/lakectl/internal/schema"
)

// rowsOfTable is the size of the table that expressions read; each reads a
// stretch of it.
const rowsOfTable = 1500

// rowsOfCase is how many rows an expression is computed for.
const rowsOfCase = 100

// program is an expression with the rows that it is computed for.
type program struct {
	function, text string
	*expr.Program
	from int
}

func TestPrintedAgainstReference(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	columns := exprtest.Columns()
	rows := exprtest.Rows(r, columns, rowsOfTable)
	db := open(t)
	create(t, db, columns, rows)

	scope := exprtest.Scope(columns)
	var programs []program
	add := func(function, text string) bool {
		p, problems := expr.Bind(diag.Text{Value: text}, scope)
		if len(problems) == 0 {
			programs = append(programs, program{function, text, p, r.IntN(rowsOfTable - rowsOfCase)})
		}
		return len(problems) == 0
	}
	for _, template := range exprtest.Templates() {
		add(template.Function, template.Text)
	}
	for made := 0; made < 300; {
		if add("nested", exprtest.Random(r, 1+r.IntN(3))) {
			made++
		}
	}
	checker := &checker{t: t, db: db, rows: rows, notNull: make(map[string]int)}
	for _, p := range programs {
		checker.check(p)
	}
	t.Logf("%d cases, %d of them by a stated rule", checker.cases, checker.byRule)
	for function, n := range checker.notNull {
		if n < 50 {
			t.Errorf("%s: only %d results are not null", function, n)
		}
	}
}

// TestPrintedBesideLikeNames has a table and columns that are called as one
// might call the variables of printed lambdas.
func TestPrintedBesideLikeNames(t *testing.T) {
	db := open(t)
	exec(t, db, "CREATE TABLE v1 (v1 VARCHAR, v2 BIGINT, a0 VARCHAR)")
	exec(t, db, "INSERT INTO v1 VALUES ('hello', -3, 'x')")
	text := schema.T(schema.String)
	scope := expr.Scope{Columns: []expr.ScopeColumn{{Name: "v1", Type: text}, {Name: "v2", Type: schema.T(schema.Bigint), Slot: 1}, {Name: "a0", Type: text, Slot: 2}}}
	p, problems := expr.Bind(diag.Text{Value: "substr(v1, v2) || split_part(v1, 'l', v2 + 4) || a0"}, scope)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got string
	if err := db.QueryRow("SELECT " + p.DuckDB() + " FROM v1").Scan(&got); err != nil || got != "llohex" {
		t.Errorf("got %q, %v", got, err)
	}
}

func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	exec(t, db, "SET TimeZone = 'UTC'")
	return db
}

func exec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%.300s: %v", statement, err)
	}
}

// create makes the table v with a column id and the given ones.
func create(t *testing.T, db *sql.DB, columns []exprtest.Column, rows []exprtest.Row) {
	t.Helper()
	definition := []string{"id INTEGER"}
	for _, c := range columns {
		definition = append(definition, c.Name+" "+c.Type.DuckDB())
	}
	exec(t, db, "CREATE TABLE v ("+strings.Join(definition, ", ")+")")
	for from := 0; from < len(rows); from += 250 {
		var values []string
		for i := from; i < min(from+250, len(rows)); i++ {
			cells := []string{strconv.Itoa(i)}
			for j, v := range rows[i] {
				cells = append(cells, cell(v, columns[j].Type))
			}
			values = append(values, "("+strings.Join(cells, ", ")+")")
		}
		exec(t, db, "INSERT INTO v VALUES "+strings.Join(values, ", "))
	}
}

// cell prints a value as a literal.
func cell(v any, t schema.Type) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case string:
		return "'" + strings.ReplaceAll(x, "'", "''") + "'"
	case float64:
		return "'" + strconv.FormatFloat(x, 'g', -1, 64) + "'"
	case *big.Rat:
		return "'" + x.FloatString(int(t.Scale)) + "'"
	}
	return "'" + exprtest.Text(v) + "'"
}

// checker compares printed expressions with the exact evaluator.
type checker struct {
	t             *testing.T
	db            *sql.DB
	rows          []exprtest.Row
	cases, byRule int
	notNull       map[string]int
}

func (c *checker) check(p program) {
	query := fmt.Sprintf("SELECT %s, %s FROM v WHERE id >= %d AND id < %d ORDER BY id", p.DuckDB(), p.DuckDBFails(), p.from, p.from+rowsOfCase)
	result, err := c.db.Query(query)
	if err != nil {
		c.t.Errorf("%s: %v\n%s", p.text, err, query)
		return
	}
	defer result.Close()
	reported := 0
	for i := p.from; result.Next(); i++ {
		var raw, failed any
		if err := result.Scan(&raw, &failed); err != nil {
			c.t.Fatal(err)
		}
		got, err := value(raw, p.Type())
		if err != nil {
			c.t.Fatalf("%s: %v", p.text, err)
		}
		want, kind := exprtest.Eval(p.Root, c.rows[i])
		c.cases++
		if want != nil {
			c.notNull[p.function]++
		}
		if exprtest.Same(got, want) && failed == (kind != 0) {
			continue
		}
		if rule := statedRule(p, got, want); rule {
			c.byRule++
		} else if reported++; reported <= 2 {
			c.t.Errorf("%s\n  of %s\n  got  %s failed %v\n  want %s error %d\n  %s", p.text, c.inputs(p, i), exprtest.Text(got), failed, exprtest.Text(want), kind, fmt.Sprintf("%.2000s", p.DuckDB()))
		}
	}
	if err := result.Err(); err != nil {
		c.t.Errorf("%s: %v\n%s", p.text, err, query)
	}
}

func (c *checker) inputs(p program, row int) string {
	var out []string
	for _, slot := range p.Columns() {
		out = append(out, exprtest.Columns()[slot].Name+" = "+exprtest.Text(c.rows[row][slot]))
	}
	return strings.Join(out, ", ")
}

// value returns a scanned value in the evaluator's form.
func value(raw any, t schema.Type) (any, error) {
	switch x := raw.(type) {
	case nil, string, bool, float64:
		return x, nil
	case int32:
		return big.NewInt(int64(x)), nil
	case int64:
		return big.NewInt(x), nil
	case duckdb.Decimal:
		if x.Scale != t.Scale {
			return nil, fmt.Errorf("a decimal of scale %d instead of %v", x.Scale, t)
		}
		return new(big.Rat).SetFrac(x.Value, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(x.Scale)), nil)), nil
	case time.Time:
		if t.Kind == schema.Date {
			return exprtest.Date(math.Floor(float64(x.Unix()) / 86400)), nil
		}
		return exprtest.Timestamp(x.UnixMicro()), nil
	}
	return nil, fmt.Errorf("%T instead of %v", raw, t)
}

// statedRule says whether a difference is one that the printer's comment
// states: a decimal operation whose operands do not fit 128 bits once they are
// scaled is null, or ß in upper case.
func statedRule(p program, got, want any) bool {
	if a, ok := got.(string); ok {
		b, _ := want.(string)
		return strings.ReplaceAll(a, "ẞ", "ß") == b
	}
	return wideDecimals(p.Root)
}

// wideDecimals says whether a tree has a decimal operation that needs more
// than 38 digits on the way to its result.
func wideDecimals(n *expr.Node) bool {
	for _, a := range n.Args {
		if wideDecimals(a) {
			return true
		}
	}
	if n.Type.Kind != schema.Decimal {
		return false
	}
	switch n.Op {
	case expr.OpDiv:
		a, b := n.Args[0].Type, n.Args[1].Type
		return int(a.Precision)+int(n.Type.Scale)+int(b.Scale)-int(a.Scale) > schema.MaxPrecision
	case expr.OpAdd, expr.OpSub, expr.OpMod:
		for _, a := range n.Args {
			if int(a.Type.Precision)+int(n.Type.Scale)-int(a.Type.Scale) > schema.MaxPrecision {
				return true
			}
		}
	case expr.OpCast:
		return n.Args[0].Type.Kind == schema.Double && n.Type.Scale >= 37
	}
	return false
}
