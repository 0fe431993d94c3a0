package exprtest

import (
	"fmt"
	"math/big"

	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

// Date is a number of days since 1970-01-01.
type Date int64

// Timestamp is a number of microseconds since 1970-01-01T00:00:00Z.
type Timestamp int64

// Row is the values of the columns by slot.
type Row []any

// rowError is thrown within the evaluator; Eval catches it.
type rowError expr.ErrKind

func fail(kind expr.ErrKind) any { panic(rowError(kind)) }

// Eval computes a bound expression for one row. The kind is 0 unless the row
// has no value.
func Eval(n *expr.Node, row Row) (value any, kind expr.ErrKind) {
	defer func() {
		switch caught := recover().(type) {
		case nil:
		case rowError:
			value, kind = nil, expr.ErrKind(caught)
		default:
			panic(caught)
		}
	}()
	return eval(n, row), 0
}

func eval(n *expr.Node, row Row) any {
	switch n.Op {
	case expr.OpColumn:
		return row[n.Slot]
	case expr.OpLiteral:
		return literal(n)
	case expr.OpCase:
		return evalCase(n, row)
	case expr.OpCoalesce:
		for _, a := range n.Args {
			if v := eval(a, row); v != nil {
				return v
			}
		}
		return nil
	}
	args := make([]any, len(n.Args))
	null := false
	for i, a := range n.Args {
		args[i] = eval(a, row)
		null = null || args[i] == nil
	}
	if v, done := loose(n, args); done {
		return v
	}
	if null {
		return nil
	}
	return apply(n, args)
}

func literal(n *expr.Node) any {
	switch v := n.Value.(type) {
	case int64:
		if n.Type.Kind == schema.Timestamp {
			return Timestamp(v)
		}
		return big.NewInt(v)
	case int32:
		return Date(v)
	case decimal128.Num:
		return new(big.Rat).SetFrac(v.BigInt(), tenTo(int(n.Type.Scale)))
	default:
		return v
	}
}

func evalCase(n *expr.Node, row Row) any {
	last := len(n.Args) - 1
	for i := 0; i < last; i += 2 {
		if eval(n.Args[i], row) == true {
			return eval(n.Args[i+1], row)
		}
	}
	return eval(n.Args[last], row)
}

// loose computes the operations for which a null argument does not make null.
func loose(n *expr.Node, args []any) (any, bool) {
	switch n.Op {
	case expr.OpAnd:
		return threeValued(args, false), true
	case expr.OpOr:
		return threeValued(args, true), true
	case expr.OpIsNull:
		return args[0] == nil, true
	case expr.OpIn:
		return in(args), true
	case expr.OpConcatWS:
		return concatWS(args), true
	case expr.OpGreatest:
		return extreme(args, 1), true
	case expr.OpLeast:
		return extreme(args, -1), true
	case expr.OpNullIf:
		if args[0] != nil && args[1] != nil && Compare(args[0], args[1]) == 0 {
			return nil, true
		}
		return args[0], true
	case expr.OpTryCast:
		if args[0] == nil {
			return nil, true
		}
		cast := *n
		cast.Op = expr.OpCast
		cast.Args = []*expr.Node{{Op: expr.OpColumn, Type: n.Args[0].Type}}
		v, _ := Eval(&cast, Row{args[0]})
		return v, true
	}
	return nil, false
}

// threeValued is AND (decisive false) and OR (decisive true).
func threeValued(args []any, decisive bool) any {
	var result any = !decisive
	for _, a := range args {
		if a == decisive {
			return decisive
		}
		if a == nil {
			result = nil
		}
	}
	return result
}

func in(args []any) any {
	if args[0] == nil {
		return nil
	}
	var result any = false
	for _, a := range args[1:] {
		if a == nil {
			result = nil
		} else if Compare(args[0], a) == 0 {
			return true
		}
	}
	return result
}

func extreme(args []any, sign int) any {
	var best any
	for _, a := range args {
		if a != nil && (best == nil || Compare(a, best)*sign > 0) {
			best = a
		}
	}
	return best
}

// apply computes the operations of which no argument is null.
func apply(n *expr.Node, args []any) any {
	switch n.Op {
	case expr.OpParse:
		return parse(args[0].(string), n.Type, n.Parse.AllowNaN, expr.ErrType)
	case expr.OpCast:
		return cast(args[0], n.Args[0].Type, n.Type)
	case expr.OpAdd, expr.OpSub, expr.OpMul, expr.OpDiv, expr.OpMod, expr.OpNeg, expr.OpAbs:
		return arithmetic(n, args)
	case expr.OpRound, expr.OpFloor, expr.OpCeil:
		return rounding(n, args[0])
	case expr.OpEq:
		return Compare(args[0], args[1]) == 0
	case expr.OpNe:
		return Compare(args[0], args[1]) != 0
	case expr.OpLt:
		return Compare(args[0], args[1]) < 0
	case expr.OpLe:
		return Compare(args[0], args[1]) <= 0
	case expr.OpGt:
		return Compare(args[0], args[1]) > 0
	case expr.OpGe:
		return Compare(args[0], args[1]) >= 0
	case expr.OpNot:
		return !args[0].(bool)
	}
	if v, done := applyText(n, args); done {
		return v
	}
	if v, done := applyDate(n, args); done {
		return v
	}
	panic(fmt.Sprintf("exprtest: operation %d", n.Op))
}
