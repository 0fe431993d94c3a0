package expr

import "github.com/lakectl/lakectl/internal/schema"

// maxSize bounds an expression once what it repeats (between, case x when ...,
// the guards of the printers) is written out, in units of about 100 bytes of
// printed SQL.
const maxSize = 60_000

// size is an upper bound for the length of the printed form of a node:
// of its value, and of the condition that it fails.
type size struct{ value, fails int }

// measureSize records the size of a node whose arguments are measured, and
// says whether it is within bounds.
func (b *binder) measureSize(n *Node) bool {
	own, times := size{value: ownSize(n)}, 1
	if len(n.Args) > 0 {
		times = repeats(n)
	}
	for _, a := range n.Args {
		s := b.sizes[a]
		own.value += s.value * times
		own.fails += s.value + s.fails
		if !strict(n.Op) {
			own.value += s.fails
		}
	}
	switch {
	case !fallible(n):
		own.fails = 0
	case strict(n.Op):
		own.fails += own.value
	}
	b.sizes[n] = own
	return own.value <= maxSize && own.fails <= maxSize
}

// ownSize is about the length of an operation's own SQL, in units of 100 bytes.
func ownSize(n *Node) int {
	switch n.Op {
	case OpCast, OpTryCast:
		if n.Args[0].Type.Kind == schema.String && n.Type.Kind == schema.Timestamp {
			return 12
		}
		return 2
	case OpDiv:
		return 6
	case OpSubstr:
		return 8
	case OpDateAdd:
		return 3
	default:
		return 1
	}
}

// repeats is how often a printer writes an argument of an operation at most.
func repeats(n *Node) int {
	first := n.Args[0].Type
	switch n.Op {
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe, OpIn:
		for _, a := range n.Args[1:] {
			if _, ok := widen(first, a.Type); !ok {
				return 6 * (len(n.Args) - 1) // compares whole part and rest with each
			}
		}
	case OpCoalesce:
		if fallible(n) {
			return 2
		}
	case OpCast, OpTryCast, OpFloor, OpCeil, OpRound, OpMod:
		if first.Kind == schema.Double || first.Precision == schema.MaxPrecision {
			return 3
		}
	case OpSubstr, OpSplitPart:
		if !isLiteral(n.Args[1]) || !isLiteral(n.Args[len(n.Args)-1]) {
			return 5
		}
	case OpDateAdd, OpDateDiff:
		return 3
	}
	return 1
}

func isLiteral(n *Node) bool { return n.Op == OpLiteral && n.Value != nil }
