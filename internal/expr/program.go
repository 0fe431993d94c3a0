package expr

import (
	"slices"

	"github.com/lakectl/lakectl/internal/schema"
)

// Program is a bound, type-checked expression. It is never changed and may be
// shared by goroutines.
type Program struct {
	Root *Node
}

// Type returns the type of the result.
func (p *Program) Type() schema.Type { return p.Root.Type }

// Nullable says whether a row without an error may give null.
func (p *Program) Nullable() bool { return p.Root.Nullable }

// Columns returns the slots that the program reads, ascending.
func (p *Program) Columns() []int {
	var slots []int
	seen := make(map[*Node]bool)
	var walk func(n *Node)
	walk = func(n *Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if n.Op == OpColumn {
			slots = append(slots, n.Slot)
		}
		for _, a := range n.Args {
			walk(a)
		}
	}
	walk(p.Root)
	slices.Sort(slots)
	return slices.Compact(slots)
}
