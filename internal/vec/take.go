package vec

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/schema"
)

// Take returns the given rows of an array, in their order. Dictionary-coded
// texts keep their dictionary.
func Take(a arrow.Array, typ schema.Type, rows []int32) arrow.Array {
	if d, ok := a.(*array.Dictionary); ok {
		codes := NewBuilder(schema.T(schema.Integer), nil)
		codes.Append(d.Indices(), rows)
		return DictionaryOf(codes.w32.all(), codes.valid, codes.nulls, d.Data().Dictionary())
	}
	b := NewBuilder(typ, nil)
	b.Append(a, rows)
	return b.Array()
}

// TakeColumns returns the given rows of each array. Nil arrays stay nil.
func TakeColumns(cols []arrow.Array, types []schema.Type, rows []int32) []arrow.Array {
	out := make([]arrow.Array, len(cols))
	for i, col := range cols {
		if col != nil {
			out[i] = Take(col, types[i], rows)
		}
	}
	return out
}
