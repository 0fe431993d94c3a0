package vec

import (
	"math"
	"strconv"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

// DecimalOfDouble returns the shortest decimal text of v at scale, rounded
// half away from zero. It is false for NaN, infinities and results of more
// than digits digits.
func DecimalOfDouble(v float64, digits, scale int) (decimal128.Num, bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return decimal128.Num{}, false
	}
	mantissa, exponent := shortest(v)
	shift := exponent + scale
	w := wide{mantissa}
	switch {
	case mantissa == 0 || shift < -20:
		return decimal128.Num{}, true
	case shift > 38:
		return decimal128.Num{}, false
	case shift < 0:
		w.roundPow10(-shift)
	default:
		w.mulPow10(shift)
	}
	return w.num(v < 0, digits)
}

// shortest returns the digits of the shortest text of |v| as mantissa times
// 10^exponent; there are at most 17.
func shortest(v float64) (mantissa uint64, exponent int) {
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], math.Abs(v), 'e', -1, 64)
	m, e, _, _ := scanDouble(text)
	return m, e
}

// RoundDouble returns the shortest decimal text of v rounded half away from
// zero to places decimal places, as the nearest double. NaN and infinities
// stay themselves; a result too large for a double is an infinity.
func RoundDouble(v float64, places int) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) || v == 0 {
		return v
	}
	mantissa, exponent := shortest(v)
	shift := exponent + places
	if shift >= 0 {
		return v
	}
	w := wide{}
	if shift >= -20 {
		w = wide{mantissa}
		w.roundPow10(-shift)
	}
	var buf [48]byte
	text := strconv.AppendUint(buf[:0], w[0], 10)
	text = strconv.AppendInt(append(text, 'e'), int64(-places), 10)
	r, _ := strconv.ParseFloat(unsafe.String(unsafe.SliceData(text), len(text)), 64)
	return math.Copysign(r, v)
}

// DoubleOfDecimal returns the double nearest to v, which has scale scale.
func DoubleOfDecimal(v decimal128.Num, scale int) float64 {
	if n, ok := Int64(v); ok && n < 1<<53 && n > -(1<<53) && scale <= 22 {
		return float64(n) / pow10Float[scale]
	}
	var buf [48]byte
	text := AppendDecimal(buf[:0], v, scale)
	r, _ := strconv.ParseFloat(unsafe.String(unsafe.SliceData(text), len(text)), 64)
	return r
}
