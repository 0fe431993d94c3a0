package queries

import (
	"slices"
	"strings"
)

// Layers are those that a query may speak of: ${bronze} and so on.
var Layers = []string{"bronze", "silver", "gold"}

// tokenKind says what a piece of SQL is, as far as it matters here.
type tokenKind int

const (
	other tokenKind = iota
	comment
	parameterUse // :name
	layerUse     // ${name}
	semicolon
	unclosed // a text, name or comment that does not end
)

// token is a piece of SQL: its place, and the name of a parameter or layer.
type token struct {
	kind    tokenKind
	at, end int
	text    string
}

// scan finds the parameters and layers in a query, outside of texts, quoted
// names and comments. Blanks are left out.
func scan(sql string) []token {
	var list []token
	for i := 0; i < len(sql); {
		t := next(sql, i)
		if t.kind != other || strings.TrimSpace(sql[t.at:t.end]) != "" {
			list = append(list, t)
		}
		i = t.end
	}
	return list
}

// next returns the token at a place; it is never empty.
func next(sql string, i int) token {
	rest := sql[i:]
	upTo := func(end string, skip int, what string) token {
		if n := strings.Index(rest[skip:], end); n >= 0 {
			return token{kind: other, at: i, end: i + skip + n + len(end)}
		}
		return token{kind: unclosed, at: i, end: len(sql), text: what + " does not end"}
	}
	switch {
	case strings.HasPrefix(rest, "--"):
		end := strings.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest)
		}
		return token{kind: comment, at: i, end: i + end}
	case strings.HasPrefix(rest, "/*"):
		t := upTo("*/", 2, "the comment")
		if t.kind == other {
			t.kind = comment
		}
		return t
	case rest[0] == '\'':
		return upTo("'", 1, "the text") // a doubled quote begins another
	case rest[0] == '"':
		return upTo(`"`, 1, "the quoted name")
	case rest[0] == ';':
		return token{kind: semicolon, at: i, end: i + 1}
	case strings.HasPrefix(rest, "${"):
		t := upTo("}", 2, "${")
		if t.kind == other {
			t.kind, t.text = layerUse, sql[i+2:t.end-1]
		}
		return t
	case rest[0] == ':' && (i == 0 || sql[i-1] != ':'):
		if n := nameLength(rest[1:]); n > 0 {
			return token{kind: parameterUse, at: i, end: i + 1 + n, text: rest[1 : 1+n]}
		}
	}
	return token{kind: other, at: i, end: i + 1}
}

// nameLength is the length of the name at the start of a text, 0 if there is none.
func nameLength(text string) int {
	n := 0
	for n < len(text) && (text[n] == '_' || 'a' <= text[n] && text[n] <= 'z' || n > 0 && '0' <= text[n] && text[n] <= '9') {
		n++
	}
	return n
}

// Text returns the SQL with its layers and parameters written by what the two
// functions return for their names; what only looks like one, and is none of
// the query's, stays as it is. It is for values that are known to be good:
// names of databases, placeholders, literals by Literal.
func (q Query) Text(layer, parameter func(name string) string) string {
	var b strings.Builder
	at := 0
	for _, t := range scan(q.SQL) {
		switch {
		case t.kind == layerUse && slices.Contains(Layers, t.text):
			b.WriteString(q.SQL[at:t.at] + layer(t.text))
			at = t.end
		case t.kind == parameterUse && q.parameter(t.text) != nil:
			b.WriteString(q.SQL[at:t.at] + parameter(t.text))
			at = t.end
		}
	}
	b.WriteString(q.SQL[at:])
	return b.String()
}

// Uses returns the names that the SQL says as :name, each once, in the order in
// which they first appear.
func (q Query) Uses() []string {
	var names []string
	for _, t := range scan(q.SQL) {
		if t.kind == parameterUse && !slices.Contains(names, t.text) {
			names = append(names, t.text)
		}
	}
	return names
}
