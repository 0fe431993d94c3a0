package expr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
)

// at makes a text that stands in a file, from line 1 and column 1 on.
func at(s string) diag.Text {
	return diag.Text{Value: s, Start: diag.Pos{File: "f", Line: 1, Column: 1}, Literal: true}
}

// shape prints syntax as nested lists.
func shape(e *syntax) string {
	if e == nil {
		return "-"
	}
	parts := []string{[...]string{synNull: "null", synBool: "bool", synNumber: "number", synString: "string", synTyped: "typed", synName: "name",
		synStar: "star", synUnary: "unary", synBinary: "binary", synChain: "chain", synIsNull: "isnull", synIn: "in", synBetween: "between",
		synLike: "like", synCase: "case", synCast: "cast", synCall: "call"}[e.kind]}
	switch e.kind {
	case synNumber, synBool:
		return e.value
	case synString:
		return "'" + e.value + "'"
	case synName:
		if e.qualifier != "" {
			return e.qualifier + "." + e.value
		}
		return e.value
	case synUnary, synBinary, synChain, synCall:
		parts = []string{e.op}
	case synTyped, synCast:
		parts = []string{e.op, e.value}
		if e.kind == synCast {
			parts[1] = e.typ.String()
		}
	}
	if e.negated {
		parts[0] = "not-" + parts[0]
	}
	if e.distinct {
		parts = append(parts, "distinct")
	}
	if e.kind == synCase {
		parts = append(parts, shape(e.operand))
	}
	for _, a := range e.args {
		parts = append(parts, shape(a))
	}
	if e.kind == synCase {
		parts = append(parts, shape(e.orElse))
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func TestParse(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"a + b * c - d", "(- (+ a (* b c)) d)"},
		{"-a * -1.5e3", "(* (- a) (- 1.5e3))"},
		{"a or b and not c = 1", "(or a (and b (not (= c 1))))"},
		{"a and b and c or d or e", "(or (and a b c) d e)"},
		{"not not a", "(not (not a))"},
		{"a || 'x''y' || \"b\"\"c\"", "(|| a 'x'y' b\"c)"},
		{"a || b + c || d", "(|| (+ (|| a b) c) d)"},
		{"(a + b) * c", "(* (+ a b) c)"},
		{"a = b is null", "(isnull (= a b))"},
		{"a is not null is null", "(isnull (not-isnull a))"},
		{"t.x NOT IN (1, 2, null)", "(not-in t.x 1 2 (null))"},
		{"a between b + 1 and c and d", "(and (between a (+ b 1) c) d)"},
		{"a not like 'x!%' escape '!'", "(not-like a 'x!%' '!')"},
		{"case when a then 1 else 2 end", "(case - a 1 2)"},
		{"CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' END", "(case a 1 'x' 2 'y' -)"},
		{"cast(a as decimal ( 10 , 2 ))", "(cast decimal(10,2) a)"},
		{"try_cast(a as Date)", "(try_cast date a)"},
		{"date '2026-01-01' < date", "(< (date 2026-01-01) date)"},
		{"Count(distinct a.b) + count(*) / COUNT(x)", "(+ (count distinct a.b) (/ (count (star)) (count x)))"},
		{"f()", "(f)"},
		{"+a - - b", "(- (+ a) (- b))"},
		{"ünïcode_1 <> .5", "(<> ünïcode_1 .5)"},
		{"cast = timestamp", "(= cast timestamp)"},
		{"a\n\t, b", ""},
	} {
		tree, problems := parse(at(test.text))
		if test.want == "" {
			if len(problems) == 0 {
				t.Errorf("%s: no problem", test.text)
			}
			continue
		}
		if got := shape(tree); len(problems) > 0 || got != test.want {
			t.Errorf("%s: got %s %v, want %s", test.text, got, problems, test.want)
		}
	}
}

func TestParseProblems(t *testing.T) {
	deep := strings.Repeat("(", 300) + "a" + strings.Repeat(")", 300)
	for _, test := range []struct{ text, want string }{
		{"", "f:1:1: the expression is empty"},
		{"a +", "f:1:4: the expression ends where a value is expected"},
		{"a b", "f:1:3: b stands where the end of the expression is expected"},
		{"a = b = c", "f:1:7: comparisons cannot be chained; write a < b and b < c, or put parentheses"},
		{"a in (1, 2", "f:1:11: the expression ends where , or ) is expected"},
		{"a = 'x", "f:1:5: the text 'x is not closed; add the closing '"},
		{"1a + 2.5.6", "f:1:1: 1a is not a number; numbers are written 12, 1.5 or 1e3; a column name that starts with a digit stands in double quotes\n" +
			"f:1:6: 2.5.6 is not a number; numbers are written 12, 1.5 or 1e3; a column name that starts with a digit stands in double quotes"},
		{"a == b", "f:1:3: == is not an operator; equality is written ="},
		{"a -- b", "f:1:3: -- is not part of an expression; comments belong into the YAML, after #; minus a negative number is written a - (-b)"},
		{"a # `b`", "f:1:3: '#' is not part of an expression\nf:1:5: '`' is not part of an expression; column names are quoted as \"name\"\nf:1:7: '`' is not part of an expression; column names are quoted as \"name\""},
		{"cast(a as int)", "f:1:11: \"int\" is not a type; the types are string, boolean, integer, bigint, double, decimal(p,s), date, timestamp; write integer"},
		{"case a end", "f:1:8: end stands where when is expected; end is a word of the language; as the name of a column it stands in double quotes"},
		{"a is 1", "f:1:6: 1 stands where null is expected"},
		{"a.b.c", "f:1:4: a name has two parts at most, table.column; a name that holds points stands in double quotes"},
		{"f(a", "f:1:4: the expression ends where , or ) is expected"},
		{deep, "f:1:201: the expression is nested more than 200 levels deep; split it into several columns"},
		{"-" + strings.Repeat(" -", 300) + "a", "f:1:203: the expression is nested more than 200 levels deep; split it into several columns"},
		{"a" + strings.Repeat("+a", 300), "f:1:1: the expression is nested more than 200 levels deep; split it into several columns"},
		{"a\n  + ?", "f:2:5: '?' is not part of an expression"},
	} {
		tree, problems := parse(at(test.text))
		if tree != nil || len(problems) == 0 {
			t.Errorf("%.60s: parsed as %s", test.text, shape(tree))
			continue
		}
		if got := problems.Err().Error(); got != test.want {
			t.Errorf("%.60s:\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

func TestReferences(t *testing.T) {
	refs, problems := References(at("case raw.a when b then \"C d\" else sum(t.e) end"))
	if got, want := fmt.Sprint(refs, problems), "[{raw a f:1:6} { b f:1:17} { C d f:1:24} {t e f:1:39}] []"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzParse checks that no text makes the front half panic or overflow, that
// problems point into the text, and that what binds can be printed.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a + 1", "case when s like 'a%' escape '!' then 1.5 else null end", "count(distinct a) / sum(d)", "regexp_replace(s, '(a)|[^b-]+', '$1$$')",
		"cast(s as decimal(10,2)) between 1 and 2e0", "\"x\" is not null or not b", "date_trunc('week', timestamp '2026-01-01 00:00:00')", "((((", "''''", "-9223372036854775808",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := at(s)
		References(text)
		p, problems := Bind(text, testScope())
		if (p == nil) == (len(problems) == 0) {
			t.Fatal("neither a program nor problems, or both")
		}
		for _, problem := range problems {
			if problem.Pos.Line < 1 || problem.Pos.Column < 1 || problem.Message == "" {
				t.Fatalf("bad problem %v", problem)
			}
		}
		if p != nil {
			p.DuckDB()
			p.Spark()
		}
		BindMeasure(text, testScope())
	})
}
