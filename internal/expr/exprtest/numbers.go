package exprtest

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// Compare orders two values of one type that are not null: NaN is equal to NaN
// and greater than all else, -0.0 is equal to 0.0, text is ordered by bytes.
func Compare(a, b any) int {
	switch x := a.(type) {
	case *big.Int:
		return x.Cmp(b.(*big.Int))
	case *big.Rat:
		return x.Cmp(b.(*big.Rat))
	case string:
		return strings.Compare(x, b.(string))
	case bool:
		return truth(x) - truth(b.(bool))
	case Date:
		return big.NewInt(int64(x)).Cmp(big.NewInt(int64(b.(Date))))
	case Timestamp:
		return big.NewInt(int64(x)).Cmp(big.NewInt(int64(b.(Timestamp))))
	}
	x, y := a.(float64), b.(float64)
	switch {
	case math.IsNaN(x) && math.IsNaN(y) || x == y:
		return 0
	case math.IsNaN(y) || x < y:
		return -1
	}
	return 1
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rational returns an exact number as a fraction.
func rational(v any) *big.Rat {
	if i, ok := v.(*big.Int); ok {
		return new(big.Rat).SetInt(i)
	}
	return v.(*big.Rat)
}

// Round rounds half away from zero to a number of decimal places, which may be negative.
func Round(r *big.Rat, places int) *big.Rat {
	factor := new(big.Rat).SetInt(tenTo(max(places, -places)))
	if places < 0 {
		factor.Inv(factor)
	}
	scaled := new(big.Rat).Mul(new(big.Rat).Abs(r), factor)
	scaled.Add(scaled, big.NewRat(1, 2))
	whole := new(big.Rat).SetInt(floor(scaled))
	if r.Sign() < 0 {
		whole.Neg(whole)
	}
	return whole.Quo(whole, factor)
}

func floor(r *big.Rat) *big.Int {
	return new(big.Int).Div(r.Num(), r.Denom()) // Euclidean: the denominator is positive
}

// fit gives an exact result its type, or fails if it does not fit.
func fit(r *big.Rat, t schema.Type, kind expr.ErrKind) any {
	switch t.Kind {
	case schema.Integer, schema.Bigint:
		bits := map[schema.Kind]uint{schema.Integer: 31, schema.Bigint: 63}[t.Kind]
		whole := Round(r, 0).Num()
		limit := new(big.Int).Lsh(big.NewInt(1), bits)
		if whole.Cmp(limit) >= 0 || whole.Cmp(new(big.Int).Neg(limit)) < 0 {
			return fail(kind)
		}
		return new(big.Int).Set(whole)
	case schema.Decimal:
		rounded := Round(r, int(t.Scale))
		limit := new(big.Rat).SetInt(tenTo(int(t.Precision) - int(t.Scale)))
		if new(big.Rat).Abs(rounded).Cmp(limit) >= 0 {
			return fail(kind)
		}
		return rounded
	}
	f, _ := r.Float64()
	return f
}

func arithmetic(n *expr.Node, args []any) any {
	if n.Type.Kind == schema.Double {
		return doubleArithmetic(n, args)
	}
	x := rational(args[0])
	switch n.Op {
	case expr.OpNeg:
		return fit(new(big.Rat).Neg(x), n.Type, expr.ErrOverflow)
	case expr.OpAbs:
		return fit(new(big.Rat).Abs(x), n.Type, expr.ErrOverflow)
	}
	y := rational(args[1])
	r := new(big.Rat)
	switch n.Op {
	case expr.OpAdd:
		r.Add(x, y)
	case expr.OpSub:
		r.Sub(x, y)
	case expr.OpMul:
		r.Mul(x, y)
	default:
		if y.Sign() == 0 {
			return fail(expr.ErrDivZero)
		}
		r.Quo(x, y)
		if n.Op == expr.OpMod { // x - y * trunc(x / y)
			whole := new(big.Rat).SetInt(new(big.Int).Quo(r.Num(), r.Denom()))
			r.Sub(x, whole.Mul(whole, y))
		}
	}
	return fit(r, n.Type, expr.ErrOverflow)
}

func doubleArithmetic(n *expr.Node, args []any) any {
	x := args[0].(float64)
	switch n.Op {
	case expr.OpNeg:
		return -x
	case expr.OpAbs:
		return math.Abs(x)
	}
	y := args[1].(float64)
	switch n.Op {
	case expr.OpAdd:
		return x + y
	case expr.OpSub:
		return x - y
	case expr.OpMul:
		return x * y
	}
	switch {
	case y == 0:
		return fail(expr.ErrDivZero)
	case n.Op == expr.OpMod:
		return math.Mod(x, y)
	}
	return x / y
}

// shortest is the number that the shortest decimal text of a double says.
func shortest(f float64) *big.Rat {
	r, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	return r
}

func rounding(n *expr.Node, v any) any {
	if f, ok := v.(float64); ok {
		return roundDouble(n, f)
	}
	r := rational(v)
	switch n.Op {
	case expr.OpFloor:
		return fit(new(big.Rat).SetInt(floor(r)), n.Type, expr.ErrOverflow)
	case expr.OpCeil:
		up := floor(new(big.Rat).Neg(r))
		return fit(new(big.Rat).SetInt(up.Neg(up)), n.Type, expr.ErrOverflow)
	}
	return fit(Round(r, n.Digits), n.Type, expr.ErrOverflow)
}

func roundDouble(n *expr.Node, f float64) any {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return f
	case n.Op == expr.OpFloor:
		return math.Floor(f)
	case n.Op == expr.OpCeil:
		return math.Ceil(f)
	}
	rounded, _ := Round(shortest(f), n.Digits).Float64()
	return rounded
}

// cast converts a value that is not null.
func cast(v any, from, to schema.Type) any {
	if from == to {
		return v
	}
	switch x := v.(type) {
	case string:
		return parse(x, to, false, expr.ErrCast)
	case bool:
		return strconv.FormatBool(x)
	case *big.Int:
		if to.Kind == schema.String {
			return x.String()
		}
		return fit(rational(x), to, expr.ErrCast)
	case *big.Rat:
		if to.Kind == schema.String {
			return x.FloatString(int(from.Scale))
		}
		return fit(x, to, expr.ErrCast)
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fail(expr.ErrCast)
		}
		if to.Kind == schema.Decimal {
			return fit(shortest(x), to, expr.ErrCast)
		}
		return fit(new(big.Rat).SetFloat64(x), to, expr.ErrCast)
	case Date:
		if to.Kind == schema.String {
			return dateOf(x).Format("2006-01-02")
		}
		return Timestamp(int64(x) * 86400_000_000)
	default:
		at := v.(Timestamp)
		if to.Kind == schema.String {
			return timeOf(at).Format("2006-01-02 15:04:05.999999")
		}
		return dayOf(timeOf(at))
	}
}
