package gold

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

// identity returns a text that is the same for programs that compute the same
// from the same slots.
func identity(p *expr.Program) string {
	var b strings.Builder
	describe(&b, p.Root)
	return b.String()
}

func describe(b *strings.Builder, n *expr.Node) {
	fmt.Fprintf(b, "%d:%d:%d:%d:%q:%d:%d:%d", n.Op, n.Type, n.Slot, n.Unit, n.Replacement, n.Group, n.Digits, n.Escape)
	if n.Op == expr.OpLiteral {
		fmt.Fprintf(b, "=%T:%#v", n.Value, n.Value)
	}
	if n.Regexp != nil {
		fmt.Fprintf(b, "~%q", n.Regexp)
	}
	if p := n.Parse; p != nil {
		fmt.Fprintf(b, "?%q:%v:%v", p.Formats, p.Location, p.AllowNaN)
	}
	b.WriteByte('(')
	for _, arg := range n.Args {
		describe(b, arg)
	}
	b.WriteByte(')')
}

// rebased returns a program that reads slots lower by first.
func rebased(p *expr.Program, first int) *expr.Program {
	if first == 0 {
		return p
	}
	copies := map[*expr.Node]*expr.Node{} // nodes may stand in a tree more than once
	var rebase func(n *expr.Node) *expr.Node
	rebase = func(n *expr.Node) *expr.Node {
		if done := copies[n]; done != nil {
			return done
		}
		copied := *n
		if copies[n] = &copied; n.Op == expr.OpColumn {
			copied.Slot -= first
		}
		copied.Args = make([]*expr.Node, len(n.Args))
		for i, arg := range n.Args {
			copied.Args[i] = rebase(arg)
		}
		return &copied
	}
	return &expr.Program{Root: rebase(p.Root)}
}

// columnProgram returns a program that is a column of t.
func columnProgram(t schema.Table, i int) *expr.Program {
	c := t.Columns[i]
	return &expr.Program{Root: &expr.Node{Op: expr.OpColumn, Type: c.Type, Slot: i, Name: c.Name, Ident: []string{c.Name}, Nullable: c.Nullable}}
}
