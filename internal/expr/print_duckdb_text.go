package expr

import (
	"fmt"
	"math"

	"github.com/lakectl/lakectl/internal/schema"
)

// substr prints the code points from a position on. The engine counts a
// length from the first position that exists, which is not Spark's rule.
func (d duckdb) substr(p *printer, n *Node, args []string) string {
	const most = math.MaxInt32
	length := "18446744073709551615" // beyond the end from any position
	if len(args) == 3 {
		length = args[2]
	}
	if from, ok := n.Args[1].Value.(int64); ok && from >= 0 {
		if fixed, ok := literalOr(n, 2, most); ok {
			return fmt.Sprintf("substring(%s, %d, %d)", args[0], min(max(from, 1), most), min(max(fixed, 0), most))
		}
	}
	return p.let(p, []string{args[0], args[1], length}, func(v []string) string {
		first := fmt.Sprintf("CASE WHEN %[2]s > %[3]d THEN %[3]d WHEN %[2]s > 0 THEN %[2]s WHEN %[2]s = 0 THEN 1 ELSE length(%[1]s) + %[2]s + 1 END", v[0], v[1], most)
		count := fmt.Sprintf("CASE WHEN %[1]s < 0 THEN 0 ELSE CAST(%[1]s AS HUGEINT) END", v[2])
		return p.let(p, []string{v[0], first, count}, func(v []string) string {
			atMost := func(count string) string {
				return fmt.Sprintf("CAST(CASE WHEN %[1]s > %[2]d THEN %[2]d ELSE %[1]s END AS BIGINT)", count, most)
			}
			end := v[1] + " + " + v[2]
			return fmt.Sprintf("CASE WHEN %[2]s >= 1 THEN substring(%[1]s, %[2]s, %[3]s) WHEN %[4]s > 1 THEN substring(%[1]s, 1, %[5]s) WHEN %[4]s <= 1 AND %[1]s IS NOT NULL THEN '' END",
				v[0], v[1], atMost(v[2]), end, atMost(end+" - 1"))
		})
	})
}

// literalOr returns the value of a whole-number argument if it is a literal or left out.
func literalOr(n *Node, arg int, missing int64) (int64, bool) {
	if len(n.Args) <= arg {
		return missing, true
	}
	i, ok := n.Args[arg].Value.(int64)
	return i, ok
}

func (d duckdb) splitPart(p *printer, n *Node, args []string) string {
	if !failsItself(n) {
		return fmt.Sprintf("split_part(%s, %s, %s)", args[0], args[1], fmt.Sprint(min(n.Args[2].Value.(int64), math.MaxInt32)))
	}
	return p.let(p, args, func(v []string) string {
		return fmt.Sprintf("CASE WHEN %[3]s >= 1 AND %[2]s <> '' THEN split_part(%[1]s, %[2]s, least(%[3]s, %[4]d)) END", v[0], v[1], v[2], math.MaxInt32)
	})
}

// unitMicros is the length of the units that have one.
var unitMicros = map[Unit]int64{Microsecond: 1, Millisecond: 1e3, Second: 1e6, Minute: 60e6, Hour: 3600e6, Day: 86400e6, Week: 7 * 86400e6}

// unitMonths is the length of the units that are months.
var unitMonths = map[Unit]int{Month: 1, Quarter: 3, Year: 12}

func (d duckdb) date(p *printer, n *Node, args []string) string {
	t := n.Type
	switch n.Op {
	case OpDateTrunc:
		return fmt.Sprintf("CAST(date_trunc('%s', %s) AS %s)", n.Unit, args[0], d.typeName(t))
	case OpDateAdd:
		return d.dateAdd(p, n, args)
	case OpDateDiff:
		if n.Unit == Week {
			return fmt.Sprintf("(date_diff('day', date_trunc('week', %s), date_trunc('week', %s)) // 7)", args[0], args[1])
		}
		return fmt.Sprintf("date_diff('%s', %s, %s)", n.Unit, args[0], args[1])
	}
	name := map[Op]string{OpYear: "year", OpQuarter: "quarter", OpMonth: "month", OpDay: "day", OpDayOfWeek: "isodow"}[n.Op]
	if name == "" {
		panic(fmt.Sprintf("expr: operation %d is not printed", n.Op))
	}
	return "CAST(" + name + "(" + args[0] + ") AS INTEGER)"
}

func (d duckdb) dateAdd(p *printer, n *Node, args []string) string {
	interval := ""
	switch micros := unitMicros[n.Unit]; {
	case n.Unit == Day || n.Unit == Week:
		interval = fmt.Sprintf("to_days(CAST(%s * %d AS INTEGER))", args[0], micros/unitMicros[Day])
	case micros > 0:
		interval = fmt.Sprintf("to_microseconds(%s * %d)", args[0], micros)
	default:
		interval = fmt.Sprintf("to_months(CAST(%s * %d AS INTEGER))", args[0], unitMonths[n.Unit])
	}
	moved := p.withinYears("TRY(" + args[1] + " + " + interval + ")")
	if n.Type.Kind == schema.Date {
		return "CAST(" + moved + " AS DATE)"
	}
	return moved
}
