package vec

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

var integerPattern = regexp.MustCompile(`^[+-]?[0-9]+$`)

func FuzzParseInteger(f *testing.F) {
	for _, text := range []string{"0", "-0", "+7", "2147483647", "2147483648", "-2147483648", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808", "-9223372036854775809", "18446744073709551616", "000000000000000000000001", "99999999999999999999999", "", "-", "1_0", "0x1", "1.0", " 1", "１"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, valid := new(big.Int).SetString(text, 10)
		valid = valid && integerPattern.MatchString(text)
		got, ok := ParseInt64([]byte(text))
		if wantOK := valid && want.IsInt64(); ok != wantOK || ok && got != want.Int64() {
			t.Errorf("ParseInt64(%q) = %d, %v", text, got, ok)
		}
		small, ok := ParseInt32([]byte(text))
		if wantOK := valid && want.IsInt64() && want.Int64() == int64(int32(want.Int64())); ok != wantOK || ok && int64(small) != want.Int64() {
			t.Errorf("ParseInt32(%q) = %d, %v", text, small, ok)
		}
	})
}

var decimalPattern = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$`)

// slowDecimal is ParseDecimal by exact fractions.
func slowDecimal(text string, digits, scale int) (*big.Int, bool) {
	if !decimalPattern.MatchString(text) {
		return nil, false
	}
	v, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, false
	}
	v.Mul(v, new(big.Rat).SetInt(bigPow10(scale)))
	return v.Num(), v.IsInt() && v.Num().CmpAbs(bigPow10(digits)) < 0
}

func FuzzParseDecimal(f *testing.F) {
	for _, text := range []string{"0", "1.5", "-.5", "5.", ".", "-", "", "+", "1.2.3", "1e3", "99999999.99", "100000000.00", "1.230000000000000000000000000000",
		"12345678901234567890123456789012345678", "0.00000000000000000000000000000000000001", "9999999999999999999", "-99999999999999999999.5", "0000000000000000000000.10", "1,5", "0x1", "1_0", "18446744073709551616"} {
		for _, p := range [][2]uint8{{10, 2}, {18, 0}, {38, 10}, {38, 38}, {1, 1}, {20, 20}} {
			f.Add(text, p[0], p[1])
		}
	}
	f.Fuzz(func(t *testing.T, text string, p, s uint8) {
		digits := 1 + int(p)%38
		scale := int(s) % (digits + 1)
		want, wantOK := slowDecimal(text, digits, scale)
		got, ok := ParseDecimal([]byte(text), digits, scale)
		if ok != wantOK || ok && got.BigInt().Cmp(want) != 0 {
			t.Errorf("ParseDecimal(%q, %d, %d) = %s, %v, want %s, %v", text, digits, scale, got.BigInt(), ok, want, wantOK)
		}
		if !ok {
			return
		}
		written := AppendDecimal(nil, got, scale)
		if again, ok := ParseDecimal(written, digits, scale); !ok || again != got {
			t.Errorf("%q is written as %s, which reads as %s, %v", text, written, again.BigInt(), ok)
		}
	})
}

var doublePattern = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

func FuzzParseDouble(f *testing.F) {
	for _, text := range []string{"0", "-0", "1.5", ".5", "5.", "1e22", "1e23", "9007199254740993", "1.7976931348623157e308", "1.8e308", "1e-400", "4.9e-324",
		"1e", "e1", "1e+", "nan", "-Inf", "infinity", "0x1p3", "1_0", "123456789012345678901234567890e-10", "1e99999999999999999999", "0e99999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := strconv.ParseFloat(text, 64)
		wantOK := err == nil && doublePattern.MatchString(text)
		got, ok := ParseDouble([]byte(text), false)
		if ok != wantOK || ok && math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("ParseDouble(%q) = %v, %v, want %v, %v", text, got, ok, want, wantOK)
		}
	})
}

func TestParseDoubleNaN(t *testing.T) {
	for text, want := range map[string]float64{"NaN": math.NaN(), "-nan": math.NaN(), "inf": math.Inf(1), "-Infinity": math.Inf(-1), "+INF": math.Inf(1)} {
		got, ok := ParseDouble([]byte(text), true)
		if !ok || CanonicalBits(got) != CanonicalBits(want) {
			t.Errorf("ParseDouble(%q) = %v, %v", text, got, ok)
		}
		if _, ok := ParseDouble([]byte(text), false); ok {
			t.Errorf("%q is a double without allow_nan", text)
		}
	}
	for _, text := range []string{"1e999", "infi", "nano", ""} {
		if v, ok := ParseDouble([]byte(text), true); ok {
			t.Errorf("ParseDouble(%q) = %v", text, v)
		}
	}
}

func TestParseBool(t *testing.T) {
	for text, want := range map[string]string{"true": "true", "T": "true", "YES": "true", "1": "true", "False": "false", "f": "false", "nO": "false", "0": "false",
		"y": "", "n": "", "on": "", "": "", "truee": "", "TRUE ": "", "01": "", "ｔ": "", "@": ""} {
		v, ok := ParseBool([]byte(text))
		if got := strings.Repeat(strconv.FormatBool(v), btoi(ok)); got != want {
			t.Errorf("ParseBool(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestTrimBlank(t *testing.T) {
	for text, want := range map[string]string{"": "", " \t": "", "\t a b \t": "a b", "\n1": "\n1", "\u00a01": "\u00a01"} {
		if got := TrimBlank([]byte(text)); string(got) != want {
			t.Errorf("TrimBlank(%q) = %q", text, got)
		}
	}
}

var sinkNum decimal128.Num

func BenchmarkParseInteger(b *testing.B) {
	text := []byte("1234567")
	for b.Loop() {
		ParseInt32(text)
	}
}

func BenchmarkParseDecimal(b *testing.B) {
	text := []byte("1234.56")
	for b.Loop() {
		sinkNum, _ = ParseDecimal(text, 10, 2)
	}
}

func BenchmarkParseDouble(b *testing.B) {
	text := []byte("1234.56")
	for b.Loop() {
		ParseDouble(text, false)
	}
}
