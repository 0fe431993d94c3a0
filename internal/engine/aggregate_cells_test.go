package engine

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// cell is a value as the reference sees it: nil, string, bool, int64, float64
// or *big.Int (an unscaled decimal).
type cell any

var testTypes = []schema.Type{
	schema.T(schema.String), schema.T(schema.Boolean), schema.T(schema.Integer), schema.T(schema.Bigint), schema.T(schema.Double),
	schema.DecimalOf(10, 2), schema.DecimalOf(30, 3), schema.T(schema.Date), schema.T(schema.Timestamp),
}

// randomCell returns one of few values of a type, so that there are repeats.
func randomCell(r *rand.Rand, typ schema.Type) cell {
	if r.IntN(8) == 0 {
		return nil
	}
	n := r.Int64N(13) - 4
	switch typ.Kind {
	case schema.String:
		return []string{"", "a", "b", "ab", "customer-1", "customer-10", "customer-2", "é", "customer-1\x00", "z"}[r.IntN(10)]
	case schema.Boolean:
		return n > 0
	case schema.Double:
		return []float64{0, math.Copysign(0, -1), 1.5, -2.25, 1e300, -1e300, 0.1, 1e-310, math.NaN(), 3e15, -7}[r.IntN(11)]
	case schema.Decimal:
		v := big.NewInt(n * 1234567)
		if typ.Precision > 18 {
			v.Mul(v, big.NewInt(1e15))
		}
		return v
	case schema.Bigint:
		if r.IntN(9) == 0 {
			return []int64{math.MaxInt64 / 1000, math.MinInt64 / 1000}[r.IntN(2)]
		}
	}
	return n
}

// arrayOf builds an array; texts as a dictionary if coded.
func arrayOf(typ schema.Type, cells []cell, coded bool) arrow.Array {
	if coded && typ.Kind == schema.String {
		return codedOf(cells)
	}
	b := array.NewBuilder(memory.DefaultAllocator, typ.Arrow())
	for _, c := range cells {
		if c == nil {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.StringBuilder:
			b.Append(c.(string))
		case *array.BooleanBuilder:
			b.Append(c.(bool))
		case *array.Int32Builder:
			b.Append(int32(c.(int64)))
		case *array.Int64Builder:
			b.Append(c.(int64))
		case *array.Date32Builder:
			b.Append(arrow.Date32(c.(int64)))
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(c.(int64)))
		case *array.Float64Builder:
			b.Append(c.(float64))
		case *array.Decimal128Builder:
			b.Append(decimal128.FromBigInt(c.(*big.Int)))
		}
	}
	return b.NewArray()
}

func codedOf(cells []cell) arrow.Array {
	in, codes, nulls := vec.NewInterner(0), make([]int32, len(cells)), 0
	out := newResult(len(cells))
	for i, c := range cells {
		if c == nil {
			out.setNull(i)
			nulls++
			continue
		}
		codes[i], _ = in.Code([]byte(c.(string)))
	}
	return vec.DictionaryOf(codes, out.valid, nulls, in.Data())
}

// cellsOf reads an array back.
func cellsOf(a arrow.Array) []cell {
	out := make([]cell, a.Len())
	for i := range out {
		if a.IsNull(i) {
			continue
		}
		switch a := a.(type) {
		case *array.String, *array.Dictionary:
			out[i] = vec.TextOf(a).Value(i)
		case *array.Boolean:
			out[i] = a.Value(i)
		case *array.Int32:
			out[i] = int64(a.Value(i))
		case *array.Int64:
			out[i] = a.Value(i)
		case *array.Date32:
			out[i] = int64(a.Value(i))
		case *array.Timestamp:
			out[i] = int64(a.Value(i))
		case *array.Float64:
			out[i] = a.Value(i)
		case *array.Decimal128:
			out[i] = a.Value(i).BigInt()
		}
	}
	return out
}

// show prints a cell so that equal values, and no others, print alike.
func show(c cell) string {
	switch c := c.(type) {
	case nil:
		return "null"
	case float64:
		if c == 0 {
			return "0"
		}
		return fmt.Sprintf("%x", c)
	case string:
		return fmt.Sprintf("%q", c)
	}
	return fmt.Sprint(c)
}

func compareCells(a, b cell) int {
	if a == nil || b == nil {
		return cmp.Compare(btoi(a != nil), btoi(b != nil))
	}
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case bool:
		return btoi(a) - btoi(b.(bool))
	case float64:
		b := b.(float64)
		if c := cmp.Compare(btoi(a != a), btoi(b != b)); c != 0 || a != a {
			return c
		}
		return cmp.Compare(a, b)
	case *big.Int:
		return a.Cmp(b.(*big.Int))
	}
	return cmp.Compare(a.(int64), b.(int64))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
