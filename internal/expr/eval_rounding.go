package expr

import (
	"math"

	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// evalRounding computes round, floor and ceil.
func (e *evaluator) evalRounding(node *Node, x *vector) vector {
	if x.allNull() {
		return nullVector(node.Type, e.n)
	}
	if node.Op != OpRound && (x.typ.Kind == schema.Integer || x.typ.Kind == schema.Bigint) {
		return *x
	}
	out := e.newVector(node.Type)
	out.valid = e.bothValid(x)
	var bad []int32
	switch x.typ.Kind {
	case schema.Integer:
		bad = convert(out.i32, x.i32, x.mask(), func(v int32) (int32, bool) {
			r, ok := roundWhole(int64(v), node.Digits)
			return int32(r), ok && int64(int32(r)) == r
		})
	case schema.Bigint:
		bad = convert(out.i64, x.i64, x.mask(), func(v int64) (int64, bool) { return roundWhole(v, node.Digits) })
	case schema.Double:
		convert(out.f64, x.f64, x.mask(), func(v float64) (float64, bool) { return roundDouble(node, v), true })
	case schema.Decimal:
		bad = roundDecimals(node, out.dec, x)
	}
	return e.overflowed(node, out, bad, *x)
}

// overflowed adds an error for each of the rows that has operands.
func (e *evaluator) overflowed(node *Node, out vector, rows []int32, args ...vector) vector {
	if len(rows) == 0 {
		return out
	}
	f := failing(node, args...)
	for _, i := range rows {
		if out.valid == nil || bitAt(out.valid, int(i)) {
			f.add(int(i), ErrOverflow)
		}
	}
	out.errs = f.errs
	return out
}

func roundWhole(v int64, places int) (int64, bool) {
	r, ok := vec.RoundDecimal(decimal128.FromI64(v), 0, places, 0, schema.MaxPrecision)
	if !ok {
		return 0, false
	}
	return vec.Int64(r)
}

func roundDouble(node *Node, v float64) float64 {
	switch node.Op {
	case OpFloor:
		return math.Floor(v)
	case OpCeil:
		return math.Ceil(v)
	default:
		return vec.RoundDouble(v, node.Digits)
	}
}

// roundDecimals rounds to the node's digits and gives the result its scale.
func roundDecimals(node *Node, dst []decimal128.Num, x *vector) (bad []int32) {
	from, scale, digits := x.scale(), int(node.Type.Scale), int(node.Type.Precision)
	return convert(dst, x.dec, x.mask(), func(v decimal128.Num) (decimal128.Num, bool) {
		switch node.Op {
		case OpFloor:
			return vec.RescaleDecimal(vec.FloorDecimal(v, from), 0, scale, digits)
		case OpCeil:
			return vec.RescaleDecimal(vec.CeilDecimal(v, from), 0, scale, digits)
		default:
			return vec.RoundDecimal(v, from, node.Digits, scale, digits)
		}
	})
}
