package vec

import (
	"bytes"
	"cmp"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Compare orders row i of a against row j of b, arrays of one type: nulls
// first, text by its UTF-8 bytes, NaN greatest and equal to itself, -0.0 equal
// to 0.0, false before true. Strings may be dictionary-coded on either side.
func Compare(a arrow.Array, i int, b arrow.Array, j int) int {
	switch an, bn := a.IsNull(i), b.IsNull(j); {
	case an && bn:
		return 0
	case an:
		return -1
	case bn:
		return 1
	}
	switch a := a.(type) {
	case *array.String, *array.Dictionary:
		return cmp.Compare(TextOf(a).Value(i), TextOf(b).Value(j))
	case *array.Binary:
		return bytes.Compare(a.Value(i), b.(*array.Binary).Value(j))
	case *array.Boolean:
		return btoi(a.Value(i)) - btoi(b.(*array.Boolean).Value(j))
	case *array.Int32:
		return cmp.Compare(a.Value(i), b.(*array.Int32).Value(j))
	case *array.Date32:
		return cmp.Compare(a.Value(i), b.(*array.Date32).Value(j))
	case *array.Int64:
		return cmp.Compare(a.Value(i), b.(*array.Int64).Value(j))
	case *array.Timestamp:
		return cmp.Compare(a.Value(i), b.(*array.Timestamp).Value(j))
	case *array.Float64:
		return compareDoubles(a.Value(i), b.(*array.Float64).Value(j))
	case *array.Decimal128:
		return a.Value(i).Cmp(b.(*array.Decimal128).Value(j))
	default:
		panic(fmt.Sprintf("vec: cannot compare %s", a.DataType()))
	}
}

// compareDoubles orders doubles with NaN above all others.
func compareDoubles(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	}
	return btoi(a != a) - btoi(b != b)
}

// EqualRows says whether row i of the columns a equals row j of the columns b
// in every column, null being equal to null.
func EqualRows(a []arrow.Array, i int, b []arrow.Array, j int) bool {
	for k := range a {
		if Compare(a[k], i, b[k], j) != 0 {
			return false
		}
	}
	return true
}
