package expr

import (
	"fmt"
	"math"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// evalCast computes cast and try_cast.
func (e *evaluator) evalCast(node *Node, x *vector) vector {
	kind := ErrCast
	if node.Op == OpTryCast {
		kind = 0
	}
	from, to := x.typ, node.Type
	switch {
	case x.allNull():
		return nullVector(to, e.n)
	case from == to:
		return *x
	case from.Kind == schema.String:
		return e.read(node, &reader{}, x, kind) // standard layouts, UTC, no NaN
	case to.Kind == schema.String:
		return e.castToText(x)
	}
	out := e.newVector(to)
	out.valid = e.bothValid(x)
	bad, known := e.castValues(&out, x)
	if !known {
		e.fail(fmt.Errorf("expr: no cast from %s to %s", from, to))
		return nullVector(to, e.n)
	}
	if len(bad) == 0 {
		return out
	}
	out.valid = e.ownValid(out.valid)
	f := failing(node, *x)
	for _, i := range bad {
		if !bitAt(out.valid, int(i)) {
			continue
		}
		out.valid[i>>6] &^= 1 << (i & 63)
		if kind != 0 {
			f.add(int(i), kind)
		}
	}
	out.errs = f.errs
	return out
}

// castValues casts between types other than string and returns the rows
// whose value has no counterpart, null rows perhaps among them.
func (e *evaluator) castValues(out, x *vector) (bad []int32, known bool) {
	switch out.typ.Kind {
	case schema.Integer:
		bad, known = e.castToInteger(out, x)
	case schema.Bigint:
		bad, known = e.castToBigint(out, x)
	case schema.Double:
		known = e.castToDouble(out, x)
	case schema.Decimal:
		bad, known = e.castToDecimal(out, x)
	case schema.Date:
		if known = x.typ.Kind == schema.Timestamp; known {
			convert(out.i32, x.i64, x.mask(), func(v int64) (int32, bool) { return int32(vec.FloorDiv(v, vec.MicrosPerDay)), true })
		}
	case schema.Timestamp:
		if known = x.typ.Kind == schema.Date; known {
			bad = convert(out.i64, x.i32, x.mask(), func(v int32) (int64, bool) {
				return int64(v) * vec.MicrosPerDay, v >= vec.MinDays && v <= vec.MaxDays
			})
		}
	}
	return bad, known
}

// convert turns each value into another type and returns the rows where there
// is none.
func convert[D, S any](dst []D, src []S, mask int, f func(S) (D, bool)) (bad []int32) {
	for i := range dst {
		v, ok := f(src[i&mask])
		dst[i] = v
		if !ok {
			bad = append(bad, int32(i))
		}
	}
	return bad
}

func (e *evaluator) castToInteger(out, x *vector) (bad []int32, known bool) {
	switch x.typ.Kind {
	case schema.Bigint:
		return convert(out.i32, x.i64, x.mask(), func(v int64) (int32, bool) { return int32(v), int64(int32(v)) == v }), true
	case schema.Double:
		return convert(out.i32, x.f64, x.mask(), func(v float64) (int32, bool) {
			v = math.Round(v)
			return int32(v), v >= math.MinInt32 && v <= math.MaxInt32
		}), true
	case schema.Decimal:
		scale := x.scale()
		return convert(out.i32, x.dec, x.mask(), func(v decimal128.Num) (int32, bool) {
			w, ok := wholeNumber(v, scale)
			return int32(w), ok && int64(int32(w)) == w
		}), true
	}
	return nil, false
}

func (e *evaluator) castToBigint(out, x *vector) (bad []int32, known bool) {
	switch x.typ.Kind {
	case schema.Integer:
		return convert(out.i64, x.i32, x.mask(), func(v int32) (int64, bool) { return int64(v), true }), true
	case schema.Double:
		return convert(out.i64, x.f64, x.mask(), func(v float64) (int64, bool) {
			v = math.Round(v)
			return int64(v), v >= math.MinInt64 && v < -math.MinInt64
		}), true
	case schema.Decimal:
		scale := x.scale()
		return convert(out.i64, x.dec, x.mask(), func(v decimal128.Num) (int64, bool) { return wholeNumber(v, scale) }), true
	}
	return nil, false
}

// wholeNumber rounds a decimal half away from zero to a whole number.
func wholeNumber(v decimal128.Num, scale int) (int64, bool) {
	r, ok := vec.RescaleDecimal(v, scale, 0, schema.MaxPrecision)
	if !ok {
		return 0, false
	}
	return vec.Int64(r)
}

func (e *evaluator) castToDouble(out, x *vector) (known bool) {
	switch x.typ.Kind {
	case schema.Integer:
		convert(out.f64, x.i32, x.mask(), func(v int32) (float64, bool) { return float64(v), true })
	case schema.Bigint:
		convert(out.f64, x.i64, x.mask(), func(v int64) (float64, bool) { return float64(v), true })
	case schema.Decimal:
		scale := x.scale()
		convert(out.f64, x.dec, x.mask(), func(v decimal128.Num) (float64, bool) { return vec.DoubleOfDecimal(v, scale), true })
	default:
		return false
	}
	return true
}

func (e *evaluator) castToDecimal(out, x *vector) (bad []int32, known bool) {
	scale, digits := out.scale(), out.digits()
	switch x.typ.Kind {
	case schema.Integer:
		if digits-scale >= 10 && digits <= narrowDigits {
			factor, mask := vec.Pow10Int64(scale), x.mask()
			for i := range out.dec {
				v := int64(x.i32[i&mask]) * factor
				out.dec[i] = decimal128.New(v>>63, uint64(v))
			}
			return nil, true
		}
		return convert(out.dec, x.i32, x.mask(), func(v int32) (decimal128.Num, bool) {
			return vec.RescaleDecimal(decimal128.FromI64(int64(v)), 0, scale, digits)
		}), true
	case schema.Bigint:
		return convert(out.dec, x.i64, x.mask(), func(v int64) (decimal128.Num, bool) {
			return vec.RescaleDecimal(decimal128.FromI64(v), 0, scale, digits)
		}), true
	case schema.Double:
		return convert(out.dec, x.f64, x.mask(), func(v float64) (decimal128.Num, bool) { return vec.DecimalOfDouble(v, digits, scale) }), true
	case schema.Decimal:
		from := x.scale()
		if from == scale {
			return sameScale(out.dec, x, digits), true
		}
		return convert(out.dec, x.dec, x.mask(), func(v decimal128.Num) (decimal128.Num, bool) {
			return vec.RescaleDecimal(v, from, scale, digits)
		}), true
	}
	return nil, false
}

// sameScale casts to other digits alone.
func sameScale(dst []decimal128.Num, x *vector, digits int) (bad []int32) {
	mask := x.mask()
	if x.digits() <= digits {
		for i := range dst {
			dst[i] = x.dec[i&mask]
		}
		return nil
	}
	limit := vec.Pow10(digits)
	lowest := limit.Negate()
	for i := range dst {
		v := x.dec[i&mask]
		dst[i] = v
		if !v.Less(limit) || !lowest.Less(v) {
			bad = append(bad, int32(i))
		}
	}
	return bad
}

// castToText writes values as SEMANTICS section 2 reads them.
func (e *evaluator) castToText(x *vector) vector {
	b := e.newTexts(16 * e.n)
	valid := e.bothValid(x)
	mask := x.mask()
	for i := range e.n {
		if valid == nil || bitAt(valid, i) {
			b.data = appendCast(b.data, x, i&mask)
		}
		b.end(i)
	}
	return e.finish(b, valid)
}

// appendCast appends the text of an element that is not null.
func appendCast(dst []byte, x *vector, i int) []byte {
	switch x.typ.Kind {
	case schema.Boolean:
		return strconv.AppendBool(dst, bitAt(x.bits, i))
	case schema.Integer:
		return strconv.AppendInt(dst, int64(x.i32[i]), 10)
	case schema.Bigint:
		return strconv.AppendInt(dst, x.i64[i], 10)
	case schema.Double:
		return vec.AppendDouble(dst, x.f64[i])
	case schema.Decimal:
		return vec.AppendDecimal(dst, x.dec[i], x.scale())
	case schema.Date:
		return vec.AppendDate(dst, x.i32[i])
	default:
		return vec.AppendTimestamp(dst, x.i64[i])
	}
}
