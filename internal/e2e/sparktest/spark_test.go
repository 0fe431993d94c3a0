//go:build e2e

package sparktest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/expr/exprtest"
	"github.com/lakectl/lakectl/internal/schema"
)

const (
	rowsOfTable = 1500
	rowsOfCase  = 100
	perQuery    = 12 // expressions of a query
	nested      = 60 // random expressions
)

// program is an expression with the row that its cases start at.
type program struct {
	text string
	*expr.Program
	from int
}

// TestSpark has Spark compute everything, in one session.
func TestSpark(t *testing.T) {
	seed := uint64(1)
	if text := os.Getenv("SPARK_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(seed, 7))
	rows := exprtest.Rows(r, exprtest.Columns(), rowsOfTable)
	s := &spark{T: t, tables: map[string]table{"v": tableOf(exprtest.Columns(), rows)}}
	cases := 0
	for _, some := range inQueries(programs(t, r)) {
		s.ask(expressions(some), fmt.Sprintf("FROM v WHERE id >= %d AND id < %d ORDER BY id", some[0].from, some[0].from+rowsOfCase), func(k int, a answer) {
			cases += len(a.Rows)
			checkProgram(t, some[k], rows, a)
		})
	}
	askMeasures(s, r, rows)
	askReadings(s)
	askBuckets(s, r, rows)
	s.run()
	t.Logf("%d cases of expressions", cases)
	if cases < 20_000 {
		t.Errorf("only %d cases of expressions", cases)
	}
}

// programs binds templates and random expressions, in random order.
func programs(t *testing.T, r *rand.Rand) []program {
	t.Helper()
	var out []program
	scope := exprtest.Scope(exprtest.Columns())
	add := func(text string) bool {
		p, problems := expr.Bind(diag.Text{Value: text}, scope)
		if len(problems) == 0 {
			out = append(out, program{text: text, Program: p})
		}
		return len(problems) == 0
	}
	for _, template := range exprtest.Templates() {
		if all := os.Getenv("SPARK_ALL") != ""; all || r.IntN(3) == 0 {
			add(template.Text)
		}
	}
	for made := 0; made < nested; {
		if add(exprtest.Random(r, 1+r.IntN(3))) {
			made++
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	for i := range out {
		out[i].from = i / perQuery * 37 % (rowsOfTable - rowsOfCase)
	}
	return out
}

// inQueries cuts a list up into those of one query each.
func inQueries(list []program) (out [][]program) {
	for from := 0; from < len(list); from += perQuery {
		out = append(out, list[from:min(from+perQuery, len(list))])
	}
	return out
}

// expressions are the SQL of programs and of the conditions that they fail.
func expressions(list []program) []item {
	var out []item
	for _, p := range list {
		out = append(out, item{p.text, []string{p.Spark(), p.SparkFails()}, []string{p.Type().Spark(), "boolean"}})
	}
	return out
}

// checkProgram compares the values of a program with the reference.
func checkProgram(t *testing.T, p program, rows []exprtest.Row, a answer) {
	t.Helper()
	reported := 0
	for i, row := range a.Rows {
		want, kind := exprtest.Eval(p.Root, rows[p.from+i])
		got := value(t, row[0], p.Type())
		if exprtest.Same(got, want) && row[1] == (kind != 0) || statedRule(p.Program, got, want) {
			continue
		}
		if reported++; reported <= 2 {
			t.Errorf("%s\n  of %s\n  got  %s failed %v\n  want %s error %d\n  %.1500s", p.text, inputs(p.Program, rows[p.from+i]), exprtest.Text(got), row[1], exprtest.Text(want), kind, p.Spark())
		}
	}
}

func inputs(p *expr.Program, row exprtest.Row) string {
	var out []string
	for _, slot := range p.Columns() {
		out = append(out, exprtest.Columns()[slot].Name+" = "+exprtest.Text(row[slot]))
	}
	return strings.Join(out, ", ")
}

// statedRule says whether a difference is one that the printer's comment
// states: case mappings to several letters, the remainder of a quotient of
// more than 38 digits, and the text of a double, which is not the shortest.
func statedRule(p *expr.Program, got, want any) bool {
	var has func(n *expr.Node, op expr.Op) bool
	has = func(n *expr.Node, op expr.Op) bool {
		for _, a := range n.Args {
			if has(a, op) {
				return true
			}
		}
		return n.Op == op
	}
	a, isText := got.(string)
	if b, ok := want.(string); ok && isText && (has(p.Root, expr.OpUpper) || has(p.Root, expr.OpLower)) {
		return strings.ContainsAny(a+b, "ßİσςŉﬃᾈᾼǰΐ") && a != b
	}
	casts := p.Root.Op == expr.OpCast || p.Root.Op == expr.OpTryCast
	return got == nil && has(p.Root, expr.OpMod) ||
		got != nil && want != nil && casts && p.Root.Args[0].Type.Kind == schema.Double && p.Root.Type.Kind == schema.Decimal
}

// askMeasures has measures computed over some rows.
func askMeasures(s *spark, r *rand.Rand, rows []exprtest.Row) {
	var items []item
	var measures []*expr.Measure
	var aggregates []string
	for i, text := range exprtest.Measures {
		m, problems := expr.BindMeasure(diag.Text{Value: text}, exprtest.Scope(exprtest.Columns()))
		if len(problems) > 0 {
			s.Fatalf("%s: %v", text, problems)
		}
		steps := m.SparkSteps(fmt.Sprintf("m%d_", i))
		for k, sql := range steps.Aggregates {
			aggregates = append(aggregates, sql+" AS "+steps.Names[k])
		}
		measures = append(measures, m)
		items = append(items, item{text, []string{steps.Value, steps.Fails}, []string{m.Type().Spark(), "boolean"}})
	}
	for _, size := range []int{0, 1, 7, 40} {
		from := r.IntN(len(rows) - size)
		s.ask(items, fmt.Sprintf("FROM (SELECT %s FROM v WHERE id >= %d AND id < %d)", strings.Join(aggregates, ", "), from, from+size), func(k int, a answer) {
			got, want := value(s.T, a.Rows[0][0], measures[k].Type()), exprtest.Measure(measures[k], rows[from:from+size])
			if failed := a.Rows[0][1] == true; failed && want != nil || !failed && !exprtest.Near(got, want) {
				s.Errorf("%s over %d rows from %d:\n got %s, failed %v\nwant %s\n%s", items[k].name, size, from, exprtest.Text(got), failed, exprtest.Text(want), items[k].sql)
			}
		})
	}
}
