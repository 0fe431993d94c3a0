package exprtest

import (
	"math"
	"math/big"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

// Measures are measures of gold tables over the columns of the tests' table.
var Measures = []string{
	"count(*)", "count(s0)", "count(distinct w0)", "count(distinct i0) * 2", "count(distinct f0)", "count(distinct p0)",
	"sum(n0)", "sum(i0)", "sum(p0)", "sum(k0 * 2)", "sum(f1 * 0)", "avg(n0)", "avg(i0)", "avg(p0)", "avg(u0)", "avg(k0)", "avg(l1)", "round(avg(p0), 2)",
	"min(s0)", "max(d0)", "min(t0)", "max(f0)", "min(p0)", "max(i0) - min(n0)", "sum(p0) / count(*)", "sum(n0) / count(n0)", "coalesce(sum(n1), 0) + 1",
	"case when count(*) > 10 then max(w0) else 'few' end", "cast(sum(i0) as decimal(38,0)) * 3", "sum(cast(sn as decimal(10,2)))", "sum(case when b0 then p0 end)",
}

// Near is Same, but takes doubles within 1e-12.
func Near(a, b any) bool {
	x, ok1 := a.(float64)
	y, ok2 := b.(float64)
	if ok1 && ok2 && math.Abs(x-y) <= 1e-12*math.Abs(y) {
		return true
	}
	return Same(a, b)
}

// Measure computes a measure by SEMANTICS section 4; rows whose argument fails
// count as null.
func Measure(m *expr.Measure, rows []Row) any {
	results := make(Row, len(m.Aggregates))
	for i, a := range m.Aggregates {
		results[i] = aggregate(a, rows)
	}
	v, _ := Eval(m.Post.Root, results)
	return v
}

func aggregate(a expr.Aggregate, rows []Row) any {
	var values, distinct []any
	for _, row := range rows {
		if a.Arg == nil {
			continue
		}
		v, _ := Eval(a.Arg.Root, row)
		if v == nil {
			continue
		}
		values = append(values, v)
		known := false
		for _, d := range distinct {
			known = known || Compare(d, v) == 0
		}
		if !known {
			distinct = append(distinct, v)
		}
	}
	switch a.Func {
	case expr.CountAll:
		return big.NewInt(int64(len(rows)))
	case expr.Count:
		return big.NewInt(int64(len(values)))
	case expr.CountDistinct:
		return big.NewInt(int64(len(distinct)))
	}
	if len(values) == 0 {
		return nil
	}
	switch a.Func {
	case expr.Min, expr.Max:
		best := values[0]
		for _, v := range values {
			if c := Compare(v, best); a.Func == expr.Max && c > 0 || a.Func == expr.Min && c < 0 {
				best = v
			}
		}
		return best
	}
	return total(a, values)
}

func total(a expr.Aggregate, values []any) any {
	if f, ok := values[0].(float64); ok {
		for _, v := range values[1:] {
			f += v.(float64)
		}
		return f
	}
	sum := new(big.Rat)
	for _, v := range values {
		if i, ok := v.(*big.Int); ok {
			v = new(big.Rat).SetInt(i)
		}
		sum.Add(sum, v.(*big.Rat))
	}
	if a.Func == expr.Avg {
		sum.Quo(sum, new(big.Rat).SetInt64(int64(len(values))))
		return Round(sum, int(a.Type.Scale))
	}
	if a.Type.Kind == schema.Bigint {
		return new(big.Int).Set(sum.Num())
	}
	return sum
}
