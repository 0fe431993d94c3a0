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

// FitRows returns how many of the rows, at least one, have no more than room
// bytes of text in any of the columns. It is for those who expand dictionaries
// or put batches together: Arrow's offsets have 32 bits.
func FitRows(cols []arrow.Array, rows []int32, room int) int {
	n := len(rows)
	for _, col := range cols {
		n = fit(col, rows[:n], room)
	}
	return n
}

func fit(col arrow.Array, rows []int32, room int) int {
	var offsets, codes []int32
	size := 0 // at most
	switch a := col.(type) {
	case *array.String:
		offsets, size = a.ValueOffsets(), len(Bytes(a))
	case *array.Binary:
		offsets, size = a.ValueOffsets(), len(a.ValueBytes())
	case *array.Dictionary:
		dictionary := a.Dictionary().(*array.String)
		codes, offsets, size = Codes(a), dictionary.ValueOffsets(), len(Bytes(dictionary))*len(rows)
	}
	if size <= room {
		return len(rows)
	}
	used := 0
	for i, row := range rows {
		if col.IsNull(int(row)) {
			continue
		}
		if codes != nil {
			row = codes[row]
		}
		if used += int(offsets[row+1] - offsets[row]); used > room {
			return max(1, i)
		}
	}
	return len(rows)
}
