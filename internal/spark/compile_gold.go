package spark

import (
	"fmt"
	"math/big"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
)

func compileGold(g *project.Gold) gold {
	out := gold{
		Name: g.Name, From: g.From.Name, Where: sql(g.Where), Grouped: g.Grouped(), PartitionBy: texts(g.PartitionNames()),
		Schema: columns(g.Table()), Definition: g.Definition, Parts: g.Parts,
		Joins:  list(g.Joins, func(j *project.Join) join { return compileJoin(g, j) }),
		Groups: list(g.Groups, compileGoldColumn), Measures: make([]measure, len(g.Measures)), Columns: list(g.Columns, compileGoldColumn),
		TableChecks: list(g.TableChecks, func(c *project.TableCheck) tableCheck { return compileTableCheck(g.Table(), c) }),
	}
	for i, m := range g.Measures {
		out.Measures[i] = compileMeasure(m, i)
	}
	if g.Latest >= 0 {
		out.Latest = g.From.Table().Columns[g.Latest].Name
	}
	return out
}

func compileJoin(g *project.Gold, j *project.Join) join {
	left, right := g.From.Table().Columns, j.Table.Table().Columns
	return join{Table: j.Table.Name, Where: sql(j.Where), Unique: j.Unique, On: list(j.On, func(on project.JoinOn) joinOn {
		return joinOn{Left: left[on.Left].Name, Right: right[on.Right].Name}
	})}
}

func compileGoldColumn(c *project.GoldColumn) goldColumn {
	return goldColumn{Name: c.Name, Type: c.Type.String(), SparkType: c.Type.Spark(), Nullable: c.Nullable, Expr: *sql(c.Program)}
}

func compileMeasure(m *project.GoldMeasure, i int) measure {
	steps := m.Measure.SparkSteps(fmt.Sprintf("0_m%d_", i))
	return measure{Name: m.Name, Type: m.Type.String(), SparkType: m.Type.Spark(), Nullable: m.Nullable,
		Aggregates: steps.Aggregates, Names: steps.Names, Expr: expression{Value: steps.Value, Fails: steps.Fails},
		ArgFails: list(m.Measure.Aggregates, func(a expr.Aggregate) string {
			if a.Arg == nil {
				return "FALSE" // count(*)
			}
			return a.Arg.SparkFails()
		})}
}

// kinds are the kinds of table checks as lakehouse.yaml calls them.
var kinds = map[project.TableCheckKind]string{
	project.RowCount: "row_count", project.Unique: "unique", project.NullShare: "null_share", project.Newest: "newest", project.Sum: "sum",
}

func compileTableCheck(t schema.Table, c *project.TableCheck) tableCheck {
	out := tableCheck{Name: c.Name, Kind: kinds[c.Kind], OnFail: c.OnFail.String(),
		Columns: list(c.Columns, func(i int) string { return t.Columns[i].Name })}
	switch c.Kind {
	case project.RowCount:
		out.MinRows, out.MaxRows = bound(c.MinRows), bound(c.MaxRows)
	case project.NullShare:
		out.MaxNulls = &c.MaxNulls
	case project.Newest:
		within := c.Within.Seconds()
		out.WithinSeconds = &within
	case project.Sum:
		out.Min, out.Max, out.Equals = number(c.Min), number(c.Max), compileOther(c.Equals)
	case project.Unique:
	}
	return out
}

// bound returns a bound of rows; nil if there is none.
func bound(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

// number writes a number exactly; empty if there is none.
func number(r *big.Rat) string {
	if r == nil {
		return ""
	}
	return r.RatString()
}

func compileOther(o *project.OtherSum) *otherSum {
	if o == nil {
		return nil
	}
	out := &otherSum{Where: sql(o.Where), Tolerance: number(o.Tolerance)}
	if o.Silver != nil {
		out.Layer, out.Table, out.Column = "silver", o.Silver.Name, o.Silver.Table().Columns[o.Column].Name
	} else {
		out.Layer, out.Table, out.Column = "gold", o.Gold.Name, o.Gold.Table().Columns[o.Column].Name
	}
	return out
}
