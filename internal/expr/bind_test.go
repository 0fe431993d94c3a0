package expr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
)

// testScope has a column of each type, s b i l d f day at, a second string s2,
// and raw.s, which is hidden.
func testScope() Scope {
	var scope Scope
	add := func(qualifier, name, typ string, hidden bool) {
		t, err := schema.ParseType(typ)
		if err != nil {
			panic(err)
		}
		scope.Columns = append(scope.Columns, ScopeColumn{Qualifier: qualifier, Name: name, Type: t, Nullable: true, Slot: len(scope.Columns), Hidden: hidden})
	}
	add("", "s", "string", false)
	add("", "b", "boolean", false)
	add("", "i", "integer", false)
	add("", "l", "bigint", false)
	add("", "d", "decimal(10,2)", false)
	add("", "f", "double", false)
	add("", "day", "date", false)
	add("", "at", "timestamp", false)
	add("", "s2", "string", false)
	add("raw", "s", "string", true)
	add("raw", "amount text", "string", true)
	add("", "wide", "decimal(38,10)", false)
	return scope
}

var opNames = map[Op]string{
	OpParse: "parse", OpCast: "cast", OpTryCast: "try_cast", OpAdd: "+", OpSub: "-", OpMul: "*", OpDiv: "/", OpMod: "%", OpNeg: "neg",
	OpEq: "=", OpNe: "<>", OpLt: "<", OpLe: "<=", OpGt: ">", OpGe: ">=", OpIn: "in", OpAnd: "and", OpOr: "or", OpNot: "not", OpIsNull: "isnull",
	OpLike: "like", OpCase: "case",
}

func opName(op Op) string {
	for _, f := range functions {
		if f.op == op {
			return f.name()
		}
	}
	return opNames[op]
}

// tree prints a bound tree with the types of all that is no column.
func tree(n *Node) string {
	switch n.Op {
	case OpColumn:
		return fmt.Sprintf("$%d", n.Slot)
	case OpLiteral:
		v := n.Value
		if d, ok := v.(decimal128.Num); ok {
			v = decimalText(d.BigInt(), int(n.Type.Scale))
		}
		return fmt.Sprintf("%v:%v", v, n.Type)
	}
	parts := make([]string, len(n.Args))
	for i, a := range n.Args {
		parts[i] = tree(a)
	}
	extra := ""
	switch {
	case n.Unit != 0:
		extra = "[" + n.Unit.String() + "]"
	case n.Regexp != nil:
		extra = fmt.Sprintf("[%s|%s|%d]", n.Regexp, n.Replacement, n.Group)
	case n.Op == OpRound:
		extra = fmt.Sprintf("[%d]", n.Digits)
	case n.Escape != 0:
		extra = fmt.Sprintf("[%c]", n.Escape)
	}
	return fmt.Sprintf("%s%s(%s):%v", opName(n.Op), extra, strings.Join(parts, " "), n.Type)
}

func TestBind(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"1", "1:integer"},
		{"-2147483648", "-2147483648:integer"},
		{"2147483648", "2147483648:bigint"},
		{"-9223372036854775808", "-9223372036854775808:bigint"},
		{"9223372036854775808", "9223372036854775808:decimal(19,0)"},
		{"1.5", "1.5:decimal(2,1)"},
		{"-0.05", "-0.05:decimal(2,2)"},
		{"1e3", "1000:double"},
		{"date '2024-02-29'", "19782:date"},
		{"timestamp '1970-01-01 00:00:01.5+01:00'", "-3598500000:timestamp"},
		{"cast(null as date)", "<nil>:date"},
		{"S", "$0"},
		{"raw.s || \"raw\".\"amount text\"", "concat($9 $10):string"},
		{"i + l", "+(cast($2):bigint $3):bigint"},
		{"i + 1", "+($2 1:integer):integer"},
		{"l * 2", "*($3 2:bigint):bigint"},
		{"i + 3000000000", "+(cast($2):bigint 3000000000:bigint):bigint"},
		{"d * 2", "*($4 2:decimal(1,0)):decimal(12,2)"},
		{"d + i", "+($4 cast($2):decimal(10,0)):decimal(13,2)"},
		{"d - 1.125", "-($4 1.125:decimal(4,3)):decimal(12,3)"},
		{"d / l", "/($4 cast($3):decimal(19,0)):decimal(30,22)"},
		{"i / 3", "/(cast($2):decimal(10,0) 3:decimal(1,0)):decimal(16,6)"},
		{"d % 7", "%($4 7:decimal(1,0)):decimal(3,2)"},
		{"wide / d", "/($11 $4):decimal(38,8)"},
		{"f * 2 + 0.5", "+(*($5 2:double):double 0.5:double):double"},
		{"f + i", "+($5 cast($2):double):double"},
		{"d = 1", "=($4 1:decimal(1,0)):boolean"},
		{"i < d", "<(cast($2):decimal(10,0) $4):boolean"},
		{"f >= 1.5", ">=($5 1.5:double):boolean"},
		{"s = null", "=($0 <nil>:string):boolean"},
		{"i not in (1, null, l)", "not(in(cast($2):bigint 1:bigint <nil>:bigint $3):boolean):boolean"},
		{"i between 1 and l", "and(>=($2 1:integer):boolean <=(cast($2):bigint $3):boolean):boolean"},
		{"b and i = 1 and true", "and($1 =($2 1:integer):boolean true:boolean):boolean"},
		{"s not like 'a!%' escape '!'", "not(like[!]($0 a!%:string):boolean):boolean"},
		{"case when b then i else 1.5 end", "case($1 cast($2):decimal(11,1) 1.5:decimal(11,1)):decimal(11,1)"},
		{"case i when 1 then 'x' when null then s end", "case(=($2 1:integer):boolean x:string =($2 <nil>:integer):boolean $0 <nil>:string):string"},
		{"coalesce(i, 0)", "coalesce($2 0:integer):integer"},
		{"greatest(d, i, null)", "greatest(cast($4):decimal(12,2) cast($2):decimal(12,2) <nil>:decimal(12,2)):decimal(12,2)"},
		{"nullif(s, '')", "nullif($0 :string):string"},
		{"round(d)", "round[0]($4):decimal(9,0)"},
		{"round(d, 1)", "round[1]($4):decimal(10,1)"},
		{"round(d, 5)", "round[5]($4):decimal(10,2)"},
		{"round(i, -2)", "round[-2]($2):integer"},
		{"floor(d)", "floor($4):decimal(9,0)"},
		{"ceil(f)", "ceil($5):double"},
		{"abs(-d)", "abs(neg($4):decimal(10,2)):decimal(10,2)"},
		{"substr(s, i)", "substr($0 cast($2):bigint):string"},
		{"split_part(s, ',', 2)", "split_part($0 ,:string 2:bigint):string"},
		{"regexp_replace(s, '(a)b', '$1x$$')", "regexp_replace[(a)b|${1}x$$|0]($0):string"},
		{"regexp_extract(s, '(a)(b)', 2)", "regexp_extract[(a)(b)||2]($0):string"},
		{"date_trunc('WEEK', day)", "date_trunc[week]($6):date"},
		{"date_add('hour', i, at)", "date_add[hour](cast($2):bigint $7):timestamp"},
		{"date_diff('day', day, cast(at as date))", "date_diff[day]($6 cast($7):date):bigint"},
		{"year(at) * 12", "*(year($7):integer 12:integer):integer"},
		{"cast(s as integer)", "cast($0):integer"},
	} {
		p, problems := Bind(at(test.text), testScope())
		if len(problems) > 0 {
			t.Errorf("%s: %v", test.text, problems)
			continue
		}
		if got := tree(p.Root); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

func TestBindProblems(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"amout + si", `f:1:1: there is no column amout
f:1:9: there is no column si; did you mean "s"?`},
		{"\"amount text\"", `f:1:1: there is no column "amount text"; did you mean "raw.amount text"?`},
		{"raww.s", `f:1:1: there is no column raww.s; did you mean "raw.s"?`},
		{"null", "f:1:1: null has no type here; write cast(null as string), or another type"},
		{"s + i", "f:1:3: + takes numbers, but s is string; write cast(x as decimal(18,2)), or another type of number"},
		{"s + s2", "f:1:3: + takes numbers, but s is string; texts are joined by ||"},
		{"day - day", "f:1:5: - takes numbers, but day is date; write date_diff('day', a, b)"},
		{"s = 1", "f:1:3: types do not mix: s is string, but 1 is integer; write cast(s as integer)"},
		{"day >= '2026-01-01'", "f:1:5: types do not mix: day is date, but '2026-01-01' is string; write date '2026-01-01'"},
		{"day = at", "f:1:5: types do not mix: day is date, but at is timestamp; write cast(day as timestamp)"},
		{"f > d", "f:1:3: types do not mix: f is double, but d is decimal(10,2); write cast(d as double), or cast f to a decimal"},
		{"l * f", "f:1:3: types do not mix: l is bigint, but f is double; write cast(l as double), or cast f to a decimal"},
		{"s || i", "f:1:6: || takes text, but i is integer; write cast(i as string)"},
		{"lower(f)", "f:1:7: lower(text) takes text, but f is double; write cast(cast(f as decimal(18,2)) as string), or another scale"},
		{"cast(f as string)", "f:1:1: cast(f as string): double cannot become string; cast to a decimal first, which fixes how many places are written"},
		{"cast(i as boolean)", "f:1:1: cast(i as boolean): integer cannot become boolean; write a comparison, such as x <> 0"},
		{"lowr(s)", `f:1:1: there is no function lowr; did you mean "lower"?`},
		{"substring(s, 1)", "f:1:1: there is no function substring; it is called substr here"},
		{"substr(s)", "f:1:1: substr takes 2 or 3 arguments, not 1; it is substr(text, from [, length])"},
		{"coalesce()", "f:1:1: coalesce takes at least 1 argument, not 0; it is coalesce(a, ...)"},
		{"date_trunc('weeks', day)", `f:1:12: there is no unit 'weeks'; did you mean "week"?`},
		{"date_trunc(s, day)", "f:1:12: date_trunc('unit', date): the unit s is no literal; write it as 'day'"},
		{"date_add('hour', 1, day)", "f:1:1: date_add('hour', 1, day): a date has no hours; cast it to timestamp, or use day or a larger unit"},
		{"date_diff('day', day, at)", "f:1:1: date_diff('day', day, at): types do not mix: date and timestamp; cast one of them"},
		{"year(s)", "f:1:6: year(date) takes a date or a timestamp, but s is string; write cast(s as date)"},
		{"round(d, i)", "f:1:10: round(number [, digits]): i is no literal whole number"},
		{"regexp_like(s, s2)", "f:1:16: regexp_like(text, 'pattern'): s2 is no literal; write it as text in single quotes"},
		{"regexp_like(s, 'it''s \\bx')", "f:1:23: pattern 'it''s \\bx': \\b (word boundary) differs between engines; write what stands around the word, such as (^|[^A-Za-z])"},
		{"regexp_like(s, 'a(?=b)')", "f:1:18: pattern 'a(?=b)': look-around is not in every engine"},
		{"regexp_like(s, '(a)\\1')", "f:1:20: pattern '(a)\\1': \\1 is a back-reference, which RE2 has not"},
		{"regexp_like(s, '(?P<x>a)')", "f:1:17: pattern '(?P<x>a)': named groups are not in every engine; write (...) and use its number"},
		{"regexp_like(s, '(?m)a')", "f:1:17: pattern '(?m)a': the flag \"m\" differs between engines; only (?i) and (?s) can be used"},
		{"regexp_like(s, 'a[b')", "f:1:18: pattern 'a[b': missing closing ]: [b"},
		{"regexp_like(s, '(a*)*')", "f:1:16: pattern '(a*)*': (a*)* repeats what can be empty, on which engines differ"},
		{"regexp_replace(s, 'a*', '')", "f:1:19: pattern 'a*' can match the empty text, which regexp_replace does not take; use + where * stands, or anchor something that is not empty"},
		{"regexp_replace(s, '(a)', '$2')", "f:1:27: replacement '$2': there is no group $2; the pattern has 1"},
		{"regexp_replace(s, 'a', 'US$')", "f:1:27: replacement 'US$': a single $ means nothing; groups are $0 to $9; $$ is a dollar"},
		{"regexp_extract(s, 'a', 1)", "f:1:24: regexp_extract(text, 'pattern' [, group]): 1 is not between 0 and 0"},
		{"sum(i)", "f:1:1: sum(i) is an aggregate, which cannot stand here; aggregates belong into the measures of gold tables"},
		{"not s and i", "f:1:5: s is string where a condition is expected; compare it, or write cast(s as boolean)\nf:1:11: i is integer where a condition is expected; write a comparison"},
		{"wide + wide", "f:1:6: decimal(38,10) + decimal(38,10) would need more than 38 digits to keep all decimal places; cast the operands to decimals with fewer digits"},
		{"wide * wide", "f:1:6: decimal(38,10) * decimal(38,10) would need more than 38 digits to keep all decimal places; cast the operands to decimals with fewer digits"},
		{"s like 'a!b' escape '!'", "f:1:8: in 'a!b' an escape character stands before something else than %, _ or itself"},
		{"lower(distinct s)", "f:1:1: only count takes distinct, not lower"},
		{"date '2023-02-29'", "f:1:1: date '2023-02-29' is no date of the years 0001 to 9999; write date '2026-01-31'"},
		{"1e999", "f:1:1: the number 1e999 is larger than a double can be"},
		{"-s", "f:1:1: - takes a number, but s is string"},
		{"case when b then 1 else 'x' end", "f:1:1: types do not mix: 1 is integer, but 'x' is string; numbers stand without quotes"},
	} {
		p, problems := Bind(at(test.text), testScope())
		if p != nil {
			t.Errorf("%s: bound as %s", test.text, tree(p.Root))
			continue
		}
		if got := problems.Err().Error(); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

func TestBindAmbiguous(t *testing.T) {
	col := func(q, n string, slot int) ScopeColumn {
		return ScopeColumn{Qualifier: q, Name: n, Type: schema.T(schema.Integer), Slot: slot}
	}
	scope := Scope{Columns: []ScopeColumn{col("a", "x", 0), col("b", "x", 1), col("a", "Y", 2), col("a", "y", 3)}}
	if _, problems := Bind(at("x"), scope); fmt.Sprint(problems) != "[f:1:1: x may mean several columns; write a.x or b.x]" {
		t.Error(problems)
	}
	for text, slot := range map[string]int{"b.x": 1, "B.X": 1, "Y": 2, "y": 3} {
		p, problems := Bind(at(text), scope)
		if len(problems) > 0 || p.Root.Slot != slot || p.Nullable() {
			t.Errorf("%s: %v %v", text, p, problems)
		}
	}
}

func TestBindAs(t *testing.T) {
	for _, test := range []struct{ text, typ, want string }{
		{"i", "bigint", "cast($2):bigint"},
		{"i", "double", "cast($2):double"},
		{"1.5", "double", "1.5:double"},
		{"d * i", "decimal(18,2)", "cast(*($4 cast($2):decimal(10,0)):decimal(21,2)):decimal(18,2)"},
		{"d", "integer", "cast($4):integer"},
		{"null", "date", "<nil>:date"},
		{"1", "decimal(5,2)", "1.00:decimal(5,2)"},
		{"12.345", "decimal(5,2)", "cast(12.345:decimal(5,3)):decimal(5,2)"},
		{"s", "integer", "f:1:1: the expression is string, its column integer; write cast(s as integer)"},
		{"day", "timestamp", "f:1:1: the expression is date, its column timestamp; write cast(day as timestamp)"},
		{"l", "double", "f:1:1: the expression is bigint, its column double; write cast(l as double)"},
		{"f", "decimal(10,2)", "f:1:1: the expression is double, its column decimal(10,2); write cast(f as decimal(10,2))"},
		{"f", "string", "f:1:1: the expression is double, its column string; cast to a decimal first, which fixes how many places are written"},
		{"'2026-01-01'", "date", "f:1:1: the expression is string, its column date; write date '2026-01-01'"},
	} {
		typ, _ := schema.ParseType(test.typ)
		p, problems := BindAs(at(test.text), testScope(), typ)
		got := ""
		if p != nil {
			got = tree(p.Root)
		} else {
			got = problems.Err().Error()
		}
		if got != test.want {
			t.Errorf("%s as %s:\n got %s\nwant %s", test.text, test.typ, got, test.want)
		}
	}
}

func TestBindMeasure(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"count(*)", "count(*):bigint => $0"},
		{"sum(i) % count(*) + sum( i )", "sum($2):bigint count(*):bigint => +(%($0 $1):bigint $0):bigint"},
		{"count(distinct s)", "count distinct($0):bigint => $0"},
		{"round(avg(d), 2)", "avg($4):decimal(38,6) => round[2]($0):decimal(35,2)"},
		{"avg(i)", "avg($2):decimal(38,4) => $0"},
		{"sum(d * 2)", "sum(*($4 2:decimal(1,0)):decimal(12,2)):decimal(38,2) => $0"},
		{"max(day)", "max($6):date => $0"},
		{"coalesce(sum(f), 0)", "sum($5):double => coalesce($0 0:double):double"},
		{"sum(s)", "f:1:5: sum takes a number, but s is string"},
		{"i + sum(i)", "f:1:1: the column i stands outside of an aggregate; write an aggregate, such as max(i), or make it a group key"},
		{"sum(max(i))", "f:1:5: the aggregate max(i) stands within the aggregate sum"},
		{"1", "f:1:1: the measure 1 has no aggregate; write count(*), sum(x) or another aggregate"},
		{"sum(distinct i)", "f:1:1: only count takes distinct, not sum"},
		{"max(*)", "f:1:5: * stands where a value is expected; only count(*) takes it"},
		{"count(null)", "f:1:7: null has no type here; write cast(null as integer), or another type"},
		{"count(i, l)", "f:1:1: count takes 1 argument, not 2"},
	} {
		m, problems := BindMeasure(at(test.text), testScope())
		got := ""
		if m == nil {
			got = problems.Err().Error()
		} else {
			for _, a := range m.Aggregates {
				name, arg := [...]string{CountAll: "count", Count: "count", CountDistinct: "count distinct", Sum: "sum", Avg: "avg", Min: "min", Max: "max"}[a.Func], "*"
				if a.Arg != nil {
					arg = tree(a.Arg.Root)
				}
				got += fmt.Sprintf("%s(%s):%v ", name, arg, a.Type)
			}
			got += "=> " + tree(m.Post.Root)
		}
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

func TestNullable(t *testing.T) {
	scope := Scope{Columns: []ScopeColumn{
		{Name: "s", Type: schema.T(schema.String), Slot: 0}, {Name: "i", Type: schema.T(schema.Integer), Slot: 1}, {Name: "n", Type: schema.T(schema.Integer), Slot: 2, Nullable: true},
	}}
	for text, want := range map[string]bool{
		"i + 1": false, "n + i": true, "coalesce(n, 0)": false, "n is null": false, "cast(s as integer)": true, "try_cast(i as decimal(1,0))": true,
		"case when n = 1 then i end": true, "case when n = 1 then i else 2 end": false, "greatest(n, i)": false, "nullif(i, 1)": true,
		"concat_ws('', s, cast(n as string))": false, "regexp_extract(s, 'a')": true, "cast(i as string)": false,
	} {
		p, problems := Bind(at(text), scope)
		if len(problems) > 0 || p.Nullable() != want {
			t.Errorf("%s: nullable %v, want %v %v", text, !want, want, problems)
		}
	}
	p, _ := Bind(at("n + i + n"), scope)
	if got := fmt.Sprint(p.Columns()); got != "[1 2]" {
		t.Errorf("Columns() = %s", got)
	}
}

// TestTooLarge checks that repetition cannot grow beyond all bounds.
func TestTooLarge(t *testing.T) {
	text := "i"
	for range 40 {
		text = "case " + text + " when 1 then 2 when 3 then 4 when 5 then 6 end"
	}
	_, problems := Bind(at(text), testScope())
	if len(problems) == 0 || !strings.Contains(problems[0].Message, "too large") {
		t.Errorf("got %v", problems)
	}
}
