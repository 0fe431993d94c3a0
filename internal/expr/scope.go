package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
)

// Scope is what names an expression may use.
type Scope struct{ Columns []ScopeColumn }

// ScopeColumn is a column that an expression may name.
type ScopeColumn struct {
	Qualifier string // "", the name of a table, or raw
	Name      string
	Type      schema.Type
	Nullable  bool
	Slot      int  // its place among the columns given to Eval
	Hidden    bool // reachable only with its qualifier
}

// String prints the column as an expression names it.
func (c ScopeColumn) String() string {
	if c.Qualifier == "" {
		return c.Name
	}
	return c.Qualifier + "." + c.Name
}

// Reference is a name used in an expression.
type Reference struct {
	Qualifier string // "" for a bare name
	Name      string
	Pos       diag.Pos
}

// References returns the names that an expression uses, in the order of the
// text, repeats included, without looking for what they name.
func References(text diag.Text) ([]Reference, diag.List) {
	tree, problems := parse(text)
	if len(problems) > 0 {
		return nil, problems
	}
	var refs []Reference
	var walk func(e *syntax)
	walk = func(e *syntax) {
		if e == nil {
			return
		}
		if e.kind == synName {
			refs = append(refs, Reference{Qualifier: e.qualifier, Name: e.value, Pos: text.At(e.start)})
		}
		walk(e.operand)
		for _, arg := range e.args {
			walk(arg)
		}
		walk(e.orElse)
	}
	walk(tree)
	return refs, nil
}

// find returns the columns that a name may mean: those that match exactly,
// else those that match ignoring case.
func (s Scope) find(qualifier, name string) []ScopeColumn {
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		var found []ScopeColumn
		for _, c := range s.Columns {
			reachable := !c.Hidden
			if qualifier != "" {
				reachable = same(c.Qualifier, qualifier)
			}
			if reachable && same(c.Name, name) {
				found = append(found, c)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// column binds a name.
func (b *binder) column(e *syntax) *Node {
	found := b.scope.find(e.qualifier, e.value)
	switch {
	case len(found) == 0:
		return b.fail(e, b.suggestColumn(e), "there is no column %s", b.src(e))
	case len(found) > 1:
		names := make([]string, len(found))
		for i, c := range found {
			names[i] = c.String()
		}
		return b.fail(e, "write "+strings.Join(names, " or "), "%s may mean several columns", b.src(e))
	case b.measure != nil && b.inside == "":
		return b.fail(e, fmt.Sprintf("write an aggregate, such as max(%s), or make it a group key", b.src(e)),
			"the column %s stands outside of an aggregate", b.src(e))
	}
	return b.node(e, columnNode(found[0]))
}

// suggestColumn returns what was probably meant by a name that is not there.
func (b *binder) suggestColumn(e *syntax) string {
	if len(b.scope.Columns) == 0 {
		return "no columns can be used here"
	}
	var bare, qualified []string
	for _, c := range b.scope.Columns {
		if !c.Hidden {
			bare = append(bare, c.Name)
		}
		if c.Qualifier != "" {
			qualified = append(qualified, c.String())
		}
	}
	if e.qualifier != "" {
		if s := diag.Suggest(e.qualifier+"."+e.value, qualified); s != "" {
			return s
		}
		return diag.Suggest(e.value, bare)
	}
	if s := diag.Suggest(e.value, bare); s != "" {
		return s
	}
	if i := slices.IndexFunc(b.scope.Columns, func(c ScopeColumn) bool { return c.Hidden && strings.EqualFold(c.Name, e.value) }); i >= 0 {
		return fmt.Sprintf("did you mean %q?", b.scope.Columns[i].String())
	}
	if strings.ContainsRune(b.text.Value[e.start:e.end], '"') {
		return "texts stand in single quotes, names of columns in double quotes"
	}
	return ""
}

// columnNode returns the node that reads a column.
func columnNode(c ScopeColumn) *Node {
	n := &Node{Op: OpColumn, Type: c.Type, Slot: c.Slot, Name: c.String(), Nullable: c.Nullable, Ident: []string{c.Name}}
	if c.Qualifier != "" {
		n.Ident = []string{c.Qualifier, c.Name}
	}
	return n
}
