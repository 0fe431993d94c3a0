package expr

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/schema"
)

func (s spark) date(p *printer, n *Node, args []string) string {
	switch n.Op {
	case OpDateTrunc:
		return s.dateTrunc(n.Unit, args[0], n.Type)
	case OpDateAdd:
		return s.dateAdd(p, n, args)
	case OpDateDiff:
		return s.dateDiff(n, args)
	case OpDayOfWeek:
		return "(weekday(" + args[0] + ") + 1)"
	}
	name := map[Op]string{OpYear: "year", OpQuarter: "quarter", OpMonth: "month", OpDay: "day"}[n.Op]
	if name == "" {
		panic(fmt.Sprintf("expr: operation %d is not printed", n.Op))
	}
	return name + "(" + args[0] + ")"
}

func (s spark) dateTrunc(u Unit, x string, t schema.Type) string {
	return fmt.Sprintf("CAST(date_trunc('%s', %s) AS %s)", strings.ToUpper(u.String()), x, s.typeName(t))
}

// maxMonths is more than lies between the years 0001 and 9999.
const maxMonths = 120_000

// dateAdd adds months by the calendar and all else as microseconds, in UTC.
func (s spark) dateAdd(p *printer, n *Node, args []string) string {
	at := "CAST(" + args[1] + " AS TIMESTAMP)"
	moved := fmt.Sprintf("timestamp_micros(try_add(unix_micros(%s), try_multiply(%s, CAST('%d' AS BIGINT))))", at, args[0], unitMicros[n.Unit])
	if months := unitMonths[n.Unit]; months > 0 {
		most := maxMonths / months
		moved = fmt.Sprintf("timestampadd(MONTH, CAST(CASE WHEN %[1]s BETWEEN -%[2]d AND %[2]d THEN %[1]s * %[3]d END AS INT), %[4]s)", args[0], most, months, at)
	}
	moved = p.withinYears(moved)
	if n.Type.Kind == schema.Date {
		return "CAST(" + moved + " AS DATE)"
	}
	return moved
}

// dateDiff subtracts truncated values; their distance is a multiple of the unit.
func (s spark) dateDiff(n *Node, args []string) string {
	from, to := args[0], args[1]
	months := func(x string) string { return fmt.Sprintf("(year(%s) * 12 + month(%s))", x, x) }
	switch n.Unit {
	case Year:
		return fmt.Sprintf("CAST(year(%s) - year(%s) AS BIGINT)", to, from)
	case Quarter:
		quarters := func(x string) string { return fmt.Sprintf("(year(%s) * 4 + quarter(%s))", x, x) }
		return fmt.Sprintf("CAST(%s - %s AS BIGINT)", quarters(to), quarters(from))
	case Month:
		return fmt.Sprintf("CAST(%s - %s AS BIGINT)", months(to), months(from))
	case Week:
		monday := func(x string) string { return s.dateTrunc(Week, x, schema.T(schema.Date)) }
		return fmt.Sprintf("CAST(datediff(%s, %s) DIV 7 AS BIGINT)", monday(to), monday(from))
	case Day:
		return fmt.Sprintf("CAST(datediff(%s, %s) AS BIGINT)", to, from)
	}
	micros := func(x string) string {
		return "unix_micros(" + s.dateTrunc(n.Unit, x, schema.T(schema.Timestamp)) + ")"
	}
	return fmt.Sprintf("((%s - %s) DIV CAST('%d' AS BIGINT))", micros(to), micros(from), unitMicros[n.Unit])
}
