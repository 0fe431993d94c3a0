package expr

import (
	"fmt"

	"github.com/lakectl/lakectl/internal/schema"
)

var arithmetic = map[string]Op{"+": OpAdd, "-": OpSub, "*": OpMul, "/": OpDiv, "%": OpMod}

var comparisonOps = map[string]Op{"=": OpEq, "<>": OpNe, "!=": OpNe, "<": OpLt, "<=": OpLe, ">": OpGt, ">=": OpGe}

func (b *binder) unary(e *syntax) *Node {
	arg := e.args[0]
	if e.op == "not" {
		x := b.condition(arg, b.bind(arg))
		return b.node(e, &Node{Op: OpNot, Type: schema.T(schema.Boolean), Args: []*Node{x}})
	}
	if e.op == "-" && arg.kind == synNumber {
		return b.number(e, "-"+arg.value)
	}
	x := b.bind(arg)
	switch {
	case isBad(x):
		return x
	case isUntypedNull(x) || !x.Type.Numeric():
		return b.fail(e, "", "%s takes a number, but %s", e.op, b.describeOrNull(arg, x))
	case e.op == "+":
		return x
	}
	return b.node(e, &Node{Op: OpNeg, Type: x.Type, Args: []*Node{x}})
}

func (b *binder) describeOrNull(e *syntax, n *Node) string {
	if isUntypedNull(n) {
		return "null has no type here"
	}
	return b.describe(e, n)
}

func (b *binder) binary(e *syntax) *Node {
	if op, ok := comparisonOps[e.op]; ok {
		return b.compare(e, op, e.args, b.bindAll(e.args))
	}
	x, y := b.bind(e.args[0]), b.bind(e.args[1])
	if isBad(x) || isBad(y) {
		return &Node{Op: OpInvalid}
	}
	return b.arithmetic(e, arithmetic[e.op], x, y)
}

func (b *binder) arithmetic(e *syntax, op Op, x, y *Node) *Node {
	for i, n := range []*Node{x, y} {
		if !isUntypedNull(n) && !n.Type.Numeric() {
			return b.failAt(e.at, arithmeticHint(e.op, x.Type, y.Type), "%s takes numbers, but %s", e.op, b.describe(e.args[i], n))
		}
	}
	exact := !hasDouble([]*Node{x, y})
	if exact && (op == OpDiv || x.Type.Kind == schema.Decimal || y.Type.Kind == schema.Decimal) && !(isUntypedNull(x) && isUntypedNull(y)) {
		return b.decimalArithmetic(e, op, x, y) // each operand keeps its precision and scale
	}
	args, t, ok := b.unify(e, e.args, []*Node{x, y})
	if !ok {
		return &Node{Op: OpInvalid}
	}
	return b.node(e, &Node{Op: op, Type: t, Args: args})
}

// decimalArithmetic binds arithmetic over decimals and whole numbers.
func (b *binder) decimalArithmetic(e *syntax, op Op, x, y *Node) *Node {
	x, y = b.asDecimal(e.args[0], x), b.asDecimal(e.args[1], y)
	if isUntypedNull(x) {
		x = b.convert(e.args[0], x, y.Type)
	}
	if isUntypedNull(y) {
		y = b.convert(e.args[1], y, x.Type)
	}
	if isBad(x) || isBad(y) {
		return &Node{Op: OpInvalid}
	}
	t, ok := decimalResult(op, x.Type, y.Type)
	if !ok {
		return b.failAt(e.at, "cast the operands to decimals with fewer digits", "%s %s %s would need more than 38 digits to keep all decimal places",
			x.Type, e.op, y.Type)
	}
	return b.node(e, &Node{Op: op, Type: t, Args: []*Node{x, y}})
}

// asDecimal casts a whole number to decimal, a literal to the smallest that holds it.
func (b *binder) asDecimal(e *syntax, n *Node) *Node {
	if isBad(n) || n.Type.Kind != schema.Integer && n.Type.Kind != schema.Bigint {
		return n
	}
	if i, ok := n.Value.(int64); ok && n.Op == OpLiteral {
		return b.convert(e, n, literalDecimal(i))
	}
	return b.convert(e, n, n.Type.AsDecimal())
}

func arithmeticHint(op string, x, y schema.Type) string {
	switch {
	case op == "-" && x.Temporal() && y.Temporal():
		return "write date_diff('day', a, b)"
	case (op == "+" || op == "-") && (x.Temporal() || y.Temporal()):
		return "write date_add('day', n, x)"
	case op == "+" && x.Kind == schema.String && y.Kind == schema.String:
		return "texts are joined by ||"
	case x.Kind == schema.String || y.Kind == schema.String:
		return "write cast(x as decimal(18,2)), or another type of number"
	}
	return ""
}

// compare brings both operands of a comparison to one type.
func (b *binder) compare(e *syntax, op Op, list []*syntax, nodes []*Node) *Node {
	args, ok := b.comparable(e, list, nodes)
	if !ok {
		return &Node{Op: OpInvalid}
	}
	return b.node(e, &Node{Op: op, Type: schema.T(schema.Boolean), Args: args})
}

// comparable brings nodes to one type for comparison. Decimals keep their own
// precision and scale: they compare exactly whatever these are.
func (b *binder) comparable(e *syntax, list []*syntax, nodes []*Node) ([]*Node, bool) {
	if anyBad(nodes) {
		return nil, false
	}
	decimals, others := false, false
	for _, n := range nodes {
		decimals = decimals || n.Type.Kind == schema.Decimal
		others = others || !isUntypedNull(n) && !n.Type.Exact()
	}
	if !decimals || others {
		args, _, ok := b.unify(e, list, nodes)
		return args, ok
	}
	args := make([]*Node, len(nodes))
	var t schema.Type
	for i, n := range nodes {
		args[i] = b.asDecimal(list[i], n)
		if args[i].Type.Kind == schema.Decimal {
			t = args[i].Type
		}
	}
	for i, n := range args {
		if isUntypedNull(n) {
			args[i] = b.convert(list[i], n, t)
		}
	}
	return args, !anyBad(args)
}

func (b *binder) chain(e *syntax) *Node {
	if e.op == "||" {
		args := b.bindAll(e.args)
		for i, n := range args {
			args[i] = b.text1(e.args[i], n, "||")
		}
		return b.node(e, &Node{Op: OpConcat, Type: schema.T(schema.String), Args: args})
	}
	op := OpAnd
	if e.op == "or" {
		op = OpOr
	}
	args := b.bindAll(e.args)
	for i, n := range args {
		args[i] = b.condition(e.args[i], n)
	}
	return b.node(e, &Node{Op: op, Type: schema.T(schema.Boolean), Args: args})
}

// text1 checks that an operand is text.
func (b *binder) text1(e *syntax, n *Node, what string) *Node {
	switch {
	case isBad(n):
		return n
	case isUntypedNull(n):
		return b.convert(e, n, schema.T(schema.String))
	case n.Type.Kind != schema.String:
		hint := fmt.Sprintf("write cast(%s as string)", b.src(e))
		if n.Type.Kind == schema.Double {
			hint = fmt.Sprintf("write cast(cast(%s as decimal(18,2)) as string), or another scale", b.src(e))
		}
		return b.fail(e, hint, "%s takes text, but %s", what, b.describe(e, n))
	}
	return n
}

func (b *binder) in(e *syntax) *Node {
	args, ok := b.comparable(e, e.args, b.bindAll(e.args))
	if !ok {
		return &Node{Op: OpInvalid}
	}
	return b.negate(e, b.node(e, &Node{Op: OpIn, Type: schema.T(schema.Boolean), Args: args}))
}

// between is x >= low and x <= high.
func (b *binder) between(e *syntax) *Node {
	nodes := b.bindAll(e.args)
	if anyBad(nodes) {
		return &Node{Op: OpInvalid}
	}
	low := b.compare(e, OpGe, e.args[:2], nodes[:2])
	high := b.compare(e, OpLe, []*syntax{e.args[0], e.args[2]}, []*Node{nodes[0], nodes[2]})
	return b.negate(e, b.node(e, &Node{Op: OpAnd, Type: schema.T(schema.Boolean), Args: []*Node{low, high}}))
}

func (b *binder) like(e *syntax) *Node {
	nodes := b.bindAll(e.args)
	n := &Node{Op: OpLike, Type: schema.T(schema.Boolean)}
	for i := range nodes[:2] {
		n.Args = append(n.Args, b.text1(e.args[i], nodes[i], "like"))
	}
	if len(nodes) == 3 {
		escape, ok := literalString(nodes[2])
		r := []rune(escape)
		pattern, isText := literalString(nodes[1])
		switch {
		case !ok || len(r) != 1 || r[0] == '%' || r[0] == '_':
			return b.fail(e.args[2], "write escape '\\'", "%s is not one character other than %% and _", b.src(e.args[2]))
		case !isText:
			return b.fail(e.args[1], "", "like with escape needs a literal pattern, not %s", b.src(e.args[1]))
		case !escapesWell(pattern, r[0]):
			return b.fail(e.args[1], "", "in %s an escape character stands before something else than %%, _ or itself", b.src(e.args[1]))
		}
		n.Escape = r[0]
	}
	return b.negate(e, b.node(e, n))
}

// escapesWell says whether each escape character of a pattern stands before %, _ or itself.
func escapesWell(pattern string, escape rune) bool {
	open := false
	for _, r := range pattern {
		switch {
		case open && r != '%' && r != '_' && r != escape:
			return false
		case open:
			open = false
		default:
			open = r == escape
		}
	}
	return !open
}

func literalString(n *Node) (string, bool) {
	s, ok := n.Value.(string)
	return s, ok && n.Op == OpLiteral
}

// caseOf binds both forms; `case x when a` becomes `case when x = a`.
func (b *binder) caseOf(e *syntax) *Node {
	n := &Node{Op: OpCase}
	var operand *Node
	if e.operand != nil {
		operand = b.bind(e.operand)
	}
	var results []*syntax
	var values []*Node
	for i := 0; i < len(e.args); i += 2 {
		when := b.bind(e.args[i])
		if e.operand != nil {
			when = b.compare(e.args[i], OpEq, []*syntax{e.operand, e.args[i]}, []*Node{operand, when})
		}
		n.Args = append(n.Args, b.condition(e.args[i], when), nil)
		results, values = append(results, e.args[i+1]), append(values, b.bind(e.args[i+1]))
	}
	if e.orElse != nil {
		results, values = append(results, e.orElse), append(values, b.bind(e.orElse))
	}
	if anyBad(values) {
		return &Node{Op: OpInvalid}
	}
	values, t, ok := b.unify(e, results, values)
	if !ok {
		return &Node{Op: OpInvalid}
	}
	if e.orElse == nil {
		values = append(values, b.node(e, &Node{Op: OpLiteral, Type: t}))
	}
	for i := 0; i < len(e.args)/2; i++ {
		n.Args[2*i+1] = values[i]
	}
	n.Args = append(n.Args, values[len(values)-1])
	n.Type = t
	return b.node(e, n)
}
