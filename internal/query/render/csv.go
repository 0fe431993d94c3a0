package render

import (
	"strings"
	"unicode/utf8"

	"github.com/lakectl/lakectl/internal/schema"
)

// csvLayout is CSV as RFC 4180 has it, with lines that end as those of Unix do.
// A row of one column that is null is an empty line.
func csvLayout(columns []schema.Column) layout {
	l := layout{after: []byte("\n"), style: style{text: appendCSV}}
	for i, c := range columns {
		var comma []byte
		if i > 0 {
			comma = []byte(",")
		}
		l.before = append(l.before, comma)
		l.begin = appendCSV(append(l.begin, comma...), c.Name)
	}
	l.begin = append(l.begin, '\n')
	return l
}

// appendCSV appends a text as a field, in quotes where it needs them, and if it
// is empty.
func appendCSV(dst []byte, text string) []byte {
	if !inQuotes(text) {
		return appendValid(dst, text)
	}
	dst = append(dst, '"')
	for {
		at := strings.IndexByte(text, '"')
		if at < 0 {
			break
		}
		dst = append(appendValid(dst, text[:at]), `""`...)
		text = text[at+1:]
	}
	return append(appendValid(dst, text), '"')
}

// inQuotes says whether a field needs quotes. Blanks at the ends need none by the
// RFC, but there are readers that trim them. A byte order mark at the start of a
// field would be taken for that of the file.
func inQuotes(text string) bool {
	if text == "" || text[0] == ' ' || text[len(text)-1] == ' ' || strings.HasPrefix(text, "\ufeff") {
		return true
	}
	for i := range len(text) {
		if c := text[i]; c <= ',' && (c == ',' || c == '"' || c < ' ') {
			return true
		}
	}
	return false
}

// appendValid appends a text with U+FFFD for each byte that is not UTF-8.
func appendValid(dst []byte, text string) []byte {
	if utf8.ValidString(text) {
		return append(dst, text...)
	}
	for _, r := range text {
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}
