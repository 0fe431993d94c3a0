package vec

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/schema"
)

// Builder collects values of one column from arrays, row by row number, in the
// least memory: decimals of up to 18 digits take 8 bytes, texts that arrive
// dictionary-coded stay codes as long as their dictionary is small, and equal
// values of fixed width are held once.
//
// A Builder is for one goroutine, which is that of its Coder; the Interner may be
// shared.
type Builder struct {
	typ   schema.Type
	rows  int
	valid []byte // bitmap, made at the first null
	nulls int
	coder *Coder // nil: texts are never kept as codes

	bits []byte       // boolean
	w32  fixed[int32] // integer, date; codes of texts
	w64  fixed[int64] // bigint, timestamp, narrow decimal; doubles by their bits
	wide []decimal128.Num
	text []byte // string and binary, with ends
	ends []int32

	coded bool // a text column that is held as codes in w32
}

// NewBuilder returns an empty builder. Texts are kept as codes of intern as
// long as it has room for their dictionaries; without one they are kept plain.
func NewBuilder(typ schema.Type, intern *Interner) *Builder {
	return NewCodedBuilder(typ, intern.NewCoder())
}

// NewCodedBuilder is NewBuilder for one of many builders of a column that one
// goroutine fills side by side: they share what the coder knows of a dictionary.
func NewCodedBuilder(typ schema.Type, coder *Coder) *Builder {
	return &Builder{typ: typ, coder: coder}
}

// Len returns the number of values collected.
func (b *Builder) Len() int { return b.rows }

// Bytes returns the memory in use, without a shared Interner's.
func (b *Builder) Bytes() int64 {
	return int64(cap(b.valid)+cap(b.bits)+16*cap(b.wide)+cap(b.text)+4*cap(b.ends)) + b.w32.bytes() + b.w64.bytes()
}

// maxText is how many bytes of text a builder may hold, as Arrow's offsets have 32 bits.
const maxText = math.MaxInt32

// Append appends the given rows of an array of the builder's type.
func (b *Builder) Append(a arrow.Array, rows []int32) {
	switch a := a.(type) {
	case *array.Dictionary:
		b.appendDictionary(a, rows)
	case *array.String:
		b.plain()
		b.appendText(Bytes(a), a.ValueOffsets(), rows)
	case *array.Binary:
		b.appendText(a.ValueBytes(), rebased(a.ValueOffsets()), rows)
	case *array.Boolean:
		b.appendBits(a, rows)
	case *array.Int32:
		gather(&b.w32, a.Int32Values(), rows, 1)
	case *array.Date32:
		gather(&b.w32, a.Date32Values(), rows, 1)
	case *array.Int64:
		gather(&b.w64, a.Int64Values(), rows, 1)
	case *array.Timestamp:
		gather(&b.w64, a.TimestampValues(), rows, 1)
	case *array.Float64:
		gather(&b.w64, words(a.Float64Values()), rows, 1)
	case *array.Decimal128:
		b.appendDecimals(a.Values(), rows)
	default:
		panic(fmt.Sprintf("vec: cannot collect %s", a.DataType()))
	}
	b.appendValidity(a, rows)
}

// Array returns what was collected and empties the builder. The array owns the
// memory.
func (b *Builder) Array() arrow.Array {
	n, nulls, valid := b.rows, b.nulls, b.valid
	var out arrow.Array
	switch b.typ.Kind {
	case schema.String:
		if b.coded {
			out = DictionaryOf(b.w32.all(), valid, nulls, b.coder.intern.Data())
		} else {
			out = b.textArray(valid)
		}
	case schema.Binary:
		out = b.textArray(valid)
	case schema.Boolean:
		out = FixedOf(b.typ, b.bits, valid, n, nulls)
	case schema.Integer, schema.Date:
		out = FixedOf(b.typ, asBytes(b.w32.all()), valid, n, nulls)
	case schema.Decimal:
		if b.narrow() {
			b.wide = widen(b.w64.all())
		}
		out = FixedOf(b.typ, asBytes(b.wide), valid, n, nulls)
	default:
		out = FixedOf(b.typ, asBytes(b.w64.all()), valid, n, nulls)
	}
	*b = Builder{typ: b.typ, coder: b.coder}
	return out
}

func (b *Builder) narrow() bool { return b.typ.Kind == schema.Decimal && b.typ.Precision <= 18 }

func (b *Builder) appendValidity(a arrow.Array, rows []int32) {
	if a.NullN() == 0 {
		if b.valid != nil {
			b.valid = growBits(b.valid, b.rows+len(rows))
			bitutil.SetBitsTo(b.valid, int64(b.rows), int64(len(rows)), true)
		}
		b.rows += len(rows)
		return
	}
	if b.valid == nil {
		b.valid = growBits(nil, b.rows)
		bitutil.SetBitsTo(b.valid, 0, int64(b.rows), true)
	}
	b.valid = growBits(b.valid, b.rows+len(rows))
	bitmap, offset := a.NullBitmapBytes(), a.Data().Offset()
	for _, row := range rows {
		if bitutil.BitIsSet(bitmap, offset+int(row)) {
			bitutil.SetBit(b.valid, b.rows)
		} else {
			b.nulls++
		}
		b.rows++
	}
}

func (b *Builder) appendBits(a *array.Boolean, rows []int32) {
	b.bits = growBits(b.bits, b.rows+len(rows))
	for i, row := range rows {
		if a.Value(int(row)) {
			bitutil.SetBit(b.bits, b.rows+i)
		}
	}
}

func (b *Builder) appendDecimals(values []decimal128.Num, rows []int32) {
	if !b.narrow() {
		for _, row := range rows {
			b.wide = append(b.wide, values[row])
		}
		return
	}
	gather(&b.w64, words(values), rows, 2) // the lower half comes first
}

func (b *Builder) appendText(text []byte, offsets []int32, rows []int32) {
	size := 0
	for _, row := range rows {
		size += int(offsets[row+1] - offsets[row])
	}
	b.text, b.ends = double(b.text, size), double(b.ends, len(rows))
	for _, row := range rows {
		b.text = append(b.text, text[offsets[row]:offsets[row+1]]...)
		b.ends = append(b.ends, int32(len(b.text)))
	}
}

func (b *Builder) appendDictionary(a *array.Dictionary, rows []int32) {
	dictionary := a.Dictionary().(*array.String)
	if b.coder != nil && (b.coded || b.rows == 0) {
		if global, ok := b.coder.codesOf(a.Data().Dictionary(), dictionary); ok {
			b.coded = true
			gatherCodes(&b.w32, Codes(a), global, rows)
			return
		}
	}
	b.plain()
	codes, text, offsets := Codes(a), Bytes(dictionary), dictionary.ValueOffsets()
	for _, row := range rows {
		if a.IsValid(int(row)) {
			c := codes[row]
			b.text = append(b.text, text[offsets[c]:offsets[c+1]]...)
		}
		b.ends = append(b.ends, int32(len(b.text)))
	}
}

// plain turns codes into texts, so that plain texts can follow.
func (b *Builder) plain() {
	if !b.coded {
		return
	}
	for i, code := range b.w32.all() {
		if b.valid == nil || bitutil.BitIsSet(b.valid, i) {
			b.text = append(b.text, b.coder.intern.Value(code)...)
		}
		b.ends = append(b.ends, int32(len(b.text)))
	}
	b.w32, b.coded = fixed[int32]{}, false
}

func (b *Builder) textArray(valid []byte) arrow.Array {
	if len(b.text) > maxText {
		panic("vec: a column of more than 2 GiB of text was collected; see FitRows")
	}
	offsets := make([]int32, len(b.ends)+1)
	copy(offsets[1:], b.ends)
	data := array.NewData(b.typ.Arrow(), b.rows, []*memory.Buffer{bufferOf(valid), memory.NewBufferBytes(asBytes(offsets)), memory.NewBufferBytes(b.text)}, nil, b.nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// rebased returns offsets that start at zero, as Binary.ValueBytes does.
func rebased(offsets []int32) []int32 {
	if len(offsets) == 0 || offsets[0] == 0 {
		return offsets
	}
	out := make([]int32, len(offsets))
	for i, offset := range offsets {
		out[i] = offset - offsets[0]
	}
	return out
}

// double returns s with room for n more elements, at least doubling what it takes.
func double[T any](s []T, n int) []T {
	if cap(s)-len(s) >= n {
		return s
	}
	return append(make([]T, 0, max(len(s)+n, 2*cap(s))), s...)
}

func widen(narrow []int64) []decimal128.Num {
	out := make([]decimal128.Num, len(narrow))
	for i, v := range narrow {
		out[i] = decimal128.FromI64(v)
	}
	return out
}

// growBits returns a bitmap of at least n bits whose new bits are zero.
func growBits(bitmap []byte, n int) []byte {
	for need := (n + 7) / 8; len(bitmap) < need; {
		bitmap = append(bitmap, 0)
	}
	return bitmap
}
