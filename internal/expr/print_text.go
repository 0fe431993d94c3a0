package expr

import (
	"fmt"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/schema"
)

// The patterns of texts that are values (SEMANTICS section 2). The printers
// cut a text out with them before the engine reads it, since engines read
// more: 1_000, 0x1F, 1e5 as integers, dates without zeros.
const (
	yearPattern   = `(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])`
	dayPattern    = yearPattern + `-[0-9]{2}-[0-9]{2}`
	hourPattern   = `(?:[01][0-9]|2[0-3]):[0-5][0-9]`
	secondPattern = `:[0-5][0-9](?:\.[0-9]{1,6})?`
	offsetPattern = `Z|[+-](?:(?:0[0-9]|1[0-7])(?::?[0-5][0-9])?|18(?::?00)?)`
	timePattern   = `(` + dayPattern + `[T ]` + hourPattern + `(?:` + secondPattern + `)?(?:` + offsetPattern + `)?)`
	doublePattern = `[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?`
	nanPattern    = `[+-]?(?:[nN][aA][nN]|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)`
)

// cut prints the part of a text that a group of a pattern matches; the pattern
// must match all but blanks and tabs around it. Without a match it prints ”.
func (p *printer) cut(value, pattern string, group int) string {
	return fmt.Sprintf("regexp_extract(%s, %s, %d)", value, p.pattern(`^[ \t]*`+pattern+`[ \t]*$`), group)
}

// readText prints how text becomes a value of type t.
func (p *printer) readText(value string, t schema.Type, parse Parse) string {
	switch t.Kind {
	case schema.String:
		return "nullif(" + value + ", '')"
	case schema.Boolean:
		return "CASE lower(trim(BOTH ' ' FROM " + p.trimTabs(value) + ")) WHEN 'true' THEN TRUE WHEN 't' THEN TRUE WHEN 'yes' THEN TRUE WHEN '1' THEN TRUE" +
			" WHEN 'false' THEN FALSE WHEN 'f' THEN FALSE WHEN 'no' THEN FALSE WHEN '0' THEN FALSE END"
	case schema.Integer, schema.Bigint:
		return p.tryCast(p.cut(value, `([+-]?[0-9]+)`, 1), t)
	case schema.Decimal:
		return p.tryCast(p.cut(value, decimalPattern(int(t.Scale)), 1), t)
	case schema.Double:
		return p.readDouble(value, parse.AllowNaN)
	case schema.Date:
		return p.anyFormat(value, t, parse.Formats, func(text string) string { return p.tryCast(p.cut(text, `(`+dayPattern+`)`, 1), t) })
	default:
		return p.anyFormat(value, t, parse.Formats, func(text string) string { return p.readTimestamp(text, parse.Location) })
	}
}

func (p *printer) tryCast(value string, t schema.Type) string {
	return "TRY_CAST(" + value + " AS " + p.typeName(t) + ")"
}

// decimalPattern takes digits beyond the scale only if they are zeros.
func decimalPattern(scale int) string {
	if scale == 0 {
		return `([+-]?(?:[0-9]+(?:\.0*)?|\.0+))`
	}
	return fmt.Sprintf(`([+-]?(?:[0-9]+(?:\.[0-9]{0,%d}0*)?|\.[0-9]{1,%d}0*))`, scale, scale)
}

// readDouble refuses numbers beyond the largest double, which engines read as infinity.
func (p *printer) readDouble(value string, allowNaN bool) string {
	double := schema.T(schema.Double)
	number := p.tryCast(p.cut(value, `(`+doublePattern+`)`, 1), double)
	number = fmt.Sprintf("nullif(nullif(%s, CAST('Infinity' AS DOUBLE)), CAST('-Infinity' AS DOUBLE))", number)
	if !allowNaN {
		return number
	}
	word := "lower(" + p.cut(value, `(`+nanPattern+`)`, 1) + ")"
	return fmt.Sprintf("coalesce(%s, CASE %s WHEN '' THEN NULL WHEN 'nan' THEN CAST('NaN' AS DOUBLE) WHEN '+nan' THEN CAST('NaN' AS DOUBLE) WHEN '-nan' THEN CAST('NaN' AS DOUBLE)"+
		" WHEN '-inf' THEN CAST('-Infinity' AS DOUBLE) WHEN '-infinity' THEN CAST('-Infinity' AS DOUBLE) ELSE CAST('Infinity' AS DOUBLE) END)", number, word)
}

// anyFormat prints the first reading by the formats that is not null; without
// formats it reads the text itself.
func (p *printer) anyFormat(value string, t schema.Type, formats []string, read func(text string) string) string {
	if len(formats) == 0 {
		return read(value)
	}
	tries := make([]string, len(formats))
	for i, format := range formats {
		tries[i] = read(p.standardText(value, format, t))
	}
	if len(tries) == 1 {
		return tries[0]
	}
	return "coalesce(" + strings.Join(tries, ", ") + ")"
}

// readTimestamp prints how a text in the standard layout becomes a timestamp.
func (p *printer) readTimestamp(text string, zone *time.Location) string {
	text = p.cut(text, timePattern, 1)
	if zone == nil || zone == time.UTC {
		return p.instant(p, text)
	}
	return p.composeTimestamp(text, zone)
}

// composeTimestamp prints a timestamp of the parts of what timePattern cuts out.
func (p *printer) composeTimestamp(text string, zone *time.Location) string {
	return p.let(p, []string{text}, func(v []string) string {
		find := func(pattern string) string { return fmt.Sprintf("regexp_extract(%s, %s, 1)", v[0], p.pattern(pattern)) }
		local := fmt.Sprintf("substr(%[1]s, 1, 10) || ' ' || substr(%[1]s, 12, 5) || coalesce(nullif(%[2]s, ''), ':00')", v[0], find(`:[0-9]{2}(:[0-9.]+)`))
		offset := find(`(Z|[+-][0-9:]+)$`)
		return p.let(p, []string{p.tryCast(local, schema.T(schema.Timestamp)), offset}, func(v []string) string {
			shifted := p.addMinutes(v[0], "-("+p.offsetMinutes(v[1])+")")
			unsaid := v[0]
			if zone != time.UTC {
				unsaid = p.zoned(p, v[0], zone.String())
			}
			return p.withinYears("CASE " + v[1] + " WHEN '' THEN " + unsaid + " WHEN 'Z' THEN " + v[0] + " ELSE " + shifted + " END")
		})
	})
}

// offsetMinutes prints the minutes of an offset such as +01, +0130 or +01:30.
func (p *printer) offsetMinutes(offset string) string {
	number := func(text string) string { return p.tryCast(text, schema.T(schema.Integer)) }
	return fmt.Sprintf("CASE WHEN substr(%[1]s, 1, 1) = '-' THEN -1 ELSE 1 END * (%[2]s * 60 + coalesce(%[3]s, 0))",
		offset, number("substr("+offset+", 2, 2)"), number("replace(substr("+offset+", 4), ':', '')"))
}

// withinYears prints a timestamp that is null outside of the years 0001 to 9999.
func (p *printer) withinYears(at string) string {
	return p.let(p, []string{at}, func(v []string) string {
		return fmt.Sprintf("CASE WHEN %s THEN %s END", ofYears(v[0]), v[0])
	})
}

// ofYears prints the condition that a timestamp is of the years 0001 to 9999.
func ofYears(at string) string {
	return at + " BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
}

// backslashed writes a pattern of like with the backslash as its escape
// character, which both engines take, unlike others beyond ASCII.
func backslashed(pattern string, escape rune) string {
	var out strings.Builder
	open := false
	for _, c := range pattern {
		switch {
		case !open && escape != 0 && c == escape:
			open = true
			continue
		case c == '\\' || open && (c == '%' || c == '_'):
			out.WriteByte('\\')
		}
		out.WriteRune(c)
		open = false
	}
	return out.String()
}
