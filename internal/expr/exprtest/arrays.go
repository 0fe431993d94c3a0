package exprtest

import (
	"fmt"
	"math/big"
	"math/rand/v2"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/schema"
)

// Arrays returns rows as Arrow arrays by slot; texts are dictionary-coded in
// about half of the columns.
func Arrays(r *rand.Rand, columns []Column, rows []Row) []arrow.Array {
	out := make([]arrow.Array, len(columns))
	for i, c := range columns {
		values := make([]any, len(rows))
		for j, row := range rows {
			values[j] = row[i]
		}
		if c.Type.Kind == schema.String && r.IntN(2) == 0 {
			out[i] = coded(r, values)
		} else {
			out[i] = plain(c.Type, values)
		}
	}
	return out
}

func plain(t schema.Type, values []any) arrow.Array {
	b := array.NewBuilder(memory.DefaultAllocator, t.Arrow())
	for _, v := range values {
		if v == nil {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.StringBuilder:
			b.Append(v.(string))
		case *array.BooleanBuilder:
			b.Append(v.(bool))
		case *array.Int32Builder:
			b.Append(int32(v.(*big.Int).Int64()))
		case *array.Int64Builder:
			b.Append(v.(*big.Int).Int64())
		case *array.Float64Builder:
			b.Append(v.(float64))
		case *array.Decimal128Builder:
			scaled := new(big.Rat).Mul(v.(*big.Rat), new(big.Rat).SetInt(tenTo(int(t.Scale))))
			b.Append(decimal128.FromBigInt(scaled.Num()))
		case *array.Date32Builder:
			b.Append(arrow.Date32(v.(Date)))
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(v.(Timestamp)))
		}
	}
	return b.NewArray()
}

// coded returns texts as a dictionary, in random order, with entries that are
// not used and some that stand there twice.
func coded(r *rand.Rand, values []any) arrow.Array {
	entries := []any{"unused"}
	places := make(map[string][]int32)
	for _, v := range values {
		if s, ok := v.(string); ok && (len(places[s]) == 0 || r.IntN(20) == 0) {
			places[s] = append(places[s], int32(len(entries)))
			entries = append(entries, s)
		}
	}
	codes := array.NewInt32Builder(memory.DefaultAllocator)
	for _, v := range values {
		if s, ok := v.(string); ok {
			codes.Append(places[s][r.IntN(len(places[s]))])
		} else {
			codes.AppendNull()
		}
	}
	t := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	return array.NewDictionaryArray(t, codes.NewArray(), plain(schema.T(schema.String), entries))
}

// Values returns an array in the evaluator's forms.
func Values(arr arrow.Array) []any {
	out := make([]any, arr.Len())
	for i := range out {
		if arr.IsNull(i) {
			continue
		}
		switch a := arr.(type) {
		case *array.String:
			out[i] = a.Value(i)
		case *array.Dictionary:
			dict := a.Dictionary().(*array.String)
			if code := a.GetValueIndex(i); dict.IsValid(code) {
				out[i] = dict.Value(code)
			}
		case *array.Boolean:
			out[i] = a.Value(i)
		case *array.Int32:
			out[i] = big.NewInt(int64(a.Value(i)))
		case *array.Int64:
			out[i] = big.NewInt(a.Value(i))
		case *array.Float64:
			out[i] = a.Value(i)
		case *array.Decimal128:
			out[i] = new(big.Rat).SetFrac(a.Value(i).BigInt(), tenTo(int(a.DataType().(*arrow.Decimal128Type).Scale)))
		case *array.Date32:
			out[i] = Date(a.Value(i))
		case *array.Timestamp:
			out[i] = Timestamp(a.Value(i))
		default:
			panic(fmt.Sprintf("exprtest: %T", arr))
		}
	}
	return out
}

// Same says whether two values, perhaps null, are the same to SEMANTICS.
func Same(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return Compare(a, b) == 0
}

// Text prints a value for messages.
func Text(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%q", x)
	case *big.Rat:
		return x.FloatString(38)
	case Date:
		return dateOf(x).Format("2006-01-02")
	case Timestamp:
		return timeOf(x).Format("2006-01-02 15:04:05.999999")
	}
	return fmt.Sprint(v)
}
