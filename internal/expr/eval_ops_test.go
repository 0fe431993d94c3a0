package expr

import (
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
)

// given are the texts of columns of testScope by name.
type given map[string]string

// opCase is an expression over columns of testScope. The rows of a column and
// of the result are parted by |, and ∅ is null.
type opCase struct {
	text string
	cols given
	want string
}

// bound returns the tree of an expression over testScope.
func bound(t testing.TB, text string) *Node {
	t.Helper()
	p, problems := Bind(diag.Text{Value: text}, testScope())
	if len(problems) > 0 {
		t.Fatalf("%s: %v", text, problems.Err())
	}
	return p.Root
}

// run checks an expression over plain columns, coded columns and single rows,
// each twice with one Scratch.
func (c opCase) run(t *testing.T) { checkRows(t, bound(t, c.text), c.cols, strings.Split(c.want, "|")) }

func checkRows(t *testing.T, root *Node, cols given, want []string) {
	t.Helper()
	scope := testScope()
	plain := make([]arrow.Array, len(scope.Columns))
	coded := make([]arrow.Array, len(scope.Columns))
	for i, column := range scope.Columns {
		text, ok := cols[column.String()]
		if !ok {
			continue
		}
		values := strings.Split(text, "|")
		if len(values) != len(want) {
			t.Fatalf("column %s has %d rows instead of %d", column, len(values), len(want))
		}
		plain[i] = columnOf(column.Type, values...)
		coded[i] = plain[i]
		if column.Type.Kind == schema.String {
			coded[i] = codedOf(plain[i])
		}
	}
	s := NewScratch()
	for i, cols := range [][]arrow.Array{plain, coded, plain, coded} {
		if got := outcomes(t, s, root, cols, len(want)); !slices.Equal(got, want) {
			t.Errorf("evaluation %d: got\n%q, want\n%q", i, got, want)
		}
		for row := range want {
			if got := outcomes(t, s, root, sliced(cols, row, row+1), 1); got[0] != want[row] {
				t.Errorf("row %d alone: got %q, want %q", row, got[0], want[row])
			}
		}
	}
}

func TestEvalArithmetic(t *testing.T) {
	for _, c := range []opCase{
		{"i + 1", given{"i": "1|∅|2147483647|-5"}, "2|∅|!overflow 2147483647 + 1|-4"},
		{"i - i * 2", given{"i": "1|2000000000|-2147483648"}, "-1|!overflow 2000000000 * 2|!overflow -2147483648 * 2"},
		{"1 - i", given{"i": "-2147483647|-2147483646"}, "!overflow 1 - -2147483647|2147483647"},
		{"i % 3", given{"i": "7|-7|0|-2147483648"}, "1|-1|0|-2"},
		{"7 % i", given{"i": "-4|0|∅"}, "3|!zero 7 % 0|∅"},
		{"i % -1", given{"i": "-2147483648"}, "0"},
		{"-i", given{"i": "1|-2147483648|∅"}, "-1|!overflow -(-2147483648)|∅"},
		{"abs(i)", given{"i": "1|-2147483648|-2147483647"}, "1|!overflow abs(-2147483648)|2147483647"},
		{"l + l", given{"l": "4611686018427387903|4611686018427387904|-4611686018427387905"},
			"9223372036854775806|!overflow 4611686018427387904 + 4611686018427387904|!overflow -4611686018427387905 + -4611686018427387905"},
		{"l - 1", given{"l": "-9223372036854775807|-9223372036854775808"}, "-9223372036854775808|!overflow -9223372036854775808 - 1"},
		{"l * l", given{"l": "3037000499|3037000500|-3037000500|∅"},
			"9223372030926249001|!overflow 3037000500 * 3037000500|!overflow -3037000500 * -3037000500|∅"},
		{"l % 0", given{"l": "1|∅"}, "!zero 1 % 0|∅"},
		{"abs(-l)", given{"l": "5|-9223372036854775808"}, "5|!overflow -(-9223372036854775808)"},
		{"f + f", given{"f": "1.5|1e308|∅|NaN"}, "3|+Inf|∅|NaN"},
		{"f / 2.0", given{"f": "3|-0"}, "1.5|-0"},
		{"1.0 / f", given{"f": "4|0|-0|∅"}, "0.25|!zero 1 / 0|!zero 1 / -0|∅"},
		{"f % 2.0", given{"f": "5.5|-5.5"}, "1.5|-1.5"},
		{"abs(f)", given{"f": "-1.5|-Inf"}, "1.5|+Inf"},
		{"i / 3", given{"i": "1|-2|6"}, "0.333333|-0.666667|2.000000"},
		{"1 / i", given{"i": "8|0"}, "0.12500000000|!zero 1 / 0"},
	} {
		t.Run(c.text, c.run)
	}
}

func TestEvalDecimals(t *testing.T) {
	for _, c := range []opCase{
		{"d * i", given{"d": "1.50|-0.01|99999999.99", "i": "3|2147483647|∅"}, "4.50|-21474836.47|∅"},
		{"d + 0.001", given{"d": "99999999.99|-0.01|∅"}, "99999999.991|-0.009|∅"},
		{"d - d", given{"d": "0.01"}, "0.00"},
		{"d * d", given{"d": "99999999.99|-0.01"}, "9999999998000000.0001|0.0001"},
		{"d / d", given{"d": "0.03|∅|0.00"}, "1.0000000000000|∅|!zero 0.00 / 0.00"},
		{"d / 3", given{"d": "1.00|-2.00"}, "0.333333|-0.666667"},
		{"d % 0.3", given{"d": "1.00|-1.00|0.00"}, "0.10|-0.10|0.00"},
		{"-d", given{"d": "0.01|-0.01"}, "-0.01|0.01"},
		{"abs(d)", given{"d": "-0.01|0.02"}, "0.01|0.02"},
		{"wide / wide", given{"wide": "0.0000000001|3"}, "1.000000|1.000000"},
		{"wide % 7", given{"wide": "1234567890123456789012345678|-8.5"}, "4.0000000000|-1.5000000000"},
		{"round(d)", given{"d": "0.50|-0.50|0.49|99999999.50"}, "1|-1|0|100000000"},
		{"round(d, 1)", given{"d": "0.05|-0.05|0.04"}, "0.1|-0.1|0.0"},
		{"round(d, -1)", given{"d": "5.00|-14.99|95.00"}, "10|-10|100"},
		{"floor(d)", given{"d": "0.99|-0.01|-1.00"}, "0|-1|-1"},
		{"ceil(d)", given{"d": "0.01|-0.99|1.00"}, "1|0|1"},
		{"round(i, -2)", given{"i": "149|150|-150|2147483647"}, "100|200|-200|2147483600"},
		{"round(i, -9)", given{"i": "1499999999|2147483647"}, "1000000000|2000000000"},
		{"round(l, -18)", given{"l": "9223372036854775807|500000000000000000"}, "9000000000000000000|1000000000000000000"},
		{"round(f, 2)", given{"f": "1.005|2.675|-0.125|1e300|NaN|0.001"}, "1.01|2.68|-0.13|1e+300|NaN|0"},
		{"round(f, -2)", given{"f": "149|150|-1e-9"}, "100|200|-0"},
		{"floor(f)", given{"f": "-1.5|1.5"}, "-2|1"},
		{"ceil(f)", given{"f": "-1.5|1.5"}, "-1|2"},
	} {
		t.Run(c.text, c.run)
	}
}

func TestEvalComparison(t *testing.T) {
	for _, c := range []opCase{
		{"i < 5", given{"i": "4|5|6|∅"}, "true|false|false|∅"},
		{"i >= 5", given{"i": "4|5|6|∅"}, "false|true|true|∅"},
		{"i <> 5", given{"i": "4|5|∅"}, "true|false|∅"},
		{"5 > i", given{"i": "4|5"}, "true|false"},
		{"i between 1 and 3", given{"i": "0|1|3|4|∅"}, "false|true|true|false|∅"},
		{"l <= 9007199254740993", given{"l": "9007199254740993|9007199254740994"}, "true|false"},
		{"d = 1.5", given{"d": "1.50|1.51|∅"}, "true|false|∅"},
		{"d > 1.499", given{"d": "1.50|1.49"}, "true|false"},
		{"d <= wide", given{"d": "1.00|1.00|-1.00", "wide": "1|0.9999999999|∅"}, "true|false|∅"},
		{"wide <> 0", given{"wide": "0|-0.0000000001"}, "false|true"},
		{"f = f", given{"f": "NaN|1|∅"}, "true|true|∅"},
		{"f > 1e308", given{"f": "NaN|Inf|1"}, "true|true|false"},
		{"f < 0.0", given{"f": "-0|-1|-Inf|NaN"}, "false|true|true|false"},
		{"f = 0.0", given{"f": "-0|0|NaN"}, "true|true|false"},
		{"s < 'b'", given{"s": "a|b|B||∅|é"}, "true|false|true|true|∅|false"},
		{"s = s2", given{"s": "a|a|∅", "s2": "a|b|b"}, "true|false|∅"},
		{"s >= s2", given{"s": "a|b|ab", "s2": "a|bb|a"}, "true|false|true"},
		{"b = true", given{"b": "true|false|∅"}, "true|false|∅"},
		{"b < true", given{"b": "true|false|∅"}, "false|true|∅"},
		{"b <= false", given{"b": "true|false|∅"}, "false|true|∅"},
		{"day > date '2024-02-28'", given{"day": "2024-02-29|2024-02-28|∅"}, "true|false|∅"},
		{"at = timestamp '2024-01-01 00:00:00'", given{"at": "2024-01-01 00:00|2024-01-01 00:00:00.000001"}, "true|false"},
		{"s = null", given{"s": "a|∅"}, "∅|∅"},
		{"i in (1, 2, 3)", given{"i": "1|4|∅"}, "true|false|∅"},
		{"i in (1, null)", given{"i": "1|4|∅"}, "true|∅|∅"},
		{"i not in (1, null)", given{"i": "1|4|∅"}, "false|∅|∅"},
		{"s in ('a', s2)", given{"s": "a|b|b|b|∅", "s2": "x|b|x|∅|b"}, "true|true|false|∅|∅"},
		{"s in ('a', 'b', null)", given{"s": "a|c|∅"}, "true|∅|∅"},
		{"s in ('a','b','c','d','e','f','g','h','i')", given{"s": "i|j|∅"}, "true|false|∅"},
		{"d in (1, 2.5)", given{"d": "1.00|2.50|2.51"}, "true|true|false"},
		{"f in (1.5, 2.5)", given{"f": "1.5|2|∅"}, "true|false|∅"},
	} {
		t.Run(c.text, c.run)
	}
}

func TestEvalLogic(t *testing.T) {
	truth := given{"b": "true|true|true|false|false|false|∅|∅|∅", "s": "t|f|∅|t|f|∅|t|f|∅"}
	for _, c := range []opCase{
		{"b and cast(s as boolean)", truth, "true|false|∅|false|false|false|∅|false|∅"},
		{"b or cast(s as boolean)", truth, "true|true|true|true|false|∅|true|∅|∅"},
		{"not b", truth, "false|false|false|true|true|true|∅|∅|∅"},
		{"b and cast(s as boolean) and true", truth, "true|false|∅|false|false|false|∅|false|∅"},
		{"b or cast(s as boolean) or null", truth, "true|true|true|true|∅|∅|true|∅|∅"},
		{"b is null", truth, "false|false|false|false|false|false|true|true|true"},
		{"s is not null", given{"s": "|∅"}, "true|false"},
		{"b and cast(s as integer) > 0", given{"b": "false|true", "s": "x|y"}, "!cast x|!cast y"},
		{"b or 1 / i > 0", given{"b": "true|false|true", "i": "0|1|∅"}, "!zero 1 / 0|true|true"},
		{"cast(s as integer) is null", given{"s": "x||1"}, "!cast x|true|false"},
	} {
		t.Run(c.text, c.run)
	}
}

func TestEvalChoice(t *testing.T) {
	for _, c := range []opCase{
		{"case when i = 0 then 0 else 10 / i end", given{"i": "0|5|∅"}, "0.00000000000|2.00000000000|∅"},
		{"case when s = 'a' then 'x' when i > 1 then s else lower(s2) end", given{"s": "a|b|c|∅", "i": "1|2|0|5", "s2": "Q|R|S|∅"}, "x|b|s|∅"},
		{"case when i > 0 then cast(s as integer) end", given{"i": "0|1|1|∅", "s": "x|y|7|z"}, "∅|!cast y|7|∅"},
		{"case when i > 0 then 1 when cast(s as integer) = 5 then 2 else 3 end", given{"i": "1|0|0|0", "s": "x|y|5|6"}, "1|!cast y|2|3"},
		{"case when 1 / i > 0.5 then 'big' else 'small' end", given{"i": "1|0|2|∅"}, "big|!zero 1 / 0|small|small"},
		{"case when s = 'gold' then 'A' when s = 'silver' then 'B' else null end", given{"s": "gold|silver|bronze|∅"}, "A|B|∅|∅"},
		{"case when b then d else wide end", given{"b": "true|false|∅", "d": "1.50|1.50|1.50", "wide": "2|3|∅"}, "1.5000000000|3.0000000000|∅"},
		{"case when b then i > 0 else false end", given{"b": "true|false", "i": "1|1"}, "true|false"},
		{"case when false then 1 / 0 else 1 end", given{"i": "1|2"}, "1.000000|1.000000"},
		{"coalesce(s, s2, 'none')", given{"s": "a|∅|∅", "s2": "x|y|∅"}, "a|y|none"},
		{"coalesce(i, cast(s as integer))", given{"i": "1|∅|∅", "s": "x|y|5"}, "1|!cast y|5"},
		{"coalesce(cast(s as integer), i)", given{"i": "1|2|3", "s": "x||5"}, "!cast x|2|5"},
		{"coalesce(s, 'none')", given{"s": "a|∅|"}, "a|none|"},
		{"coalesce(try_cast(s as decimal(5,2)), 0.00)", given{"s": "1.5|x|1.234|∅|1234"}, "1.50|0.00|0.00|0.00|0.00"},
		{"coalesce(i, 1) is null", given{"i": "∅|1"}, "false|false"},
		{"nullif(i, 0)", given{"i": "0|1|∅"}, "∅|1|∅"},
		{"nullif(s, '')", given{"s": "|a|∅"}, "∅|a|∅"},
		{"nullif('a', s)", given{"s": "a|b|∅"}, "∅|a|a"},
		{"nullif(f, 0.0)", given{"f": "-0|1"}, "∅|1"},
		{"greatest(i, 5)", given{"i": "4|6|∅"}, "5|6|5"},
		{"least(i, 5, 7)", given{"i": "4|6|∅"}, "4|5|5"},
		{"greatest(f, 1.0)", given{"f": "NaN|0|∅"}, "NaN|1|1"},
		{"least(f, 1.0)", given{"f": "NaN|0|∅"}, "1|0|1"},
		{"greatest(s, s2)", given{"s": "a|b|∅|∅", "s2": "b|∅|c|∅"}, "b|b|c|∅"},
		{"least(day, date '2024-01-01')", given{"day": "2023-12-31|2024-01-02|∅"}, "2023-12-31|2024-01-01|2024-01-01"},
		{"greatest(b, false)", given{"b": "true|false|∅"}, "true|false|false"},
		{"greatest(i, cast(s as integer))", given{"i": "1|2", "s": "x|5"}, "!cast x|5"},
	} {
		t.Run(c.text, c.run)
	}
}

func TestEvalText(t *testing.T) {
	for _, c := range []opCase{
		{"lower(s)", given{"s": "ABCdef1234567|ÄÉß|İI|∅|"}, "abcdef1234567|äéß|ii|∅|"},
		{"upper(s)", given{"s": "abcDEF|äéß|ǆ|∅"}, "ABCDEF|ÄÉß|Ǆ|∅"},
		{"trim(s)", given{"s": "  a b  |\ta |   ||∅"}, "a b|\ta|||∅"},
		{"ltrim(s)", given{"s": "  a "}, "a "},
		{"rtrim(s)", given{"s": "  a "}, "  a"},
		{"length(s)", given{"s": "abcdefghij|äöü|😀|∅||aä😀aä😀aä😀"}, "10|3|1|∅|0|9"},
		{"substr(s, 2)", given{"s": "abc|äbc|a|"}, "bc|bc||"},
		{"substr(s, i)", given{"s": "abc|abc|abc|abc|äöü", "i": "0|-1|-5|4|-2"}, "abc|c|abc||öü"},
		{"substr(s, i, 3)", given{"s": "abc|abc|äöü|abcd|abc", "i": "0|-1|-4|2|∅"}, "abc|c|äö|bcd|∅"},
		{"substr(s, 1, i)", given{"s": "abc|abc|äöü", "i": "-1|0|2"}, "||äö"},
		{"replace(s, 'a', 'bb')", given{"s": "aXa|x||∅"}, "bbXbb|x||∅"},
		{"replace(s, '', 'b')", given{"s": "a"}, "a"},
		{"concat(s, '-', s2)", given{"s": "a|∅|", "s2": "b|b|"}, "a-b|∅|-"},
		{"s || s2 || 'x'", given{"s": "a|∅", "s2": "b|b"}, "abx|∅"},
		{"concat_ws(', ', s, s2)", given{"s": "a|∅||∅", "s2": "b|b|b|∅"}, "a, b|b|, b|"},
		{"concat_ws(s, 'a', 'b')", given{"s": "-|∅"}, "a-b|∅"},
		{"split_part(s, ',', 2)", given{"s": "a,b,c|a|a,|∅"}, "b|||∅"},
		{"split_part(s, s2, 1)", given{"s": "a--b|a", "s2": "--|"}, "a|!argument split_part(a, , 1)"},
		{"split_part('a,b', ',', i)", given{"i": "0|1|3|∅"}, "!argument split_part(a,b, ,, 0)|a||∅"},
		{"sha256(s)", given{"s": "abc|∅"}, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad|∅"},
		{"regexp_like(s, '^[^@ ]+@[^@ ]+[.][^@ ]+$')", given{"s": "a@b.c|a@b|a b@c.d|∅"}, "true|false|false|∅"},
		{"regexp_like(s, 'é+')", given{"s": "caféé|cafe"}, "true|false"},
		{"regexp_replace(s, '[^0-9+]', '')", given{"s": "+49 (30) 123|∅|abc"}, "+4930123|∅|"},
		{"regexp_replace(s, '([a-z])([0-9])', '$2$1-$$')", given{"s": "a1b2|x"}, "1a-$2b-$|x"},
		{"regexp_extract(s, '[0-9]+')", given{"s": "ab12cd34|x|∅"}, "12|∅|∅"},
		{"regexp_extract(s, '([a-z]+)([0-9]+)', 2)", given{"s": "ab12|x"}, "12|∅"},
		{"s like 'a%'", given{"s": "abc|b|a|∅|"}, "true|false|true|∅|false"},
		{"s like '%b_d%'", given{"s": "abcd|abd|b😀dx|"}, "true|false|true|false"},
		{"s like '_'", given{"s": "ä|ab||😀"}, "true|false|false|true"},
		{"s like ''", given{"s": "|a"}, "true|false"},
		{"s like '%'", given{"s": "|a|∅"}, "true|true|∅"},
		{"s like 'a%a'", given{"s": "a|aa|aba|abab"}, "false|true|true|false"},
		{"s like '%ab%ab'", given{"s": "abab|ab|xabyab|abxabx"}, "true|false|true|false"},
		{"s like '%a_'", given{"s": "aab|aä|a|bab"}, "true|true|false|true"},
		{"s like '100!%' escape '!'", given{"s": "100%|1000"}, "true|false"},
		{"s like s2", given{"s": "abc|abc|abc", "s2": "a%|b%|∅"}, "true|false|∅"},
		{"s not like 'a%'", given{"s": "abc|b|∅"}, "false|true|∅"},
	} {
		t.Run(c.text, c.run)
	}
}

func TestEvalCasts(t *testing.T) {
	for _, c := range []opCase{
		{"cast(s as integer)", given{"s": " 12\t|+7|2147483648|1.0|1_000|0x1F||  |∅|-0"}, "12|7|!cast 2147483648|!cast 1.0|!cast 1_000|!cast 0x1F|∅|∅|∅|0"},
		{"try_cast(s as integer)", given{"s": "12|x"}, "12|∅"},
		{"cast(s as bigint)", given{"s": "-9223372036854775808|9223372036854775808|00000000000000000000001"}, "-9223372036854775808|!cast 9223372036854775808|1"},
		{"cast(s as decimal(5,2))", given{"s": "1.5|-.5|5.|1.230|1.234|1000|.|-|1.2.3|1e2|+0999.99"}, "1.50|-0.50|5.00|1.23|!cast 1.234|!cast 1000|!cast .|!cast -|!cast 1.2.3|!cast 1e2|999.99"},
		{"cast(s as double)", given{"s": "1e3|-1.5E-2|NaN|Inf|1e999|0x1p3|1_0|.5|1."}, "1000|-0.015|!cast NaN|!cast Inf|!cast 1e999|!cast 0x1p3|!cast 1_0|0.5|1"},
		{"cast(s as boolean)", given{"s": "TRUE|f|Yes|no|1|0|y|"}, "true|false|true|false|true|false|!cast y|∅"},
		{"cast(s as date)", given{"s": "2024-02-29|2023-02-29|0001-01-01|9999-12-31|0000-01-01|2024-1-1|2024-01-01 00:00:00"},
			"2024-02-29|!cast 2023-02-29|0001-01-01|9999-12-31|!cast 0000-01-01|!cast 2024-1-1|!cast 2024-01-01 00:00:00"},
		{"cast(s as timestamp)", given{"s": "2024-01-02 03:04|2024-01-02T03:04:05.120|2024-01-02 03:04:05+0530|2024-01-02 03:04:60|2024-01-02 03:04:05.1234567|2024-01-02|1969-12-31 23:59:59.999999"},
			"2024-01-02 03:04:00|2024-01-02 03:04:05.12|2024-01-01 21:34:05|!cast 2024-01-02 03:04:60|!cast 2024-01-02 03:04:05.1234567|!cast 2024-01-02|1969-12-31 23:59:59.999999"},
		{"cast(i as bigint)", given{"i": "-5|∅"}, "-5|∅"},
		{"cast(l as integer)", given{"l": "2147483647|2147483648|∅"}, "2147483647|!cast 2147483648|∅"},
		{"try_cast(l as integer)", given{"l": "2147483647|2147483648|∅"}, "2147483647|∅|∅"},
		{"cast(d as integer)", given{"d": "0.50|-0.50|1.49|99999999.99"}, "1|-1|1|100000000"},
		{"cast(wide as bigint)", given{"wide": "9223372036854775807.4|9223372036854775807.5"}, "9223372036854775807|!cast 9223372036854775807.5000000000"},
		{"cast(f as integer)", given{"f": "0.5|-2.5|NaN|2147483647.4|2147483647.5|0.49999999999999994"}, "1|-3|!cast NaN|2147483647|!cast 2.1474836475e+09|0"},
		{"cast(f as bigint)", given{"f": "9223372036854774784|9223372036854775808|-9223372036854775808"}, "9223372036854774784|!cast 9.223372036854776e+18|-9223372036854775808"},
		{"cast(f as decimal(5,2))", given{"f": "1.005|999.995|-0.005|Inf|1e-30"}, "1.01|!cast 999.995|-0.01|!cast +Inf|0.00"},
		{"cast(d as decimal(3,1))", given{"d": "1.25|-1.25|99.95|99.94"}, "1.3|-1.3|!cast 99.95|99.9"},
		{"cast(d as decimal(38,10))", given{"d": "-1.25|∅"}, "-1.2500000000|∅"},
		{"cast(i as decimal(5,2))", given{"i": "999|1000|-1"}, "999.00|!cast 1000|-1.00"},
		{"cast(d as double)", given{"d": "0.10|-99999999.99"}, "0.1|-9.999999999e+07"},
		{"cast(l as double)", given{"l": "9007199254740993"}, "9.007199254740992e+15"},
		{"cast(at as date)", given{"at": "1969-12-31 23:59:59.999999|1970-01-01 00:00|∅"}, "1969-12-31|1970-01-01|∅"},
		{"cast(day as timestamp)", given{"day": "0001-01-01|∅"}, "0001-01-01 00:00:00|∅"},
		{"cast(i as string)", given{"i": "-5|∅"}, "-5|∅"},
		{"cast(d as string)", given{"d": "-0.05|10.00"}, "-0.05|10.00"},
		{"cast(b as string)", given{"b": "true|false|∅"}, "true|false|∅"},
		{"cast(day as string)", given{"day": "0099-01-02"}, "0099-01-02"},
		{"cast(at as string)", given{"at": "2024-01-02 03:04:05.000120|2024-01-02 03:04"}, "2024-01-02 03:04:05.00012|2024-01-02 03:04:00"},
	} {
		t.Run(c.text, c.run)
	}
}

func TestEvalDates(t *testing.T) {
	for _, c := range []opCase{
		{"date_trunc('week', day)", given{"day": "2024-01-01|2024-01-07|1969-12-31|0001-01-01|∅"}, "2024-01-01|2024-01-01|1969-12-29|0001-01-01|∅"},
		{"date_trunc('month', day)", given{"day": "2024-02-29|1969-12-31"}, "2024-02-01|1969-12-01"},
		{"date_trunc('quarter', day)", given{"day": "2024-06-30"}, "2024-04-01"},
		{"date_trunc('year', at)", given{"at": "1969-12-31 23:59:59.999999"}, "1969-01-01 00:00:00"},
		{"date_trunc('hour', at)", given{"at": "1969-12-31 23:59:59.999999"}, "1969-12-31 23:00:00"},
		{"date_trunc('day', at)", given{"at": "1969-12-31 23:59:59.999999"}, "1969-12-31 00:00:00"},
		{"date_add('month', 1, day)", given{"day": "2024-01-31|2023-01-31|2024-12-31|9999-12-01"}, "2024-02-29|2023-02-28|2025-01-31|!overflow date_add(1, 9999-12-01)"},
		{"date_add('month', -1, at)", given{"at": "2024-03-31 10:00:00.5|0001-01-01 00:00"}, "2024-02-29 10:00:00.5|!overflow date_add(-1, 0001-01-01 00:00:00)"},
		{"date_add('year', i, day)", given{"day": "2024-02-29|2024-02-29|2024-02-29", "i": "1|4|2147483647"}, "2025-02-28|2028-02-29|!overflow date_add(2147483647, 2024-02-29)"},
		{"date_add('day', i, day)", given{"day": "1969-12-31|9999-12-31", "i": "1|1"}, "1970-01-01|!overflow date_add(1, 9999-12-31)"},
		{"date_add('week', 2, day)", given{"day": "2024-02-20"}, "2024-03-05"},
		{"date_add('second', l, at)", given{"at": "1970-01-01 00:00|1970-01-01 00:00", "l": "-1|9223372036854775807"}, "1969-12-31 23:59:59|!overflow date_add(9223372036854775807, 1970-01-01 00:00:00)"},
		{"date_diff('month', day, date '2024-01-01')", given{"day": "2023-12-31|2024-01-31|2024-02-01"}, "1|0|-1"},
		{"date_diff('week', day, date '2024-01-08')", given{"day": "2024-01-07|2024-01-08|2023-12-31"}, "1|0|2"},
		{"date_diff('day', at, timestamp '1970-01-01 00:00')", given{"at": "1969-12-31 23:59:59"}, "1"},
		{"date_diff('hour', at, timestamp '1970-01-01 00:00')", given{"at": "1969-12-31 23:59:59|1970-01-01 00:59:59"}, "1|0"},
		{"date_diff('year', day, date '2024-01-01')", given{"day": "2023-12-31"}, "1"},
		{"year(day)", given{"day": "1969-12-31|0001-01-01"}, "1969|1"},
		{"quarter(at)", given{"at": "2024-10-01 00:00|2024-09-30 23:59:59"}, "4|3"},
		{"month(day)", given{"day": "2024-02-29"}, "2"},
		{"day(at)", given{"at": "1969-12-31 23:59:59.999999"}, "31"},
		{"day_of_week(day)", given{"day": "2024-01-01|2024-01-07|1969-12-28"}, "1|7|7"},
	} {
		t.Run(c.text, c.run)
	}
}

func TestEvalWholeBatches(t *testing.T) {
	if a, errs, err := evalRoot(bound(t, "1 / 0"), NewScratch(), nil, 2); err != nil || len(errs) != 2 || a.Len() != 2 {
		t.Errorf("a constant that fails: %v, %v, %v", a, errs, err)
	}
	if a, errs, err := evalRoot(bound(t, "concat('a', 'b')"), NewScratch(), nil, 0); err != nil || len(errs) != 0 || a.Len() != 0 {
		t.Errorf("no rows: %v, %v, %v", a, errs, err)
	}
}

// TestEvalFullDecimals has sums of 38 digits, which the binder refuses.
func TestEvalFullDecimals(t *testing.T) {
	wide := slotNode(11, dec(38, 10))
	full := "9999999999999999999999999999.9999999999"
	for _, c := range []struct {
		root *Node
		in   string
		want string
	}{
		{nodeOf(OpAdd, dec(38, 10), wide, wide), "1234567890123456789012345678.0123456789|" + full,
			"2469135780246913578024691356.0246913578|!overflow " + full + " + " + full},
		{nodeOf(OpSub, dec(38, 10), wide, valueNode(dec(1, 0), "1")), "0|-" + full, "-1.0000000000|!overflow -" + full + " - 1"},
		{nodeOf(OpMul, dec(38, 20), wide, wide), "0.0000000001|123456789.0123456789|1234567890.0123456789",
			"0.00000000000000000001|15241578753238836.75019051998750190521|!overflow 1234567890.0123456789 * 1234567890.0123456789"},
		{nodeOf(OpMul, dec(38, 10), wide, valueNode(dec(38, 0), "-10000000000")), "1.5|1000000000000000000", "-15000000000.0000000000|!overflow 1000000000000000000.0000000000 * -10000000000"},
	} {
		checkRows(t, c.root, given{"wide": c.in}, strings.Split(c.want, "|"))
	}
}
