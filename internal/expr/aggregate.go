package expr

import (
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
)

// AggFunc is an aggregate function.
type AggFunc uint8

// The aggregate functions. All but CountAll skip nulls; all but the counts
// are null over no values.
const (
	CountAll AggFunc = iota + 1 // count(*)
	Count
	CountDistinct
	Sum // bigint of whole numbers, decimal(38,s) of decimals, double
	Avg // decimal(38,s+4) of exact numbers, half away from zero; double
	Min
	Max
)

// Aggregate is one aggregate function over the rows of a group.
type Aggregate struct {
	Func AggFunc
	Arg  *Program // nil for CountAll
	Type schema.Type
	Pos  diag.Pos
}

// Measure is arithmetic over aggregates.
type Measure struct {
	Aggregates []Aggregate // each once, however often the text repeats it
	Post       *Program    // reads the aggregates' results as slots 0, 1, ...
}

// Type returns the type of the measure.
func (m *Measure) Type() schema.Type { return m.Post.Type() }

// BindMeasure binds a measure of a gold table: every column stands within an
// aggregate.
func BindMeasure(text diag.Text, scope Scope) (*Measure, diag.List) {
	return bindMeasure(text, scope, func(b *binder, e *syntax, n *Node) *Node { return n })
}

// BindMeasureAs binds a measure that goes into a column of type t, under the
// rules of BindAs.
func BindMeasureAs(text diag.Text, scope Scope, t schema.Type) (*Measure, diag.List) {
	return bindMeasure(text, scope, func(b *binder, e *syntax, n *Node) *Node { return b.assign(e, n, t) })
}

func bindMeasure(text diag.Text, scope Scope, assign func(*binder, *syntax, *Node) *Node) (*Measure, diag.List) {
	m := &Measure{}
	post, problems := bindWith(text, scope, func(b *binder, e *syntax) *Node {
		b.measure = m
		n := b.bind(e)
		if !isBad(n) && len(b.problems) == 0 && len(m.Aggregates) == 0 {
			return b.fail(e, "write count(*), sum(x) or another aggregate", "the measure %s has no aggregate", b.src(e))
		}
		return assign(b, e, n)
	})
	if len(problems) > 0 {
		return nil, problems
	}
	m.Post = post
	return m, nil
}

var aggregates = map[string]AggFunc{"count": Count, "sum": Sum, "avg": Avg, "min": Min, "max": Max}

func isAggregate(name string) bool { return aggregates[name] != 0 }

// aggregate binds count, sum, avg, min or max to a column of the measure's Post.
func (b *binder) aggregate(e *syntax) *Node {
	switch {
	case b.measure == nil:
		return b.fail(e, "aggregates belong into the measures of gold tables", "%s is an aggregate, which cannot stand here", b.src(e))
	case b.inside != "":
		return b.fail(e, "", "the aggregate %s stands within the aggregate %s", b.src(e), b.inside)
	case len(e.args) != 1:
		return b.fail(e, "", "%s takes 1 argument, not %d", e.op, len(e.args))
	}
	agg := Aggregate{Func: aggregates[e.op], Pos: b.text.At(e.start)}
	if e.args[0].kind == synStar && e.op == "count" {
		agg.Func, agg.Type = CountAll, schema.T(schema.Bigint)
		return b.result(e, agg)
	}
	if e.distinct {
		if e.op != "count" {
			return b.fail(e, "", "only count takes distinct, not %s", e.op)
		}
		agg.Func = CountDistinct
	}
	b.inside = e.op
	arg := b.bind(e.args[0])
	b.inside = ""
	switch {
	case isBad(arg):
		return arg
	case isUntypedNull(arg):
		return b.fail(e.args[0], "write cast(null as integer), or another type", "null has no type here")
	}
	t, ok := aggregateType(agg.Func, arg.Type)
	if !ok {
		return b.fail(e.args[0], "", "%s takes a number, but %s", e.op, b.describe(e.args[0], arg))
	}
	agg.Arg, agg.Type = &Program{Root: arg}, t
	return b.result(e, agg)
}

// aggregateType returns the type of an aggregate over values of type t.
func aggregateType(f AggFunc, t schema.Type) (schema.Type, bool) {
	switch f {
	case CountAll, Count, CountDistinct:
		return schema.T(schema.Bigint), true
	case Min, Max:
		return t, true
	}
	switch {
	case !t.Numeric() || t.Kind == schema.Double:
		return t, t.Kind == schema.Double
	case f == Avg:
		return schema.DecimalOf(schema.MaxPrecision, min(schema.MaxPrecision, int(t.Scale)+4)), true
	case t.Kind == schema.Decimal:
		return schema.DecimalOf(schema.MaxPrecision, int(t.Scale)), true
	}
	return schema.T(schema.Bigint), true
}

// result returns the column of Post that holds an aggregate, which is added
// unless the measure has it already.
func (b *binder) result(e *syntax, agg Aggregate) *Node {
	slot := slices.IndexFunc(b.measure.Aggregates, func(a Aggregate) bool { return sameAggregate(a, agg) })
	if slot < 0 {
		slot = len(b.measure.Aggregates)
		b.measure.Aggregates = append(b.measure.Aggregates, agg)
	}
	counts := agg.Func == CountAll || agg.Func == Count || agg.Func == CountDistinct
	name := strings.Join(strings.Fields(b.src(e)), " ")
	return b.node(e, &Node{Op: OpColumn, Type: agg.Type, Slot: slot, Name: name, Ident: []string{name}, Nullable: !counts})
}

func sameAggregate(a, b Aggregate) bool {
	if a.Func != b.Func || (a.Arg == nil) != (b.Arg == nil) {
		return false
	}
	return a.Arg == nil || sameNode(a.Arg.Root, b.Arg.Root)
}

// sameNode says whether two bound trees compute the same.
func sameNode(a, b *Node) bool {
	if a.Op != b.Op || a.Type != b.Type || a.Slot != b.Slot || a.Unit != b.Unit || a.Group != b.Group || a.Digits != b.Digits {
		return false
	}
	if a.Escape != b.Escape || a.Replacement != b.Replacement || !sameValue(a.Value, b.Value) || len(a.Args) != len(b.Args) {
		return false
	}
	if (a.Regexp == nil) != (b.Regexp == nil) || a.Regexp != nil && a.Regexp.String() != b.Regexp.String() {
		return false
	}
	return slices.EqualFunc(a.Args, b.Args, sameNode)
}

// sameValue compares values of literals; decimals have == too.
func sameValue(a, b any) bool {
	if d, ok := a.(decimal128.Num); ok {
		other, ok := b.(decimal128.Num)
		return ok && d == other
	}
	return a == b
}
