package gold

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
)

// reference computes a gold table row by row, by nested loops, and prints it as
// testLake.lines does.
func (l *testLake) reference(t testing.TB, g *project.Gold) []string {
	rows := l.joined(t, g)
	var out [][]value
	if g.Grouped() {
		out = groupedReference(t, g, rows)
	} else {
		for _, row := range rows {
			out = append(out, evalAll(t, g, g.Columns, row))
		}
	}
	all := g.Table()
	type line struct{ path, text string }
	var lines []line
	for _, row := range out {
		row = append(row, testNow.UnixMicro())
		var ln line
		var values []*string
		for _, c := range g.PartitionBy {
			var text *string
			if row[c] != nil {
				text = ptr(textOf(all.Columns[c].Type, row[c]))
			}
			values = append(values, text)
		}
		if len(values) > 0 {
			ln.path = lake.PartitionPath(g.PartitionNames(), values) + "/"
		}
		ln.text = ln.path
		for c, v := range row {
			if !slices.Contains(g.PartitionBy, c) {
				ln.text += " " + textOf(all.Columns[c].Type, v)
			}
		}
		lines = append(lines, ln)
	}
	slices.SortStableFunc(lines, func(a, b line) int { return strings.Compare(a.path, b.path) })
	texts := make([]string, len(lines))
	for i := range lines {
		texts[i] = lines[i].text
	}
	return texts
}

// joined returns the rows of a table by slot: those of the side that streams in
// order, then those of the table joined from without a match.
func (l *testLake) joined(t testing.TB, g *project.Gold) [][]value {
	from := filtered(t, g.Where, g.From.Table(), l.rows[g.From])
	if g.Latest >= 0 {
		var best value
		for _, row := range from {
			best = greatest(best, row[g.Latest])
		}
		from = slices.DeleteFunc(from, func(row []value) bool {
			return row[g.Latest] == nil || compareValues(row[g.Latest], best) != 0
		})
	}
	sides := make([][][]value, len(g.Joins))
	for i, j := range g.Joins {
		sides[i] = filtered(t, j.Where, j.Table.Table(), l.rows[j.Table])
	}
	many := slices.IndexFunc(g.Joins, func(j *project.Join) bool { return !j.Unique })
	if many < 0 {
		var out [][]value
		for _, row := range from {
			out = append(out, withJoins(g, sides, row, nil, -1))
		}
		return out
	}
	var out [][]value
	matched := make([]bool, len(from))
	j := g.Joins[many]
	for _, other := range sides[many] {
		for i, row := range from {
			if matches(j, row, other) {
				matched[i] = true
				out = append(out, withJoins(g, sides, row, other, many))
			}
		}
	}
	for i, row := range from {
		if !matched[i] {
			out = append(out, withJoins(g, sides, row, nil, many))
		}
	}
	return out
}

func withJoins(g *project.Gold, sides [][][]value, row, other []value, many int) []value {
	out := make([]value, g.Slots())
	copy(out, row)
	for i, j := range g.Joins {
		match := other
		if i != many {
			match = nil
			for _, candidate := range sides[i] {
				if matches(j, row, candidate) {
					match = candidate
				}
			}
		}
		copy(out[j.First:], match)
	}
	return out
}

func matches(j *project.Join, row, other []value) bool {
	for _, on := range j.On {
		if a, b := row[on.Left], other[on.Right]; a == nil || b == nil || compareValues(a, b) != 0 {
			return false
		}
	}
	return true
}

func filtered(t testing.TB, where *expr.Program, table schema.Table, rows [][]value) [][]value {
	if where == nil {
		return slices.Clone(rows)
	}
	var out [][]value
	for _, row := range rows {
		if eval(t, where, table, row) == true {
			out = append(out, row)
		}
	}
	return out
}

func eval(t testing.TB, p *expr.Program, table schema.Table, row []value) value {
	cols := make([]arrow.Array, len(row))
	for i, c := range table.Columns {
		cols[i] = arrayOf(c.Type, row[i:i+1])
	}
	out, errs, err := p.Eval(expr.NewScratch(), cols, 1)
	if err != nil || len(errs) > 0 {
		t.Fatal(err, errs)
	}
	return valueOf(out, 0)
}

// slots returns all columns that programs may read.
func slots(g *project.Gold) schema.Table {
	all := schema.Table{Columns: slices.Clone(g.From.Table().Columns)}
	for _, j := range g.Joins {
		all.Columns = append(all.Columns, j.Table.Table().Columns...)
	}
	return all
}

func evalAll(t testing.TB, g *project.Gold, columns []*project.GoldColumn, row []value) []value {
	var out []value
	for _, c := range columns {
		out = append(out, eval(t, c.Program, slots(g), row))
	}
	return out
}

func groupedReference(t testing.TB, g *project.Gold, rows [][]value) [][]value {
	keys, groups := map[string][]value{}, map[string][][]value{}
	for _, row := range rows {
		key, text := evalAll(t, g, g.Groups, row), ""
		for i, k := range key {
			text += "|" + strings.ReplaceAll(textOf(g.Groups[i].Type, k), "|", "||")
			if k == nil {
				text += "|null"
			}
		}
		keys[text] = key
		groups[text] = append(groups[text], row)
	}
	var out [][]value
	for text, members := range groups {
		row := keys[text]
		for _, m := range g.Measures {
			var results []value
			var types schema.Table
			for _, a := range m.Measure.Aggregates {
				results = append(results, aggregateReference(t, g, a, members))
				types.Columns = append(types.Columns, schema.Column{Type: a.Type})
			}
			row = append(row, eval(t, m.Measure.Post, types, results))
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b []value) int {
		for i := range g.Groups {
			if c := compareNullable(a[i], b[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	return out
}

func compareNullable(a, b value) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return compareValues(a, b)
}

func aggregateReference(t testing.TB, g *project.Gold, a expr.Aggregate, rows [][]value) value {
	if a.Func == expr.CountAll {
		return int64(len(rows))
	}
	var values []value
	distinct := map[string]bool{}
	for _, row := range rows {
		if v := eval(t, a.Arg, slots(g), row); v != nil {
			values = append(values, v)
			distinct[textOf(a.Arg.Type(), v)] = true
		}
	}
	switch {
	case a.Func == expr.Count:
		return int64(len(values))
	case a.Func == expr.CountDistinct:
		return int64(len(distinct))
	case len(values) == 0:
		return nil
	case a.Func == expr.Min:
		return slices.MinFunc(values, compareValues)
	case a.Func == expr.Max:
		return slices.MaxFunc(values, compareValues)
	}
	sum := new(big.Rat)
	for _, v := range values {
		if f, ok := v.(float64); ok {
			sum.Add(sum, new(big.Rat).SetFloat64(f))
			continue
		}
		n, _ := new(big.Rat).SetString(textOf(a.Arg.Type(), v))
		sum.Add(sum, n)
	}
	if a.Type.Kind == schema.Double {
		f, _ := sum.Float64()
		if a.Func == expr.Avg {
			f /= float64(len(values))
		}
		return f
	}
	if a.Func == expr.Avg {
		sum.Quo(sum, big.NewRat(int64(len(values)), 1))
	}
	return exactValue(sum, a.Type)
}

// exactValue returns a number as a value of a type, rounded half away from zero.
func exactValue(n *big.Rat, typ schema.Type) value {
	unscaled, _ := new(big.Int).SetString(strings.ReplaceAll(n.FloatString(int(typ.Scale)), ".", ""), 10)
	if typ.Kind == schema.Decimal {
		return decimal128.FromBigInt(unscaled)
	}
	return unscaled.Int64()
}
