package render

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lakectl/lakectl/internal/schema"
)

// markdownLayout is a table as GitHub's Markdown has it. Null is in italics,
// which no text of a value can be.
func markdownLayout(columns []schema.Column) layout {
	l := layout{after: []byte(" |\n"), style: style{null: "*null*", text: appendMarkdown}}
	var rule []byte
	for i, c := range columns {
		before := " | "
		if i == 0 {
			before = "| "
		}
		l.before = append(l.before, []byte(before))
		l.begin = appendMarkdown(append(l.begin, before...), c.Name)
		line := "---"
		if c.Type.Numeric() {
			line = "---:"
		}
		rule = append(append(rule, before...), line...)
	}
	l.begin = append(append(append(l.begin, l.after...), rule...), l.after...)
	return l
}

// appendMarkdown appends a text so that it is shown as it is: in one cell, with
// nothing in it that Markdown or HTML would take for theirs. Ends of lines stay
// such; other control characters have no look and become U+FFFD.
func appendMarkdown(dst []byte, text string) []byte {
	before := ' '
	for i, r := range text {
		switch {
		case r == '\n' && before == '\r': // the end of this line is written
		case r == '\n', r == '\r', r == '\u2028', r == '\u2029':
			dst = append(dst, "<br>"...)
		case r == '\t':
			dst = append(dst, ' ')
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '&':
			dst = append(dst, "&amp;"...)
		case strings.ContainsRune("\\|`*[]~$", r), r == '_' && !within(text, i, before):
			dst = append(dst, '\\', byte(r))
		case unicode.IsControl(r):
			dst = utf8.AppendRune(dst, utf8.RuneError)
		default:
			dst = utf8.AppendRune(dst, r)
		}
		before = r
	}
	return dst
}

// within says whether the line at i stands within a word, where it means nothing
// to Markdown.
func within(text string, i int, before rune) bool {
	after, _ := utf8.DecodeRuneInString(text[i+1:])
	word := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	return i > 0 && word(before) && word(after)
}
