package engine

import (
	"cmp"
	"fmt"
	"math"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// NoCode is the code of null.
const NoCode = uint32(0)

// Codes gives every value of a column a dense number, its code: 0 is null, the
// others count from 1 in the order of arrival. Equal values have equal codes,
// whichever worker meets them and whether texts come as dictionaries or not;
// -0.0 equals 0.0 and NaN equals NaN.
//
// Grouping, counting distinct values and joining work on codes alone, so that a
// value is hashed once however many tables use its column. The columns of an
// equi-join share one Codes.
//
// Codes is safe for concurrent use: known values are found without a lock. Which
// code a value gets depends on scheduling; results must not depend on it (see
// Groups.Order). It grows by 40 to 70 bytes for each distinct value, and the
// text, and never shrinks; Bytes tells its owner what to ask of a budget.
type Codes struct {
	typ   schema.Type
	words *wordTable // integers, dates, timestamps, booleans, doubles
	texts *textTable // strings; decimals as their 16 bytes
}

// NewCodes returns the empty code table of a column of typ.
func NewCodes(typ schema.Type) *Codes {
	if typ.Kind == schema.String || typ.Kind == schema.Decimal {
		return &Codes{typ: typ, texts: newTextTable()}
	}
	return &Codes{typ: typ, words: newWordTable()}
}

// Type returns the type of the values.
func (c *Codes) Type() schema.Type { return c.typ }

// Len returns a number that all codes given so far are below. It counts null.
func (c *Codes) Len() int {
	if c.texts != nil {
		return int(c.texts.count.Load()) + 1
	}
	return int(c.words.count.Load()) + 1
}

// Bytes returns the memory in use.
func (c *Codes) Bytes() int64 {
	if c.texts != nil {
		return c.texts.bytes.Load()
	}
	return c.words.bytes.Load()
}

// Coder encodes arrays into the codes of one Codes. It remembers the codes of
// a dictionary's entries; each worker has its own.
type Coder struct {
	codes      *Codes
	dictionary arrow.ArrayData
	entries    []uint32 // code of each entry of dictionary; 0 is not looked up yet

	known   bool // only values that have codes
	lookup  lookup
	rows    []int32 // what is looked up: rows or entries of the dictionary
	found   []uint32
	misses  []int32 // rows whose values are new
	offsets []int32 // of decimals' bytes
}

// NewCoder returns a coder for one worker.
func (c *Codes) NewCoder() *Coder { return &Coder{codes: c} }

// NewFinder returns a coder that gives NoCode to values that have no code yet,
// instead of new ones.
func (c *Codes) NewFinder() *Coder {
	e := &Coder{codes: c, known: true}
	e.lookup.known = true
	return e
}

// Encode sets dst to the code of each row of a, an array of the type of the
// Codes, and returns it, grown if it was too short. New values get new codes.
func (e *Coder) Encode(dst []uint32, a arrow.Array) []uint32 {
	dst = resize(dst, a.Len())
	switch a := a.(type) {
	case *array.Dictionary:
		e.encodeDictionary(dst, a)
	case *array.String:
		e.encodeTexts(dst, a, texts{a.ValueOffsets(), vec.Bytes(a)})
	case *array.Int32:
		encodeWords(e, dst, a, a.Int32Values())
	case *array.Date32:
		encodeWords(e, dst, a, a.Date32Values())
	case *array.Int64:
		encodeWords(e, dst, a, a.Int64Values())
	case *array.Timestamp:
		encodeWords(e, dst, a, a.TimestampValues())
	case *array.Float64:
		values := make([]int64, a.Len())
		for i, v := range a.Float64Values() {
			values[i] = int64(vec.CanonicalBits(v))
		}
		encodeWords(e, dst, a, values)
	case *array.Boolean:
		values := make([]int32, a.Len())
		for i := range values {
			if a.Value(i) {
				values[i] = 1
			}
		}
		encodeWords(e, dst, a, values)
	case *array.Decimal128:
		e.encodeTexts(dst, a, e.decimalTexts(a))
	default:
		panic(fmt.Sprintf("engine: cannot encode %s", a.DataType()))
	}
	return dst
}

// encodeDictionary looks up each entry of the dictionary that rows use, once.
func (e *Coder) encodeDictionary(dst []uint32, a *array.Dictionary) {
	dictionary := a.Dictionary().(*array.String)
	if identity := a.Data().Dictionary(); e.dictionary != identity {
		e.dictionary = identity
		e.entries = resize(e.entries, dictionary.Len())
		clear(e.entries)
	}
	const asked = math.MaxUint32 // no code yet, but already among the rows to look up
	indexes, nulls := vec.Codes(a), a.NullN() > 0
	e.rows = e.rows[:0]
	for i, index := range indexes {
		if nulls && a.IsNull(i) {
			dst[i] = NoCode
			continue
		}
		dst[i] = e.entries[index]
		if dst[i] == NoCode {
			e.entries[index] = asked
			e.rows = append(e.rows, index)
		}
	}
	if len(e.rows) == 0 {
		return
	}
	e.found = resize(e.found, len(e.rows))
	e.codes.texts.codes(&e.lookup, e.found, texts{dictionary.ValueOffsets(), vec.Bytes(dictionary)}, e.rows)
	for i, index := range e.rows {
		e.entries[index] = e.found[i]
	}
	for i, index := range indexes {
		if !nulls || a.IsValid(i) {
			dst[i] = e.entries[index]
		}
	}
}

// encodeTexts encodes the values of a, whose texts these are.
func (e *Coder) encodeTexts(dst []uint32, a arrow.Array, x texts) {
	e.rows = e.rows[:0]
	if a.NullN() == 0 {
		for i := range dst {
			e.rows = append(e.rows, int32(i))
		}
		e.codes.texts.codes(&e.lookup, dst, x, e.rows)
		return
	}
	for i := range dst {
		if dst[i] = NoCode; a.IsValid(i) {
			e.rows = append(e.rows, int32(i))
		}
	}
	e.found = resize(e.found, len(e.rows))
	e.codes.texts.codes(&e.lookup, e.found, x, e.rows)
	for i, row := range e.rows {
		dst[row] = e.found[i]
	}
}

// decimalTexts returns the bytes of decimals as texts.
func (e *Coder) decimalTexts(a *array.Decimal128) texts {
	const width = arrow.Decimal128SizeBytes
	for n := len(e.offsets); n <= a.Len(); n++ {
		e.offsets = append(e.offsets, int32(n*width))
	}
	return texts{e.offsets, arrow.Decimal128Traits.CastToBytes(a.Values())}
}

func encodeWords[T ~int32 | ~int64](e *Coder, dst []uint32, a arrow.Array, values []T) {
	slots, nulls := e.codes.words.slots.Load(), a.NullN() > 0
	e.misses = e.misses[:0]
	var last T
	var lastCode uint32
	for i, v := range values {
		switch {
		case nulls && a.IsNull(i):
			dst[i] = NoCode
		case lastCode != NoCode && v == last: // sorted and constant columns
			dst[i] = lastCode
		default:
			code := slots.find(uint64(v))
			if code == NoCode {
				e.misses = append(e.misses, int32(i))
			}
			dst[i], last, lastCode = code, v, code
		}
	}
	if len(e.misses) > 0 && !e.known {
		e.codes.words.addRows(dst, e.misses, func(row int32) uint64 { return uint64(values[row]) })
	}
}

// Values returns the values of codes as an array with plain texts.
func (c *Codes) Values(codes []uint32) arrow.Array {
	out := newResult(len(codes))
	for i, code := range codes {
		if code == NoCode {
			out.setNull(i)
		}
	}
	if c.texts != nil && c.typ.Kind == schema.String {
		return c.textValues(codes, out)
	}
	return out.fixed(c.typ, c.fixedValues(codes))
}

func (c *Codes) textValues(codes []uint32, out *resultColumn) arrow.Array {
	offsets, size := make([]int32, len(codes)+1), 0
	for i, code := range codes {
		size += len(c.texts.value(code))
		offsets[i+1] = int32(size)
	}
	text := make([]byte, 0, size)
	for _, code := range codes {
		text = append(text, c.texts.value(code)...)
	}
	return out.texts(offsets, text)
}

// fixedValues returns the little-endian bytes of the values of codes.
func (c *Codes) fixedValues(codes []uint32) []byte {
	switch c.typ.Kind {
	case schema.Integer, schema.Date:
		return arrow.Int32Traits.CastToBytes(gatherWords[int32](c.words, codes))
	case schema.Boolean:
		bits := make([]byte, bitutil.BytesForBits(int64(len(codes))))
		for i, v := range gatherWords[int32](c.words, codes) {
			bitutil.SetBitTo(bits, i, v != 0)
		}
		return bits
	case schema.Decimal:
		values := make([]decimal128.Num, len(codes))
		for i, code := range codes {
			if code != NoCode {
				values[i] = decimalOf(c.texts.value(code))
			}
		}
		return arrow.Decimal128Traits.CastToBytes(values)
	default:
		return arrow.Int64Traits.CastToBytes(gatherWords[int64](c.words, codes))
	}
}

func gatherWords[T int32 | int64](t *wordTable, codes []uint32) []T {
	out := make([]T, len(codes))
	for i, code := range codes {
		if code != NoCode {
			out[i] = T(t.values[code])
		}
	}
	return out
}

// compare orders the values of two codes: null first, then as vec.Compare.
func (c *Codes) compare(a, b uint32) int {
	switch {
	case a == b:
		return 0
	case a == NoCode:
		return -1
	case b == NoCode:
		return 1
	}
	switch c.typ.Kind {
	case schema.String:
		return cmp.Compare(c.texts.value(a), c.texts.value(b))
	case schema.Decimal:
		return decimalOf(c.texts.value(a)).Cmp(decimalOf(c.texts.value(b)))
	case schema.Double:
		return cmp.Compare(orderedDouble(c.words.values[a]), orderedDouble(c.words.values[b]))
	default:
		return cmp.Compare(int64(c.words.values[a]), int64(c.words.values[b]))
	}
}

// orderedDouble maps the canonical bits of doubles to integers in their order,
// NaN greatest. doubleOf undoes it.
func orderedDouble(bits uint64) int64 {
	if int64(bits) < 0 {
		return int64(bits) ^ math.MaxInt64
	}
	return int64(bits)
}

func doubleOf(ordered int64) float64 {
	if ordered < 0 {
		ordered ^= math.MaxInt64
	}
	return math.Float64frombits(uint64(ordered))
}

// resultColumn collects the validity of a result column.
type resultColumn struct {
	n     int
	valid []byte // nil: no nulls
	nulls int
}

func newResult(n int) *resultColumn { return &resultColumn{n: n} }

func (o *resultColumn) setNull(i int) {
	if o.valid == nil {
		o.valid = make([]byte, bitutil.BytesForBits(int64(o.n)))
		bitutil.SetBitsTo(o.valid, 0, int64(o.n), true)
	}
	bitutil.ClearBit(o.valid, i)
	o.nulls++
}

// fixed returns the array of these values, taking ownership of them.
func (o *resultColumn) fixed(typ schema.Type, values []byte) arrow.Array {
	return vec.FixedOf(typ, values, o.valid, o.n, o.nulls)
}

// texts returns the string array of these texts, taking ownership of them.
func (o *resultColumn) texts(offsets []int32, text []byte) arrow.Array {
	var valid *memory.Buffer
	if o.valid != nil {
		valid = memory.NewBufferBytes(o.valid)
	}
	data := array.NewData(arrow.BinaryTypes.String, o.n, []*memory.Buffer{valid,
		memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes(text)}, nil, o.nulls, 0)
	defer data.Release()
	return array.NewStringData(data)
}

// stringOf returns bytes as a string that shares their memory.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func decimalOf(text string) decimal128.Num {
	var v decimal128.Num
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&v)), int(unsafe.Sizeof(v))), text)
	return v
}

// resize returns a slice of length n, s itself if it is long enough.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// extend returns s with zero values appended up to length n.
func extend[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	if n <= cap(s) {
		grown := s[:n]
		clear(grown[len(s):])
		return grown
	}
	grown := make([]T, n, max(n+n/4, 16))
	copy(grown, s)
	return grown
}
