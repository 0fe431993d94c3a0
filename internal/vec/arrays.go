package vec

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/schema"
)

// Bytes returns all text bytes of a string array's buffer; ValueOffsets index
// it. It is the array's memory: it must not be changed.
func Bytes(a *array.String) []byte {
	if buf := a.Data().Buffers()[2]; buf != nil {
		return buf.Bytes()
	}
	return nil
}

// Codes returns the dictionary indexes of a dictionary array with int32
// indexes, one for each row; those of null rows mean nothing. It is the array's
// memory: it must not be changed.
func Codes(a *array.Dictionary) []int32 { return a.Indices().(*array.Int32).Int32Values() }

// Text is how string columns are read whichever way they are coded: as
// dictionary or plain.
type Text struct {
	values *array.String
	codes  []int32 // nil: row i is values' row i
	nulls  arrow.Array
}

// TextOf returns the texts of a string array, plain or dictionary-coded. It
// panics for arrays of another type.
func TextOf(a arrow.Array) Text {
	switch a := a.(type) {
	case *array.String:
		return Text{values: a, nulls: a}
	case *array.Dictionary:
		return Text{values: a.Dictionary().(*array.String), codes: Codes(a), nulls: a}
	default:
		panic(fmt.Sprintf("vec: %s is not text", a.DataType()))
	}
}

// IsNull says whether row i has no text.
func (t Text) IsNull(i int) bool { return t.nulls.IsNull(i) }

// Value returns the text of row i, which must not be null. It shares the
// array's memory and is valid as long as the array is.
func (t Text) Value(i int) string {
	if t.codes != nil {
		i = int(t.codes[i])
	}
	return t.values.Value(i)
}

// Constant returns a dictionary array of n rows that all hold text.
func Constant(text string, n int) arrow.Array {
	return DictionaryOf(make([]int32, n), nil, 0, StringsOf([]int32{0, int32(len(text))}, []byte(text)).Data())
}

// DictionaryOf makes a dictionary array of codes into a dictionary of texts,
// taking ownership of the slices. A nil valid bitmap means no nulls.
func DictionaryOf(codes []int32, valid []byte, nulls int, dictionary arrow.ArrayData) *array.Dictionary {
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	data := array.NewDataWithDictionary(typ, len(codes), []*memory.Buffer{bufferOf(valid), memory.NewBufferBytes(asBytes(codes))},
		nulls, 0, dictionary.(*array.Data))
	defer data.Release()
	return array.NewDictionaryData(data)
}

// StringsOf makes a string array without nulls of offsets (one more than rows)
// and the texts' bytes, taking ownership of both.
func StringsOf(offsets []int32, text []byte) *array.String {
	data := array.NewData(arrow.BinaryTypes.String, len(offsets)-1,
		[]*memory.Buffer{nil, memory.NewBufferBytes(asBytes(offsets)), memory.NewBufferBytes(text)}, nil, 0, 0)
	defer data.Release()
	return array.NewStringData(data)
}

// FixedOf makes an array of n fixed-width values from their little-endian
// bytes, taking ownership of both slices.
func FixedOf(typ schema.Type, values, valid []byte, n, nulls int) arrow.Array {
	data := array.NewData(typ.Arrow(), n, []*memory.Buffer{bufferOf(valid), memory.NewBufferBytes(values)}, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// Repeat64 returns an array of n equal 64-bit values (bigint or timestamp).
func Repeat64(typ schema.Type, value int64, n int) arrow.Array {
	values := make([]int64, n)
	for i := range values {
		values[i] = value
	}
	return FixedOf(typ, asBytes(values), nil, n, 0)
}

// Repeat32 returns an array of n equal 32-bit values (integer or date).
func Repeat32(typ schema.Type, value int32, n int) arrow.Array {
	values := make([]int32, n)
	for i := range values {
		values[i] = value
	}
	return FixedOf(typ, asBytes(values), nil, n, 0)
}

// Int64s returns a bigint array of values, taking ownership of them.
func Int64s(values []int64) arrow.Array {
	return FixedOf(schema.T(schema.Bigint), asBytes(values), nil, len(values), 0)
}

// Nulls returns n nulls of a type.
func Nulls(typ schema.Type, n int) arrow.Array {
	return array.MakeArrayOfNull(memory.DefaultAllocator, typ.Arrow(), n)
}

func bufferOf(b []byte) *memory.Buffer {
	if b == nil {
		return nil
	}
	return memory.NewBufferBytes(b)
}

// asBytes returns the memory of a slice of fixed-width values.
func asBytes[T any](values []T) []byte {
	if len(values) == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(values[0])))
}

// grow returns a slice of length n, s itself if it is long enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// BinaryOf makes a binary array without nulls of offsets (one more than rows)
// and the bytes, taking ownership of both.
func BinaryOf(offsets []int32, data []byte) arrow.Array {
	d := array.NewData(arrow.BinaryTypes.Binary, len(offsets)-1,
		[]*memory.Buffer{nil, memory.NewBufferBytes(asBytes(offsets)), memory.NewBufferBytes(data)}, nil, 0, 0)
	defer d.Release()
	return array.MakeFromData(d)
}
