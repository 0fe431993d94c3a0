package expr

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
)

// Bind parses an expression, finds its columns in scope and checks its types.
// It returns the program, or all that is wrong, each with its position.
func Bind(text diag.Text, scope Scope) (*Program, diag.List) {
	return bindWith(text, scope, func(b *binder, e *syntax) *Node {
		root := b.bind(e)
		if isUntypedNull(root) {
			return b.fail(e, "write cast(null as string), or another type", "null has no type here")
		}
		return root
	})
}

// BindAs binds an expression whose result goes into a column of type t. Exact
// numbers are cast to each other's type (half away from zero; what does not
// fit is a row error), integers also to double. Everything else needs an
// explicit cast and is reported with it.
func BindAs(text diag.Text, scope Scope, t schema.Type) (*Program, diag.List) {
	return bindWith(text, scope, func(b *binder, e *syntax) *Node { return b.assign(e, b.bind(e), t) })
}

// BindCondition binds an expression that must be boolean.
func BindCondition(text diag.Text, scope Scope) (*Program, diag.List) {
	return bindWith(text, scope, func(b *binder, e *syntax) *Node { return b.condition(e, b.bind(e)) })
}

// BindParse returns the program that types the raw text of a column by
// SEMANTICS section 2. For type string the text stays as it is, but ” becomes
// null.
func BindParse(column ScopeColumn, t schema.Type, parse Parse) *Program {
	in := columnNode(column)
	return &Program{Root: &Node{Op: OpParse, Type: t, Args: []*Node{in}, Parse: &parse, Nullable: true}}
}

// bindWith parses a text and runs one of the ways to bind it.
func bindWith(text diag.Text, scope Scope, root func(*binder, *syntax) *Node) (*Program, diag.List) {
	tree, problems := parse(text)
	if len(problems) > 0 {
		return nil, problems
	}
	b := &binder{text: text, scope: scope, sizes: make(map[*Node]size)}
	n := root(b, tree)
	if len(b.problems) > 0 {
		b.problems.Sort()
		return nil, b.problems
	}
	return &Program{Root: n}, nil
}

// binder turns syntax into typed nodes. Its methods never return nil: what is
// wrong is reported and becomes a node of OpInvalid, about which nothing
// further is said.
type binder struct {
	text     diag.Text
	scope    Scope
	problems diag.List
	sizes    map[*Node]size
	measure  *Measure // set while a measure is bound
	inside   string   // the aggregate function whose argument is being bound
}

func (b *binder) src(e *syntax) string { return clip(b.text.Value[e.start:e.end]) }

// fail reports a problem at the start of e.
func (b *binder) fail(e *syntax, hint, format string, args ...any) *Node {
	return b.failAt(e.start, hint, format, args...)
}

func (b *binder) failAt(offset int, hint, format string, args ...any) *Node {
	b.problems.AddHint(b.text.At(offset), hint, format, args...)
	return &Node{Op: OpInvalid}
}

func isBad(n *Node) bool { return n.Op == OpInvalid }

func isUntypedNull(n *Node) bool {
	return n.Op == OpLiteral && n.Value == nil && n.Type.Kind == schema.Invalid
}

func anyBad(nodes []*Node) bool {
	for _, n := range nodes {
		if isBad(n) {
			return true
		}
	}
	return false
}

// node completes a node that stands where e stands; without its arguments
// being sound it is OpInvalid.
func (b *binder) node(e *syntax, n *Node) *Node {
	if anyBad(n.Args) {
		return &Node{Op: OpInvalid}
	}
	n.Pos = b.text.At(e.start)
	if n.Op != OpColumn {
		n.Nullable = canNull(n)
	}
	if !b.measureSize(n) {
		return b.fail(e, "split it into several columns", "%s is too large once repeated parts are written out", b.src(e))
	}
	return n
}

func (b *binder) bindAll(list []*syntax) []*Node {
	nodes := make([]*Node, len(list))
	for i, e := range list {
		nodes[i] = b.bind(e)
	}
	return nodes
}

// bind types one node of syntax. Only null may come back without a type.
func (b *binder) bind(e *syntax) *Node {
	switch e.kind {
	case synNull:
		return b.node(e, &Node{Op: OpLiteral})
	case synBool:
		return b.node(e, &Node{Op: OpLiteral, Type: schema.T(schema.Boolean), Value: e.value == "true"})
	case synString:
		return b.node(e, &Node{Op: OpLiteral, Type: schema.T(schema.String), Value: e.value})
	case synNumber:
		return b.number(e, e.value)
	case synTyped:
		return b.typed(e)
	case synName:
		return b.column(e)
	case synUnary:
		return b.unary(e)
	case synBinary:
		return b.binary(e)
	case synChain:
		return b.chain(e)
	case synIsNull:
		return b.isNull(e)
	case synIn:
		return b.in(e)
	case synBetween:
		return b.between(e)
	case synLike:
		return b.like(e)
	case synCase:
		return b.caseOf(e)
	case synCast:
		return b.cast(e)
	case synCall:
		return b.call(e)
	default:
		return b.fail(e, "only count(*) takes it", "* stands where a value is expected")
	}
}

func (b *binder) number(e *syntax, text string) *Node {
	n, problem := numberLiteral(text)
	if n == nil {
		return b.fail(e, "", "the number %s %s", clip(text), problem)
	}
	return b.node(e, n)
}

func (b *binder) typed(e *syntax) *Node {
	n, ok := typedLiteral(e.op, e.value)
	if ok {
		return b.node(e, n)
	}
	hint := "write date '2026-01-31'"
	if e.op == "timestamp" {
		hint = "write timestamp '2026-01-31 12:00:00'"
	}
	return b.fail(e, hint, "%s is no %s of the years 0001 to 9999", b.src(e), e.op)
}

func (b *binder) cast(e *syntax) *Node {
	x := b.bind(e.args[0])
	if isBad(x) {
		return x
	}
	if isUntypedNull(x) {
		return b.convert(e.args[0], x, e.typ)
	}
	if !castable(x.Type, e.typ) {
		return b.fail(e, castHint(x.Type, e.typ), "%s: %s cannot become %s", b.src(e), x.Type, e.typ)
	}
	op := OpCast
	if e.op == "try_cast" {
		op = OpTryCast
	}
	return b.node(e, &Node{Op: op, Type: e.typ, Args: []*Node{x}})
}

// castHint says how to reach a type that a cast does not.
func castHint(from, to schema.Type) string {
	switch {
	case from.Kind == schema.Double && to.Kind == schema.String:
		return "cast to a decimal first, which fixes how many places are written"
	case to.Kind == schema.Boolean:
		return "write a comparison, such as x <> 0"
	case from.Kind == schema.Boolean:
		return "write case when x then 1 else 0 end"
	case from.Temporal():
		return "take a part of it, such as year(x), or date_diff('day', date '1970-01-01', x)"
	}
	return ""
}

// condition checks that a node is boolean.
func (b *binder) condition(e *syntax, n *Node) *Node {
	switch {
	case isBad(n):
		return n
	case isUntypedNull(n):
		return b.convert(e, n, schema.T(schema.Boolean))
	case n.Type.Kind != schema.Boolean:
		hint := "write a comparison"
		if n.Type.Kind == schema.String {
			hint = fmt.Sprintf("compare it, or write cast(%s as boolean)", b.src(e))
		}
		return b.fail(e, hint, "%s is %s where a condition is expected", b.src(e), n.Type)
	}
	return n
}

// convert brings a node to a type that it is known to widen to: literals are
// rewritten, everything else is cast.
func (b *binder) convert(e *syntax, n *Node, t schema.Type) *Node {
	if isBad(n) || n.Type == t {
		return n
	}
	if isUntypedNull(n) {
		return b.node(e, &Node{Op: OpLiteral, Type: t})
	}
	if isNumberLiteral(n) {
		if c := convertLiteral(n, t); c != nil {
			return b.node(e, c)
		}
	}
	return b.node(e, &Node{Op: OpCast, Type: t, Args: []*Node{n}})
}

// assign converts the result of an expression to its declared type.
func (b *binder) assign(e *syntax, n *Node, t schema.Type) *Node {
	if isBad(n) || n.Type == t || isUntypedNull(n) {
		return b.convert(e, n, t)
	}
	from := n.Type
	switch {
	case from.Exact() && t.Exact(), from.Kind == schema.Integer && t.Kind == schema.Double, isNumberLiteral(n) && t.Kind == schema.Double:
		return b.convert(e, n, t)
	case from.Kind == schema.String && n.Op == OpLiteral && t.Temporal():
		return b.fail(e, fmt.Sprintf("write %s %s", t, b.src(e)), "the expression is string, its column %s", t)
	case !castable(from, t):
		return b.fail(e, castHint(from, t), "the expression is %s, its column %s", from, t)
	}
	return b.fail(e, fmt.Sprintf("write cast(%s as %s)", b.src(e), t), "the expression is %s, its column %s", from, t)
}

// isNull binds is [not] null.
func (b *binder) isNull(e *syntax) *Node {
	x := b.bind(e.args[0])
	if isUntypedNull(x) {
		return b.fail(e.args[0], "", "null has no type here")
	}
	n := b.node(e, &Node{Op: OpIsNull, Type: schema.T(schema.Boolean), Args: []*Node{x}})
	return b.negate(e, n)
}

// negate wraps a test in not where it was written so.
func (b *binder) negate(e *syntax, n *Node) *Node {
	if !e.negated {
		return n
	}
	return b.node(e, &Node{Op: OpNot, Type: schema.T(schema.Boolean), Args: []*Node{n}})
}

// describe names an operand and its type in a message.
func (b *binder) describe(e *syntax, n *Node) string {
	return strings.Join([]string{b.src(e), "is", n.Type.String()}, " ")
}
