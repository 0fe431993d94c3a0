package expr

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/schema"
)

// layoutPart is a run of a letter of a format, or literal text if letter is 0.
type layoutPart struct {
	letter  byte
	count   int
	literal string
}

// layoutParts cuts up a format, whose letters vec.CompileLayout describes and
// package project has checked.
func layoutParts(format string) []layoutPart {
	var parts []layoutPart
	for i := 0; i < len(format); {
		c := format[i]
		n := 1
		switch {
		case c == '\'':
			text := ""
			text, n = quotedPart(format[i:])
			parts = append(parts, layoutPart{literal: text})
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			for i+n < len(format) && format[i+n] == c {
				n++
			}
			parts = append(parts, layoutPart{letter: c, count: n})
		default:
			parts = append(parts, layoutPart{literal: format[i : i+1]})
		}
		i += n
	}
	return parts
}

// quotedPart returns the text in quotes at the start of s, and the length of both.
func quotedPart(s string) (text string, n int) {
	if strings.HasPrefix(s, "''") {
		return "'", 2
	}
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '\'':
			text += s[i : i+1]
		case i+1 < len(s) && s[i+1] == '\'':
			text += "'"
			i++
		default:
			return text, i + 1
		}
	}
	return text, len(s)
}

var monthNames = [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

// partPattern returns the pattern of what a part takes.
func partPattern(part layoutPart) string {
	two := func(one, both string) string {
		if part.count == 1 {
			return one
		}
		return both
	}
	switch part.letter {
	case 'y':
		return fmt.Sprintf("[0-9]{%d}", part.count)
	case 'M':
		if part.count > 2 {
			return monthPattern(part.count == 4)
		}
		return two("[0-9]{1,2}", "[0-9]{2}")
	case 'd':
		return two("[0-9]{1,2}", "[0-9]{2}")
	case 'H':
		return two("2[0-3]|[01]?[0-9]", "2[0-3]|[01][0-9]")
	case 'h':
		return two("1[0-2]|0?[1-9]", "1[0-2]|0[1-9]")
	case 'm', 's':
		return two("[0-5]?[0-9]", "[0-5][0-9]")
	case 'a':
		return "[aApP][mM]"
	case 'S':
		return fmt.Sprintf("[0-9]{1,%d}", part.count)
	}
	return zonePattern(part)
}

func zonePattern(part layoutPart) string {
	hours, zulu := "(?:0[0-9]|1[0-7])", "Z|"
	if part.letter != 'X' {
		zulu = ""
	}
	count := part.count
	if part.letter == 'Z' {
		count = 2
	}
	switch count {
	case 1:
		return zulu + "[+-](?:" + hours + "(?:[0-5][0-9])?|18(?:00)?)"
	case 2:
		return zulu + "[+-](?:" + hours + "[0-5][0-9]|1800)"
	default:
		return zulu + "[+-](?:" + hours + ":[0-5][0-9]|18:00)"
	}
}

// monthPattern takes names of months in any case.
func monthPattern(full bool) string {
	names := make([]string, len(monthNames))
	for i, name := range monthNames {
		if !full {
			name = name[:3]
		}
		for _, c := range name {
			names[i] += fmt.Sprintf("[%c%c]", c-0x20, c)
		}
	}
	return strings.Join(names, "|")
}

// standardText prints a text in a format of a date or timestamp as one in the
// standard layout, or null where it does not match.
func (p *printer) standardText(value, format string, t schema.Type) string {
	parts := layoutParts(format)
	var pattern strings.Builder
	groups := make(map[byte]int)
	byLetter := make(map[byte]layoutPart)
	for _, part := range parts {
		if part.letter == 0 {
			for _, c := range part.literal {
				pp := patternPrinter{}
				pp.char(c)
				pattern.WriteString(pp.out.String())
			}
			continue
		}
		letter := part.letter
		if letter == 'x' || letter == 'Z' {
			letter = 'X'
		}
		groups[letter] = len(groups) + 1
		byLetter[letter] = part
		pattern.WriteString("(" + partPattern(part) + ")")
	}
	return p.let(p, []string{value}, func(v []string) string {
		cut := func(letter byte) string { return p.cut(v[0], pattern.String(), groups[letter]) }
		joined := p.joinParts(cut, byLetter)
		if t.Kind == schema.Timestamp && groups['H'] == 0 && groups['h'] == 0 {
			joined += " || ' 00:00'"
		}
		return joined
	})
}

// joinParts prints the standard text of the parts that cut prints.
func (p *printer) joinParts(cut func(letter byte) string, parts map[byte]layoutPart) string {
	number := func(text string) string { return p.tryCast(text, schema.T(schema.Integer)) }
	digits := func(value string) string {
		return "lpad(CAST(" + value + " AS " + p.typeName(schema.T(schema.String)) + "), 2, '0')"
	}
	year := "nullif(" + cut('y') + ", '')"
	if parts['y'].count == 2 {
		year = "'20' || " + year
	}
	month := "lpad(" + cut('M') + ", 2, '0')"
	if parts['M'].count > 2 {
		at := "instr('janfebmaraprmayjunjulaugsepoctnovdec', lower(substr(" + cut('M') + ", 1, 3)))"
		month = digits(p.divide("("+at+" + 2)", "3"))
	}
	out := year + " || '-' || " + month + " || '-' || lpad(" + cut('d') + ", 2, '0')"
	switch {
	case parts['H'].count > 0:
		out += " || ' ' || lpad(" + cut('H') + ", 2, '0')"
	case parts['h'].count > 0:
		out += " || ' ' || " + digits("("+number(cut('h'))+" % 12 + CASE lower("+cut('a')+") WHEN 'pm' THEN 12 ELSE 0 END)")
	default:
		return out
	}
	for _, letter := range []byte{'m', 's'} {
		if parts[letter].count == 0 {
			out += " || ':00'"
		} else {
			out += " || ':' || lpad(" + cut(letter) + ", 2, '0')"
		}
	}
	if parts['S'].count > 0 {
		out += " || '.' || " + cut('S')
	}
	if parts['X'].count > 0 {
		out += " || " + cut('X')
	}
	return out
}
