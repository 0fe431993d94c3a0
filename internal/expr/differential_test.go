package expr_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/expr/exprtest"
	"github.com/lakectl/lakectl/internal/schema"
)

// rowsOfTemplate is how many rows each template sees.
const rowsOfTemplate = 60

// TestEvalAgainstReference compares Eval with the exact evaluator: every
// function with every kind of argument over values at the edges of types,
// then random expressions, in random batches of plain and coded columns.
func TestEvalAgainstReference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	columns := exprtest.Columns()
	scope := exprtest.Scope(columns)
	cases := newHistogram()
	for _, template := range exprtest.Templates() {
		p, problems := expr.Bind(diag.Text{Value: template.Text}, scope)
		if len(problems) > 0 {
			t.Errorf("%s: %v", template.Text, problems)
			continue
		}
		cases.add(template.Function, compareEval(t, r, template.Text, p, exprtest.Rows(r, columns, rowsOfTemplate)))
	}
	for _, p := range parses(columns) {
		cases.add("raw text", compareEval(t, r, fmt.Sprintf("%v", p.Type()), p, exprtest.Rows(r, columns, rowsOfTemplate)))
	}
	for made := 0; made < 500; {
		text := exprtest.Random(r, 1+r.IntN(4))
		p, problems := expr.Bind(diag.Text{Value: text}, scope)
		if len(problems) == 0 {
			cases.add("nested", compareEval(t, r, text, p, exprtest.Rows(r, columns, 30)))
			made++
		}
	}
	cases.check(t, 20_000)
}

// parses returns programs that type each column of texts as each type.
func parses(columns []exprtest.Column) []*expr.Program {
	var out []*expr.Program
	for _, c := range exprtest.Scope(columns).Columns {
		if c.Type.Kind != schema.String {
			continue
		}
		for _, t := range []schema.Type{schema.T(schema.String), schema.T(schema.Boolean), schema.T(schema.Integer), schema.T(schema.Bigint), schema.T(schema.Double),
			schema.DecimalOf(10, 2), schema.DecimalOf(38, 0), schema.DecimalOf(3, 3), schema.T(schema.Date), schema.T(schema.Timestamp)} {
			out = append(out, expr.BindParse(c, t, expr.Parse{AllowNaN: c.Name == "sn"}))
		}
	}
	return out
}

// histogram counts cases and results by function.
type histogram map[string]*[2]int

func newHistogram() histogram { return make(histogram) }

// add counts the results of some cases.
func (h histogram) add(function string, results []any) {
	if h[function] == nil {
		h[function] = new([2]int)
	}
	for _, v := range results {
		h[function][0]++
		if v != nil {
			h[function][1]++
		}
	}
}

// check reports the histogram and asks for enough cases.
func (h histogram) check(t *testing.T, least int) {
	t.Helper()
	total := 0
	var lines []string
	for function, counts := range h {
		total += counts[0]
		lines = append(lines, fmt.Sprintf("%-24s %6d cases %6d not null", function, counts[0], counts[1]))
		if counts[1] < 50 {
			t.Errorf("%s: only %d results are not null", function, counts[1])
		}
	}
	slices.Sort(lines)
	t.Logf("%d cases\n%s", total, strings.Join(lines, "\n"))
	if total < least {
		t.Errorf("only %d cases", total)
	}
}

// compareEval compares all rows and returns the reference's values.
func compareEval(t *testing.T, r *rand.Rand, text string, p *expr.Program, rows []exprtest.Row) []any {
	t.Helper()
	want := make([]any, len(rows))
	kinds := make([]expr.ErrKind, len(rows))
	for i, row := range rows {
		want[i], kinds[i] = exprtest.Eval(p.Root, row)
	}
	scratch := expr.NewScratch()
	reported := 0
	for range 2 { // the second time with a scratch that knows the program
		cols := exprtest.Arrays(r, exprtest.Columns(), rows)
		for from := 0; from < len(rows); {
			to := min(len(rows), from+1+r.IntN(len(rows)))
			got, errs, err := p.Eval(scratch, batch(cols, from, to), to-from)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				return want
			}
			values := exprtest.Values(got)
			failed := make([]expr.ErrKind, to-from)
			for _, e := range errs {
				failed[e.Row] = e.Kind
			}
			for i, v := range values {
				row := from + i
				if reported < 3 && (failed[i] != kinds[row] || !exprtest.Same(v, want[row])) {
					reported++
					t.Errorf("%s\n  of %s\n  got  %s error %d\n  want %s error %d", text, inputs(p, rows[row]), exprtest.Text(v), failed[i], exprtest.Text(want[row]), kinds[row])
				}
			}
			from = to
		}
	}
	return want
}

func batch(cols []arrow.Array, from, to int) []arrow.Array {
	out := make([]arrow.Array, len(cols))
	for i, c := range cols {
		out[i] = array.NewSlice(c, int64(from), int64(to))
	}
	return out
}

// inputs prints the columns that a program reads.
func inputs(p *expr.Program, row exprtest.Row) string {
	var out []string
	for _, slot := range p.Columns() {
		out = append(out, exprtest.Columns()[slot].Name+" = "+exprtest.Text(row[slot]))
	}
	return strings.Join(out, ", ")
}
