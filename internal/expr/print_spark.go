package expr

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
)

// spark prints for Spark SQL 3.5 with ANSI mode and time zone UTC. It is exact
// but for these:
//
//   - a decimal quotient is rounded to 39 decimal places first and then to its
//     own, so a divisor of more than 19 digits may turn 0.4999... into a half;
//   - decimal % is null where the quotient has more than 38 digits;
//   - lower and upper follow Java, with its mappings to several letters
//     (ß, İ, ŉ, final sigma, ligatures);
//   - the text of a double is Java's, which before Java 19 is not always the
//     shortest one;
//   - an overlap of local time is noticed as in duckdb.
type spark struct{}

func (spark) quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// sparkText escapes texts: Spark puts the values of variables in place of
// ${env:HOME} or ${spark.app.name}, in literals too, before it parses.
var sparkText = strings.NewReplacer(`\`, `\\`, `'`, `\'`, `${`, `$\{`)

func (spark) text(s string) string { return "'" + sparkText.Replace(s) + "'" }

func (spark) typeName(t schema.Type) string { return strings.ToUpper(t.Spark()) }

// pattern ends our own patterns at the very end of the text.
func (s spark) pattern(re string) string {
	if strings.HasSuffix(re, "$") {
		re = strings.TrimSuffix(re, "$") + `\z`
	}
	return s.text(re)
}

func (spark) divide(a, b string) string { return "(" + a + " DIV " + b + ")" }

func (spark) addMinutes(at, minutes string) string {
	return "timestamp_micros(unix_micros(" + at + ") + CAST(" + minutes + " AS BIGINT) * 60000000)"
}

// let gives names to values that a body uses several times: a lambda over an
// array of one struct.
func (s spark) let(p *printer, values []string, body func(names []string) string) string {
	v := p.variable()
	fields, names := make([]string, len(values)), make([]string, len(values))
	for i, value := range values {
		fields[i] = fmt.Sprintf("'a%d', %s", i, value)
		names[i] = fmt.Sprintf("%s.a%d", v, i)
	}
	return fmt.Sprintf("transform(array(named_struct(%s)), %s -> %s)[0]", strings.Join(fields, ", "), v, body(names))
}

// instant has Spark read the whole text, which it does but for offsets that follow
// minutes. Values of let are not compiled, which costs more than all the rest: only
// the finished value is one, so that it is not read twice.
func (s spark) instant(p *printer, text string) string {
	t := schema.T(schema.Timestamp)
	withSeconds := fmt.Sprintf("regexp_replace(%s, '^(.{16})([Z+-])', '$1:00$2')", text)
	v := p.variable()
	return fmt.Sprintf("get(filter(array(coalesce(%s, %s)), %s -> %s), 0)", p.tryCast(text, t), p.tryCast(withSeconds, t), v, ofYears(v))
}

func (s spark) zoned(p *printer, local, zone string) string {
	name := s.text(zone)
	there := func(instant string) string { return fmt.Sprintf("from_utc_timestamp(%s, %s)", instant, name) }
	return p.let(p, []string{local, fmt.Sprintf("to_utc_timestamp(%s, %s)", local, name)}, func(v []string) string {
		tests := []string{there(v[1]) + " = " + v[0]}
		for _, minutes := range []string{"20", "30", "60", "90", "120"} {
			for _, sign := range []string{"", "-"} {
				tests = append(tests, there(s.addMinutes(v[1], sign+minutes))+" <> "+v[0])
			}
		}
		return "CASE WHEN " + strings.Join(tests, " AND ") + " THEN " + v[1] + " END"
	})
}

func (s spark) literal(n *Node) string {
	switch v := n.Value.(type) {
	case int64:
		switch {
		case n.Type.Kind == schema.Timestamp:
			return "TIMESTAMP '" + timestampText(v) + "'"
		case n.Type.Kind == schema.Integer && v >= 0:
			return fmt.Sprint(v)
		}
		return fmt.Sprintf("CAST('%d' AS %s)", v, s.typeName(n.Type))
	case int32:
		return "DATE '" + dateText(v) + "'"
	case decimal128.Num:
		return fmt.Sprintf("CAST('%s' AS %s)", decimalText(v.BigInt(), int(n.Type.Scale)), s.typeName(n.Type))
	}
	return fmt.Sprintf("CAST('%s' AS DOUBLE)", literalText(n))
}

// op prints the operations that are null whenever an argument is.
func (s spark) op(p *printer, n *Node, args []string) string {
	list := strings.Join(args, ", ")
	switch n.Op {
	case OpParse:
		return p.readText(args[0], n.Type, *n.Parse)
	case OpCast:
		return s.cast(p, args[0], n.Args[0].Type, n.Type)
	case OpAdd, OpSub, OpMul, OpDiv, OpMod, OpNeg, OpAbs:
		return s.arithmetic(p, n, args)
	case OpRound, OpFloor, OpCeil:
		return s.rounding(p, n, args[0])
	case OpLike:
		return s.like(n, args)
	case OpLower:
		return "lower(" + list + ")"
	case OpUpper:
		return "upper(" + list + ")"
	case OpTrim:
		return "trim(" + list + ")"
	case OpLTrim:
		return "ltrim(" + list + ")"
	case OpRTrim:
		return "rtrim(" + list + ")"
	case OpLength:
		return "char_length(" + list + ")"
	case OpReplace:
		return "replace(" + list + ")"
	case OpConcat:
		return "concat(" + list + ")"
	case OpSHA256:
		return "sha2(CAST(" + list + " AS BINARY), 256)"
	case OpSubstr:
		return s.substr(n, args)
	case OpSplitPart:
		return s.splitPart(n, args)
	case OpRegexpLike:
		return fmt.Sprintf("regexp_like(%s, %s)", args[0], s.text(printPattern(n.Regexp.String(), `\z`)))
	case OpRegexpExtract:
		return fmt.Sprintf("nullif(regexp_extract(%s, %s, %d), '')", args[0], s.text(printPattern(n.Regexp.String(), `\z`)), n.Group)
	case OpRegexpReplace:
		return fmt.Sprintf("regexp_replace(%s, %s, %s)", args[0], s.text(printPattern(n.Regexp.String(), `\z`)), s.text(javaReplacement(n.Replacement)))
	default:
		return s.date(p, n, args)
	}
}

func (s spark) cast(p *printer, x string, from, to schema.Type) string {
	switch {
	case from == to:
		return x
	case from.Kind == schema.String:
		return p.readText(x, to, Parse{})
	case from.Kind == schema.Double && to.Kind == schema.Decimal:
		return p.tryCast("CAST("+x+" AS STRING)", to)
	case from.Kind == schema.Double && to.Kind == schema.Bigint: // 2^63 would become the largest bigint
		return "CASE WHEN round(" + x + ", 0) < CAST('9223372036854775808' AS DOUBLE) THEN " + p.tryCast("round("+x+", 0)", to) + " END"
	case from.Kind == schema.Double, from.Kind == schema.Decimal && (to.Kind == schema.Integer || to.Kind == schema.Bigint):
		return p.tryCast("round("+x+", 0)", to)
	case castFails(from, to):
		return p.tryCast(x, to)
	}
	return "CAST(" + x + " AS " + s.typeName(to) + ")"
}

// arithmetic prints sums within sums and products within products apart from
// each other by a bitwise or with 0, since Spark brings the constants of whole
// numbers together: in i + 2147483647 + (-1) nothing would overflow.
func (s spark) arithmetic(p *printer, n *Node, args []string) string {
	t := n.Type
	whole := t.Kind == schema.Integer || t.Kind == schema.Bigint
	smallest := map[schema.Kind]string{schema.Integer: "-2147483648", schema.Bigint: "-9223372036854775808"}[t.Kind]
	switch n.Op {
	case OpNeg:
		if whole {
			return fmt.Sprintf("(-nullif(%s, CAST('%s' AS %s)))", args[0], smallest, s.typeName(t))
		}
		return "(-" + args[0] + ")"
	case OpAbs:
		if whole {
			return fmt.Sprintf("abs(nullif(%s, CAST('%s' AS %s)))", args[0], smallest, s.typeName(t))
		}
		return "abs(" + args[0] + ")"
	case OpMod:
		return s.remainder(n, args)
	case OpDiv:
		return fmt.Sprintf("try_divide(%s, %s)", args[0], args[1])
	}
	if t.Kind == schema.Double || t.Kind == schema.Decimal && !failsItself(n) {
		return fmt.Sprintf("(%s %s %s)", args[0], map[Op]string{OpAdd: "+", OpSub: "-", OpMul: "*"}[n.Op], args[1])
	}
	for i, a := range n.Args {
		if whole && n.Op != OpSub && a.Op == n.Op {
			args[i] = "(" + args[i] + " | 0)"
		}
	}
	return map[Op]string{OpAdd: "try_add", OpSub: "try_subtract", OpMul: "try_multiply"}[n.Op] + "(" + args[0] + ", " + args[1] + ")"
}

func (s spark) rounding(p *printer, n *Node, x string) string {
	from, t := n.Args[0].Type, n.Type
	name := map[Op]string{OpFloor: "floor", OpCeil: "ceil"}[n.Op]
	switch {
	case n.Op != OpRound && from.Kind == schema.Double: // floor(double) is a bigint
		return fmt.Sprintf("CASE WHEN abs(%[1]s) < 9007199254740992D THEN CAST(%[2]s(%[1]s) AS DOUBLE) ELSE %[1]s END", x, name)
	case n.Op != OpRound && from == t, n.Op == OpRound && from.Exact() && n.Digits >= int(from.Scale):
		return x
	case n.Op != OpRound:
		return fmt.Sprintf("CAST(%s(%s) AS %s)", name, x, s.typeName(t))
	case from.Kind == schema.Double:
		return fmt.Sprintf("round(%s, %d)", x, n.Digits)
	}
	if wide := from.AsDecimal(); n.Digits < int(wide.Scale)-int(wide.Precision) {
		return "CAST(CASE WHEN " + x + " IS NOT NULL THEN 0 END AS " + s.typeName(t) + ")"
	}
	rounded := p.tryCast(fmt.Sprintf("round(CAST(%s AS %s), %d)", x, s.typeName(from.AsDecimal()), n.Digits), t)
	if from != schema.DecimalOf(schema.MaxPrecision, 0) {
		return rounded
	}
	// A carry into the 39th digit would fail the query.
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(schema.MaxPrecision), nil)
	half := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-n.Digits-1)), nil)
	limit.Sub(limit, half.Mul(half, big.NewInt(5)))
	return fmt.Sprintf("CASE WHEN abs(%s) < %s THEN %s END", x, p.decimalLiteral(limit.String(), schema.MaxPrecision, 0), rounded)
}

// remainder guards against zero and, for decimals, against quotients of more
// than 38 digits, which would fail the query.
func (s spark) remainder(n *Node, args []string) string {
	a, b := n.Args[0].Type, n.Args[1].Type
	value := fmt.Sprintf("(%s %% nullif(%s, CAST(0 AS %s)))", args[0], args[1], s.typeName(b))
	if n.Type.Kind != schema.Decimal || int(a.Precision)-int(a.Scale)+int(b.Scale) <= schema.MaxPrecision {
		return value
	}
	return fmt.Sprintf("CASE WHEN abs(try_divide(CAST(%s AS DOUBLE), CAST(%s AS DOUBLE))) < 1e38 THEN %s END", args[0], args[1], value)
}
