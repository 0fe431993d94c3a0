package expr

import (
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
)

// duckdb prints for DuckDB 1.5, in UTC. It is exact but for these:
//
//   - decimal + - % of operands that do not fit into 38 digits once they have
//     the result's scale, and decimal / whose dividend does not fit into 128
//     bits once it is scaled, are null;
//   - a cast from double to a decimal of 37 or 38 decimal places may be null;
//   - letters whose case mapping Unicode has changed since the engine was
//     built, and ß, are mapped by the engine's tables;
//   - an overlap of local time is noticed if the clock went back by 20, 30, 60,
//     90 or 120 minutes.
type duckdb struct{}

func (duckdb) quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (duckdb) text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (duckdb) typeName(t schema.Type) string { return t.DuckDB() }

func (d duckdb) pattern(re string) string { return d.text(re) }

func (duckdb) divide(a, b string) string { return "(" + a + " // " + b + ")" }

func (duckdb) addMinutes(at, minutes string) string {
	return "(" + at + " + to_minutes(" + minutes + "))"
}

// let gives names to values that a body uses several times: a lambda over a
// list of one struct.
func (d duckdb) let(p *printer, values []string, body func(names []string) string) string {
	v := p.variable()
	fields, names := make([]string, len(values)), make([]string, len(values))
	for i, value := range values {
		fields[i] = fmt.Sprintf("a%d: %s", i, value)
		names[i] = fmt.Sprintf("%s.a%d", v, i)
	}
	return fmt.Sprintf("list_transform([{%s}], lambda %s: %s)[1]", strings.Join(fields, ", "), v, body(names))
}

func (duckdb) instant(p *printer, text string) string { return p.composeTimestamp(text, time.UTC) }

func (d duckdb) zoned(p *printer, local, zone string) string {
	name := d.text(zone)
	there := func(instant string) string { return fmt.Sprintf("timezone(%s, timezone('UTC', %s))", name, instant) }
	return p.let(p, []string{local, fmt.Sprintf("timezone('UTC', timezone(%s, %s))", name, local)}, func(v []string) string {
		tests := []string{there(v[1]) + " = " + v[0]}
		for _, minutes := range []string{"20", "30", "60", "90", "120"} {
			for _, sign := range []string{"+", "-"} {
				tests = append(tests, there("("+v[1]+" "+sign+" to_minutes("+minutes+"))")+" <> "+v[0])
			}
		}
		return "CASE WHEN " + strings.Join(tests, " AND ") + " THEN " + v[1] + " END"
	})
}

func (d duckdb) literal(n *Node) string {
	switch v := n.Value.(type) {
	case int64:
		if n.Type.Kind == schema.Timestamp {
			return "TIMESTAMP '" + timestampText(v) + "'"
		}
		if n.Type.Kind == schema.Integer && v >= 0 {
			return fmt.Sprint(v)
		}
		return fmt.Sprintf("CAST(%d AS %s)", v, d.typeName(n.Type))
	case int32:
		return "DATE '" + dateText(v) + "'"
	case decimal128.Num:
		return fmt.Sprintf("CAST('%s' AS %s)", decimalText(v.BigInt(), int(n.Type.Scale)), d.typeName(n.Type))
	}
	return fmt.Sprintf("CAST('%s' AS DOUBLE)", literalText(n))
}

func dateText(days int32) string {
	return time.Unix(int64(days)*24*60*60, 0).UTC().Format(time.DateOnly)
}

func timestampText(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02 15:04:05.999999")
}

// op prints the operations that are null whenever an argument is.
func (d duckdb) op(p *printer, n *Node, args []string) string {
	list := strings.Join(args, ", ")
	switch n.Op {
	case OpParse:
		return p.readText(args[0], n.Type, *n.Parse)
	case OpCast:
		return d.cast(p, args[0], n.Args[0].Type, n.Type)
	case OpAdd, OpSub, OpMul, OpDiv, OpMod, OpNeg, OpAbs:
		return d.arithmetic(p, n, args)
	case OpRound, OpFloor, OpCeil:
		return d.rounding(p, n, args[0])
	case OpLike:
		if n.Escape != 0 {
			pattern, _ := literalString(n.Args[1])
			return fmt.Sprintf("(%s LIKE %s ESCAPE '\\')", args[0], d.text(backslashed(pattern, n.Escape)))
		}
		return fmt.Sprintf("(%s LIKE %s)", args[0], args[1])
	case OpTrim, OpLTrim, OpRTrim:
		return map[Op]string{OpTrim: "trim(", OpLTrim: "ltrim(", OpRTrim: "rtrim("}[n.Op] + args[0] + ", ' ')"
	case OpLower:
		return "lower(" + list + ")"
	case OpUpper:
		return "upper(" + list + ")"
	case OpLength:
		return "CAST(length(" + list + ") AS INTEGER)"
	case OpReplace:
		return "replace(" + list + ")"
	case OpConcat:
		return "(" + strings.Join(args, " || ") + ")"
	case OpSHA256:
		return "sha256(" + list + ")"
	case OpSubstr:
		return d.substr(p, n, args)
	case OpSplitPart:
		return d.splitPart(p, n, args)
	case OpRegexpLike:
		return fmt.Sprintf("regexp_matches(%s, %s)", args[0], d.text(printPattern(n.Regexp.String(), "$")))
	case OpRegexpExtract:
		return fmt.Sprintf("nullif(regexp_extract(%s, %s, %d), '')", args[0], d.text(printPattern(n.Regexp.String(), "$")), n.Group)
	case OpRegexpReplace:
		return fmt.Sprintf("regexp_replace(%s, %s, %s, 'g')", args[0], d.text(printPattern(n.Regexp.String(), "$")), d.text(re2Replacement(n.Replacement)))
	default:
		return d.date(p, n, args)
	}
}

// re2Replacement turns ${1} and $$ into \1 and $.
func re2Replacement(replacement string) string {
	return expandReplacement(replacement, func(group byte) string { return `\` + string(group) }, func(c rune) string {
		if c == '\\' {
			return `\\`
		}
		return string(c)
	})
}

// expandReplacement rewrites a replacement as the binder leaves it.
func expandReplacement(s string, group func(byte) string, char func(rune) string) string {
	var out strings.Builder
	for len(s) > 0 {
		c, n := utf8.DecodeRuneInString(s)
		switch {
		case strings.HasPrefix(s, "${"):
			out.WriteString(group(s[2]))
			n = len("${0}")
		case strings.HasPrefix(s, "$$"):
			out.WriteString(char('$'))
			n = len("$$")
		default:
			out.WriteString(char(c))
		}
		s = s[n:]
	}
	return out.String()
}

func (d duckdb) cast(p *printer, x string, from, to schema.Type) string {
	switch {
	case from == to:
		return x
	case from.Kind == schema.String:
		return p.readText(x, to, Parse{})
	case from.Kind == schema.Decimal && to.Kind == schema.String && from.Precision == from.Scale:
		return "regexp_replace(CAST(" + x + ` AS VARCHAR), '^(-?)\.', '\10.')` // .05
	case from.Kind == schema.Double && to.Kind == schema.Decimal:
		// The engine takes texts such as 9.2e-7 for one unit of the last place above them.
		return p.let(p, []string{x}, func(v []string) string {
			return fmt.Sprintf("CASE WHEN abs(%s) < 5e-%d THEN CAST(0 AS %s) ELSE %s END", v[0], int(to.Scale)+1, d.typeName(to), p.tryCast("CAST("+v[0]+" AS VARCHAR)", to))
		})
	case from.Kind == schema.Double:
		return p.tryCast("round("+x+")", to)
	case from.Kind == schema.Decimal && to.Kind == schema.Double && from.Precision > 15:
		return "CAST(CAST(" + x + " AS VARCHAR) AS DOUBLE)"
	case castFails(from, to):
		return p.tryCast(x, to)
	}
	return "CAST(" + x + " AS " + d.typeName(to) + ")"
}

func (d duckdb) arithmetic(p *printer, n *Node, args []string) string {
	switch n.Op {
	case OpNeg, OpAbs:
		value := "abs(" + args[0] + ")"
		if n.Op == OpNeg {
			value = "(-" + args[0] + ")"
		}
		if fallible(n) {
			return "TRY(" + value + ")"
		}
		return value
	}
	symbol := map[Op]string{OpAdd: "+", OpSub: "-", OpMul: "*", OpDiv: "/", OpMod: "%"}[n.Op]
	divides := n.Op == OpDiv || n.Op == OpMod
	switch {
	case n.Type.Kind == schema.Decimal:
		return d.decimalArithmetic(p, n, args, symbol)
	case n.Type.Kind == schema.Double && divides:
		return fmt.Sprintf("(%s %s nullif(%s, 0))", args[0], symbol, args[1])
	case n.Type.Kind == schema.Double:
		return fmt.Sprintf("(%s %s %s)", args[0], symbol, args[1])
	case n.Op == OpMod: // the smallest number % -1 overflows
		return fmt.Sprintf("CAST(CAST(%s AS HUGEINT) %% nullif(%s, 0) AS %s)", args[0], args[1], d.typeName(n.Type))
	}
	return fmt.Sprintf("TRY(%s %s %s)", args[0], symbol, args[1])
}

func (d duckdb) decimalArithmetic(p *printer, n *Node, args []string, symbol string) string {
	a, b, t := n.Args[0].Type, n.Args[1].Type, n.Type
	switch n.Op {
	case OpDiv:
		return d.decimalDivision(p, [2]string{d.unscaled(p, args[0], a), d.unscaled(p, args[1], b)}, int(t.Scale)+int(b.Scale)-int(a.Scale), t)
	case OpMul:
		return p.tryCast(fmt.Sprintf("TRY(%s * %s)", p.decimalAs(args[0], a, wideDecimal(a)), args[1]), t)
	case OpMod:
		wide := schema.DecimalOf(schema.MaxPrecision, int(t.Scale))
		return p.tryCast(fmt.Sprintf("(%s %% nullif(%s, 0))", p.tryCast(args[0], wide), p.tryCast(args[1], wide)), t)
	}
	return p.tryCast(fmt.Sprintf("TRY(%s %s %s)", p.tryCast(args[0], t), symbol, p.tryCast(args[1], t)), t)
}

// wideDecimal is a decimal that the engine keeps in 128 bits: it multiplies
// narrower ones in 64 bits and fails where these overflow.
func wideDecimal(t schema.Type) schema.Type {
	return schema.DecimalOf(max(int(t.Precision), 19), int(t.Scale))
}

// unscaled prints the digits of a decimal as a HUGEINT.
func (d duckdb) unscaled(p *printer, x string, t schema.Type) string {
	switch scale := int(t.Scale); {
	case scale == 0:
		return "CAST(" + x + " AS HUGEINT)"
	case int(wideDecimal(t).Precision)+scale <= schema.MaxPrecision:
		return fmt.Sprintf("CAST(%s * CAST('%s' AS DECIMAL(%d,0)) AS HUGEINT)", p.decimalAs(x, t, wideDecimal(t)), tenTo(scale), scale+1)
	}
	return "CAST(replace(CAST(" + x + " AS VARCHAR), '.', '') AS HUGEINT)"
}

// decimalDivision prints operands[0] * 10^shift / operands[1] as unscaled
// digits of type t, rounded half away from zero.
func (d duckdb) decimalDivision(p *printer, operands [2]string, shift int, t schema.Type) string {
	dividend := operands[0]
	if shift > 0 {
		dividend = fmt.Sprintf("TRY(%s * CAST('%s' AS HUGEINT))", dividend, tenTo(shift))
	}
	quotient := p.let(p, []string{dividend, "nullif(" + operands[1] + ", 0)"}, func(v []string) string {
		a, b := v[0], v[1]
		up := fmt.Sprintf("CASE WHEN (%s < 0) = (%s < 0) THEN 1 ELSE -1 END", a, b)
		return fmt.Sprintf("%s // %s + CASE WHEN abs(%s %% %s) >= abs(%s) - abs(%s %% %s) THEN %s ELSE 0 END", a, b, a, b, b, a, b, up)
	})
	return p.tryCast(d.scaled(quotient, int(t.Scale)), t)
}

// scaled prints a HUGEINT as the digits of a decimal.
func (d duckdb) scaled(digits string, scale int) string {
	whole := "TRY_CAST(" + digits + " AS DECIMAL(38,0))"
	if scale == 0 {
		return whole
	}
	return fmt.Sprintf("TRY(%s * CAST('%s' AS DECIMAL(%d,%d)))", whole, decimalText(big.NewInt(1), scale), scale, scale)
}

func tenTo(n int) string { return "1" + strings.Repeat("0", n) }

func (d duckdb) rounding(p *printer, n *Node, x string) string {
	from, t := n.Args[0].Type, n.Type
	switch {
	case n.Op != OpRound && from.Kind == schema.Double:
		return map[Op]string{OpFloor: "floor(", OpCeil: "ceil("}[n.Op] + x + ")"
	case n.Op != OpRound && from == t, n.Op == OpRound && from.Exact() && n.Digits >= int(from.Scale):
		return x
	case n.Op != OpRound:
		return "CAST(" + map[Op]string{OpFloor: "floor(", OpCeil: "ceil("}[n.Op] + x + ") AS " + d.typeName(t) + ")"
	case from.Kind == schema.Double:
		return d.roundDouble(p, n.Digits, x)
	case n.Digits >= 0:
		return p.tryCast(x, t)
	}
	return d.roundWhole(p, n, x)
}

// roundWhole rounds exact numbers to tens, hundreds, ...
func (d duckdb) roundWhole(p *printer, n *Node, x string) string {
	from, m := n.Args[0].Type.AsDecimal(), -n.Digits
	if m > int(from.Precision)-int(from.Scale) {
		return "CAST(CASE WHEN " + x + " IS NOT NULL THEN 0 END AS " + d.typeName(n.Type) + ")"
	}
	if m == schema.MaxPrecision { // one such step does not fit
		return fmt.Sprintf("CAST(CASE WHEN abs(%s) < CAST('5%s' AS DECIMAL(38,0)) THEN 0 END AS %s)", x, tenTo(m - 1)[1:], d.typeName(n.Type))
	}
	tenth := fmt.Sprintf("CAST(%s AS %s) * CAST('%s' AS DECIMAL(%d,%d))", x, d.typeName(wideDecimal(from)), decimalText(big.NewInt(1), m), m, m)
	rounded := fmt.Sprintf("CAST(%s AS DECIMAL(38,0))", tenth)
	return p.tryCast(fmt.Sprintf("TRY(%s * CAST('%s' AS DECIMAL(%d,0)))", rounded, tenTo(m), m+1), n.Type)
}

// roundDouble rounds the shortest text of a double, as a whole number of 17
// digits at most, by changing its exponent.
func (d duckdb) roundDouble(p *printer, digits int, x string) string {
	return p.let(p, []string{x, "CAST(" + x + " AS VARCHAR)"}, func(v []string) string {
		exponent := fmt.Sprintf("(coalesce(TRY_CAST(split_part(%s, 'e', 2) AS INTEGER), 0) + %d)", v[1], digits)
		moved := fmt.Sprintf("CAST(split_part(%s, 'e', 1) || 'e' || %s AS DECIMAL(38,0))", v[1], exponent)
		return fmt.Sprintf("CASE WHEN abs(%s) < 5e%d THEN CAST(0 AS DOUBLE) WHEN abs(%s) < 1e%d THEN CAST(CAST(%s AS VARCHAR) || 'e%d' AS DOUBLE) ELSE %s END",
			v[0], -digits-1, v[0], 17-digits, moved, -digits, v[0])
	})
}
