package vec

import (
	"math"
	"math/bits"

	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

// Decimals are unscaled decimal128 numbers; their scale is known to the caller.
// "Fits" means at most so many digits; results beyond 38 digits are refused.

// pow10u64 are 10^0 to 10^19.
var pow10u64 = [20]uint64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// pow10Num are 10^0 to 10^38.
var pow10Num = [39]decimal128.Num{
	decimal128.New(0, 1), decimal128.New(0, 10), decimal128.New(0, 100),
	decimal128.New(0, 1000), decimal128.New(0, 10000), decimal128.New(0, 100000),
	decimal128.New(0, 1000000), decimal128.New(0, 10000000), decimal128.New(0, 100000000),
	decimal128.New(0, 1000000000), decimal128.New(0, 10000000000), decimal128.New(0, 100000000000),
	decimal128.New(0, 1000000000000), decimal128.New(0, 10000000000000), decimal128.New(0, 100000000000000),
	decimal128.New(0, 1000000000000000), decimal128.New(0, 10000000000000000), decimal128.New(0, 100000000000000000),
	decimal128.New(0, 1000000000000000000), decimal128.New(0, 10000000000000000000), decimal128.New(5, 7766279631452241920),
	decimal128.New(54, 3875820019684212736), decimal128.New(542, 1864712049423024128), decimal128.New(5421, 200376420520689664),
	decimal128.New(54210, 2003764205206896640), decimal128.New(542101, 1590897978359414784), decimal128.New(5421010, 15908979783594147840),
	decimal128.New(54210108, 11515845246265065472), decimal128.New(542101086, 4477988020393345024), decimal128.New(5421010862, 7886392056514347008),
	decimal128.New(54210108624, 5076944270305263616), decimal128.New(542101086242, 13875954555633532928), decimal128.New(5421010862427, 9632337040368467968),
	decimal128.New(54210108624275, 4089650035136921600), decimal128.New(542101086242752, 4003012203950112768), decimal128.New(5421010862427522, 3136633892082024448),
	decimal128.New(54210108624275221, 12919594847110692864), decimal128.New(542101086242752217, 68739955140067328), decimal128.New(5421010862427522170, 687399551400673280),
}

// Pow10 returns 10^n for n from 0 to 38.
func Pow10(n int) decimal128.Num { return pow10Num[n] }

// Pow10Int64 returns 10^n for n from 0 to 18.
func Pow10Int64(n int) int64 { return int64(pow10u64[n]) }

// FitsDigits says whether v has at most n digits, n from 1 to 38.
func FitsDigits(v decimal128.Num, n int) bool {
	hi, lo := magnitude(v)
	limit := &pow10Num[n]
	lhi, llo := uint64(limit.HighBits()), limit.LowBits()
	return hi < lhi || hi == lhi && lo < llo
}

// Int64 returns v as an int64 if it is one.
func Int64(v decimal128.Num) (int64, bool) {
	lo := int64(v.LowBits())
	return lo, v.HighBits() == lo>>63
}

// CompareDecimal compares numbers of one scale: negative, 0 or positive.
func CompareDecimal(a, b decimal128.Num) int {
	switch {
	case a == b:
		return 0
	case a.Less(b):
		return -1
	}
	return 1
}

// CompareScaled compares a at scale as with b at scale bs, exactly.
func CompareScaled(a decimal128.Num, as int, b decimal128.Num, bs int) int {
	if as == bs {
		return CompareDecimal(a, b)
	}
	if sa, sb := a.Sign(), b.Sign(); sa != sb {
		return sa - sb
	}
	wa, wb := wideOf(a), wideOf(b)
	wa.mulPow10(max(bs-as, 0))
	wb.mulPow10(max(as-bs, 0))
	c := wa.compare(&wb)
	if a.Sign() < 0 {
		return -c
	}
	return c
}

// RescaleDecimal returns v, which has scale from, at scale to: exact if that
// is larger, else rounded half away from zero. It is false if the result has
// more than digits digits.
func RescaleDecimal(v decimal128.Num, from, to, digits int) (decimal128.Num, bool) {
	if from == to {
		return v, FitsDigits(v, digits)
	}
	if n, ok := Int64(v); ok {
		if to < from && from-to < 19 {
			n = divRoundInt64(n, int64(pow10u64[from-to]))
			return decimal128.FromI64(n), FitsDigits(decimal128.FromI64(n), digits)
		}
		if to > from && to-from < 19 {
			hi, lo := mulSigned(n, int64(pow10u64[to-from]))
			r := decimal128.New(hi, lo)
			return r, FitsDigits(r, digits)
		}
	}
	w := wideOf(v)
	if to > from {
		w.mulPow10(to - from)
	} else {
		w.roundPow10(from - to)
	}
	return w.num(v.HighBits() < 0, digits)
}

// divRoundInt64 returns a / b, b > 0, rounded half away from zero.
func divRoundInt64(a, b int64) int64 {
	q, r := a/b, a%b
	// 2*|r| >= b without overflow.
	if r < 0 && -r >= b+r {
		return q - 1
	}
	if r > 0 && r >= b-r {
		return q + 1
	}
	return q
}

// RoundDecimal returns v, which has scale from, rounded half away from zero to
// places decimal places (negative: tens, hundreds), at scale to, which is not
// less than places. It is false if the result has more than digits digits.
func RoundDecimal(v decimal128.Num, from, places, to, digits int) (decimal128.Num, bool) {
	if places >= from {
		return RescaleDecimal(v, from, to, digits)
	}
	if from-places > 38 || to-places > 76 {
		return decimal128.Num{}, true
	}
	w := wideOf(v)
	w.roundPow10(from - places)
	w.mulPow10(to - places)
	return w.num(v.HighBits() < 0, digits)
}

// FloorDecimal returns the greatest whole number not above v, at scale 0.
func FloorDecimal(v decimal128.Num, scale int) decimal128.Num {
	if scale == 0 {
		return v
	}
	w := wideOf(v)
	rest := w.divPow10(scale)
	if v.HighBits() < 0 && rest {
		w.increment()
	}
	n, _ := w.num(v.HighBits() < 0, 38)
	return n
}

// CeilDecimal returns the least whole number not below v, at scale 0.
func CeilDecimal(v decimal128.Num, scale int) decimal128.Num {
	return FloorDecimal(v.Negate(), scale).Negate()
}

// AddScaled returns a (scale as) plus b (scale bs) at scale, which is not less
// than either. It is false if the result has more than digits digits.
func AddScaled(a decimal128.Num, as int, b decimal128.Num, bs, scale, digits int) (decimal128.Num, bool) {
	wa, wb := wideOf(a), wideOf(b)
	wa.mulPow10(scale - as)
	wb.mulPow10(scale - bs)
	negA, negB := a.HighBits() < 0, b.HighBits() < 0
	if negA == negB {
		wa.add(&wb)
		return wa.num(negA, digits)
	}
	if wa.compare(&wb) < 0 {
		wa, wb, negA = wb, wa, negB
	}
	wa.sub(&wb)
	return wa.num(negA, digits)
}

// MulDecimal returns a * b, whose scale is the sum of theirs. It is false if
// the result has more than digits digits.
func MulDecimal(a, b decimal128.Num, digits int) (decimal128.Num, bool) {
	if x, ok := Int64(a); ok {
		if y, ok := Int64(b); ok {
			hi, lo := mulSigned(x, y)
			r := decimal128.New(hi, lo)
			return r, FitsDigits(r, digits)
		}
	}
	w := wideOf(a)
	bhi, blo := magnitude(b)
	w.mul(bhi, blo)
	return w.num((a.HighBits() < 0) != (b.HighBits() < 0), digits)
}

// DivRound returns a * 10^shift / b rounded half away from zero; shift is 0 to
// 76. It is false if b is zero or the result has more than digits digits.
func DivRound(a decimal128.Num, shift int, b decimal128.Num, digits int) (decimal128.Num, bool) {
	bhi, blo := magnitude(b)
	if bhi|blo == 0 {
		return decimal128.Num{}, false
	}
	if n, ok := Int64(a); ok && shift <= 19 && bhi == 0 {
		hi, lo := bits.Mul64(uint64(max(n, -n)), pow10u64[shift])
		if hi < blo && n != math.MinInt64 {
			q, rest := bits.Div64(hi, lo, blo)
			w := wide{q}
			if rest >= blo-rest {
				w.increment()
			}
			return w.num((n < 0) != (b.HighBits() < 0), digits)
		}
	}
	w := wideOf(a)
	w.mulPow10(shift)
	w.divRound(bhi, blo)
	return w.num((a.HighBits() < 0) != (b.HighBits() < 0), digits)
}

// ModScaled returns the remainder of a (scale as) by b (scale bs), which has
// the sign of a and the larger of the scales. It is false if b is zero.
func ModScaled(a decimal128.Num, as int, b decimal128.Num, bs int) (decimal128.Num, bool) {
	bhi, blo := magnitude(b)
	if bhi|blo == 0 {
		return decimal128.Num{}, false
	}
	wa, wb := wideOf(a), wideOf(b)
	wa.mulPow10(max(bs-as, 0))
	wb.mulPow10(max(as-bs, 0))
	wa.mod(&wb)
	return wa.num(a.HighBits() < 0, 38)
}

// magnitude returns the absolute value of v.
func magnitude(v decimal128.Num) (hi, lo uint64) {
	hi, lo = uint64(v.HighBits()), v.LowBits()
	if int64(hi) < 0 {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	return hi, lo
}

// mulSigned returns the 128-bit product of a and b.
func mulSigned(a, b int64) (hi int64, lo uint64) {
	uhi, lo := bits.Mul64(uint64(a), uint64(b))
	return int64(uhi) - (a>>63)&b - (b>>63)&a, lo
}

// MulInt64 returns a * b, and false if that is not an int64.
func MulInt64(a, b int64) (int64, bool) {
	hi, lo := mulSigned(a, b)
	return int64(lo), hi == int64(lo)>>63
}

// MulNarrow returns the product of decimals of at most 18 digits each. It is
// false if either is not an int64.
func MulNarrow(a, b decimal128.Num) (decimal128.Num, bool) {
	x, y := int64(a.LowBits()), int64(b.LowBits())
	hi, lo := mulSigned(x, y)
	return decimal128.New(hi, lo), a.HighBits() == x>>63 && b.HighBits() == y>>63
}
