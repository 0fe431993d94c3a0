package expr

import (
	"fmt"
	resyntax "regexp/syntax"
	"strings"
	"unicode"
)

// printPattern writes a checked pattern in the common notation of RE2 and
// Java: no flags, classes as ranges of code points, letters that ignore case
// as classes, and end for the end of the text.
func printPattern(pattern, end string) string {
	tree, err := resyntax.Parse(pattern, resyntax.Perl)
	if err != nil {
		panic("expr: a pattern that was checked: " + err.Error())
	}
	r := patternPrinter{end: end}
	r.print(tree)
	return r.out.String()
}

type patternPrinter struct {
	out strings.Builder
	end string
}

func (r *patternPrinter) print(re *resyntax.Regexp) {
	switch re.Op {
	case resyntax.OpLiteral:
		for _, c := range re.Rune {
			r.literal(c, re.Flags&resyntax.FoldCase != 0)
		}
	case resyntax.OpCharClass:
		r.class(re.Rune)
	case resyntax.OpAnyCharNotNL:
		r.out.WriteString(`[^\n]`)
	case resyntax.OpAnyChar:
		r.out.WriteString(`[\x{0}-\x{10FFFF}]`)
	case resyntax.OpBeginText:
		r.out.WriteString("^")
	case resyntax.OpEndText:
		r.out.WriteString(r.end)
	case resyntax.OpCapture:
		r.group("(", re.Sub[0])
	case resyntax.OpStar, resyntax.OpPlus, resyntax.OpQuest, resyntax.OpRepeat:
		r.repeat(re)
	case resyntax.OpConcat:
		for _, sub := range re.Sub {
			if sub.Op == resyntax.OpAlternate {
				r.group("(?:", sub)
			} else {
				r.print(sub)
			}
		}
	case resyntax.OpAlternate:
		for i, sub := range re.Sub {
			if i > 0 {
				r.out.WriteByte('|')
			}
			r.print(sub)
		}
	case resyntax.OpEmptyMatch:
		r.out.WriteString("(?:)")
	default:
		panic(fmt.Sprintf("expr: a pattern that was checked holds %v", re.Op))
	}
}

func (r *patternPrinter) group(open string, re *resyntax.Regexp) {
	r.out.WriteString(open)
	r.print(re)
	r.out.WriteByte(')')
}

func (r *patternPrinter) repeat(re *resyntax.Regexp) {
	sub := re.Sub[0]
	single := sub.Op == resyntax.OpCharClass || sub.Op == resyntax.OpAnyChar || sub.Op == resyntax.OpAnyCharNotNL || sub.Op == resyntax.OpCapture ||
		sub.Op == resyntax.OpLiteral && len(sub.Rune) == 1
	if single {
		r.print(sub)
	} else {
		r.group("(?:", sub)
	}
	switch {
	case re.Op == resyntax.OpStar:
		r.out.WriteByte('*')
	case re.Op == resyntax.OpPlus:
		r.out.WriteByte('+')
	case re.Op == resyntax.OpQuest:
		r.out.WriteByte('?')
	case re.Max < 0:
		fmt.Fprintf(&r.out, "{%d,}", re.Min)
	case re.Min == re.Max:
		fmt.Fprintf(&r.out, "{%d}", re.Min)
	default:
		fmt.Fprintf(&r.out, "{%d,%d}", re.Min, re.Max)
	}
	if re.Flags&resyntax.NonGreedy != 0 {
		r.out.WriteByte('?')
	}
}

// literal prints one character, with those that differ by case if folded.
func (r *patternPrinter) literal(c rune, folded bool) {
	if !folded || unicode.SimpleFold(c) == c {
		r.char(c)
		return
	}
	r.out.WriteByte('[')
	r.char(c)
	for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
		r.char(f)
	}
	r.out.WriteByte(']')
}

// class prints pairs of first and last code points.
func (r *patternPrinter) class(ranges []rune) {
	r.out.WriteByte('[')
	if n := len(ranges); n > 2 && ranges[0] == 0 && ranges[n-1] == unicode.MaxRune {
		r.out.WriteByte('^')
		for i := 1; i+1 < n; i += 2 {
			r.span(ranges[i]+1, ranges[i+1]-1)
		}
	} else {
		for i := 0; i < n; i += 2 {
			r.span(ranges[i], ranges[i+1])
		}
	}
	r.out.WriteByte(']')
}

func (r *patternPrinter) span(first, last rune) {
	r.char(first)
	if last > first {
		if last > first+1 {
			r.out.WriteByte('-')
		}
		r.char(last)
	}
}

// char prints a character so that it stands for itself within and outside of classes.
func (r *patternPrinter) char(c rune) {
	switch {
	case c == '\n':
		r.out.WriteString(`\n`)
	case c == '\t':
		r.out.WriteString(`\t`)
	case c < ' ' || c > '~':
		fmt.Fprintf(&r.out, `\x{%X}`, c)
	case strings.ContainsRune(`\.+*?()|[]{}^$-&~#`, c):
		r.out.WriteByte('\\')
		r.out.WriteRune(c)
	default:
		r.out.WriteRune(c)
	}
}
