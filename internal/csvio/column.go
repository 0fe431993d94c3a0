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
	data    []byte
	seps    []uint32 // columns for each row
	starts  []uint32
	columns int
	doubled bool // quoted fields may hold escaped quotes
	nulls   nullTexts
	cols    []column
	scratch []byte
}

// column is one column in the making: coded while dict is in use, else plain.
type column struct {
	coded   bool
	dict    dictionary
	codes   []int32
	text    []byte
	offsets []int32
	valid   []byte // bitmap; nil when no row is null
	nulls   int
}

// begin takes the rows that p found in data and copies all columns.
func (w *columnWriter) begin(p *Parser, data []byte) {
	w.d, w.data, w.seps, w.starts, w.columns = p.d, data, p.index.seps, p.starts, p.columns
	w.doubled = p.index.doubled
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
	c.codes = make([]int32, 0, rows)
}

// copy adds rows [from, to) to a column.
func (w *columnWriter) copy(n, from, to int) {
	c := &w.cols[n]
	if c.coded {
		w.code(c, n, from, to)
		if c.dict.worthwhile(to, to == len(w.starts)) {
			return
		}
		// Too many values: the column is copied from its first row on.
		c.coded, c.codes, c.valid, c.nulls = false, nil, nil, 0
		w.room(c, n)
		from = 0
	}
	if w.nulls.any() || w.d.Quote != 0 {
		w.texts(c, n, from, to)
	} else {
		w.bareTexts(c, n, from, to)
	}
}

// room makes the buffers of a plain column, which are never too small.
func (w *columnWriter) room(c *column, n int) {
	rows := len(w.starts)
	var size int
	if n == 0 {
		for r, start := range w.starts {
			size += int(w.seps[r*w.columns]) - int(start)
		}
	} else {
		for i := n; i < len(w.seps); i += w.columns {
			size += int(w.seps[i]) - int(w.seps[i-1]) - 1
		}
	}
	c.text = make([]byte, 0, size+wide)
	c.offsets = make([]int32, 1, rows+1)
}

// start returns where field n of row r begins.
func (w *columnWriter) start(n, r int) uint32 {
	if n == 0 {
		return w.starts[r]
	}
	return w.seps[r*w.columns+n-1] + 1
}

// wide is how many bytes are moved at once whatever the length of a field.
const wide = 16

// bareTexts copies fields as they stand.
func (w *columnWriter) bareTexts(c *column, n, from, to int) {
	text, offsets, data := c.text, c.offsets, w.data[:cap(w.data)]
	for r := from; r < to; r++ {
		s, e := w.start(n, r), w.seps[r*w.columns+n]
		text = appendWide(text, data, s, e)
		offsets = append(offsets, int32(len(text)))
	}
	c.text, c.offsets = text, offsets
}

// appendWide appends data[s:e] to text, which has room for it and wide bytes
// more, as data has behind e.
func appendWide(text, data []byte, s, e uint32) []byte {
	at := len(text)
	if e-s <= wide {
		to := text[at : at+wide : at+wide]
		from := data[s : s+wide : s+wide]
		binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
		binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
		return text[:at+int(e-s)]
	}
	return append(text, data[s:e]...)
}

// texts copies fields that may be quoted or null.
func (w *columnWriter) texts(c *column, n, from, to int) {
	text, data, quote := c.text, w.data[:cap(w.data)], w.d.Quote
	for r := from; r < to; r++ {
		s, e := w.start(n, r), w.seps[r*w.columns+n]
		switch {
		case s == e || quote == 0 || data[s] != quote:
			if w.nulls.has(data[s:e]) {
				c.null(r, len(w.starts))
			} else if w.d.Escape == 0 {
				text = appendWide(text, data, s, e)
			} else {
				text = w.d.plain(text, data[s:e])
			}
		case !w.doubled:
			text = appendWide(text, data, s+1, e-1)
		default:
			text = w.d.unquote(text, data[s:e])
		}
		c.offsets = append(c.offsets, int32(len(text)))
	}
	c.text = text
}

// code adds the codes of fields.
func (w *columnWriter) code(c *column, n, from, to int) {
	data, quote := w.data[:cap(w.data)], w.d.Quote
	for r := from; r < to; r++ {
		s, e := w.start(n, r), w.seps[r*w.columns+n]
		switch {
		case s == e || quote == 0 || data[s] != quote:
			if w.nulls.has(data[s:e]) {
				c.null(r, len(w.starts))
				c.codes = append(c.codes, 0)
				continue
			}
			if w.d.Escape != 0 {
				w.recode(c, w.d.plain(w.scratch[:0], data[s:e]))
				continue
			}
		case !w.doubled:
			s, e = s+1, e-1
		default:
			w.recode(c, w.d.unquote(w.scratch[:0], data[s:e]))
			continue
		}
		c.codes = append(c.codes, c.dict.code(data, s, e))
	}
}

// recode adds the code of a value made in the scratch.
func (w *columnWriter) recode(c *column, value []byte) {
	n := uint32(len(value))
	w.scratch = append(value, make([]byte, pad)...)
	c.codes = append(c.codes, c.dict.code(w.scratch, 0, n))
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

func (t *nullTexts) any() bool { return t.lengths != 0 }

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
