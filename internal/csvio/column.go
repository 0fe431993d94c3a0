package csvio

import (
	"encoding/binary"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// stride is how many rows of all columns are copied before the next ones, so
// that their bytes come from a near cache for every column but the first.
const stride = 1024

// columnWriter copies fields into Arrow buffers, column by column.
type columnWriter struct {
	d       Dialect
	data    []byte // with its whole capacity
	seps    []uint32
	starts  []uint32
	columns int
	bare    bool // every field is its text as it stands
	doubled bool // quoted fields may hold escaped quotes
	nulls   nullTexts
	cols    []column
	scratch []byte
}

// column is one column in the making: coded while its values repeat, else plain.
type column struct {
	coded   bool
	dict    dictionary
	codes   []int32
	text    []byte // all of its capacity may be written over
	offsets []int32
	valid   []byte // bitmap; nil when no row is null
	nulls   int
}

// begin takes the rows that p found in data and copies all columns.
func (w *columnWriter) begin(p *Parser, data []byte) {
	w.d, w.data, w.seps, w.starts, w.columns = p.d, data[:cap(data)], p.index.seps, p.starts, p.columns
	w.bare, w.doubled = !p.dressed && len(p.d.Nulls) == 0, p.index.doubled
	w.nulls.set(p.d.Nulls)
	if w.cols == nil {
		w.cols = make([]column, p.columns)
	}
	rows := len(w.starts)
	for c := range w.cols {
		w.cols[c].begin(rows)
	}
	for from := 0; from < rows; from += stride {
		to := min(from+stride, rows)
		for c := range w.cols {
			w.copy(c, from, to)
		}
	}
	w.data, w.seps, w.starts = nil, nil, nil
}

// begin makes an empty column, coded until its values prove to be too many.
func (c *column) begin(rows int) {
	c.text, c.offsets, c.valid, c.nulls = nil, nil, nil, 0
	c.coded = rows > 0
	if !c.coded {
		c.offsets = make([]int32, 1)
		return
	}
	c.dict.reset()
	c.codes = make([]int32, rows)
}

// copy adds rows [from, to) to a column.
func (w *columnWriter) copy(n, from, to int) {
	c := &w.cols[n]
	if c.coded {
		f := w.fields(n, from)
		if w.bare {
			c.dict.codes(w.data, f, c.codes[from:to])
		} else {
			w.code(c, f, from, to)
		}
		if c.dict.worthwhile(to, to == len(w.starts)) {
			return
		}
		// Too many values: the column is copied from its first row on.
		c.coded, c.codes, c.valid, c.nulls = false, nil, nil, 0
		w.room(c, n)
		from = 0
	}
	f := w.fields(n, from)
	if w.bare {
		c.text = appendFields(c.text, w.data, f, c.offsets[from+1:to+1])
	} else {
		w.texts(c, f, from, to)
	}
}

// fields walks over the fields of one column.
type fields struct {
	starts, ends []uint32
	after        uint32 // the field begins so many bytes after its start
	step, stride int    // from start to start and from end to end
}

// fields returns those of column n from row r on.
func (w *columnWriter) fields(n, r int) fields {
	f := fields{ends: w.seps[r*w.columns+n:], stride: w.columns}
	if n == 0 {
		f.starts, f.step = w.starts[r:], 1
	} else {
		f.starts, f.step, f.after = w.seps[r*w.columns+n-1:], w.columns, 1
	}
	return f
}

// room makes the buffers of a plain column, which are never too small.
func (w *columnWriter) room(c *column, n int) {
	f, size := w.fields(n, 0), 0
	for r := range w.starts {
		size += int(f.ends[r*f.stride]) - int(f.starts[r*f.step]+f.after)
	}
	c.text = make([]byte, 0, size+wide)
	c.offsets = make([]int32, len(w.starts)+1)
}

// wide is the longest field that is moved in words, with bytes behind it.
const wide = 32

// appendFields appends fields as they stand and sets their offsets.
func appendFields(text, data []byte, f fields, offsets []int32) []byte {
	at, to := len(text), text[:cap(text)]
	start, end := 0, 0
	for r := range offsets {
		s, e := f.starts[start]+f.after, f.ends[end]
		start, end = start+f.step, end+f.stride
		at += move(to, data, at, s, e)
		offsets[r] = int32(at)
	}
	return text[:at]
}

// move copies data[s:e] to to[at:], with up to wide bytes in all, and returns
// the length. Both have the room for that.
func move(to, data []byte, at int, s, e uint32) int {
	n := int(e - s)
	if n > wide {
		return copy(to[at:], data[s:e])
	}
	dst, src := to[at:at+16:at+16], data[s:s+16:s+16]
	binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(src))
	binary.LittleEndian.PutUint64(dst[8:], binary.LittleEndian.Uint64(src[8:]))
	if n > 16 {
		dst, src = to[at+16:at+32:at+32], data[s+16:s+32:s+32]
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(src))
		binary.LittleEndian.PutUint64(dst[8:], binary.LittleEndian.Uint64(src[8:]))
	}
	return n
}

// texts appends the values of fields that may be quoted, escaped or null.
func (w *columnWriter) texts(c *column, f fields, from, to int) {
	text, data, quote := c.text, w.data, w.d.Quote
	for r := from; r < to; r++ {
		s, e := f.starts[(r-from)*f.step]+f.after, f.ends[(r-from)*f.stride]
		switch {
		case s == e || quote == 0 || data[s] != quote:
			if w.nulls.has(data[s:e]) {
				c.null(r, len(w.starts))
			} else if w.d.Escape == 0 {
				text = text[:len(text)+move(text[:cap(text)], data, len(text), s, e)]
			} else {
				text = w.d.plain(text, data[s:e])
			}
		case !w.doubled:
			text = text[:len(text)+move(text[:cap(text)], data, len(text), s+1, e-1)]
		default:
			text = w.d.unquote(text, data[s:e])
		}
		c.offsets[r+1] = int32(len(text))
	}
	c.text = text
}

// code sets the codes of fields that may be quoted, escaped or null.
func (w *columnWriter) code(c *column, f fields, from, to int) {
	data, quote := w.data, w.d.Quote
	for r := from; r < to; r++ {
		s, e := f.starts[(r-from)*f.step]+f.after, f.ends[(r-from)*f.stride]
		switch {
		case s == e || quote == 0 || data[s] != quote:
			switch {
			case w.nulls.has(data[s:e]):
				c.null(r, len(w.starts))
			case w.d.Escape != 0:
				c.codes[r] = w.recode(c, w.d.plain(w.scratch[:0], data[s:e]))
			default:
				c.codes[r] = c.dict.code(data, s, e)
			}
		case !w.doubled:
			c.codes[r] = c.dict.code(data, s+1, e-1)
		default:
			c.codes[r] = w.recode(c, w.d.unquote(w.scratch[:0], data[s:e]))
		}
	}
}

// recode returns the code of a value made in the scratch.
func (w *columnWriter) recode(c *column, value []byte) int32 {
	n := uint32(len(value))
	w.scratch = append(value, make([]byte, 16)...) // for loads of words
	return c.dict.code(w.scratch, 0, n)
}

// null marks row r of rows as null.
func (c *column) null(r, rows int) {
	if c.valid == nil {
		c.valid = make([]byte, bitutil.BytesForBits(int64(rows)))
		bitutil.SetBitsTo(c.valid, 0, int64(rows), true)
	}
	bitutil.ClearBit(c.valid, r)
	c.nulls++
}

// dictionaryType is that of coded columns.
//
//nolint:gochecknoglobals // never changed
var dictionaryType = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

// column returns column n as an array and forgets it.
func (w *columnWriter) column(n int) arrow.Array {
	c := &w.cols[n]
	defer func() { c.codes, c.text, c.offsets, c.valid = nil, nil, nil, nil }()
	var valid *memory.Buffer
	if c.valid != nil {
		valid = memory.NewBufferBytes(c.valid)
	}
	if !c.coded {
		return stringArray(len(c.offsets)-1, valid, c.offsets, c.text, c.nulls)
	}
	values := stringArray(c.dict.len(), nil, c.dict.offsetsCopy(), c.dict.textCopy(), 0)
	defer values.Release()
	codes := memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(c.codes))
	data := array.NewDataWithDictionary(dictionaryType, len(c.codes), []*memory.Buffer{valid, codes}, c.nulls, 0, values.Data().(*array.Data))
	defer data.Release()
	return array.NewDictionaryData(data)
}

func stringArray(n int, valid *memory.Buffer, offsets []int32, text []byte, nulls int) arrow.Array {
	buffers := []*memory.Buffer{valid, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes(text)}
	data := array.NewData(arrow.BinaryTypes.String, n, buffers, nil, nulls, 0)
	defer data.Release()
	return array.NewStringData(data)
}

// nullTexts are the texts that mean null.
type nullTexts struct {
	texts   []string
	lengths uint64 // bit n: one has n bytes; bit 63: one has 63 or more
}

func (t *nullTexts) set(texts []string) {
	t.texts, t.lengths = texts, 0
	for _, text := range texts {
		t.lengths |= 1 << min(len(text), 63)
	}
}

func (t *nullTexts) has(field []byte) bool {
	if t.lengths>>min(len(field), 63)&1 == 0 {
		return false
	}
	for _, text := range t.texts {
		if string(field) == text {
			return true
		}
	}
	return false
}
