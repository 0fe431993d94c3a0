package exprtest

import (
	"fmt"
	"strings"
)

// Template is an expression that shows one function or operator.
type Template struct{ Function, Text string }

// Templates returns expressions for each function and operator with each kind
// of argument that it takes.
func Templates() []Template {
	var out []Template
	add := func(function string, texts ...string) {
		for _, text := range texts {
			out = append(out, Template{function, text})
		}
	}
	addNumbers(add)
	addTexts(add)
	addLogic(add)
	addDates(add)
	addCasts(add)
	return out
}

func addNumbers(add func(string, ...string)) {
	pairs := [][2]string{{"i0", "i1"}, {"i0", "l0"}, {"l0", "l1"}, {"n0", "n1"}, {"i0", "3"}, {"p0", "p1"}, {"p0", "i0"}, {"p0", "2"}, {"p0", "1.5"}, {"k1", "n1"},
		{"p0", "u0"}, {"k0", "p0"}, {"f0", "f1"}, {"f0", "2"}, {"f0", "i1"}, {"k1", "p0"}, {"q1", "i1"}}
	for _, op := range []string{"+", "-", "*", "/", "%"} {
		for _, p := range pairs {
			add(op, p[0]+" "+op+" "+p[1])
		}
	}
	add("+", "i0 + 2147483647 + -2147483647", "2147483647 + i0 + 1", "9223372036854775807 + (l0 + 1)", "(i0 + 1) + (i1 + 2147483647)", "p0 + 1 + 2")
	add("*", "i0 * 65536 * 65536", "l0 * (9223372036854775807 * l1) * 0")
	add("/", "q0 / q1", "q0 / k1", "k1 / l0", "u0 / p0", "q1 / 7", "1 / i0")
	add("%", "q0 % k0", "q1 % p0", "i0 % -1", "l0 % -1", "f0 % 0.3")
	for _, x := range []string{"i0", "l0", "p0", "q0", "f0"} {
		add("neg", "-"+x)
		add("abs", "abs("+x+")")
	}
	for _, x := range []string{"i0", "l0", "p0", "q0", "q1", "u0", "f0", "k0"} {
		add("floor", "floor("+x+")")
		add("ceil", "ceil("+x+")")
		add("round", "round("+x+")")
		for _, digits := range []string{"1", "3", "-1", "-2", "-9", "-19", "12"} {
			add("round", "round("+x+", "+digits+")")
		}
	}
	add("round", "round(k1, -37)", "round(q1, -38)", "round(f0, 20)", "round(f0, -20)")
	add("greatest", "greatest(i0, i1)", "greatest(i0, l0, 5)", "greatest(p0, p1, null)", "greatest(f0, f1, 1.5)", "greatest(s0, s1)", "greatest(d0, d1)", "greatest(t0, t1)", "greatest(k0, p0)")
	add("least", "least(i0, i1)", "least(i0, l0, 5)", "least(p0, p1, null)", "least(f0, f1, 1.5)", "least(s0, s1)", "least(d0, d1)", "least(t0, t1)", "least(b0, b1)")
}

func addTexts(add func(string, ...string)) {
	for _, f := range []string{"lower", "upper", "trim", "ltrim", "rtrim", "length", "sha256"} {
		add(f, f+"(s0)", f+"(w0)", f+"(s0 || ' ')", f+"(sn)")
	}
	add("substr", "substr(s0, 2)", "substr(s0, 0, 2)", "substr(s0, -3)", "substr(s0, -3, 2)", "substr(s0, n0)", "substr(s0, n0, n1)", "substr(w0, n0, n1)", "substr(s0, l0, n1)",
		"substr(s0, n0, l0)", "substr(s0, 1, i0)", "substr(w0, 1, 3)", "substr(s0, 3, -1)", "substr(s0, 1, 9223372036854775807)", "substr(s0, 9223372036854775807)",
		"substr(s0, l0)", "substr(s0, l0, l1)", "substr(s0, i0, 2147483647)", "substr(s0, -2147483648)", "substr(s0, -2147483648, 2147483647)", "substr(s0, -4294967296, 4294967298)",
		"substr(s0, -9223372036854775808, 9223372036854775807)", "substr(s0, -9223372036854775808, l1)", "substr(s0, i0, -1)")
	add("replace", "replace(w0, 'a', 'xy')", "replace(w0, w1, '-')", "replace(s0, s1, w0)", "replace(w0, 'ab', '')", "replace(s0, ' ', w0)")
	add("concat", "concat(s0)", "concat(s0, s1, w0)", "s0 || s1", "w0 || '-' || w1 || s0", "concat(s0, null)", "'${env:HOME} ${spark.app.name}' || s0", "'a\\''b\\\\' || s0")
	add("concat_ws", "concat_ws(',', s0, s1)", "concat_ws(w0, s0, null, s1)", "concat_ws('', w0)", "concat_ws(w0, w1, s0, w0)")
	add("split_part", "split_part(w0, ',', 1)", "split_part(w0, ',', 2)", "split_part(w0, w1, n1)", "split_part(w0, 'ab', n1)", "split_part(s0, s1, 1)", "split_part(w0, '', 1)", "split_part(w0, ',', 9223372036854775807)", "split_part(w0, ',', l0)")
	for _, p := range patterns {
		literal := "'" + strings.ReplaceAll(p, "'", "''") + "'"
		add("regexp_like", "regexp_like(w0, "+literal+")", "regexp_like(s0, "+literal+")")
		add("regexp_extract", "regexp_extract(w0, "+literal+")", "regexp_extract(s0, "+literal+")")
	}
	add("regexp_extract", "regexp_extract(w0, '(a+)(b?)', 2)", "regexp_extract(w0, '([a-z]+)[-,]([a-z]+)', 1)", "regexp_extract(w0, '(x)?([ab])', 1)", "regexp_extract(s0, '(.)$', 1)")
	add("regexp_replace", "regexp_replace(w0, '[^0-9]', '')", "regexp_replace(w0, '(a)(b)', '$2$1')", "regexp_replace(w0, 'a', '<$0>')", "regexp_replace(s0, '[a-c]+', '$$')",
		"regexp_replace(w0, '(a)', '$1\\0')", "regexp_replace(w0, 'a|ab', '.')", "regexp_replace(w0, '(?i)A', '$00')", "regexp_replace(s0, '.', 'x')", "regexp_replace(s0, '(?s).', 'x')",
		"regexp_replace(w0, '^a', '')", "regexp_replace(w0, 'b$', '\\')", "regexp_replace(w0, 'a+?', '#')", "regexp_replace(s0, '\\s', '_')",
		"regexp_replace(w0, '(a)', 'é$1😀')", "regexp_replace(w0, 'a', '$${env:HOME}')")
	add("like", "w0 like 'a%'", "w0 like '%b'", "w0 like '%,%'", "s0 like '_b%'", "s0 like '___'", "w0 like w1", "s0 like s1", "w0 like ''", "w0 like '%a_b%'", "s0 like '%!%%' escape '!'",
		"w0 like '%\\_' escape '\\'", "w0 like '%\\%'", "w0 not like '%a%'", "s0 like '%'", "w0 like concat('%', w1, '%')", "s0 like '%éé%' escape 'é'",
		"s0 || '😀\\_' like '%😀😀\\😀_' escape '😀'", "s0 like '_x😀'", "s0 like '😀_😀'", "s0 like s1 || '%'", "s0 || '😀_' like '%' || s0 || '__'", "w0 || '\\%' like '%!!%' escape '!'", "w0 || '\\%!' like '%\\\\\\%!' escape '\\'")
}

// patterns are regular expressions of the common part.
var patterns = []string{"a", "^a", "b$", "^ab?$", "[0-9]+", "[^a-z]", "a|ab", "(a|b)+", "ab{1,2}", "a.b", "(?i)HELLO", "(?i)ab", "\\d+", "\\w+", "\\s", "\\S+", "[[:alpha:]]+", "a*?b",
	"^$", "(?s)a.b", "[é日]", "^.{3}$", "x?", "\\.", "[\\]\\-^]", "(?i)[k-s]+", "\\$", "[^\\x00-\\x7F]+", "^[^@ ]+@[^@ ]+[.][^@ ]+$", "\\pL+", "it''s|a'b"}

func addLogic(add func(string, ...string)) {
	columns := []string{"s", "w", "b", "i", "l", "p", "f", "d", "t"}
	for _, op := range []string{"=", "<>", "<", "<=", ">", ">="} {
		for _, c := range columns {
			add(op, fmt.Sprintf("%s0 %s %s1", c, op, c))
		}
		add(op, "i0 "+op+" 5", "p0 "+op+" 1.5", "f0 "+op+" 1.5", "i0 "+op+" p0", "q0 "+op+" q1", "k0 "+op+" p0", "s0 "+op+" 'abc'", "d0 "+op+" date '2024-02-29'", "q1 "+op+" u0", "i0 "+op+" l0")
	}
	add("in", "i0 in (1, 2, 3)", "i0 in (i1, null, 7)", "s0 in ('abc', '', 'é')", "w0 not in ('a', w1)", "p0 in (1, 1.50, p1)", "f0 in (1, f1, 0.5)", "q0 in (q1, 1.5)", "d0 in (d1, date '2026-01-01')", "t0 in (t1)", "b0 in (true)")
	add("between", "i0 between 1 and 50", "p0 between -1 and p1", "s0 not between 'a' and 'z'", "d0 between d1 and date '2026-12-31'", "f0 between 0 and 1")
	add("and", "b0 and b1", "b0 and i0 > 0 and s0 = 'abc'", "b0 and null", "b0 and i0 / i1 > 1", "p0 % i1 = 0 and b0")
	add("or", "b0 or b1", "b0 or i0 > 0 or s0 = 'abc'", "b0 or null", "b0 or i0 / i1 > 1")
	add("not", "not b0", "not (b0 and b1)", "not i0 > 5")
	add("is null", "s0 is null", "i0 is not null", "i0 + i1 is null", "cast(sn as integer) is null", "nullif(w0, '') is null")
	add("case", "case when b0 then i0 when b1 then i1 else 0 end", "case when i0 > 0 then 'pos' when i0 < 0 then 'neg' end", "case i0 when 1 then s0 when i1 then s1 else 'x' end",
		"case when i1 <> 0 then i0 % i1 else -1 end", "case when i1 = 0 then null else i0 / i1 end", "case when i0 / i1 > 0 then 1 else 2 end", "case w0 when 'a' then 1.5 when 'b' then 2 end",
		"case when b0 then p0 else i0 end", "case when b0 then f0 else 1 end", "case when b0 then cast(sn as integer) else 5 end")
	add("coalesce", "coalesce(s0, s1, 'none')", "coalesce(i0, l0)", "coalesce(p0, 0)", "coalesce(i0, i1 / i0, 7)", "coalesce(cast(sn as integer), 0)", "coalesce(d0, d1)", "coalesce(t0)", "coalesce(f0, 1)", "coalesce(i0, cast(sn as integer))")
	add("nullif", "nullif(i0, i1)", "nullif(w0, '')", "nullif(p0, 1.5)", "nullif(f0, f1)", "nullif(i0, l0)", "nullif(i0, cast(sn as integer))", "nullif(d0, d1)")
}

func addDates(add func(string, ...string)) {
	sub := []string{"microsecond", "millisecond", "second", "minute", "hour"}
	whole := []string{"day", "week", "month", "quarter", "year"}
	for _, u := range whole {
		add("date_trunc", "date_trunc('"+u+"', d0)")
		add("date_add", "date_add('"+u+"', n0, d0)", "date_add('"+u+"', i0, d0)", "date_add('"+u+"', l0, d1)")
		add("date_diff", "date_diff('"+u+"', d0, d1)")
	}
	for _, u := range append(sub, whole...) {
		add("date_trunc", "date_trunc('"+u+"', t0)")
		add("date_add", "date_add('"+u+"', n0, t0)", "date_add('"+u+"', l0, t1)", "date_add('"+u+"', 100, t0)")
		add("date_diff", "date_diff('"+u+"', t0, t1)")
	}
	for _, f := range []string{"year", "quarter", "month", "day", "day_of_week"} {
		add(f, f+"(d0)", f+"(t0)")
	}
}

func addCasts(add func(string, ...string)) {
	targets := []string{"integer", "bigint", "decimal(10,2)", "decimal(38,0)", "decimal(38,10)", "decimal(3,3)", "double"}
	for _, t := range targets {
		for _, x := range []string{"sn", "i0", "l0", "p0", "q0", "q1", "u0", "k0", "f0"} {
			add("cast to "+t, "cast("+x+" as "+t+")")
			add("try_cast", "try_cast("+x+" as "+t+")")
		}
		add("cast to "+t, "cast(concat(' ', sn, '\t') as "+t+")")
	}
	for _, x := range []string{"s0", "b0", "i0", "l0", "p0", "q0", "u0", "d0", "t0"} {
		add("cast to string", "cast("+x+" as string)")
	}
	add("cast to boolean", "cast(sb as boolean)", "cast(trim(sb) as boolean)", "try_cast(sn as boolean)")
	add("cast to date", "cast(sd as date)", "try_cast(st as date)", "cast(t0 as date)", "cast(cast(d0 as string) as date)", "cast(cast(st as timestamp) as date)")
	add("cast to timestamp", "cast(st as timestamp)", "try_cast(sd as timestamp)", "cast(d0 as timestamp)", "cast(cast(t0 as string) as timestamp)")
}
