package render

import (
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"

	"github.com/lakectl/lakectl/internal/schema"
)

// Field is a field of a document beside its rows.
type Field struct {
	Name  string
	Value any // as encoding/json takes it
}

// DocumentOptions say what a document of JSON has beside its rows.
type DocumentOptions struct {
	// Before stands before the rows.
	Before []Field
	// After, if set, is called when all rows are written, and stands after them.
	After func() []Field
}

// NewDocument is New for JSON: one object whose field "rows" is a list of
// objects, one a line. It fails if a value of Before has no JSON.
func NewDocument(w io.Writer, columns []schema.Column, o DocumentOptions) (Writer, error) {
	begin := []byte("{")
	for _, f := range o.Before {
		var err error
		if begin, err = f.append(begin); err != nil {
			return nil, err
		}
		begin = append(begin, ", "...)
	}
	l := ndjsonLayout(columns)
	l.begin, l.first, l.between, l.after = append(begin, "\"rows\": ["...), []byte("\n  "), []byte(",\n  "), []byte("}")
	l.complete = func(dst []byte, rows int64) ([]byte, error) {
		if rows > 0 {
			dst = append(dst, '\n')
		}
		dst = append(dst, ']')
		if o.After != nil {
			for _, f := range o.After() {
				var err error
				if dst, err = f.append(append(dst, ", "...)); err != nil {
					return nil, err
				}
			}
		}
		return append(dst, "}\n"...), nil
	}
	return newRows(w, columns, l), nil
}

func (f Field) append(dst []byte) ([]byte, error) {
	var value bytes.Buffer
	e := json.NewEncoder(&value)
	e.SetEscapeHTML(false)
	if err := e.Encode(f.Value); err != nil {
		return nil, err
	}
	return append(append(appendJSON(dst, f.Name), ": "...), bytes.TrimSuffix(value.Bytes(), []byte("\n"))...), nil
}

// ndjsonLayout is one object a line.
func ndjsonLayout(columns []schema.Column) layout {
	l := layout{after: []byte("}\n"), style: style{null: "null", text: appendJSON, quoted: true}}
	for i, name := range uniqueNames(columns) {
		before := "{"
		if i > 0 {
			before = ", "
		}
		l.before = append(l.before, append(appendJSON([]byte(before), name), ": "...))
	}
	return l
}

const hex = "0123456789abcdef"

// appendJSON appends a text as JSON. Control characters are escaped, also those
// that JSON would allow but terminals obey (U+007F to U+009F), and so are the
// separators U+2028 and U+2029, which are ends of lines to JavaScript.
func appendJSON(dst []byte, text string) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
			if wrong := r == utf8.RuneError && size == 1; !wrong && r > 0x9f && r != '\u2028' && r != '\u2029' {
				i += size
				continue
			}
		}
		dst = appendEscape(append(dst, text[done:i]...), r)
		i += size
		done = i
	}
	return append(append(dst, text[done:]...), '"')
}

// appendEscape appends a character below U+10000 that cannot stand for itself.
func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	case utf8.RuneError:
		return utf8.AppendRune(dst, r)
	}
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
