package parquetio

import (
	"fmt"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/parquet-go/parquet-go/format"
)

// RowGroup is a row group in the making, held in memory. It belongs to one
// goroutine at a time; different ones may be filled and encoded at the same time.
type RowGroup struct {
	writer  *Writer
	chunks  []*chunk
	rows    int // in all
	page    int // in the open page
	scratch scratch
	size    int64
	closed  bool
}

// Write appends the rows of a batch. Full pages are encoded at once, and nothing
// of the batch is retained. After an error the row group is of no use.
func (g *RowGroup) Write(rec arrow.Record) error {
	if err := g.writer.check(rec); err != nil {
		return err
	}
	for from := 0; from < int(rec.NumRows()); {
		n, err := g.write(rec, from, int(rec.NumRows()))
		if err != nil {
			return err
		}
		from += n
	}
	return nil
}

// Rows returns the rows written so far.
func (g *RowGroup) Rows() int { return g.rows }

// Size returns the bytes that the row group holds: encoded pages, the open page,
// and dictionaries; once encoded, its pages.
func (g *RowGroup) Size() int64 { return g.size }

// write appends as many rows of [from, to) as go in before something has to be
// decided: the dictionaries' sample is complete, a page may be full.
func (g *RowGroup) write(rec arrow.Record, from, to int) (int, error) {
	if g.closed {
		panic("parquetio: write to a row group that was encoded")
	}
	n := min(to-from, g.writer.options.PageRows-g.page)
	if g.rows < dictionarySample {
		n = min(n, dictionarySample-g.rows)
	}
	for i, c := range g.chunks {
		n = c.fit(rec.Column(i), from, from+n, g.writer.options.PageBytes)
	}
	for i, c := range g.chunks {
		if err := c.add(rec.Column(i), from, from+n, &g.scratch); err != nil {
			return 0, err
		}
	}
	g.rows += n
	g.page += n
	g.review()
	return n, nil
}

// review lets the dictionaries decide and cuts the pages when one is full.
func (g *RowGroup) review() {
	full := g.page >= g.writer.options.PageRows
	for _, c := range g.chunks {
		c.values.review(false)
		full = full || c.values.size() >= g.writer.options.PageBytes
	}
	if full {
		g.cut()
	}
	g.measure()
}

func (g *RowGroup) cut() {
	for _, c := range g.chunks {
		c.cut(&g.scratch)
	}
	g.page = 0
}

func (g *RowGroup) measure() {
	g.size = int64(cap(g.scratch.plain) + cap(g.scratch.packed) + cap(g.scratch.valid))
	for _, c := range g.chunks {
		g.size += int64(c.encoded + len(c.levels) + 8*len(c.hashes) + c.values.size() + c.values.held())
	}
}

// Encode ends the row group: it makes the last pages and the dictionaries.
// Append calls it if need be; called before, by the goroutine that filled the
// row group, its work runs beside that of other row groups.
func (g *RowGroup) Encode() {
	if g.closed {
		return
	}
	g.closed = true
	for _, c := range g.chunks {
		c.close(&g.scratch)
	}
	g.size = 0
	for _, c := range g.chunks {
		g.size += int64(c.encoded + 8*len(c.hashes))
	}
}

// fit returns how many rows of [from, to), at least one, have texts of no more
// than room bytes together.
func (c *chunk) fit(a arrow.Array, from, to, room int) int {
	n := to - from
	if c.leaf.physical != format.ByteArray || n == 0 {
		return n
	}
	d, ok := a.(*array.Dictionary)
	if !ok {
		_, offsets := bytesOf(a.Data())
		offsets = offsets[from : to+1]
		return max(1, min(n, sort.Search(n, func(i int) bool { return int(offsets[i+1]-offsets[0])+4*i > room })))
	}
	data, offsets := bytesOf(d.Data().Dictionary())
	if len(data)*n <= room {
		return n
	}
	used := 0
	for i, k := range arrow.GetValues[int32](d.Data(), 1)[from:to] {
		if d.IsValid(from + i) {
			used += int(offsets[k+1]-offsets[k]) + 4
		}
		if used > room {
			return max(1, i)
		}
	}
	return n
}

// validity returns a byte for each of the rows [from, to), 1 where there is a
// value, and how many have none; nil if all have one. An entry of a dictionary
// that is null makes null rows.
func (s *scratch) validity(a arrow.Array, from, to int) (valid []byte, nulls int) {
	dict, _ := a.(*array.Dictionary)
	if dict != nil && !mayHaveNulls(dict.Data().Dictionary()) {
		dict = nil
	}
	if a.NullN() == 0 && dict == nil {
		return nil, 0
	}
	s.valid = s.valid[:0]
	if bitmap, offset := a.NullBitmapBytes(), a.Data().Offset(); len(bitmap) > 0 && a.NullN() > 0 {
		for i := offset + from; i < offset+to; i++ {
			s.valid = append(s.valid, bitmap[i/8]>>(i%8)&1)
		}
	} else {
		for range to - from {
			s.valid = append(s.valid, 1)
		}
	}
	if dict != nil {
		s.maskEntries(dict, from, to)
	}
	for _, v := range s.valid {
		nulls += 1 - int(v)
	}
	if nulls == 0 {
		return nil, 0
	}
	return s.valid, nulls
}

// maskEntries clears the rows whose entry of the dictionary is null.
func (s *scratch) maskEntries(d *array.Dictionary, from, to int) {
	entries := d.Data().Dictionary()
	bitmap, offset := entries.Buffers()[0].Bytes(), entries.Offset()
	for i, k := range arrow.GetValues[int32](d.Data(), 1)[from:to] {
		if s.valid[i] != 0 && !bitutil.BitIsSet(bitmap, offset+int(k)) {
			s.valid[i] = 0
		}
	}
}

func mayHaveNulls(d arrow.ArrayData) bool {
	return d.NullN() != 0 && d.Buffers()[0] != nil && d.Buffers()[0].Len() > 0
}

func nullInRequired(l *leaf) error {
	return fmt.Errorf("parquet: column %q is required but the batch has nulls in it", l.name)
}
