package queries

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBind(t *testing.T) {
	q, problems := Parse("q.sql", "-- name: q\n-- description: d\n-- parameter: since date 2026-01-01 First day\n"+
		"-- parameter: least decimal(10,2) - Least amount\nselect :since, :least, :since")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, test := range []struct {
		name  string
		given map[string]string
		want  []Value
		err   string
	}{
		{"defaults", map[string]string{"least": "+1.50"}, []Value{{"since", "date", "2026-01-01"}, {"least", "decimal(10,2)", "1.50"}}, ""},
		{"given", map[string]string{"least": "2", "since": "2025-12-31"}, []Value{{"since", "date", "2025-12-31"}, {"least", "decimal(10,2)", "2"}}, ""},
		{"missing", nil, nil, "q needs a value for least, a decimal(10,2)"},
		{"unknown", map[string]string{"least": "1", "since_when": "x"}, nil, `q has no parameter "since_when"`},
		{"wrong", map[string]string{"least": "1", "since": "yesterday"}, nil, `since: "yesterday" is not a date`},
		{"injected", map[string]string{"least": "1", "since": "2026-01-01' or '1'='1"}, nil, `since: "2026-01-01' or '1'='1" is not a date`},
	} {
		got, err := q.Bind(test.given)
		var typed *ParameterError
		if test.err == "" && err != nil || test.err != "" && (!errors.As(err, &typed) || typed.Error() != test.err) {
			t.Errorf("%s: %v, want %s", test.name, err, test.err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestCanonical(t *testing.T) {
	for _, test := range []struct{ kind, text, want string }{
		{"string", "it's", "it's"}, {"integer", "+7", "7"}, {"bigint", "-07", "-7"}, {"double", "1.50", "1.5E+00"}, {"double", "-2.5e-300", "-2.5E-300"},
		{"timestamp", "2026-01-01T03:04:05Z", "2026-01-01 03:04:05"}, {"timestamp", "2026-01-01", "2026-01-01 00:00:00"},
		{"date", "2026-01-01", "2026-01-01"}, {"boolean", "true", "true"}, {"decimal(3,1)", "+1.5", "1.5"},
	} {
		if got, err := Canonical(test.kind, test.text); got != test.want || err != nil {
			t.Errorf("Canonical(%s, %q) = %q, %v, want %q", test.kind, test.text, got, err, test.want)
		}
		// Engines make the literal of what is already in its one form.
		literal, err := Literal(test.kind, test.text)
		if again := (Value{Type: test.kind, Text: test.want}).Literal(); err != nil || strings.Replace(literal, "'+", "'", 1) != again {
			t.Errorf("the literal of %s %q is %s, and of %q %s, %v", test.kind, test.text, literal, test.want, again, err)
		}
	}
}
