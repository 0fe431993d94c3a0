package expr

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/schema"
)

// aggregateDialect is what the printers of measures do not share.
type aggregateDialect interface {
	dialect
	// sum prints the sum of arg, whose type is from, as type t. A sum that does
	// not fit fails the query.
	sum(arg string, from, t schema.Type) string
	// ordered prints arg, whose type is from, as the argument of min or max.
	ordered(arg string, from schema.Type) string
	// average prints sum / count of exact numbers at a's scale.
	average(p *printer, a Aggregate, sum, count string) string
}

// DuckDB returns the measure as SQL for DuckDB: arithmetic over its aggregates
// in a query with GROUP BY. Rows of which an aggregate's argument fails count
// as null.
func (m *Measure) DuckDB() string { return m.print(duckdb{}) }

// SparkMeasure is a measure in two steps: aggregates for a query with GROUP BY,
// none of which fails it, and the arithmetic over their results.
type SparkMeasure struct {
	Aggregates []string // SQL
	Names      []string // of their results, in the SQL of Value and Fails
	Value      string   // null where it has an error
	Fails      string   // never null: it has an error, or a sum does not fit its type
}

// SparkSteps returns the measure as SQL for Spark whose errors can be told by
// group. The names of the aggregates begin with prefix. Rows of which an
// aggregate's argument fails count as null.
func (m *Measure) SparkSteps(prefix string) SparkMeasure {
	p, out := newPrinter(spark{}), SparkMeasure{}
	add := func(sql string) string {
		name := fmt.Sprintf("%s%d", prefix, len(out.Names))
		out.Aggregates, out.Names = append(out.Aggregates, sql), append(out.Names, name)
		return spark{}.quote(name)
	}
	results, overflows := make([]string, len(m.Aggregates)), []string(nil)
	for i, a := range m.Aggregates {
		parts := p.aggregate(trying{}, a)
		for k, sql := range parts {
			parts[k] = add(sql)
		}
		results[i] = parts[0]
		if summed, exact := a.sums(); summed && exact {
			if len(parts) == 1 {
				parts = append(parts, add("count("+p.value(a.Arg.Root)+")"))
			}
			overflows = append(overflows, fmt.Sprintf("(%s IS NULL AND %s > 0)", parts[0], parts[1]))
		}
		if a.exactAverage() {
			results[i] = spark{}.average(p, a, parts[0], parts[1])
		}
	}
	post := newPrinter(spark{})
	post.column = func(n *Node) string { return results[n.Slot] }
	out.Value = post.value(m.Post.Root)
	out.Fails = strings.Join(append(overflows, "("+post.fails(m.Post.Root)+")"), " OR ")
	return out
}

// sums says whether an aggregate adds values up, and whether exact ones.
func (a Aggregate) sums() (sums, exact bool) {
	if a.Func != Sum && a.Func != Avg {
		return false, false
	}
	return true, a.Arg.Type().Kind != schema.Double
}

// trying is spark whose sums are null where they do not fit.
type trying struct{ spark }

func (t trying) sum(arg string, from, typ schema.Type) string {
	if from.Kind == schema.Double {
		return t.spark.sum(arg, from, typ)
	}
	return "try_" + t.spark.sum(arg, from, typ)
}

// print prints the aggregates, each once, and the arithmetic over them in the
// body of a let: no engine takes aggregates wherever it takes columns.
func (m *Measure) print(d aggregateDialect) string {
	p := newPrinter(d)
	if a := m.Aggregates[0]; m.Post.Root.Op == OpColumn && !a.exactAverage() {
		return p.aggregate(d, a)[0]
	}
	var values []string
	places := make([]int, len(m.Aggregates))
	for i, a := range m.Aggregates {
		places[i] = len(values)
		values = append(values, p.aggregate(d, a)...)
	}
	return p.let(p, values, func(names []string) string {
		p.column = func(n *Node) string {
			at := places[n.Slot]
			if a := m.Aggregates[n.Slot]; a.exactAverage() {
				return d.average(p, a, names[at], names[at+1])
			}
			return names[at]
		}
		return p.value(m.Post.Root)
	})
}

// exactAverage says whether an aggregate is the average of exact numbers,
// which is printed as a sum and a count.
func (a Aggregate) exactAverage() bool { return a.Func == Avg && a.Type.Kind != schema.Double }

// aggregate prints an aggregate, or both of which an average is made.
func (p *printer) aggregate(d aggregateDialect, a Aggregate) []string {
	if a.Func == CountAll {
		return []string{"count(*)"}
	}
	from, arg := a.Arg.Type(), p.value(a.Arg.Root)
	count := "count(" + arg + ")"
	switch a.Func {
	case CountDistinct:
		count = "count(DISTINCT " + arg + ")"
	case Min:
		return []string{"min(" + d.ordered(arg, from) + ")"}
	case Max:
		return []string{"max(" + d.ordered(arg, from) + ")"}
	case Sum:
		return []string{d.sum(arg, from, a.Type)}
	case Avg:
		if !a.exactAverage() {
			return []string{fmt.Sprintf("(%s / nullif(%s, 0))", d.sum(arg, from, from), count)}
		}
		return []string{d.sum(arg, from, schema.DecimalOf(schema.MaxPrecision, int(from.AsDecimal().Scale))), count}
	}
	return []string{count}
}

// ordered returns an argument of min or max.
func (duckdb) ordered(arg string, _ schema.Type) string { return arg }

// ordered makes 0.0 of -0.0: they are equal, and which of them came first must not
// be seen.
func (spark) ordered(arg string, from schema.Type) string {
	if from.Kind == schema.Double {
		return "(" + arg + " + 0D)"
	}
	return arg
}

// sum adds doubles with compensation; whole numbers add up as HUGEINT first.
func (d duckdb) sum(arg string, from, t schema.Type) string {
	if from.Kind == schema.Double {
		return "fsum(" + arg + ")"
	}
	return "CAST(sum(" + arg + ") AS " + d.typeName(t) + ")"
}

func (d duckdb) average(p *printer, a Aggregate, sum, count string) string {
	exact := schema.DecimalOf(schema.MaxPrecision, int(a.Arg.Type().AsDecimal().Scale))
	operands := [2]string{d.unscaled(p, sum, exact), "CAST(" + count + " AS HUGEINT)"}
	return d.decimalDivision(p, operands, int(a.Type.Scale)-int(exact.Scale), a.Type)
}

func (s spark) sum(arg string, from, t schema.Type) string {
	if from.Kind == schema.Double || t.Kind == schema.Bigint {
		return "sum(" + arg + ")"
	}
	return fmt.Sprintf("sum(CAST(%s AS %s))", arg, s.typeName(t))
}

// average prints sum / count as whole part and rest, since Spark's division
// of a sum of 38 digits would round too early. The rest is below the count,
// which is taken to be below 10^12; it is exact up to a scale of 10 of the
// argument, and null where the whole part has more than 37 digits less the
// result's scale.
func (s spark) average(p *printer, a Aggregate, sum, count string) string {
	from, to := int(a.Arg.Type().AsDecimal().Scale), int(a.Type.Scale)
	decimal := func(precision, scale int) string {
		return s.typeName(schema.DecimalOf(min(precision, schema.MaxPrecision), scale))
	}
	return p.let(p, []string{sum, fmt.Sprintf("nullif(CAST(%s AS %s), 0)", count, decimal(20, 0))}, func(v []string) string {
		rest := fmt.Sprintf("(%s %% %s)", v[0], v[1])
		whole := fmt.Sprintf("try_cast((%s - %s) / %s AS %s)", v[0], rest, v[1], decimal(max(37-to, 1), 0))
		fraction := fmt.Sprintf("try_cast(try_cast(%s AS %s) / %s AS %s)", rest, decimal(12+from, from), v[1], decimal(to+1, to))
		return fmt.Sprintf("CAST(%s + %s AS %s)", whole, fraction, s.typeName(a.Type))
	})
}
