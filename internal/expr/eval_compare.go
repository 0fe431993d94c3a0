package expr

import (
	"bytes"
	"cmp"
	"math"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// evalCompare computes = <> < <= > >=.
func (e *evaluator) evalCompare(op Op, a, b *vector) vector {
	typ := schema.T(schema.Boolean)
	if a.allNull() || b.allNull() {
		return nullVector(typ, e.n)
	}
	out := e.newVector(typ)
	out.valid = e.bothValid(a, b)
	e.compare(op, out.bits, a, b)
	return out
}

// compare sets the bits of the rows in which a op b holds; those of null rows
// mean nothing.
func (e *evaluator) compare(op Op, dst []uint64, a, b *vector) {
	// > and >= are < and <= the other way round; <> is not =.
	switch op {
	case OpGt:
		op, a, b = OpLt, b, a
	case OpGe:
		op, a, b = OpLe, b, a
	}
	switch a.typ.Kind {
	case schema.Boolean:
		e.compareBits(op, dst, a, b)
	case schema.Integer, schema.Date:
		compareOrdered(op, dst, ordered[int32]{a.i32, a.mask()}, ordered[int32]{b.i32, b.mask()}, e.n)
	case schema.Bigint, schema.Timestamp:
		compareOrdered(op, dst, ordered[int64]{a.i64, a.mask()}, ordered[int64]{b.i64, b.mask()}, e.n)
	case schema.Double:
		compareOrdered(op, dst, e.doubleKeys(a), e.doubleKeys(b), e.n)
	case schema.Decimal:
		e.compareDecimals(op, dst, a, b)
	case schema.String:
		compareTexts(op, dst, a, b, e.n)
	}
	if op == OpNe {
		for i := range dst {
			dst[i] = ^dst[i]
		}
	}
}

// ordered are the elements of one operand and the mask of their numbers.
type ordered[T cmp.Ordered] struct {
	values []T
	mask   int
}

// compareOrdered computes =, <> (as =), < and <=.
func compareOrdered[T cmp.Ordered](op Op, dst []uint64, a, b ordered[T], n int) {
	x, y, mx, my := a.values, b.values, a.mask, b.mask
	for w := range dst[:words(n)] {
		base, word := w*64, uint64(0)
		rows := min(64, n-base)
		switch op {
		case OpLt:
			for i := range rows {
				word |= bit(x[(base+i)&mx] < y[(base+i)&my]) << i
			}
		case OpLe:
			for i := range rows {
				word |= bit(x[(base+i)&mx] <= y[(base+i)&my]) << i
			}
		default:
			for i := range rows {
				word |= bit(x[(base+i)&mx] == y[(base+i)&my]) << i
			}
		}
		dst[w] = word
	}
}

// bit is compiled without a branch.
func bit(b bool) uint64 {
	var v uint64
	if b {
		v = 1
	}
	return v
}

// doubleKeys returns whole numbers that order and compare as SQL orders
// doubles: all NaN are equal and greatest, -0.0 is 0.0.
func (e *evaluator) doubleKeys(v *vector) ordered[int64] {
	keys := alloc[int64](e.scratch, len(v.f64))
	for i, f := range v.f64 {
		keys[i] = doubleKey(f)
	}
	return ordered[int64]{keys, v.mask()}
}

func doubleKey(f float64) int64 {
	if f != f {
		return math.MaxInt64
	}
	k := int64(math.Float64bits(f + 0)) // -0.0 + 0 is 0.0
	return k ^ int64(uint64(k>>63)>>1)
}

// compareBits compares booleans; false is less than true.
func (e *evaluator) compareBits(op Op, dst []uint64, a, b *vector) {
	for i := range dst[:words(e.n)] {
		x, y := boolWord(a, i), boolWord(b, i)
		switch op {
		case OpLt:
			dst[i] = ^x & y
		case OpLe:
			dst[i] = ^x | y
		default:
			dst[i] = ^(x ^ y)
		}
	}
}

// boolWord returns 64 truths; those of null rows mean nothing.
func boolWord(v *vector, i int) uint64 {
	if v.constant {
		return -(v.bits[0] & 1)
	}
	return v.bits[i]
}

// validWord returns 64 validity bits.
func validWord(v *vector, i int) uint64 {
	switch {
	case v.valid == nil:
		return ^uint64(0)
	case v.constant:
		return -(v.valid[0] & 1)
	}
	return v.valid[i]
}

// compareDecimals compares at the larger scale: as int64s where the digits allow.
func (e *evaluator) compareDecimals(op Op, dst []uint64, a, b *vector) {
	scale := max(a.scale(), b.scale())
	if a.digits()-a.scale()+scale <= narrowDigits && b.digits()-b.scale()+scale <= narrowDigits {
		compareOrdered(op, dst, e.narrowKeys(a, scale), e.narrowKeys(b, scale), e.n)
		return
	}
	ma, mb := a.mask(), b.mask()
	compareRows(op, dst, e.n, func(i int) int {
		return vec.CompareScaled(a.dec[i&ma], a.scale(), b.dec[i&mb], b.scale())
	})
}

// narrowKeys returns decimals of few digits as int64s at a scale.
func (e *evaluator) narrowKeys(v *vector, scale int) ordered[int64] {
	keys := alloc[int64](e.scratch, len(v.dec))
	if factor := vec.Pow10Int64(scale - v.scale()); factor != 1 {
		for i := range keys {
			keys[i] = int64(v.dec[i].LowBits()) * factor
		}
	} else {
		for i := range keys {
			keys[i] = int64(v.dec[i].LowBits())
		}
	}
	return ordered[int64]{keys, v.mask()}
}

// compareRows compares row by row.
func compareRows(op Op, dst []uint64, n int, order func(i int) int) {
	for w := range dst[:words(n)] {
		word := uint64(0)
		for i := w * 64; i < min(w*64+64, n); i++ {
			c := order(i)
			word |= bit(c < 0 && op != OpEq && op != OpNe || c == 0 && op != OpLt) << (i & 63)
		}
		dst[w] = word
	}
}

// compareTexts compares UTF-8 bytes.
func compareTexts(op Op, dst []uint64, a, b *vector, n int) {
	ma, mb := a.mask(), b.mask()
	if op != OpEq && op != OpNe {
		compareRows(op, dst, n, func(i int) int { return bytes.Compare(a.txt.at(i&ma), b.txt.at(i&mb)) })
		return
	}
	for w := range dst[:words(n)] {
		word := uint64(0)
		for i := w * 64; i < min(w*64+64, n); i++ {
			word |= bit(string(a.txt.at(i&ma)) == string(b.txt.at(i&mb))) << (i & 63)
		}
		dst[w] = word
	}
}
