package expr

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/schema"
)

// checkColumn says whether the column of a node is there, n rows long and of
// the node's type.
func checkColumn(node *Node, cols []arrow.Array, n int) error {
	if node.Slot >= len(cols) || cols[node.Slot] == nil {
		return fmt.Errorf("expr: column %s (slot %d) was not given", node.Name, node.Slot)
	}
	col := cols[node.Slot]
	if col.Len() != n {
		return fmt.Errorf("expr: column %s has %d rows instead of %d", node.Name, col.Len(), n)
	}
	have, want := col.DataType(), node.Type.Arrow()
	if dict, ok := have.(*arrow.DictionaryType); ok && dict.IndexType.ID() == arrow.INT32 {
		have = dict.ValueType
	}
	if !arrow.TypeEqual(have, want) {
		return fmt.Errorf("expr: column %s is %s instead of %s", node.Name, col.DataType(), want)
	}
	return nil
}

// column returns the vector of a column node.
func (e *evaluator) column(node *Node) vector {
	if node.Slot < len(e.columns) && e.columns[node.Slot] != nil {
		return *e.columns[node.Slot]
	}
	if err := checkColumn(node, e.cols, e.n); err != nil {
		e.fail(err)
		return nullVector(node.Type, e.n)
	}
	v := e.load(e.cols[node.Slot].Data(), node.Type)
	e.columns[node.Slot] = &v
	return v
}

// load makes a vector of an array's data without copying its values.
func (e *evaluator) load(data arrow.ArrayData, typ schema.Type) vector {
	n, offset := data.Len(), data.Offset()
	v := vector{typ: typ, n: n}
	if n == 0 {
		v.txt.offsets = make([]int32, 1)
		return v
	}
	buffers := data.Buffers()
	if buffers[0] != nil && buffers[0].Len() > 0 && data.NullN() != 0 {
		v.valid = alignedBits(alloc[uint64](e.scratch, words(n)), buffers[0].Bytes(), offset, n)
	}
	switch typ.Kind {
	case schema.Boolean:
		v.bits = alignedBits(alloc[uint64](e.scratch, words(n)), buffers[1].Bytes(), offset, n)
	case schema.Integer, schema.Date:
		v.i32 = valuesOf[int32](buffers[1], offset, n)
	case schema.Bigint, schema.Timestamp:
		v.i64 = valuesOf[int64](buffers[1], offset, n)
	case schema.Double:
		v.f64 = valuesOf[float64](buffers[1], offset, n)
	case schema.Decimal:
		v.dec = valuesOf[decimal128.Num](buffers[1], offset, n)
	case schema.String:
		if data.DataType().ID() == arrow.DICTIONARY {
			e.loadCodes(&v, data)
			return v
		}
		v.txt.offsets = valuesOf[int32](buffers[1], offset, n+1)
		if buffers[2] != nil {
			v.txt.data = buffers[2].Bytes()
		}
	}
	return v
}

// loadCodes makes a vector of a dictionary array. Null entries of the
// dictionary make their rows null.
func (e *evaluator) loadCodes(v *vector, data arrow.ArrayData) {
	codes := valuesOf[int32](data.Buffers()[1], data.Offset(), data.Len())
	dict := data.Dictionary()
	entries := e.load(dict, v.typ)
	v.txt = entries.txt
	v.txt.codes, v.txt.dict = codes, dict
	if entries.valid == nil && v.valid == nil {
		return
	}
	// Codes of null rows may be anything: they become code 0.
	safe := alloc[int32](e.scratch, len(codes))
	valid := e.ownWords(v.valid, len(codes))
	for i, c := range codes {
		if !bitAt(valid, i) {
			c = 0
		} else if entries.valid != nil && !bitAt(entries.valid, int(c)) {
			valid[i>>6] &^= 1 << (i & 63)
		}
		safe[i] = c
	}
	if dict.Len() == 0 {
		v.txt.offsets = make([]int32, 2)
	}
	v.txt.codes, v.valid = safe, valid
	if entries.valid != nil {
		v.txt.dict = nil // results have no nulls in their dictionaries
	}
}

func (e *evaluator) ownWords(valid []uint64, n int) []uint64 {
	own := alloc[uint64](e.scratch, words(n))
	copyValid(own, valid)
	return own
}

// valuesOf views n values of a buffer from offset.
func valuesOf[T any](b *memory.Buffer, offset, n int) []T {
	if b == nil || b.Len() == 0 {
		return make([]T, n) // the offsets of an empty array may be missing
	}
	all := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b.Bytes()))), offset+n)
	return all[offset : offset+n : offset+n]
}

// alignedBits copies n bits of an Arrow bitmap from offset to dst. Memory is
// little endian, as Arrow's is.
func alignedBits(dst []uint64, src []byte, offset, n int) []uint64 {
	src = src[offset>>3:]
	need := words(n) * 8
	into := bytesOf(dst)
	copied := copy(into[:need], src)
	clear(into[copied:need])
	shift := offset & 7
	if shift == 0 {
		return dst
	}
	for i := range dst {
		next := uint64(0)
		if i+1 < len(dst) {
			next = dst[i+1]
		} else if len(src) > need {
			next = uint64(src[need])
		}
		dst[i] = dst[i]>>shift | next<<(64-shift)
	}
	return dst
}

// bytesOf views values as bytes.
func bytesOf[T any](values []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(zero)))
}

// buffer makes an Arrow buffer of a vector's memory, which it keeps from reuse.
func buffer[T any](s *Scratch, values []T) *memory.Buffer {
	keep(s, values)
	return memory.NewBufferBytes(bytesOf(values))
}

// array makes an Arrow array of a vector.
func (e *evaluator) array(v *vector, typ schema.Type) arrow.Array {
	if v.constant {
		spread := e.spread(v)
		v = &spread
	}
	nulls := 0
	buffers := []*memory.Buffer{nil, nil}
	if v.valid != nil {
		nulls = v.n - countBits(v.valid, v.n)
		if nulls > 0 {
			buffers[0] = buffer(e.scratch, v.valid[:words(v.n)])
		}
	}
	switch typ.Kind {
	case schema.Boolean:
		buffers[1] = buffer(e.scratch, v.bits)
	case schema.Integer, schema.Date:
		buffers[1] = buffer(e.scratch, v.i32)
	case schema.Bigint, schema.Timestamp:
		buffers[1] = buffer(e.scratch, v.i64)
	case schema.Double:
		buffers[1] = buffer(e.scratch, v.f64)
	case schema.Decimal:
		buffers[1] = buffer(e.scratch, v.dec)
	case schema.String:
		return e.textArray(v, buffers, nulls)
	}
	data := array.NewData(typ.Arrow(), v.n, buffers, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// textArray makes a string array of a vector, or a dictionary array if it is coded.
func (e *evaluator) textArray(v *vector, buffers []*memory.Buffer, nulls int) arrow.Array {
	if v.txt.codes == nil {
		buffers[1] = buffer(e.scratch, v.txt.offsets)
		data := array.NewData(arrow.BinaryTypes.String, v.n, append(buffers, buffer(e.scratch, v.txt.data)), nil, nulls, 0)
		defer data.Release()
		return array.NewStringData(data)
	}
	if v.txt.dict == nil {
		keep(e.scratch, v.txt.offsets)
		keep(e.scratch, v.txt.data)
		v.txt.dict = dictionaryData(&v.txt)
	}
	buffers[1] = buffer(e.scratch, v.txt.codes)
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	data := array.NewDataWithDictionary(typ, v.n, buffers, nulls, 0, v.txt.dict.(*array.Data))
	defer data.Release()
	return array.NewDictionaryData(data)
}

// dictionaryData makes the Arrow dictionary of coded texts, which are not in
// the scratch's memory any more.
func dictionaryData(t *texts) arrow.ArrayData {
	return array.NewData(arrow.BinaryTypes.String, len(t.offsets)-1,
		[]*memory.Buffer{nil, memory.NewBufferBytes(bytesOf(t.offsets)), memory.NewBufferBytes(t.data)}, nil, 0, 0)
}

// spread writes a constant out for all rows: a string as a dictionary of one.
func (e *evaluator) spread(v *vector) vector {
	out := e.newVector(v.typ)
	if v.allNull() {
		out.valid = alloc[uint64](e.scratch, words(e.n))
		clear(out.valid)
	}
	switch v.typ.Kind {
	case schema.Boolean:
		word := uint64(0)
		if v.bits[0]&1 != 0 {
			word = ^word
		}
		fill(out.bits, word)
	case schema.Integer, schema.Date:
		fill(out.i32, v.i32[0])
	case schema.Bigint, schema.Timestamp:
		fill(out.i64, v.i64[0])
	case schema.Double:
		fill(out.f64, v.f64[0])
	case schema.Decimal:
		fill(out.dec, v.dec[0])
	case schema.String:
		out.txt = v.txt
		codes := alloc[int32](e.scratch, e.n)
		code := int32(0)
		if v.txt.codes != nil {
			code = v.txt.codes[0]
		}
		fill(codes, code)
		out.txt.codes = codes
	}
	return out
}

func fill[T any](dst []T, value T) {
	for i := range dst {
		dst[i] = value
	}
}
