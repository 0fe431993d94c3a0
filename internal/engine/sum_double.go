package engine

import (
	"math"
	"math/big"
	"math/bits"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/schema"
)

// doubleSum sums doubles exactly, as whole numbers of a unit that is a power of
// two, and rounds once at the end: the order of the rows does not matter.
//
// The first value of a group places a window of 192 bits around itself, which
// has room for 2^34 values within 2^-64 to 2^40 times that one; the others go to
// a number of any length. NaN and the
// infinities are only noted: a NaN, or both infinities, give NaN.
type doubleSum struct {
	windows []doubleWindow
	wide    map[uint32]*big.Int // units of 2^lowestExponent
	seen    []special
}

// doubleWindow is a whole number of units of 2^unit.
type doubleWindow struct {
	sum  int192
	unit int32
	used bool
}

type special uint8

const (
	seenNaN special = 1 << iota
	seenPlusInf
	seenMinusInf
)

const (
	lowestExponent = -1074 // of the last bit of the least double
	windowBelow    = 64    // bits under the last bit of a window's first value
	windowAbove    = 40    // bits by which other values may exceed it
)

func (a *doubleSum) extend(groups int) {
	a.windows, a.seen = extend(a.windows, groups), extend(a.seen, groups)
}

func (a *doubleSum) update(rows rowGroups, in Column) {
	a.extend(rows.groups)
	for i, v := range in.Values.(*array.Float64).Float64Values() {
		if id := rows.ids[i]; id != NoGroup {
			a.add(id, v)
		}
	}
}

func (a *doubleSum) add(id uint32, v float64) {
	raw := math.Float64bits(v)
	mantissa, exponent := raw&(1<<52-1), int32(raw>>52)&0x7FF
	switch exponent {
	case 0x7FF:
		a.addSpecial(id, v)
		return
	case 0:
		if mantissa == 0 {
			return
		}
		exponent = 1
	default:
		mantissa |= 1 << 52
	}
	exponent += lowestExponent - 1 // now of the last bit
	w := &a.windows[id]
	if !w.used {
		w.used, w.unit = true, exponent-windowBelow
	}
	if shift := uint32(exponent - w.unit); shift <= windowBelow+windowAbove {
		w.sum.addShifted(mantissa, shift, int64(raw)>>63)
		return
	}
	a.addWide(id, mantissa, exponent, v < 0)
}

func (a *doubleSum) addSpecial(id uint32, v float64) {
	switch {
	case v != v:
		a.seen[id] |= seenNaN
	case v > 0:
		a.seen[id] |= seenPlusInf
	default:
		a.seen[id] |= seenMinusInf
	}
}

func (a *doubleSum) addWide(id uint32, mantissa uint64, exponent int32, negative bool) {
	n := new(big.Int).SetUint64(mantissa)
	if n.Lsh(n, uint(exponent-lowestExponent)); negative {
		n.Neg(n)
	}
	a.mergeWide(id, n)
}

func (a *doubleSum) mergeWide(id uint32, n *big.Int) {
	if a.wide == nil {
		a.wide = make(map[uint32]*big.Int)
	}
	if sum := a.wide[id]; sum != nil {
		sum.Add(sum, n)
	} else {
		a.wide[id] = n
	}
}

// addShifted adds m << shift, negated if sign is -1 instead of 0. m has 53 bits
// and shift is below 128.
func (a *int192) addShifted(m uint64, shift uint32, sign int64) {
	var lo, mid, hi uint64
	if shift < 64 {
		lo, mid = m<<shift, m>>(64-shift)
	} else {
		mid, hi = m<<(shift-64), m>>(128-shift)
	}
	s := uint64(sign) // -x is ^x + 1
	var carry uint64
	a.lo, carry = bits.Add64(a.lo, lo^s, s&1)
	a.mid, carry = bits.Add64(a.mid, mid^s, carry)
	a.hi += int64(hi^s) + int64(carry)
}

func (a *doubleSum) merge(other accumulator, mapping []uint32, groups int) {
	a.extend(groups)
	o := other.(*doubleSum)
	for id := range o.windows {
		to := mapping[id]
		a.seen[to] |= o.seen[id]
		from := &o.windows[id]
		switch w := &a.windows[to]; {
		case !from.used:
		case !w.used:
			*w = *from
		case w.unit == from.unit:
			w.sum.merge(from.sum)
		default:
			a.mergeWide(to, from.big())
		}
	}
	for id, n := range o.wide {
		a.mergeWide(mapping[id], new(big.Int).Set(n))
	}
}

// big returns the window's sum in units of 2^lowestExponent; its bits below
// that are zero.
func (w *doubleWindow) big() *big.Int {
	n := w.sum.big()
	if shift := int(w.unit) - lowestExponent; shift >= 0 {
		return n.Lsh(n, uint(shift))
	}
	return n.Rsh(n, uint(lowestExponent-int(w.unit)))
}

// sum returns the sum of a group, correctly rounded; never -0.0.
func (a *doubleSum) sum(id uint32) float64 {
	if int(id) >= len(a.windows) {
		return 0
	}
	switch seen := a.seen[id]; {
	case seen&seenNaN != 0 || seen == seenPlusInf|seenMinusInf:
		return math.NaN()
	case seen == seenPlusInf:
		return math.Inf(1)
	case seen == seenMinusInf:
		return math.Inf(-1)
	}
	w := &a.windows[id]
	n, wide := a.wide[id]
	if !wide {
		if v, ok := w.round(); ok {
			return v
		}
	}
	total := w.big()
	if wide {
		total.Add(total, n)
	}
	return roundBig(total)
}

// round returns the window's sum, if it is a normal double.
func (w *doubleWindow) round() (float64, bool) {
	s := w.sum
	negative := s.hi < 0
	if negative {
		var neg int192
		neg.addNegated(s)
		s = neg
	}
	hi, mid, lo := uint64(s.hi), s.mid, s.lo
	unit := int(w.unit)
	for hi == 0 {
		if mid == 0 && lo == 0 {
			return 0, true
		}
		hi, mid, lo = mid, lo, 0
		unit -= 64
	}
	shift := uint(bits.LeadingZeros64(hi))
	top := hi<<shift | mid>>(64-shift)
	if rest := mid<<shift | lo; rest != 0 { // what is below the upper 64 bits decides ties only
		top |= 1
	}
	exponent := unit + 128 - int(shift)
	if exponent < -1000 || exponent > 900 {
		return 0, false // near the ends of the range, where scaling could round again or overflow
	}
	v := math.Ldexp(float64(top), exponent)
	if negative {
		v = -v
	}
	return v, true
}

func (a *int192) addNegated(b int192) {
	var carry uint64
	a.lo, carry = bits.Add64(a.lo, ^b.lo, 1)
	a.mid, carry = bits.Add64(a.mid, ^b.mid, carry)
	a.hi += ^b.hi + int64(carry)
}

// roundBig returns n * 2^lowestExponent as the nearest double, ties to even.
func roundBig(n *big.Int) float64 {
	if n.Sign() == 0 {
		return 0
	}
	f := new(big.Float).SetPrec(uint(max(n.BitLen(), 64))).SetInt(n)
	f.SetMantExp(f, lowestExponent)
	v, _ := f.Float64()
	return v
}

// sumDouble returns the sums of groups, null where the count is 0.
func sumDouble(a *doubleSum, count *countRows, ids []uint32) arrow.Array {
	result, values := newResult(len(ids)), make([]float64, len(ids))
	for i, id := range ids {
		if values[i] = a.sum(id); count.count(id) == 0 {
			result.setNull(i)
		}
	}
	return result.fixed(schema.T(schema.Double), arrow.Float64Traits.CastToBytes(values))
}

func (a *doubleSum) bytes() int64 {
	return int64(cap(a.windows))*int64(unsafe.Sizeof(doubleWindow{})) + int64(cap(a.seen)) + int64(320*len(a.wide))
}
