package queries

import (
	"fmt"
	"slices"
	"strings"
)

// Value is what a parameter is for one run: a text that is a value of its type.
type Value struct {
	Name string
	Type string // one of those that parameters may have
	Text string
}

// ParameterError says what is wrong with the values that were given.
type ParameterError struct {
	Message string
	Known   []string // the parameters of the query, if the name was wrong
	Name    string
	Example string // a value of its type, if the value was wrong
}

// Error says what is wrong.
func (e *ParameterError) Error() string { return e.Message }

// Bind returns a value for each parameter of the query: the one that was given
// for its name, or its default. Dates, timestamps and numbers are in one form
// whatever way they were written, so that all engines get the same.
func (q Query) Bind(given map[string]string) ([]Value, error) {
	for _, name := range sortedNames(given) {
		if q.parameter(name) == nil {
			return nil, &ParameterError{Name: name, Known: q.parameterNames(),
				Message: fmt.Sprintf("%s has no parameter %q", q.label(), name)}
		}
	}
	values := make([]Value, 0, len(q.Parameters))
	for _, p := range q.Parameters {
		text, ok := given[p.Name]
		switch {
		case ok:
		case p.Default != nil:
			text = *p.Default
		default:
			return nil, &ParameterError{Name: p.Name, Message: fmt.Sprintf("%s needs a value for %s, %s", q.label(), p.Name, article(p.Type))}
		}
		canonical, err := Canonical(p.Type, text)
		if err != nil {
			return nil, &ParameterError{Name: p.Name, Message: p.Name + ": " + err.Error(), Example: example(p.Type)}
		}
		values = append(values, Value{Name: p.Name, Type: p.Type, Text: canonical})
	}
	return values, nil
}

// example returns a value of a type; empty for texts, of which most are right.
func example(kind string) string {
	known := map[string]string{"boolean": "true", "integer": "42", "bigint": "42", "double": "0.5", "date": "2026-01-31", "timestamp": "2026-01-31T10:15:00"}[kind]
	if decimalRegexp.MatchString(kind) {
		if known = "1.5"; !fits(kind, known) {
			known = "0"
		}
	}
	return known
}

func (q Query) label() string {
	if q.Name == "" {
		return "the query"
	}
	return q.Name
}

func (q Query) parameterNames() []string {
	names := make([]string, len(q.Parameters))
	for i, p := range q.Parameters {
		names[i] = p.Name
	}
	return names
}

func sortedNames(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Canonical returns a value of a type in the one form that all engines know:
// dates as 2006-01-02, timestamps as 2006-01-02 15:04:05.999999, numbers without
// a plus.
func Canonical(kind, text string) (string, error) {
	literal, err := Literal(kind, text)
	if err != nil {
		return "", err
	}
	switch {
	case kind == "string":
		return text, nil
	case kind == "date":
		return strings.TrimSuffix(strings.TrimPrefix(literal, "DATE '"), "'"), nil
	case kind == "timestamp":
		return strings.TrimSuffix(strings.TrimPrefix(literal, "TIMESTAMP '"), "'"), nil
	case decimalRegexp.MatchString(kind):
		return strings.TrimPrefix(text, "+"), nil
	}
	return literal, nil
}

// Literal returns the value as a literal of Trino's SQL.
func (v Value) Literal() string {
	literal, err := Literal(v.Type, v.Text)
	if err != nil {
		panic("queries: a value that was not bound: " + err.Error())
	}
	return literal
}
