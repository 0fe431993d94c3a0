package expr

// maxSize bounds the nodes that an expression has once what it repeats
// (between, case x when ..., the guards of the printers) is written out. It
// keeps printed SQL below about a megabyte.
const maxSize = 20_000

// size is an upper bound for the operations in the printed form of a node:
// of its value, and of the condition that it fails.
type size struct{ value, fails int }

// measureSize records the size of a node whose arguments are measured, and
// says whether it is within bounds.
func (b *binder) measureSize(n *Node) bool {
	own := size{value: 1}
	for _, a := range n.Args {
		s := b.sizes[a]
		own.value += s.value * repeats(n.Op)
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
	return own.value <= maxSize
}
