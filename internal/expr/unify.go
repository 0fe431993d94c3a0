package expr

import (
	"fmt"

	"github.com/lakectl/lakectl/internal/schema"
)

// unify brings operands to their common type: integer widens to bigint, whole
// numbers to decimal, decimals to one that holds both, integer and any literal
// number to double. Everything else is never mixed and reported.
func (b *binder) unify(e *syntax, list []*syntax, nodes []*Node) ([]*Node, schema.Type, bool) {
	if anyBad(nodes) {
		return nil, schema.Type{}, false
	}
	var t schema.Type
	first, double := 0, hasDouble(nodes)
	for i, n := range nodes {
		switch own := effectiveType(n, double); {
		case isUntypedNull(n) || own == t:
		case t.Kind == schema.Invalid:
			t, first = own, i
		default:
			wider, ok := widen(t, own)
			if !ok {
				b.mixed(e, [2]*syntax{list[first], list[i]}, [2]*Node{nodes[first], n})
				return nil, t, false
			}
			t = wider
		}
	}
	if t.Kind == schema.Invalid {
		b.fail(e, "write cast(null as string), or another type", "null has no type here")
		return nil, t, false
	}
	out := make([]*Node, len(nodes))
	for i, n := range nodes {
		out[i] = b.convert(list[i], n, t)
	}
	return out, t, !anyBad(out)
}

func hasDouble(nodes []*Node) bool {
	for _, n := range nodes {
		if n.Type.Kind == schema.Double {
			return true
		}
	}
	return false
}

// effectiveType is the type with which a node enters a common type.
func effectiveType(n *Node, double bool) schema.Type {
	if double && (n.Type.Kind == schema.Integer || isNumberLiteral(n)) {
		return schema.T(schema.Double)
	}
	return n.Type
}

// widen returns the type that holds the values of both, if they may be mixed.
func widen(a, b schema.Type) (schema.Type, bool) {
	switch {
	case a == b:
		return a, true
	case !a.Exact() || !b.Exact():
		return a, false
	case a.Kind == schema.Decimal || b.Kind == schema.Decimal:
		return commonDecimal(a.AsDecimal(), b.AsDecimal())
	}
	return schema.T(schema.Bigint), true
}

// mixed reports two operands without a common type.
func (b *binder) mixed(e *syntax, list [2]*syntax, nodes [2]*Node) {
	b.failAt(e.at, b.mixedHint(list, nodes), "types do not mix: %s, but %s", b.describe(list[0], nodes[0]), b.describe(list[1], nodes[1]))
}

func (b *binder) mixedHint(list [2]*syntax, nodes [2]*Node) string {
	for i, n := range nodes {
		other := nodes[1-i].Type
		src := b.src(list[i])
		switch {
		case n.Type.Kind == schema.String && n.Op == OpLiteral && other.Temporal():
			return fmt.Sprintf("write %s %s", other, src)
		case n.Type.Kind == schema.String && n.Op == OpLiteral && other.Numeric():
			return "numbers stand without quotes"
		case n.Type.Kind == schema.String && other.Kind != schema.String:
			return fmt.Sprintf("write cast(%s as %s)", src, other)
		case n.Type.Kind == schema.Double && other.Exact():
			return fmt.Sprintf("write cast(%s as double), or cast %s to a decimal", b.src(list[1-i]), src)
		case n.Type.Kind == schema.Date && other.Kind == schema.Timestamp:
			return fmt.Sprintf("write cast(%s as timestamp)", src)
		case n.Type.Kind == schema.Decimal && other.Exact():
			return "cast them to decimals with fewer digits"
		}
	}
	return ""
}
