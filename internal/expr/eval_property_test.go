package expr

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the tests need the zones wherever they run

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// samples are values of each kind that sit at edges, nulls among them.
var samples = map[schema.Kind][]string{
	schema.String: {null, "", " ", "a", "A", "abc", "ab", "b", "Äöü", "😀", "12", " 12 ", "-7", "1.25", "1e3", "2147483648", "true", "no", "2024-02-29", "2024-01-31 23:59:59.5",
		"2024-13-01", "x,y,z", "a@b.cd", "ab12cd34", "%", "NaN", "0", "999999999999", "a b  c"},
	schema.Boolean:   {null, "true", "false"},
	schema.Integer:   {null, "0", "1", "-1", "2", "7", "2147483647", "-2147483648", "46341", "-3"},
	schema.Bigint:    {null, "0", "1", "-1", "5", "9223372036854775807", "-9223372036854775808", "3037000500", "100"},
	schema.Double:    {null, "0", "-0", "1.5", "-2.5", "NaN", "Inf", "-Inf", "1e308", "0.1", "1e-300", "2.675"},
	schema.Decimal:   {null, "0", "0.01", "-0.01", "1.50", "-2.50", "99999999.99", "-99999999.99", "3", "0.05"},
	schema.Date:      {null, "1970-01-01", "1969-12-31", "2024-02-29", "0001-01-01", "9999-12-31", "2024-01-31"},
	schema.Timestamp: {null, "1970-01-01 00:00", "1969-12-31 23:59:59.999999", "2024-02-29 12:34:56.789", "0001-01-01 00:00", "9999-12-31 23:59:59.999999"},
}

// propertyTexts use every operation, alone and within others.
var propertyTexts = []string{
	"i + 1", "i - i % 7", "i * i", "-i", "abs(l)", "l + l", "l * 3", "l % i", "f + f * 2.0", "f / f", "f % 1.5", "-f",
	"d + d", "d * i", "d / i", "d % 0.3", "i / 7", "cast(wide as decimal(30,5)) + 1 > 0", "wide / d", "round(d, 1)", "round(d, -2)", "round(f, 2)", "round(i, -3)", "floor(d)", "ceil(d)", "floor(f)", "ceil(wide)",
	"i < 5", "l >= i", "d = 1.5", "d < wide", "f = f", "f > 0.0", "s < s2", "s = 'a'", "day > date '2024-01-01'", "at <= timestamp '1970-01-01 00:00'", "b < true", "b = b",
	"i in (1, 7, null)", "s in ('a', 'b')", "s in ('a', s2, null)", "s not in ('1','2','3','4','5','6','7','8','9','a')", "d between 0 and 1",
	"b and i > 0", "b or i > 0 or s is null", "not b", "b and cast(s as boolean)", "s is null", "1 / i > 0 or b",
	"lower(s)", "upper(s2)", "trim(s)", "length(trim(lower(s)))", "substr(s, 2)", "substr(s, i, 2)", "substr(s, -2, 1)", "replace(s, 'a', 'xyz')", "concat(s, '-', s2)", "s || cast(i as string)",
	"concat_ws('/', s, null, s2, 'end')", "concat_ws(s, 'a', s2)", "split_part(s, ',', 2)", "split_part(s, s2, i)", "sha256(s)", "regexp_like(s, '^[a-z0-9]+$')", "regexp_replace(s, '[0-9]', '<$0>')",
	"regexp_extract(s, '([a-z]+)([0-9]+)', 2)", "s like 'a%'", "s like '%b%' and s2 like '_'", "s like s2",
	"cast(s as integer)", "try_cast(s as integer)", "cast(trim(s) as decimal(6,2))", "cast(s as double)", "cast(s as boolean)", "cast(s as date)", "try_cast(s as timestamp)", "cast(l as integer)", "cast(f as integer)",
	"cast(f as decimal(10,3))", "cast(d as decimal(5,1))", "cast(d as string)", "cast(f as bigint)", "cast(at as date)", "cast(day as timestamp)", "cast(at as string)", "cast(day as string)", "cast(b as string)", "cast(d as double)",
	"case when s = 'a' then 'first' when s2 = 'b' then 'second' else null end", "case when i > 0 then 100 / i when b then d end", "case when i <> 0 then cast(s as integer) / i else 0 end", "case when cast(s as integer) > 5 then 1 when b then 2 end",
	"case when s like 'a%' then upper(s) when b then s2 else concat(s, s2) end", "case when b then s end",
	"coalesce(s, s2, 'none')", "coalesce(try_cast(s as integer), i, 0)", "coalesce(i, cast(s as integer))", "coalesce(cast(s as integer), i)", "coalesce(trim(s), 'null')", "length(coalesce(s, 'null'))",
	"nullif(s, 'a')", "nullif(i, 1)", "nullif(d, 1.5)", "nullif(f, 0.0)", "greatest(i, 3)", "least(s, s2, 'b')", "greatest(f, 0.5)", "least(d, 1)", "greatest(day, date '2000-01-01')", "greatest(b, false)",
	"date_trunc('week', day)", "date_trunc('month', at)", "date_trunc('minute', at)", "date_add('month', i, day)", "date_add('hour', l, at)", "date_add('day', -1, day)", "date_diff('day', day, cast(at as date))", "date_diff('month', at, cast(day as timestamp))",
	"date_diff('week', day, date '2024-01-01')", "year(day)", "quarter(at)", "month(cast(s as date))", "day(day)", "day_of_week(at)",
	"1 / 0", "'a' || 'b'", "coalesce(null, 5)", "cast('x' as integer) + i", "case when b then 1 / 0 else 2 end",
}

// randomColumns returns n rows for testScope, with values of few kinds in each
// batch so that whole words of validity bits are equal too.
func randomColumns(r *rand.Rand, n int) []arrow.Array {
	var cols []arrow.Array
	for _, column := range testScope().Columns {
		pool := samples[column.Type.Kind]
		if r.IntN(4) == 0 {
			pool = pool[1:] // no nulls
		}
		values := make([]string, n)
		for i := range values {
			values[i] = pool[r.IntN(len(pool))]
		}
		cols = append(cols, columnOf(column.Type, values...))
	}
	return cols
}

// codedColumns returns the columns with strings as dictionaries.
func codedColumns(cols []arrow.Array) []arrow.Array {
	out := slices.Clone(cols)
	for i, c := range cols {
		if c.DataType().ID() == arrow.STRING {
			out[i] = codedOf(c)
		}
	}
	return out
}

// TestEvalIgnoresCodingAndBatches checks that neither dictionaries nor the cuts
// between batches change a value or an error.
func TestEvalIgnoresCodingAndBatches(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	s := NewScratch()
	for range 3 {
		const n = 300
		plain := randomColumns(r, n)
		coded := codedColumns(plain)
		for _, text := range propertyTexts {
			root := bound(t, text)
			want := outcomes(t, NewScratch(), root, plain, n)
			if got := outcomes(t, s, root, coded, n); !slices.Equal(got, want) {
				t.Errorf("%s: coded: %s", text, firstDifference(got, want, coded))
			}
			for _, cols := range [][]arrow.Array{plain, coded} {
				for from := 0; from < n; {
					to := min(n, from+1+r.IntN(150))
					if got := outcomes(t, s, root, sliced(cols, from, to), to-from); !slices.Equal(got, want[from:to]) {
						t.Errorf("%s: rows %d to %d: %s", text, from, to, firstDifference(got, want[from:to], sliced(cols, from, to)))
					}
					from = to
				}
			}
		}
	}
}

func firstDifference(got, want []string, cols []arrow.Array) string {
	for i := range want {
		if got[i] != want[i] {
			var row []byte
			for _, c := range cols {
				row = append(vec.AppendText(row, c, i), '|')
			}
			return fmt.Sprintf("row %d (%s): got %q, want %q", i, row, got[i], want[i])
		}
	}
	return "equal"
}

// TestEvalKeepsResults checks that a result does not change when its Scratch
// is used again.
func TestEvalKeepsResults(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	s := NewScratch()
	var arrays []arrow.Array
	var want [][]string
	for range 3 {
		cols := randomColumns(r, 200)
		for j, text := range propertyTexts {
			if j%2 == 0 {
				cols = codedColumns(cols)
			}
			a, _, err := evalRoot(bound(t, text), s, cols, 200)
			if err != nil {
				t.Fatal(err)
			}
			arrays, want = append(arrays, a), append(want, textsOf(a))
		}
	}
	for i, a := range arrays {
		if !slices.Equal(textsOf(a), want[i]) {
			t.Errorf("%s: the result changed", propertyTexts[i%len(propertyTexts)])
		}
	}
}

// TestEvalKeepsDictionaries checks that a string over a dictionary has the same
// dictionary in every batch.
func TestEvalKeepsDictionaries(t *testing.T) {
	cols := codedColumns(randomColumns(rand.New(rand.NewPCG(15, 16)), 200))
	s := NewScratch()
	for _, text := range []string{"lower(trim(s))", "coalesce(s, 'none')", "case when s = 'a' then 'x' else s end", "case when s = 'a' then 'x' when s = 'b' then 'y' end", "nullif(s, 'a')"} {
		root := bound(t, text)
		var first arrow.ArrayData
		for i := range 4 {
			a, _, err := evalRoot(root, s, sliced(cols, i*50, i*50+50), 50)
			if err != nil {
				t.Fatal(err)
			}
			dict := a.Data().Dictionary()
			if first == nil {
				first = dict
			}
			if a.DataType().ID() != arrow.DICTIONARY || keyOf(dict) != keyOf(first) {
				t.Errorf("%s: batch %d has another dictionary", text, i)
			}
			if dict.NullN() != 0 {
				t.Errorf("%s: the dictionary has nulls", text)
			}
		}
	}
}

func TestEvalParse(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		typ   schema.Type
		parse Parse
		in    string
		want  string
	}{
		{tString, Parse{}, " a |||∅| |\t", " a |∅|∅|∅| |\t"},
		{tInteger, Parse{}, " 7 |x||  |∅|2147483648", "7|!type x|∅|∅|∅|!type 2147483648"},
		{dec(10, 2), Parse{}, "1.5|1.234|99999999.99|100000000", "1.50|!type 1.234|99999999.99|!type 100000000"},
		{dec(38, 4), Parse{}, "1234567890123456789012345678901234.5678|-0.0001", "1234567890123456789012345678901234.5678|-0.0001"},
		{tDouble, Parse{AllowNaN: true}, "NaN|-Inf|1e999|1.5", "NaN|-Inf|!type 1e999|1.5"},
		{tDouble, Parse{}, "NaN|1.5", "!type NaN|1.5"},
		{tBoolean, Parse{}, "TRUE| 0|2", "true|false|!type 2"},
		{tDate, Parse{Formats: []string{"yyyy-MM-dd", "dd.MM.yyyy"}}, "2024-02-29|29.02.2024|29/02/2024| 01.01.2024 |", "2024-02-29|2024-02-29|!type 29/02/2024|2024-01-01|∅"},
		{tTimestamp, Parse{Location: berlin}, "2024-01-01 12:00|2024-03-31 02:30|2024-10-27 02:30|2024-10-27 02:30Z", "2024-01-01 11:00:00|!type 2024-03-31 02:30|!type 2024-10-27 02:30|2024-10-27 02:30:00"},
		{tTimestamp, Parse{Location: berlin, Formats: []string{"dd.MM.yyyy HH:mm"}}, "01.07.2024 12:00|2024-07-01 12:00", "2024-07-01 10:00:00|!type 2024-07-01 12:00"},
	} {
		root := &Node{Op: OpParse, Type: test.typ, Args: []*Node{slotNode(0, tString)}, Parse: &test.parse}
		checkRows(t, root, given{"s": test.in}, splitRows(test.want))
	}
	long := make([]byte, 300)
	for i := range long {
		long[i] = "ä"[i%2]
	}
	root := &Node{Op: OpParse, Type: tInteger, Args: []*Node{slotNode(0, tString)}, Parse: &Parse{}}
	_, errs, err := evalRoot(root, NewScratch(), []arrow.Array{columnOf(tString, string(long))}, 1)
	if err != nil || len(errs) != 1 || errs[0].Value != string(long[:200]) {
		t.Errorf("a long value: %v, %v", errs, err)
	}
}

func TestEvalRefusesWrongColumns(t *testing.T) {
	root := bound(t, "i + 1")
	for name, cols := range map[string][]arrow.Array{
		"missing":    nil,
		"nil":        make([]arrow.Array, 12),
		"wrong type": slices.Repeat([]arrow.Array{columnOf(tString, "a")}, 12),
		"wrong rows": slices.Repeat([]arrow.Array{columnOf(tInteger, "1", "2")}, 12),
	} {
		if a, _, err := evalRoot(root, NewScratch(), cols, 1); err == nil {
			t.Errorf("%s: got %v", name, a)
		}
	}
	bad := &Node{Op: OpParse, Type: tDate, Args: []*Node{slotNode(0, tString)}, Parse: &Parse{Formats: []string{"nonsense"}}}
	if _, _, err := evalRoot(bad, NewScratch(), []arrow.Array{columnOf(tString, "a")}, 1); err == nil {
		t.Error("a bad layout is no error")
	}
}
