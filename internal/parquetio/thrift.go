package parquetio

import "encoding/binary"

// thriftWriter writes Thrift's compact protocol. Footer and headers are written
// by hand because parquet-go's structs write absent bounds as empty ones, which
// readers take for the bounds ” and ”.
type thriftWriter struct {
	buf  []byte
	last []int16 // the id of the last field of each open struct
}

// The compact protocol's types.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftI8     = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftBinary = 8
	thriftList   = 9
	thriftStruct = 12
)

// begin opens a struct that is not a field: the root or an element of a list.
func (t *thriftWriter) begin() { t.last = append(t.last, 0) }

// end closes the innermost struct.
func (t *thriftWriter) end() {
	t.buf = append(t.buf, 0)
	t.last = t.last[:len(t.last)-1]
}

func (t *thriftWriter) field(id int16, kind byte) {
	last := &t.last[len(t.last)-1]
	if d := id - *last; d > 0 && d <= 15 {
		t.buf = append(t.buf, byte(d)<<4|kind)
	} else {
		t.buf = append(t.buf, kind)
		t.varint(int64(id))
	}
	*last = id
}

func (t *thriftWriter) varint(v int64) {
	t.buf = binary.AppendUvarint(t.buf, uint64(v<<1)^uint64(v>>63))
}

func (t *thriftWriter) boolean(id int16, v bool) {
	if v {
		t.field(id, thriftTrue)
	} else {
		t.field(id, thriftFalse)
	}
}

func (t *thriftWriter) i16(id int16, v int16) {
	t.field(id, thriftI16)
	t.varint(int64(v))
}

func (t *thriftWriter) i32(id int16, v int32) {
	t.field(id, thriftI32)
	t.varint(int64(v))
}

func (t *thriftWriter) i64(id int16, v int64) {
	t.field(id, thriftI64)
	t.varint(v)
}

func (t *thriftWriter) binary(id int16, v []byte) {
	t.field(id, thriftBinary)
	t.bytes(v)
}

func (t *thriftWriter) text(id int16, v string) {
	t.field(id, thriftBinary)
	t.buf = binary.AppendUvarint(t.buf, uint64(len(v)))
	t.buf = append(t.buf, v...)
}

// bytes writes an element of a list of binaries.
func (t *thriftWriter) bytes(v []byte) {
	t.buf = binary.AppendUvarint(t.buf, uint64(len(v)))
	t.buf = append(t.buf, v...)
}

// list begins a list of n elements, which the caller writes.
func (t *thriftWriter) list(id int16, kind byte, n int) {
	t.field(id, thriftList)
	if n < 15 {
		t.buf = append(t.buf, byte(n)<<4|kind)
		return
	}
	t.buf = append(t.buf, 0xf0|kind)
	t.buf = binary.AppendUvarint(t.buf, uint64(n))
}

// open begins a struct that is a field.
func (t *thriftWriter) open(id int16) {
	t.field(id, thriftStruct)
	t.begin()
}

// empty writes a field whose value is a struct without fields, such as the
// members of Parquet's unions.
func (t *thriftWriter) empty(id int16) {
	t.open(id)
	t.end()
}
