package vec

import (
	"math/big"
	"math/bits"

	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

// wide is an unsigned number of up to 384 bits, least word first: room for 38
// digits times 10^76, the largest dividend that types of 38 digits can give.
type wide [6]uint64

func wideOf(v decimal128.Num) wide {
	hi, lo := magnitude(v)
	return wide{lo, hi}
}

// num returns the number with a sign, and false if it has more than digits digits.
func (w *wide) num(negative bool, digits int) (decimal128.Num, bool) {
	if w[2]|w[3]|w[4]|w[5] != 0 || w[1]>>63 != 0 {
		return decimal128.Num{}, false
	}
	v := decimal128.New(int64(w[1]), w[0])
	if !FitsDigits(v, digits) {
		return decimal128.Num{}, false
	}
	if negative {
		v = v.Negate()
	}
	return v, true
}

func (w *wide) compare(o *wide) int {
	for i := len(w) - 1; i >= 0; i-- {
		if w[i] != o[i] {
			if w[i] < o[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

func (w *wide) add(o *wide) {
	var carry uint64
	for i := range w {
		w[i], carry = bits.Add64(w[i], o[i], carry)
	}
}

// sub subtracts o, which is not greater.
func (w *wide) sub(o *wide) {
	var borrow uint64
	for i := range w {
		w[i], borrow = bits.Sub64(w[i], o[i], borrow)
	}
}

func (w *wide) increment() { w.add(&wide{1}) }

func (w *wide) mulWord(m uint64) {
	var carry uint64
	for i := range w {
		hi, lo := bits.Mul64(w[i], m)
		var c uint64
		w[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
}

// mul multiplies by a 128-bit number.
func (w *wide) mul(hi, lo uint64) {
	high := *w
	w.mulWord(lo)
	if hi == 0 {
		return
	}
	high.mulWord(hi)
	copy(high[1:], high[:5])
	high[0] = 0
	w.add(&high)
}

func (w *wide) mulPow10(n int) {
	for ; n > 19; n -= 19 {
		w.mulWord(pow10u64[19])
	}
	if n > 0 {
		w.mulWord(pow10u64[n])
	}
}

// divWord divides by d and returns the remainder.
func (w *wide) divWord(d uint64) (rest uint64) {
	for i := len(w) - 1; i >= 0; i-- {
		w[i], rest = bits.Div64(rest, w[i], d)
	}
	return rest
}

// divPow10 divides by 10^n and says whether there was a remainder.
func (w *wide) divPow10(n int) (rest bool) {
	for ; n > 19; n -= 19 {
		rest = w.divWord(pow10u64[19]) != 0 || rest
	}
	return w.divWord(pow10u64[n]) != 0 || rest
}

// roundPow10 divides by 10^n, n >= 1, rounding halves up: the first digit cut
// off decides.
func (w *wide) roundPow10(n int) {
	w.divPow10(n - 1)
	if w.divWord(10) >= 5 {
		w.increment()
	}
}

// divRound divides by a 128-bit number, rounding halves up.
func (w *wide) divRound(hi, lo uint64) {
	if hi == 0 {
		if rest := w.divWord(lo); rest != 0 && rest >= lo-rest {
			w.increment()
		}
		return
	}
	divisor := wide{lo, hi}
	quotient, rest := new(big.Int).QuoRem(w.big(), divisor.big(), new(big.Int))
	if rest.Lsh(rest, 1).Cmp(divisor.big()) >= 0 {
		quotient.Add(quotient, big.NewInt(1))
	}
	w.setBig(quotient)
}

// mod becomes its remainder by o, which is not zero.
func (w *wide) mod(o *wide) {
	if o[1]|o[2]|o[3]|o[4]|o[5] == 0 {
		*w = wide{w.divWord(o[0])}
		return
	}
	if w.compare(o) >= 0 {
		w.setBig(new(big.Int).Rem(w.big(), o.big()))
	}
}

// big returns the number as a big.Int: divisors above 64 bits are rare enough
// to allocate for.
func (w *wide) big() *big.Int {
	v := new(big.Int)
	for i := len(w) - 1; i >= 0; i-- {
		v.Lsh(v, 64).Or(v, new(big.Int).SetUint64(w[i]))
	}
	return v
}

func (w *wide) setBig(v *big.Int) {
	*w = wide{}
	for i, word := range v.Bits() {
		w[i] = uint64(word)
	}
}
