package expr

import (
	"math"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// evalArithmetic computes + - * / %, negation and abs. The loops run over all
// rows, nulls too, and only note whether any result went wrong; then the rows
// with values are looked at one by one.
func (e *evaluator) evalArithmetic(node *Node, args []vector) vector {
	if anyAllNull(args) {
		return nullVector(node.Type, e.n)
	}
	out := e.newVector(node.Type)
	a, b := &args[0], &args[len(args)-1]
	out.valid = e.bothValid(a, b)
	var bad bool
	var check func(i int) ErrKind
	switch node.Type.Kind {
	case schema.Integer:
		bad = arithmetic32(node.Op, out.i32, a, b)
		check = func(i int) ErrKind { return checkInt32(node.Op, a, b, i) }
	case schema.Bigint:
		bad = arithmetic64(node.Op, out.i64, a, b)
		check = func(i int) ErrKind { return checkInt64(node.Op, a, b, i) }
	case schema.Double:
		bad = arithmeticDouble(node.Op, out.f64, a, b)
		check = func(i int) ErrKind {
			if (node.Op == OpDiv || node.Op == OpMod) && b.f64[i&b.mask()] == 0 {
				return ErrDivZero
			}
			return 0
		}
	case schema.Decimal:
		bad = arithmeticDecimal(node, out.dec, a, b)
		check = func(i int) ErrKind { return checkDecimal(node, a, b, i) }
	}
	if bad {
		e.collect(node, &out, args, check)
	}
	return out
}

// collect adds an error for each row with operands for which check gives one.
func (e *evaluator) collect(node *Node, out *vector, args []vector, check func(i int) ErrKind) {
	f := failing(node, args...)
	for i := range e.n {
		if out.valid != nil && !bitAt(out.valid, i) {
			continue
		}
		if kind := check(i); kind != 0 {
			f.add(i, kind)
		}
	}
	out.errs = f.errs
}

// arithmetic32 computes whole numbers of 32 bits and says whether any
// overflowed or was divided by zero.
func arithmetic32(op Op, dst []int32, a, b *vector) bool {
	x, y, mx, my := a.i32, b.i32, a.mask(), b.mask()
	bad := int64(0)
	switch op {
	case OpAdd:
		for i := range dst {
			r := int64(x[i&mx]) + int64(y[i&my])
			dst[i] = int32(r)
			bad |= r ^ int64(int32(r))
		}
	case OpSub:
		for i := range dst {
			r := int64(x[i&mx]) - int64(y[i&my])
			dst[i] = int32(r)
			bad |= r ^ int64(int32(r))
		}
	case OpMul:
		for i := range dst {
			r := int64(x[i&mx]) * int64(y[i&my])
			dst[i] = int32(r)
			bad |= r ^ int64(int32(r))
		}
	case OpMod:
		for i := range dst {
			if d := y[i&my]; d != 0 {
				dst[i] = x[i&mx] % d
			} else {
				dst[i], bad = 0, 1
			}
		}
	case OpNeg, OpAbs:
		for i := range dst {
			v := x[i&mx]
			if op == OpNeg || v < 0 {
				v = -v
			}
			dst[i] = v
			if v == math.MinInt32 {
				bad = 1
			}
		}
	}
	return bad != 0
}

func checkInt32(op Op, a, b *vector, i int) ErrKind {
	x, y := int64(a.i32[i&a.mask()]), int64(b.i32[i&b.mask()])
	r := int64(0)
	switch op {
	case OpAdd:
		r = x + y
	case OpSub:
		r = x - y
	case OpMul:
		r = x * y
	case OpMod:
		if y == 0 {
			return ErrDivZero
		}
	default:
		r = -min(x, -x)
	}
	if r != int64(int32(r)) {
		return ErrOverflow
	}
	return 0
}

// arithmetic64 is arithmetic32 for 64 bits.
func arithmetic64(op Op, dst []int64, a, b *vector) bool {
	x, y, mx, my := a.i64, b.i64, a.mask(), b.mask()
	bad := int64(0) // negative if any overflowed
	switch op {
	case OpAdd:
		for i := range dst {
			v, w := x[i&mx], y[i&my]
			r := v + w
			dst[i] = r
			bad |= (v ^ r) & (w ^ r)
		}
	case OpSub:
		for i := range dst {
			v, w := x[i&mx], y[i&my]
			r := v - w
			dst[i] = r
			bad |= (v ^ w) & (v ^ r)
		}
	case OpMul:
		for i := range dst {
			r, ok := vec.MulInt64(x[i&mx], y[i&my])
			dst[i] = r
			if !ok {
				bad = -1
			}
		}
	case OpMod:
		for i := range dst {
			if d := y[i&my]; d != 0 {
				dst[i] = x[i&mx] % d
			} else {
				dst[i], bad = 0, -1
			}
		}
	case OpNeg, OpAbs:
		for i := range dst {
			v := x[i&mx]
			if op == OpNeg || v < 0 {
				v = -v
			}
			dst[i] = v
			if v == math.MinInt64 {
				bad = -1
			}
		}
	}
	return bad < 0
}

func checkInt64(op Op, a, b *vector, i int) ErrKind {
	x, y := a.i64[i&a.mask()], b.i64[i&b.mask()]
	bad := false
	switch op {
	case OpAdd:
		r := x + y
		bad = (x^r)&(y^r) < 0
	case OpSub:
		bad = (x^y)&(x^(x-y)) < 0
	case OpMul:
		_, ok := vec.MulInt64(x, y)
		bad = !ok
	case OpMod:
		if y == 0 {
			return ErrDivZero
		}
	default:
		bad = x == math.MinInt64
	}
	if bad {
		return ErrOverflow
	}
	return 0
}

// arithmeticDouble follows IEEE 754, infinities too, except that it says
// whether anything was divided by zero.
func arithmeticDouble(op Op, dst []float64, a, b *vector) bool {
	x, y, mx, my := a.f64, b.f64, a.mask(), b.mask()
	bad := false
	switch op {
	case OpAdd:
		for i := range dst {
			dst[i] = x[i&mx] + y[i&my]
		}
	case OpSub:
		for i := range dst {
			dst[i] = x[i&mx] - y[i&my]
		}
	case OpMul:
		for i := range dst {
			dst[i] = x[i&mx] * y[i&my]
		}
	case OpDiv:
		for i := range dst {
			d := y[i&my]
			dst[i] = x[i&mx] / d
			bad = bad || d == 0
		}
	case OpMod:
		for i := range dst {
			d := y[i&my]
			dst[i] = math.Mod(x[i&mx], d)
			bad = bad || d == 0
		}
	case OpNeg:
		for i := range dst {
			dst[i] = -x[i&mx]
		}
	case OpAbs:
		for i := range dst {
			dst[i] = math.Abs(x[i&mx])
		}
	}
	return bad
}
