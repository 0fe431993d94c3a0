package expr

import (
	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/vec"
)

// narrowDigits is how many decimal digits an int64 holds.
const narrowDigits = 18

// arithmeticDecimal computes decimals at the scale and within the digits of
// the node's type, and says whether any went wrong.
func arithmeticDecimal(node *Node, dst []decimal128.Num, a, b *vector) bool {
	switch node.Op {
	case OpAdd, OpSub:
		if narrowSum(node, a, b) {
			return addNarrow(node, dst, a, b)
		}
	case OpMul:
		if a.digits() <= narrowDigits && b.digits() <= narrowDigits && a.scale()+b.scale() == int(node.Type.Scale) {
			return mulNarrow(node, dst, a, b)
		}
	case OpNeg, OpAbs:
		x, mx := a.dec, a.mask()
		for i := range dst {
			v := x[i&mx]
			if node.Op == OpNeg || v.HighBits() < 0 {
				v = v.Negate()
			}
			dst[i] = v
		}
		return false
	}
	bad := false
	ma, mb := a.mask(), b.mask()
	for i := range dst {
		var ok bool
		dst[i], ok = decimalOf(node, a.dec[i&ma], a.scale(), b.dec[i&mb], b.scale())
		bad = bad || !ok
	}
	return bad
}

// narrowSum says whether both operands, brought to the result's scale, and
// their sum are int64s.
func narrowSum(node *Node, a, b *vector) bool {
	scale := int(node.Type.Scale)
	return a.digits()-a.scale()+scale <= narrowDigits && b.digits()-b.scale()+scale <= narrowDigits
}

func addNarrow(node *Node, dst []decimal128.Num, a, b *vector) bool {
	scale, digits := int(node.Type.Scale), int(node.Type.Precision)
	fa, fb := vec.Pow10Int64(scale-a.scale()), vec.Pow10Int64(scale-b.scale())
	if node.Op == OpSub {
		fb = -fb
	}
	limit := vec.Pow10Int64(min(digits, narrowDigits))
	check := digits <= narrowDigits
	bad := false
	ma, mb := a.mask(), b.mask()
	for i := range dst {
		r := int64(a.dec[i&ma].LowBits())*fa + int64(b.dec[i&mb].LowBits())*fb
		dst[i] = decimal128.New(r>>63, uint64(r))
		bad = bad || check && (r >= limit || r <= -limit)
	}
	return bad
}

// mulNarrow multiplies int64s. Where the digits of both together are at most
// 18 the product is one too.
func mulNarrow(node *Node, dst []decimal128.Num, a, b *vector) bool {
	ma, mb := a.mask(), b.mask()
	if a.digits()+b.digits() <= narrowDigits && int(node.Type.Precision) >= a.digits()+b.digits() {
		for i := range dst {
			r := int64(a.dec[i&ma].LowBits()) * int64(b.dec[i&mb].LowBits())
			dst[i] = decimal128.New(r>>63, uint64(r))
		}
		return false
	}
	sure := int(node.Type.Precision) >= a.digits()+b.digits()
	bad := false
	for i := range dst {
		r, ok := vec.MulNarrow(a.dec[i&ma], b.dec[i&mb])
		dst[i] = r
		if !sure || !ok {
			// Values of null rows need not be within their digits.
			bad = bad || !ok || !vec.FitsDigits(r, int(node.Type.Precision))
		}
	}
	return bad
}

// decimalOf computes one value; it is false on overflow and division by zero.
func decimalOf(node *Node, a decimal128.Num, as int, b decimal128.Num, bs int) (decimal128.Num, bool) {
	scale, digits := int(node.Type.Scale), int(node.Type.Precision)
	switch node.Op {
	case OpAdd:
		return vec.AddScaled(a, as, b, bs, scale, digits)
	case OpSub:
		return vec.AddScaled(a, as, b.Negate(), bs, scale, digits)
	case OpMul:
		return vec.MulDecimal(a, b, digits)
	case OpDiv:
		return vec.DivRound(a, scale-as+bs, b, digits)
	case OpMod:
		r, ok := vec.ModScaled(a, as, b, bs)
		if !ok {
			return r, false
		}
		return vec.RescaleDecimal(r, max(as, bs), scale, digits)
	default:
		return a, true
	}
}

func checkDecimal(node *Node, a, b *vector, i int) ErrKind {
	y := b.dec[i&b.mask()]
	if (node.Op == OpDiv || node.Op == OpMod) && y.Sign() == 0 {
		return ErrDivZero
	}
	if _, ok := decimalOf(node, a.dec[i&a.mask()], a.scale(), y, b.scale()); !ok {
		return ErrOverflow
	}
	return 0
}
