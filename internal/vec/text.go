package vec

import (
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// AppendText appends the value of a row as text, for messages and for casts
// to string: decimals with all digits of their scale, dates and timestamps as
// AppendDate and AppendTimestamp write them, doubles shortest. A null appends
// nothing. It takes every Arrow type that schema.Type.Arrow returns and
// dictionaries of strings, and panics for others.
func AppendText(dst []byte, arr arrow.Array, row int) []byte {
	if arr.IsNull(row) {
		return dst
	}
	switch a := arr.(type) {
	case *array.String:
		return append(dst, a.Value(row)...)
	case *array.Binary:
		return append(dst, a.Value(row)...)
	case *array.Dictionary:
		return append(dst, TextOf(a).Value(row)...)
	case *array.Boolean:
		return strconv.AppendBool(dst, a.Value(row))
	case *array.Int32:
		return appendInt(dst, int64(a.Value(row)))
	case *array.Int64:
		return appendInt(dst, a.Value(row))
	case *array.Float64:
		return AppendDouble(dst, a.Value(row))
	case *array.Decimal128:
		return AppendDecimal(dst, a.Value(row), int(a.DataType().(*arrow.Decimal128Type).Scale))
	case *array.Date32:
		return AppendDate(dst, int32(a.Value(row)))
	case *array.Timestamp:
		return AppendTimestamp(dst, int64(a.Value(row)))
	default:
		panic("vec: no text form of " + arr.DataType().String())
	}
}

func appendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// AppendDouble appends the shortest text that ParseDouble reads as v.
func AppendDouble(dst []byte, v float64) []byte {
	return strconv.AppendFloat(dst, v, 'g', -1, 64)
}

// AppendDecimal appends a decimal with exactly scale digits after the point
// and at least one before it.
func AppendDecimal(dst []byte, v decimal128.Num, scale int) []byte {
	var digits [48]byte
	at, n := len(digits), 0
	put := func(digit uint64) {
		if n == scale && scale > 0 {
			at--
			digits[at] = '.'
		}
		at--
		digits[at] = byte('0' + digit)
		n++
	}
	w := wideOf(v)
	for w[1] != 0 {
		put(w.divWord(10))
	}
	for low := w[0]; n <= scale || low != 0; low /= 10 { // most are of one word, which is quick
		put(low % 10)
	}
	if v.HighBits() < 0 {
		dst = append(dst, '-')
	}
	return append(dst, digits[at:]...)
}

// Cut returns at most n bytes of text, not ending within a code point.
func Cut(text []byte, n int) []byte {
	if len(text) <= n {
		return text
	}
	for n > 0 && text[n]&0xc0 == 0x80 {
		n--
	}
	return text[:n]
}

// EmptyAsNull returns a string array with null in place of the empty text; the
// array itself if there is none.
func EmptyAsNull(a arrow.Array) arrow.Array {
	text, n := TextOf(a), a.Len()
	valid, nulls, empty := make([]byte, n/8+1), 0, false
	for i := range n {
		switch {
		case text.IsNull(i):
			nulls++
		case text.Value(i) == "":
			nulls, empty = nulls+1, true
		default:
			bitutil.SetBit(valid, i)
		}
	}
	if !empty {
		return a
	}
	if d, ok := a.(*array.Dictionary); ok {
		return DictionaryOf(slices.Clone(Codes(d)), valid, nulls, d.Data().Dictionary())
	}
	values := a.(*array.String)
	data := array.NewData(arrow.BinaryTypes.String, n, []*memory.Buffer{memory.NewBufferBytes(valid),
		memory.NewBufferBytes(asBytes(values.ValueOffsets())), memory.NewBufferBytes(Bytes(values))}, nil, nulls, 0)
	defer data.Release()
	return array.NewStringData(data)
}
