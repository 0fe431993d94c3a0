package expr

import (
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/schema"
)

// strict says whether an operation is null whenever one of its arguments is
// null, so that an argument that fails makes it null too.
func strict(op Op) bool {
	switch op {
	case OpAnd, OpOr, OpIn, OpIsNull, OpCase, OpCoalesce, OpConcatWS, OpGreatest, OpLeast, OpNullIf:
		return false
	default:
		return true
	}
}

// fallible says whether an operation, or an argument of it, can be a row error.
func fallible(n *Node) bool {
	return failsItself(n) || slices.ContainsFunc(n.Args, fallible)
}

// failsItself says whether an operation can be a row error though its
// arguments are not.
func failsItself(n *Node) bool {
	exact := n.Type.Kind == schema.Integer || n.Type.Kind == schema.Bigint
	full := n.Type.Kind == schema.Decimal && n.Type.Precision == schema.MaxPrecision
	switch n.Op {
	case OpParse:
		return n.Type.Kind != schema.String
	case OpCast:
		return castFails(n.Args[0].Type, n.Type)
	case OpAdd, OpSub, OpMul:
		return exact || full
	case OpDiv, OpMod, OpDateAdd:
		return true
	case OpNeg, OpAbs:
		return exact
	case OpRound:
		return full || exact && n.Digits < 0
	case OpSplitPart:
		delimiter, known := literalString(n.Args[1])
		part, fixed := n.Args[2].Value.(int64)
		return !known || delimiter == "" || !fixed || part < 1
	default:
		return false
	}
}

// castFails says whether a value of one type may have no counterpart in another.
func castFails(from, to schema.Type) bool {
	switch {
	case to.Kind == schema.String || to.Kind == schema.Double && from.Kind != schema.String || from.Temporal():
		return false
	case from.Exact() && to.Kind == schema.Decimal:
		whole, a := int(to.Precision)-int(to.Scale), from.AsDecimal()
		room := int(a.Precision) - int(a.Scale)
		if a.Scale > to.Scale {
			room++ // rounding may carry
		}
		return room > whole
	case from.Kind == schema.Integer && to.Kind == schema.Bigint:
		return false
	case from == to:
		return false
	}
	return true
}

// anyFails prints the condition that one of the nodes fails.
func (p *printer) anyFails(nodes []*Node) string {
	var out []string
	for _, n := range nodes {
		if f := p.fails(n); f != "FALSE" {
			out = append(out, f)
		}
	}
	switch len(out) {
	case 0:
		return "FALSE"
	case 1:
		return out[0]
	}
	return "(" + strings.Join(out, " OR ") + ")"
}

// fails prints the condition, never null, that a node fails.
func (p *printer) fails(n *Node) string {
	switch {
	case !fallible(n):
		return "FALSE"
	case n.Op == OpCase:
		return p.caseOf(n, p.fails, "TRUE")
	case n.Op == OpCoalesce:
		return p.coalesceFails(n.Args)
	case !failsItself(n):
		return p.anyFails(n.Args)
	}
	terms := []string{p.value(n) + " IS NULL"}
	for _, a := range n.Args {
		reads := a.Type.Kind == schema.String && (n.Op == OpCast || n.Op == OpParse)
		if a.Op == OpLiteral && a.Value != nil && !reads {
			continue
		}
		present := p.value(a) + " IS NOT NULL"
		if reads {
			present = "coalesce(trim(BOTH ' ' FROM " + p.trimTabs(p.value(a)) + "), '') <> ''" // what is empty is null
		}
		terms = append(terms, present)
	}
	own := "(" + strings.Join(terms, " AND ") + ")"
	if inner := p.anyFails(n.Args); inner != "FALSE" {
		return "(" + inner + " OR " + own + ")"
	}
	return own
}

// trimTabs prints a text with blanks for tabs.
func (p *printer) trimTabs(value string) string {
	return "replace(" + value + ", chr(9), ' ')"
}

func (p *printer) coalesceFails(args []*Node) string {
	first := p.fails(args[0])
	if len(args) == 1 {
		return first
	}
	rest := p.coalesceFails(args[1:])
	if rest == "FALSE" {
		return first
	}
	rest = "(" + p.value(args[0]) + " IS NULL AND " + rest + ")"
	if first == "FALSE" {
		return rest
	}
	return "(" + first + " OR " + rest + ")"
}
