package expr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
)

// call binds a function or an aggregate.
func (b *binder) call(e *syntax) *Node {
	if isAggregate(e.op) {
		return b.aggregate(e)
	}
	f, ok := findFunction(e.op)
	if !ok {
		hint := diag.Suggest(e.op, callableNames())
		if alias, ok := aliases[e.op]; ok {
			hint = "it is called " + alias + " here"
		}
		b.bindAll(e.args)
		return b.fail(e, hint, "there is no function %s", clip(e.op))
	}
	if e.distinct {
		return b.fail(e, "", "only count takes distinct, not %s", e.op)
	}
	if problem := f.countProblem(len(e.args)); problem != "" {
		b.bindAll(e.args)
		return b.fail(e, "", "%s; it is %s", problem, f.signature)
	}
	return b.callFunction(e, f)
}

// countProblem says what is wrong with a number of arguments.
func (f function) countProblem(given int) string {
	least, most := len(f.params)-f.optional, len(f.params)
	if given >= least && (f.variadic || given <= most) {
		return ""
	}
	want := strconv.Itoa(least)
	switch {
	case f.variadic:
		want = "at least " + want
	case most > least:
		want = fmt.Sprintf("%d or %d", least, most)
	}
	noun := "arguments"
	if want == "1" || want == "at least 1" {
		noun = "argument"
	}
	return fmt.Sprintf("%s takes %s %s, not %d", f.name(), want, noun, given)
}

func (b *binder) callFunction(e *syntax, f function) *Node {
	n := &Node{Op: f.op}
	var same []*syntax
	good := true
	for i, arg := range e.args {
		switch p := f.params[min(i, len(f.params)-1)]; p {
		case paramText, paramWhole, paramNumber, paramTime:
			n.Args = append(n.Args, b.argument(f, p, arg))
		case paramSame:
			same = append(same, arg)
			n.Args = append(n.Args, b.bind(arg))
		default:
			good = b.literalArgument(f, p, arg, n) && good
		}
	}
	if !good || anyBad(n.Args) {
		return &Node{Op: OpInvalid}
	}
	if len(same) > 0 {
		args, _, ok := b.unify(e, same, n.Args)
		if !ok {
			return &Node{Op: OpInvalid}
		}
		n.Args = args
	}
	if problem, hint := callProblem(n); problem != "" {
		return b.fail(e, hint, "%s: %s", b.src(e), problem)
	}
	n.Type = f.result(n)
	return b.node(e, n)
}

// argument binds an argument that has a value for each row.
func (b *binder) argument(f function, p param, e *syntax) *Node {
	n := b.bind(e)
	what := f.signature
	switch {
	case isBad(n):
		return n
	case p == paramText:
		return b.text1(e, n, what)
	case isUntypedNull(n) && p == paramWhole:
		return b.convert(e, n, schema.T(schema.Bigint))
	case isUntypedNull(n):
		return b.fail(e, "write cast(null as integer), or another type", "null has no type here")
	case p == paramWhole && (n.Type.Kind == schema.Integer || n.Type.Kind == schema.Bigint):
		return b.convert(e, n, schema.T(schema.Bigint))
	case p == paramNumber && n.Type.Numeric(), p == paramTime && n.Type.Temporal():
		return n
	}
	wanted := map[param]string{paramWhole: "a whole number", paramNumber: "a number", paramTime: "a date or a timestamp"}[p]
	return b.fail(e, argumentHint(b.src(e), p, n), "%s takes %s, but %s", what, wanted, b.describe(e, n))
}

func argumentHint(src string, p param, n *Node) string {
	switch {
	case n.Type.Kind == schema.String && n.Op == OpLiteral && p == paramTime:
		return "write date " + src
	case n.Type.Kind == schema.String && p == paramTime:
		return fmt.Sprintf("write cast(%s as date)", src)
	case p == paramWhole && castable(n.Type, schema.T(schema.Bigint)):
		return fmt.Sprintf("write cast(%s as integer)", src)
	case n.Type.Kind == schema.String && p == paramNumber:
		return fmt.Sprintf("write cast(%s as decimal(18,2)), or another type of number", src)
	}
	return ""
}

// callProblem checks what types of single arguments do not say.
func callProblem(n *Node) (problem, hint string) {
	switch n.Op {
	case OpDateDiff:
		if a, b := n.Args[0].Type, n.Args[1].Type; a != b {
			return fmt.Sprintf("types do not mix: %s and %s", a, b), "cast one of them"
		}
	case OpDateTrunc, OpDateAdd:
	default:
		return "", ""
	}
	if t := n.Args[len(n.Args)-1].Type; n.Unit < Day && t.Kind == schema.Date {
		return fmt.Sprintf("a date has no %ss", n.Unit), "cast it to timestamp, or use day or a larger unit"
	}
	return "", ""
}

// literalArgument reads an argument that must be a literal into its field of n.
func (b *binder) literalArgument(f function, p param, e *syntax, n *Node) bool {
	switch p {
	case paramUnit:
		return b.unitArgument(f, e, n)
	case paramDigits:
		return b.smallNumber(f, e, [2]int{-38, 38}, &n.Digits)
	case paramGroup:
		return b.smallNumber(f, e, [2]int{0, n.groups()}, &n.Group)
	}
	if e.kind != synString {
		b.fail(e, "write it as text in single quotes", "%s: %s is no literal", f.signature, b.src(e))
		return false
	}
	if p == paramRegexp {
		return b.regexpArgument(e, n)
	}
	return b.replacementArgument(e, n)
}

// groups is the number of groups of a node's pattern; many, if the pattern itself is wrong.
func (n *Node) groups() int {
	if n.Regexp == nil {
		return 9
	}
	return n.Regexp.NumSubexp()
}

func (b *binder) unitArgument(f function, e *syntax, n *Node) bool {
	names := make([]string, 0, len(units))
	for u := Microsecond; u <= Year; u++ {
		names = append(names, u.String())
	}
	if e.kind != synString {
		b.fail(e, "write it as 'day'", "%s: the unit %s is no literal", f.signature, b.src(e))
		return false
	}
	unit, ok := units[strings.ToLower(e.value)]
	if !ok {
		hint := diag.Suggest(e.value, names)
		if hint == "" {
			hint = "the units are " + strings.Join(names, ", ")
		}
		b.fail(e, hint, "there is no unit %s", b.src(e))
		return false
	}
	n.Unit = unit
	return true
}

// smallNumber reads a whole number within bounds that must be a literal.
func (b *binder) smallNumber(f function, e *syntax, bounds [2]int, into *int) bool {
	number, sign := e, ""
	if e.kind == synUnary && e.op == "-" {
		number, sign = e.args[0], "-"
	}
	i, err := strconv.Atoi(sign + number.value)
	switch {
	case number.kind != synNumber || err != nil:
		b.fail(e, "", "%s: %s is no literal whole number", f.signature, b.src(e))
		return false
	case i < bounds[0] || i > bounds[1]:
		b.fail(e, "", "%s: %s is not between %d and %d", f.signature, b.src(e), bounds[0], bounds[1])
		return false
	}
	*into = i
	return true
}
