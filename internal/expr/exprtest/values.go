package exprtest

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

// Column is a column of the tests' table with the values it draws from.
type Column struct {
	Name string
	Type schema.Type
	pool []any
	more func(*rand.Rand) any // other values; nil: none
}

// Columns returns the table that generated expressions read: at least two
// columns of each type, and texts that are, or nearly are, values of other types.
func Columns() []Column {
	str, integer, bigint, double := schema.T(schema.String), schema.T(schema.Integer), schema.T(schema.Bigint), schema.T(schema.Double)
	date, timestamp, boolean := schema.T(schema.Date), schema.T(schema.Timestamp), schema.T(schema.Boolean)
	column := func(name string, t schema.Type, pool []any, more func(*rand.Rand) any) Column {
		return Column{Name: name, Type: t, pool: pool, more: more}
	}
	decimal := func(name string, precision, scale int) Column {
		t := schema.DecimalOf(precision, scale)
		return column(name, t, decimalEdges(t), func(r *rand.Rand) any { return randomDecimal(r, t) })
	}
	return []Column{
		column("s0", str, texts(generalTexts), randomText), column("s1", str, texts(generalTexts), randomText),
		column("w0", str, texts(words), randomWord), column("w1", str, texts(words), randomWord),
		column("sn", str, texts(numericTexts), nil), column("sb", str, texts(booleanTexts), nil),
		column("sd", str, texts(dateTexts), nil), column("st", str, texts(timestampTexts), nil),
		column("b0", boolean, []any{true, false}, nil), column("b1", boolean, []any{true, false}, nil),
		column("i0", integer, wholes(-2147483648, -2147483647, -100, -5, -1, 0, 1, 2, 3, 7, 10, 49, 50, 51, 150, 2147483646, 2147483647), smallWhole),
		column("i1", integer, wholes(-2147483648, -7, -2, -1, 0, 1, 2, 3, 5, 12, 100, 65536, 2147483647), smallWhole),
		column("l0", bigint, wholes(math.MinInt64, math.MinInt64+1, -4294967296, -3, -1, 0, 1, 2, 10, 9007199254740993, 4294967296, math.MaxInt64-1, math.MaxInt64), smallWhole),
		column("l1", bigint, wholes(math.MinInt64, -10, -2, -1, 0, 1, 3, 7, 1000, math.MaxInt64), smallWhole),
		column("n0", bigint, wholes(-8, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 9), nil), column("n1", bigint, wholes(-2, -1, 0, 1, 2, 3, 4, 7, 40), nil),
		decimal("p0", 10, 2), decimal("p1", 10, 2), decimal("q0", 38, 10), decimal("q1", 38, 0), decimal("u0", 4, 4), decimal("k0", 18, 6), decimal("k1", 38, 2),
		column("f0", double, doubles(), randomDouble), column("f1", double, doubles(), randomDouble),
		column("d0", date, dates(), randomDate), column("d1", date, dates(), randomDate),
		column("t0", timestamp, timestamps(), randomTimestamp), column("t1", timestamp, timestamps(), randomTimestamp),
	}
}

// Scope returns the scope of the table's columns.
func Scope(columns []Column) expr.Scope {
	var scope expr.Scope
	for i, c := range columns {
		scope.Columns = append(scope.Columns, expr.ScopeColumn{Name: c.Name, Type: c.Type, Nullable: true, Slot: i})
	}
	return scope
}

// Rows draws n rows, about a tenth of their values null.
func Rows(r *rand.Rand, columns []Column, n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = make(Row, len(columns))
		for j, c := range columns {
			switch {
			case r.IntN(11) == 0:
			case c.more != nil && r.IntN(3) == 0:
				rows[i][j] = c.more(r)
			default:
				rows[i][j] = c.pool[r.IntN(len(c.pool))]
			}
		}
	}
	return rows
}

var (
	generalTexts = []string{"", " ", "\t", "  a b  ", "abc", "ABC", "Hello, World", "a\tb", "a\nb", "\n", "é", "e\u0301", "日本語", "😀x😀", "straße", "ÀÉÎ àéî",
		"Привет", "ŸÿŐő", "a'b\"c\\d", "%_", "100%", "a_b", "\u00a0x\u00a0", "0", "null", "zzz\u00ff", "\U0010ffff", "\uffee", "İıſK", "ΑΣ ΣΑΣ", "ŉǰﬃΐᾀᾳ", "ǆǅ", "a\r\nb\u2028\u0085", "👨\u200d👩", "\ufeffx", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}
	words = []string{"", "a", "b", "ab", "ba", "aab", "abab", "a,b", "a,b,c", ",", ",a,", "a-b_c", "ab12", "12-34", "x9y8", "aXbX", "AB", "a b", "a.b", "a\nb", "a%b", "a\\b", "$a", "éa"}
	// What is a number, and what some engine takes for one.
	numericTexts = []string{"", " ", "0", "1", "-1", "+5", "00012", " 42\t", "2147483647", "2147483648", "-2147483648", "9223372036854775807", "9223372036854775808",
		"12.7", "12.50", "1.005", "-0.5", ".5", "5.", ".", "-", "+", "1_000", "0x1F", "1e3", "1E-2", "1e5", "1e999", "1e-400", "1,5", "NaN", "nan", "Infinity", "-Inf", "+inf", "abc", "1 2", "--1",
		"99999999.99", "99999999.995", "123456789.12", "12345678901234567890123456789012345678", "0.1000000000", "\u0663", "1.10", "3.14159", "-7", "8.25", "\n1", "1\n", "\u00a01", "\u00a0", "\u3000", "\u20091", "１２", "1d", "1f", "1L", "+.5", "-.", ".e1", "1.e2", "1e+05", "1e", "1e5.0", "0x1p3", "\u22121",
		"0000000000000000000000000000000000000000000000007", "1.50000000000000000000000000000000000000000000000", "9223372036854775808.0", "1.7976931348623157e308", "1.7976931348623159e308", "4.9e-324", "2e-324", "-0", "-0.0", "0.285", "infinite", "\v1", "1\u0085"}
	booleanTexts = []string{"", " ", "true", "TRUE", "t", "f", "yes", "No", "1", "0", "false", "y", "n", "on", "2", "tru", " true\t", "Yes ", "falsE", "T", "wahr", "1.0"}
	dateTexts    = []string{"", " ", "2026-01-01", "0001-01-01", "9999-12-31", "0000-01-01", "2024-02-29", "2023-02-29", "2000-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31",
		" 2026-07-04\t", "2026-7-4", "20260704", "2026/07/04", "2026-01-01 00:00", "10000-01-01", "-001-01-01", "2026-01-01x", "1969-12-31", "abc", "1582-10-10"}
	timestampTexts = []string{"", " ", "2026-01-01 00:00", "2026-01-01T00:00:00", "2026-01-01 12:34:56", "2026-01-01 12:34:56.5", "2026-01-01T12:34:56.123456Z", "2026-01-01 12:34:56.1234567",
		"2026-01-01 23:59:60", "2026-01-01 24:00:00", "2026-01-01 00:00+01:00", "2026-01-01T00:00:00-0530", "2026-01-01 00:00:00+14", "2026-01-01 00:00:00+19:00", "2026-01-01 00:00:00+01:60",
		"0001-01-01 00:00:00+01:00", "9999-12-31 23:59:59.999999", "9999-12-31 23:00:00-02:00", "2026-01-01", "2026-01-01 1:00", "2026-02-30 00:00", " 2026-01-01 00:00\t", "2026-01-01  00:00",
		"2026-01-01 00:00:00z", "2026-01-01 00:00:00 +01:00", "1969-12-31 23:59:59.999999", "2026-01-01 00:00:00.", "abc", "0001-01-01 00:00", "2026-01-01 00:00:00+18:00", "2026-01-01 00:00Z"}
)

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func wholes(list ...int64) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = big.NewInt(v)
	}
	return out
}

func doubles() []any {
	list := []float64{0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 0.2, 0.3, 1.005, 2.675, -1.15, 0.49999999999999994, 1e15, 1e16, 1e17, 1e21, 123456789.987654321,
		9007199254740993, 2147483647.5, -2147483648.5, 9223372036854774784, 9223372036854775808, -9223372036854775808, 1e300, -1e300, 1e-300, 5e-324, math.MaxFloat64,
		math.NaN(), math.Inf(1), math.Inf(-1), 449.6, 450, -55.5, 1e-7, 1234.5678}
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

// decimalEdges are the extremes of a type, values that round, and small ones.
func decimalEdges(t schema.Type) []any {
	most := new(big.Int).Sub(tenTo(int(t.Precision)), big.NewInt(1))
	var out []any
	add := func(unscaled *big.Int) {
		for _, u := range []*big.Int{unscaled, new(big.Int).Neg(unscaled)} {
			if u.CmpAbs(most) <= 0 {
				out = append(out, new(big.Rat).SetFrac(u, tenTo(int(t.Scale))))
			}
		}
	}
	add(most)
	add(new(big.Int).Sub(most, big.NewInt(1)))
	add(new(big.Int).Quo(most, big.NewInt(2)))
	for _, v := range []int64{0, 1, 3, 5, 7, 50, 99, 100, 125, 150, 250, 1005, 9995, 123456} {
		add(big.NewInt(v))
	}
	add(tenTo(int(t.Scale)))
	add(new(big.Int).Mul(big.NewInt(25), tenTo(max(0, int(t.Scale)-1))))
	return out
}

func date(text string) Date {
	d, err := time.Parse("2006-01-02", text)
	if err != nil {
		panic(err)
	}
	return dayOf(d)
}

func dates() []any {
	var out []any
	for _, s := range strings.Fields("0001-01-01 0001-01-02 0001-12-31 9999-12-31 9999-12-27 1970-01-01 1969-12-31 1969-12-28 1969-12-29 2024-02-29 2023-02-28 2024-01-31 2024-03-31 " +
		"2026-01-01 2026-01-04 2026-01-05 2025-12-29 1900-02-28 2000-02-29 1582-10-04 1582-10-15 2026-06-30 2026-07-01 2020-12-31 2021-01-03 2021-01-04") {
		out = append(out, date(s))
	}
	return out
}

func timestamps() []any {
	var out []any
	for _, d := range dates() {
		midnight := Timestamp(int64(d.(Date)) * 86400_000_000)
		out = append(out, midnight, midnight+86399_999_999, midnight+45296_123_456, midnight+3_600_000_000)
	}
	return out
}

func smallWhole(r *rand.Rand) any { return big.NewInt(r.Int64N(2001) - 1000) }

func randomDecimal(r *rand.Rand, t schema.Type) any {
	digits := r.IntN(min(int(t.Precision), 12)) + 1
	unscaled := big.NewInt(r.Int64N(tenTo(digits).Int64()))
	if r.IntN(2) == 0 {
		unscaled.Neg(unscaled)
	}
	return new(big.Rat).SetFrac(unscaled, tenTo(int(t.Scale)))
}

func randomDouble(r *rand.Rand) any {
	if r.IntN(4) == 0 {
		return math.Float64frombits(r.Uint64())
	}
	return float64(r.Int64N(2_000_001)-1_000_000) / float64([]int{1, 2, 10, 100, 1000}[r.IntN(5)])
}

func randomDate(r *rand.Rand) any { return date("0001-01-01") + Date(r.IntN(3652059)) }

func randomTimestamp(r *rand.Rand) any {
	return Timestamp(int64(randomDate(r).(Date))*86400_000_000 + r.Int64N(86400_000_000))
}

func pick(r *rand.Rand, alphabet string, most int) any {
	runes := []rune(alphabet)
	out := make([]rune, r.IntN(most+1))
	for i := range out {
		out[i] = runes[r.IntN(len(runes))]
	}
	return string(out)
}

func randomText(r *rand.Rand) any { return pick(r, "abcXYZ 019éßñ€😀日,.-_%\t", 12) }

func randomWord(r *rand.Rand) any { return pick(r, "abbaAB,12-X", 8) }

// Texts returns the texts that a column of strings draws from.
func (c Column) Texts() []string {
	out := make([]string, len(c.pool))
	for i, v := range c.pool {
		out[i] = v.(string)
	}
	return out
}
