package expr

import (
	"fmt"

	"github.com/lakectl/lakectl/internal/schema"
)

// DuckDB returns the measure as SQL for DuckDB: arithmetic over its aggregates
// in a query with GROUP BY. Rows of which an aggregate's argument fails count
// as null.
func (m *Measure) DuckDB() string { return m.print(duckdb{}, duckdb{}.aggregate) }

// Spark returns the measure as SQL for Spark.
func (m *Measure) Spark() string { return m.print(spark{}, spark{}.aggregate) }

func (m *Measure) print(d dialect, aggregate func(p *printer, a Aggregate, arg string) string) string {
	p := newPrinter(d)
	p.column = func(n *Node) string {
		a := m.Aggregates[n.Slot]
		if a.Func == CountAll {
			return "count(*)"
		}
		inner := newPrinter(d)
		inner.names = p.names
		arg := inner.value(a.Arg.Root)
		p.names = inner.names
		switch a.Func {
		case Count:
			return "count(" + arg + ")"
		case CountDistinct:
			return "count(DISTINCT " + arg + ")"
		case Min:
			return "min(" + arg + ")"
		case Max:
			return "max(" + arg + ")"
		}
		return aggregate(p, a, arg)
	}
	return p.value(m.Post.Root)
}

// aggregate prints sum and avg; sums of whole numbers are HUGEINT in DuckDB.
func (d duckdb) aggregate(p *printer, a Aggregate, arg string) string {
	from := a.Arg.Type()
	switch {
	case from.Kind == schema.Double && a.Func == Avg:
		return "(fsum(" + arg + ") / count(" + arg + "))"
	case from.Kind == schema.Double:
		return "fsum(" + arg + ")"
	case a.Func == Sum:
		return "CAST(sum(" + arg + ") AS " + d.typeName(a.Type) + ")"
	}
	exact := from.AsDecimal()
	sum := d.unscaled(p, "CAST(sum("+arg+") AS "+d.typeName(schema.DecimalOf(schema.MaxPrecision, int(exact.Scale)))+")", schema.DecimalOf(schema.MaxPrecision, int(exact.Scale)))
	return d.decimalDivision(p, [2]string{sum, "CAST(count(" + arg + ") AS HUGEINT)"}, int(a.Type.Scale)-int(exact.Scale), a.Type)
}

// aggregate prints sum and avg. Spark's own avg of decimals keeps fewer
// digits, so the sum is divided: the count as a decimal of 19 digits.
func (s spark) aggregate(p *printer, a Aggregate, arg string) string {
	from := a.Arg.Type()
	wide := func(scale int) string { return s.typeName(schema.DecimalOf(schema.MaxPrecision, scale)) }
	switch {
	case from.Kind == schema.Double && a.Func == Avg:
		return "avg(" + arg + ")"
	case from.Kind == schema.Decimal && a.Func == Sum:
		return fmt.Sprintf("sum(CAST(%s AS %s))", arg, wide(int(from.Scale)))
	case a.Func == Sum:
		return "sum(" + arg + ")"
	}
	return s.average(p, a, arg)
}

// average prints sum / count as whole part and rest, since Spark's division
// of a sum of 38 digits would round too early. The rest is below the count,
// which is taken to be below 10^12; it is exact up to a scale of 10 of the
// argument, and null where the whole part has more than 33 - scale digits.
func (s spark) average(p *printer, a Aggregate, arg string) string {
	from, to := int(a.Arg.Type().AsDecimal().Scale), int(a.Type.Scale)
	decimal := func(precision, scale int) string {
		return s.typeName(schema.DecimalOf(min(precision, schema.MaxPrecision), scale))
	}
	sum := fmt.Sprintf("sum(CAST(%s AS %s))", arg, decimal(38, from))
	return p.let(p, []string{sum, "nullif(CAST(count(" + arg + ") AS DECIMAL(20,0)), CAST(0 AS DECIMAL(20,0)))"}, func(v []string) string {
		rest := fmt.Sprintf("(%s %% %s)", v[0], v[1])
		whole := fmt.Sprintf("try_cast((%s - %s) / %s AS %s)", v[0], rest, v[1], decimal(max(37-to, 1), 0))
		fraction := fmt.Sprintf("try_cast(try_cast(%s AS %s) / %s AS %s)", rest, decimal(12+from, from), v[1], decimal(to+1, to))
		return fmt.Sprintf("CAST(%s + %s AS %s)", whole, fraction, s.typeName(a.Type))
	})
}
