package engine

import (
	"fmt"
	"math/big"
	"math/bits"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
)

// exactSum is a sum of whole numbers (decimals by their unscaled values) that
// cannot overflow whatever comes: values of 64 bits are added up in 128, values
// of 128 bits in 192, so there is room for 2^63 rows.
type exactSum interface {
	accumulator
	// sum returns the sum of a group as a number of 192 bits.
	sum(id uint32) int192
}

// newExactSum returns the sum of integers, bigints or decimals.
func newExactSum(in schema.Type) exactSum {
	if in.Kind == schema.Decimal && in.Precision > maxNarrow {
		return &wideSum{}
	}
	return &narrowSum{}
}

type int128 struct {
	lo uint64
	hi int64
}

func (a *int128) add(v int64) {
	lo, carry := bits.Add64(a.lo, uint64(v), 0)
	a.lo, a.hi = lo, a.hi+v>>63+int64(carry)
}

func (a *int128) merge(b int128) {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	a.lo, a.hi = lo, a.hi+b.hi+int64(carry)
}

type int192 struct {
	lo, mid uint64
	hi      int64
}

func (a *int192) merge(b int192) {
	var carry uint64
	a.lo, carry = bits.Add64(a.lo, b.lo, 0)
	a.mid, carry = bits.Add64(a.mid, b.mid, carry)
	a.hi += b.hi + int64(carry)
}

// narrow returns the number in 64 bits if it fits.
func (a int192) narrow() (int64, bool) {
	sign := int64(a.lo) >> 63
	return int64(a.lo), a.mid == uint64(sign) && a.hi == sign
}

func (a int192) big() *big.Int {
	v := big.NewInt(a.hi)
	v.Lsh(v, 64).Or(v, new(big.Int).SetUint64(a.mid))
	return v.Lsh(v, 64).Or(v, new(big.Int).SetUint64(a.lo))
}

// narrowSum sums values of 64 bits.
type narrowSum struct{ sums []int128 }

func (a *narrowSum) update(rows rowGroups, in Column) {
	a.sums = extend(a.sums, rows.groups)
	switch v := in.Values.(type) {
	case *array.Int32:
		addNarrow(a.sums, rows, v.Int32Values())
	case *array.Int64:
		addNarrow(a.sums, rows, v.Int64Values())
	case *array.Decimal128:
		for i, x := range v.Values() {
			a.sums[rows.ids[i]].add(int64(x.LowBits()))
		}
	default:
		panic(fmt.Sprintf("engine: sum of %s", in.Values.DataType()))
	}
}

func addNarrow[T int32 | int64](sums []int128, rows rowGroups, values []T) {
	if !rows.single {
		for i, v := range values {
			sums[rows.ids[i]].add(int64(v))
		}
		return
	}
	var sum int128
	for _, v := range values {
		sum.add(int64(v))
	}
	sums[rows.ids[0]].merge(sum)
}

func (a *narrowSum) merge(other accumulator, mapping []uint32, groups int) {
	a.sums = extend(a.sums, groups)
	for id, sum := range other.(*narrowSum).sums {
		a.sums[mapping[id]].merge(sum)
	}
}

func (a *narrowSum) sum(id uint32) int192 {
	if int(id) >= len(a.sums) {
		return int192{}
	}
	s := a.sums[id]
	return int192{s.lo, uint64(s.hi), s.hi >> 63}
}

func (a *narrowSum) bytes() int64 { return int64(16 * cap(a.sums)) }

// wideSum sums decimals of up to 38 digits.
type wideSum struct{ sums []int192 }

func (a *wideSum) update(rows rowGroups, in Column) {
	a.sums = extend(a.sums, rows.groups)
	for i, v := range in.Values.(*array.Decimal128).Values() {
		a.sums[rows.ids[i]].merge(int192{v.LowBits(), uint64(v.HighBits()), v.HighBits() >> 63})
	}
}

func (a *wideSum) merge(other accumulator, mapping []uint32, groups int) {
	a.sums = extend(a.sums, groups)
	for id, sum := range other.(*wideSum).sums {
		a.sums[mapping[id]].merge(sum)
	}
}

func (a *wideSum) sum(id uint32) int192 {
	if int(id) >= len(a.sums) {
		return int192{}
	}
	return a.sums[id]
}

func (a *wideSum) bytes() int64 { return int64(24 * cap(a.sums)) }

// sumExact returns the sums of groups as bigints or decimals, null where the
// count is 0.
func sumExact(a exactSum, count *countRows, out schema.Type, ids []uint32) (arrow.Array, error) {
	if out.Kind == schema.Bigint {
		return sumBigint(a, count, out, ids)
	}
	result, values := newResult(len(ids)), make([]decimal128.Num, len(ids))
	for i, id := range ids {
		if count.count(id) == 0 {
			result.setNull(i)
			continue
		}
		sum := a.sum(id)
		if v, ok := sum.narrow(); ok && out.Precision > maxNarrow {
			values[i] = decimal128.FromI64(v)
			continue
		}
		v, err := decimalOfBig(sum.big(), out, id)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return result.fixed(out, arrow.Decimal128Traits.CastToBytes(values)), nil
}

func sumBigint(a exactSum, count *countRows, out schema.Type, ids []uint32) (arrow.Array, error) {
	result, values := newResult(len(ids)), make([]int64, len(ids))
	for i, id := range ids {
		sum := a.sum(id)
		v, ok := sum.narrow()
		if !ok {
			return nil, &OverflowError{Group: id, Type: out, Value: sum.big().String()}
		}
		if values[i] = v; count.count(id) == 0 {
			result.setNull(i)
		}
	}
	return result.fixed(out, arrow.Int64Traits.CastToBytes(values)), nil
}

// decimalOfBig returns an unscaled value as a decimal of a type, or an
// OverflowError of the group if it has too many digits.
func decimalOfBig(v *big.Int, typ schema.Type, id uint32) (decimal128.Num, error) {
	if v.CmpAbs(pow10(int(typ.Precision))) >= 0 {
		return decimal128.Num{}, &OverflowError{Group: id, Type: typ, Value: decimalString(v, int(typ.Scale))}
	}
	return decimal128.FromBigInt(v), nil
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// decimalString prints an unscaled value.
func decimalString(v *big.Int, scale int) string {
	return new(big.Rat).SetFrac(v, pow10(scale)).FloatString(scale)
}
