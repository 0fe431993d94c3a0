package engine

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
)

// averageExact returns sum / count of groups as decimals, rounded half away
// from zero; null where the count is 0.
func averageExact(sum exactSum, count *countRows, agg Aggregate, ids []uint32) (arrow.Array, error) {
	out, shift := agg.Out, int(agg.Out.Scale)-int(agg.In.Scale) // more decimal places than the sum has
	result, values := newResult(len(ids)), make([]decimal128.Num, len(ids))
	for i, id := range ids {
		n := count.count(id)
		if n == 0 {
			result.setNull(i)
			continue
		}
		total := sum.sum(id)
		if v, ok := averageNarrow(total, n, shift); ok && out.Precision > maxNarrow {
			values[i] = decimal128.FromI64(v)
			continue
		}
		v, err := decimalOfBig(averageBig(total, n, shift), out, id)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return result.fixed(out, arrow.Decimal128Traits.CastToBytes(values)), nil
}

// averageNarrow is averageBig where everything fits machine words.
func averageNarrow(total int192, n int64, shift int) (int64, bool) {
	v, ok := total.narrow()
	if !ok || shift > maxNarrow {
		return 0, false
	}
	magnitude := uint64(v)
	if v < 0 {
		magnitude = -magnitude
	}
	scale := uint64(1)
	for range shift {
		scale *= 10
	}
	hi, lo := bits.Mul64(magnitude, scale)
	if hi >= uint64(n) {
		return 0, false
	}
	quotient, rest := bits.Div64(hi, lo, uint64(n))
	if quotient >= math.MaxInt64 {
		return 0, false
	}
	if rest >= uint64(n)-rest {
		quotient++
	}
	if v < 0 {
		return -int64(quotient), true
	}
	return int64(quotient), true
}

// averageBig returns total * 10^shift / n, rounded half away from zero.
func averageBig(total int192, n int64, shift int) *big.Int {
	v := total.big()
	negative := v.Sign() < 0
	v.Abs(v).Mul(v, pow10(shift))
	divisor := big.NewInt(n)
	rest := new(big.Int)
	v.QuoRem(v, divisor, rest)
	if rest.Lsh(rest, 1).Cmp(divisor) >= 0 {
		v.Add(v, big.NewInt(1))
	}
	if negative {
		v.Neg(v)
	}
	return v
}

// averageDouble returns the exact sum, rounded once, divided by the count.
func averageDouble(sum *doubleSum, count *countRows, ids []uint32) arrow.Array {
	result, values := newResult(len(ids)), make([]float64, len(ids))
	for i, id := range ids {
		if n := count.count(id); n > 0 {
			values[i] = sum.sum(id) / float64(n)
		} else {
			result.setNull(i)
		}
	}
	return result.fixed(schema.T(schema.Double), arrow.Float64Traits.CastToBytes(values))
}
