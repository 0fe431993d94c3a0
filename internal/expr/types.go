package expr

import (
	"slices"

	"github.com/lakectl/lakectl/internal/schema"
)

// minDivisionScale is the fewest decimal places that a division keeps where
// the quotient's whole part leaves room for them, as in Spark.
const minDivisionScale = 6

// divisionScale returns the scale of a division and the digits it would need
// without the limit of 38.
func divisionScale(a, b schema.Type) (precision, scale int) {
	scale = max(minDivisionScale, int(a.Scale)+int(b.Precision)+1)
	return int(a.Precision) - int(a.Scale) + int(b.Scale) + scale, scale
}

// decimalResult returns the type of decimal op decimal by SEMANTICS section 5.
// It is not ok where keeping to 38 digits would cut decimal places that the
// exact result has (never for division, which rounds anyway).
func decimalResult(op Op, a, b schema.Type) (t schema.Type, ok bool) {
	wholeA, wholeB := int(a.Precision-a.Scale), int(b.Precision-b.Scale)
	scale := int(max(a.Scale, b.Scale))
	var precision int
	switch op {
	case OpAdd, OpSub:
		precision = max(wholeA, wholeB) + scale + 1
	case OpMul:
		precision, scale = int(a.Precision)+int(b.Precision)+1, int(a.Scale)+int(b.Scale)
	case OpMod:
		precision = min(wholeA, wholeB) + scale
	case OpDiv:
		precision, scale = divisionScale(a, b)
	default:
		panic("expr: not arithmetic")
	}
	adjusted := adjustDecimal(precision, scale)
	return adjusted, op == OpDiv || int(adjusted.Scale) == scale
}

// adjustDecimal is Spark's rule for results of more than 38 digits: the scale
// gives way to the whole part, but not below six places.
func adjustDecimal(precision, scale int) schema.Type {
	if precision <= schema.MaxPrecision {
		return schema.DecimalOf(precision, scale)
	}
	whole := precision - scale
	return schema.DecimalOf(schema.MaxPrecision, max(schema.MaxPrecision-whole, min(scale, minDivisionScale)))
}

// commonDecimal returns the decimal that holds every value of both, if 38 digits suffice.
func commonDecimal(a, b schema.Type) (schema.Type, bool) {
	whole := max(int(a.Precision)-int(a.Scale), int(b.Precision)-int(b.Scale))
	scale := int(max(a.Scale, b.Scale))
	if whole+scale > schema.MaxPrecision {
		return schema.Type{}, false
	}
	return schema.DecimalOf(whole+scale, scale), true
}

// roundedDecimal is the type of round(decimal, digits): one more whole digit
// for the carry, unless nothing is rounded off.
func roundedDecimal(t schema.Type, digits int) schema.Type {
	if digits >= int(t.Scale) {
		return t
	}
	scale := max(digits, 0)
	return schema.DecimalOf(min(schema.MaxPrecision, int(t.Precision)-int(t.Scale)+1+scale), scale)
}

// castable says whether cast turns values of one type into another.
func castable(from, to schema.Type) bool {
	if from.Kind == to.Kind {
		return true
	}
	switch from.Kind {
	case schema.String:
		return to.Kind != schema.Binary
	case schema.Integer, schema.Bigint, schema.Decimal:
		return to.Numeric() || to.Kind == schema.String
	case schema.Double:
		return to.Numeric()
	case schema.Boolean:
		return to.Kind == schema.String
	case schema.Date, schema.Timestamp:
		return to.Temporal() || to.Kind == schema.String
	default:
		return false
	}
}

// canNull says whether an operation's result may be null, given its arguments.
func canNull(n *Node) bool {
	nullable := func(a *Node) bool { return a.Nullable }
	switch n.Op {
	case OpLiteral:
		return n.Value == nil
	case OpParse, OpTryCast, OpNullIf, OpRegexpExtract:
		return true
	case OpIsNull:
		return false
	case OpCast:
		return n.Args[0].Nullable || n.Args[0].Type.Kind == schema.String && n.Type.Kind != schema.String // '' is null
	case OpConcatWS:
		return n.Args[0].Nullable
	case OpCoalesce, OpGreatest, OpLeast:
		return !slices.ContainsFunc(n.Args, func(a *Node) bool { return !a.Nullable })
	case OpCase:
		for i := 1; i < len(n.Args); i += 2 {
			if n.Args[i].Nullable {
				return true
			}
		}
		return n.Args[len(n.Args)-1].Nullable
	default:
		return slices.ContainsFunc(n.Args, nullable)
	}
}
