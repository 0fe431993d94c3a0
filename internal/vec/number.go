package vec

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

// The parsers of this file read whole texts without blanks around them (see
// TrimBlank); an empty text is not a value.

// TrimBlank returns text without the blanks and tabs around it.
func TrimBlank(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
		text = text[1:]
	}
	for len(text) > 0 && (text[len(text)-1] == ' ' || text[len(text)-1] == '\t') {
		text = text[:len(text)-1]
	}
	return text
}

// cutSign removes a leading sign and says whether it was a minus.
func cutSign(text []byte) (rest []byte, negative bool) {
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		return text[1:], text[0] == '-'
	}
	return text, false
}

// ParseInt64 reads an optional sign and digits.
func ParseInt64(text []byte) (int64, bool) {
	digits, negative := cutSign(text)
	if len(digits) == 0 {
		return 0, false
	}
	if len(digits) > 18 {
		return parseLongInt(digits, negative)
	}
	var v uint64
	if len(digits) <= 8 {
		w := loadShort(digits) | zeroDigits>>(8*len(digits))
		if !eightDigits(w) {
			return 0, false
		}
		v = valueOfDigits(w)
	} else {
		for _, c := range digits {
			c -= '0'
			if c > 9 {
				return 0, false
			}
			v = v*10 + uint64(c)
		}
	}
	if negative {
		return -int64(v), true
	}
	return int64(v), true
}

// parseLongInt is ParseInt64 for more than 18 digits, which may be zeros.
func parseLongInt(digits []byte, negative bool) (int64, bool) {
	digits = trimZeros(digits)
	if len(digits) > 19 {
		return 0, false
	}
	var v uint64 // 19 digits fit
	for _, c := range digits {
		c -= '0'
		if c > 9 {
			return 0, false
		}
		v = v*10 + uint64(c)
	}
	if negative {
		return -int64(v), v <= 1<<63
	}
	return int64(v), v < 1<<63
}

func trimZeros(digits []byte) []byte {
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
	}
	return digits
}

// ParseInt32 reads an optional sign and digits.
func ParseInt32(text []byte) (int32, bool) {
	v, ok := ParseInt64(text)
	return int32(v), ok && int64(int32(v)) == v
}

// ParseBool reads true, false, t, f, yes, no, 1 or 0 in any case.
func ParseBool(text []byte) (value, ok bool) {
	if len(text) == 0 || len(text) > 5 {
		return false, false
	}
	var lower [8]byte
	for i, c := range text {
		if c-'A' < 26 {
			c |= 0x20
		}
		lower[i] = c
	}
	switch string(lower[:len(text)]) {
	case "true", "t", "yes", "1":
		return true, true
	case "false", "f", "no", "0":
		return false, true
	}
	return false, false
}

// pointLessZero is '.' - '0' as a byte.
const pointLessZero = 0xfe

// ParseDecimal reads a sign, digits and at most one point as a decimal(digits,
// scale). Digits beyond the scale must be zeros; nothing is rounded.
func ParseDecimal(text []byte, digits, scale int) (decimal128.Num, bool) {
	body, negative := cutSign(text)
	if len(body) <= 8 {
		return parseShortDecimal(body, negative, digits, scale)
	}
	if len(body) > 19 {
		return parseLongDecimal(body, negative, digits, scale)
	}
	var v uint64 // at most 19 digits
	fraction := -1
	for i, c := range body {
		if c -= '0'; c <= 9 {
			v = v*10 + uint64(c)
			continue
		}
		if c != pointLessZero || fraction >= 0 {
			return decimal128.Num{}, false
		}
		fraction = len(body) - 1 - i
	}
	fraction = max(fraction, 0)
	if fraction > scale || scale-fraction > 19 {
		return parseLongDecimal(body, negative, digits, scale)
	}
	return scaledNum(v, scale-fraction, negative, digits)
}

// parseShortDecimal is ParseDecimal for up to 8 characters, which it reads as
// one word: without a loop, as lengths vary and mispredicted branches cost
// more than the work.
func parseShortDecimal(body []byte, negative bool, digits, scale int) (decimal128.Num, bool) {
	w, n, fraction := loadShort(body), len(body), 0
	point := w ^ 0x2e2e2e2e2e2e2e2e
	if found := (point - 0x0101010101010101) &^ point & 0x8080808080808080; found != 0 {
		at := uint(bits.TrailingZeros64(found)) &^ 7 // the bit where the point's byte begins
		before := w & (1<<at - 1)
		w = w>>(at+8)<<(at+8) | before<<8
		n--
		fraction = 7 - int(at>>3)
	}
	w |= zeroDigits >> (8 * n)
	if n == 0 || !eightDigits(w) {
		return decimal128.Num{}, false
	}
	if fraction > scale || scale-fraction > 19 {
		return parseLongDecimal(body, negative, digits, scale)
	}
	return scaledNum(valueOfDigits(w), scale-fraction, negative, digits)
}

// scaledNum returns v * 10^shift with a sign, shift at most 19.
func scaledNum(v uint64, shift int, negative bool, digits int) (decimal128.Num, bool) {
	hi, lo := bits.Mul64(v, pow10u64[shift]) // hi is below 2^63, as v has 19 digits at most
	limit := &pow10Num[digits]
	if most := uint64(limit.HighBits()); hi > most || hi == most && lo >= limit.LowBits() {
		return decimal128.Num{}, false
	}
	r := decimal128.New(int64(hi), lo)
	if negative {
		r = r.Negate()
	}
	return r, true
}

// parseLongDecimal is ParseDecimal for any number of digits.
func parseLongDecimal(body []byte, negative bool, digits, scale int) (decimal128.Num, bool) {
	whole, fraction, _ := bytes.Cut(body, []byte{'.'})
	if len(whole)+len(fraction) == 0 {
		return decimal128.Num{}, false
	}
	for len(fraction) > scale {
		if fraction[len(fraction)-1] != '0' {
			return decimal128.Num{}, false
		}
		fraction = fraction[:len(fraction)-1]
	}
	whole = trimZeros(whole)
	if len(whole) > digits-scale {
		return decimal128.Num{}, false
	}
	var w wide
	for _, part := range [2][]byte{whole, fraction} {
		for _, c := range part {
			if c -= '0'; c > 9 {
				return decimal128.Num{}, false
			}
			w.mulWord(10)
			w.add(&wide{uint64(c)})
		}
	}
	w.mulPow10(scale - len(fraction))
	return w.num(negative, digits)
}

// ParseDouble reads a decimal number with an optional exponent, to the nearest
// double. Numbers too large for a double are refused; allowNaN adds NaN, Inf
// and Infinity, with a sign, in any case.
func ParseDouble(text []byte, allowNaN bool) (float64, bool) {
	body, negative := cutSign(text)
	mantissa, exponent, exact, ok := scanDouble(body)
	if !ok {
		if !allowNaN {
			return 0, false
		}
		return parseNaN(body, negative)
	}
	if v, done := smallDouble(mantissa, exponent, exact); done {
		if negative {
			v = -v
		}
		return v, true
	}
	v, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(text), len(text)), 64)
	return v, err == nil
}

// smallDouble is Clinger's fast path: both factors are exact doubles, so one
// operation rounds correctly.
func smallDouble(mantissa uint64, exponent int, exact bool) (float64, bool) {
	if !exact || mantissa >= 1<<53 || exponent < -22 || exponent > 22 {
		return 0, false
	}
	if exponent < 0 {
		return float64(mantissa) / pow10Float[-exponent], true
	}
	return float64(mantissa) * pow10Float[exponent], true
}

var pow10Float = [23]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// scanDouble checks the form of an unsigned number and returns it as mantissa
// times 10^exponent; exact is false if it has too many digits for that.
func scanDouble(body []byte) (mantissa uint64, exponent int, exact, ok bool) {
	digits, fraction, point := 0, 0, false
	i := 0
	for ; i < len(body); i++ {
		c := body[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		mantissa = mantissa*10 + uint64(c-'0')
		digits++
		if point {
			fraction++
		}
	}
	if digits == 0 {
		return 0, 0, false, false
	}
	exact = digits <= 19
	if i < len(body) {
		if body[i]|0x20 != 'e' {
			return 0, 0, false, false
		}
		power, negative := cutSign(body[i+1:])
		if len(power) == 0 {
			return 0, 0, false, false
		}
		for _, c := range power {
			if c < '0' || c > '9' {
				return 0, 0, false, false
			}
			exponent = min(exponent*10+int(c-'0'), 1<<20)
		}
		if negative {
			exponent = -exponent
		}
	}
	return mantissa, exponent - fraction, exact, true
}

func parseNaN(body []byte, negative bool) (float64, bool) {
	switch {
	case bytes.EqualFold(body, []byte("nan")):
		return math.NaN(), true
	case bytes.EqualFold(body, []byte("inf")), bytes.EqualFold(body, []byte("infinity")):
		if negative {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	return 0, false
}

// eightDigits says whether all bytes of w are ASCII digits.
func eightDigits(w uint64) bool {
	return w&0xf0f0f0f0f0f0f0f0|(w+0x0606060606060606)&0xf0f0f0f0f0f0f0f0>>4 == 0x3333333333333333
}

// pairs turns eight ASCII digits into four numbers of two digits in the even bytes.
func pairs(w uint64) uint64 {
	w &= 0x0f0f0f0f0f0f0f0f
	return w*10 + w>>8
}

func load64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// zeroDigits are eight ASCII zeros.
const zeroDigits = 0x3030303030303030

// loadShort returns up to 8 bytes as a word that ends with the last of them in
// its highest byte; the bytes before the first are 0.
func loadShort(b []byte) uint64 {
	n := len(b)
	switch {
	case n >= 8:
		return load64(b)
	case n >= 4:
		lo, hi := uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
		return lo<<(8*(8-n)) | hi<<32
	case n >= 2:
		lo, hi := uint64(binary.LittleEndian.Uint16(b)), uint64(binary.LittleEndian.Uint16(b[n-2:]))
		return lo<<(8*(8-n)) | hi<<48
	case n == 1:
		return uint64(b[0]) << 56
	}
	return 0
}

// valueOfDigits returns the number that eight ASCII digits write.
func valueOfDigits(w uint64) uint64 {
	w = w & 0x0f0f0f0f0f0f0f0f * 2561 >> 8
	w = w & 0x00ff00ff00ff00ff * 6553601 >> 16
	return w & 0x0000ffff0000ffff * 42949672960001 >> 32
}
