package parquetio

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lakectl/lakectl/internal/schema"
)

// Writer writes one file. Its methods are for one goroutine, but BeginRowGroup
// may be called by several. The destination is not closed.
type Writer struct {
	out     io.Writer
	leaves  []leaf
	options WriterOptions
	open    *RowGroup // what Write fills; nil: nothing yet
	footer  footer
	err     error // the first failure; the file is lost

	mu    sync.Mutex
	spare []*RowGroup // given to Append; their memory is used again
}

var errClosed = errors.New("parquet: the writer is closed")

// NewWriter begins a file with the columns of a table. Nothing is written before
// the first row group is complete.
func NewWriter(w io.Writer, table schema.Table, o WriterOptions) (*Writer, error) {
	if len(table.Columns) == 0 {
		return nil, errors.New("parquet: a file needs at least one column")
	}
	leaves, err := leavesOf(table, o.Bloom)
	if err != nil {
		return nil, err
	}
	return &Writer{out: w, leaves: leaves, options: o.withDefaults(), footer: footer{stats: make([]columnTotal, len(leaves))}}, nil
}

// Write appends the rows of a batch to the open row group, which is closed when
// it reaches the size that the options say. The batch has the table's columns in
// order, of their Arrow types, or strings as dictionaries with int32 indexes.
// Nothing of it is retained.
func (w *Writer) Write(rec arrow.Record) error {
	if w.err != nil {
		return w.err
	}
	if err := w.check(rec); err != nil {
		return w.fail(err)
	}
	for from, rows := 0, int(rec.NumRows()); from < rows; {
		if w.open == nil {
			w.open = w.BeginRowGroup()
		}
		n, err := w.open.write(rec, from, min(rows, from+w.options.RowGroupRows-w.open.rows))
		if err != nil {
			return w.fail(err)
		}
		from += n
		if w.open.rows >= w.options.RowGroupRows || w.open.size >= w.options.RowGroupBytes {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// BufferedBytes returns the memory that the open row group takes.
func (w *Writer) BufferedBytes() int64 {
	if w.open == nil {
		return 0
	}
	return w.open.size
}

// Flush closes the open row group and writes it. Without rows it does nothing.
func (w *Writer) Flush() error {
	if w.err != nil {
		return w.err
	}
	g := w.open
	if g == nil {
		return nil
	}
	w.open = nil
	return w.appendGroup(g)
}

// BeginRowGroup returns an empty row group to be filled and encoded by any
// goroutine and then given to Append.
func (w *Writer) BeginRowGroup() *RowGroup {
	g := &RowGroup{writer: w, chunks: make([]*chunk, len(w.leaves))}
	old := w.takeSpare()
	for i := range w.leaves {
		l := &w.leaves[i]
		g.chunks[i] = &chunk{leaf: l, codec: w.options.Codec}
		if old != nil {
			g.chunks[i].values, g.chunks[i].levels = old.chunks[i].values, old.chunks[i].levels
		} else {
			g.chunks[i].values = newValues(l)
		}
		g.chunks[i].values.reset()
	}
	if old != nil {
		g.scratch = old.scratch
	}
	return g
}

func (w *Writer) takeSpare() *RowGroup {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.spare)
	if n == 0 {
		return nil
	}
	g := w.spare[n-1]
	w.spare = w.spare[:n-1]
	return g
}

// Append writes a row group after those written before, encoding it first if
// that was not done. A row group that Write has open is written before it. One
// without rows leaves no trace. The row group is of no use afterwards: its memory
// goes to those begun later.
func (w *Writer) Append(g *RowGroup) error {
	if g.writer != w {
		panic("parquetio: row group of another writer")
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := w.appendGroup(g); err != nil {
		return err
	}
	// Flush does not do this: it is how hundreds of open writers give memory back.
	w.mu.Lock()
	defer w.mu.Unlock()
	g.writer = nil // a second Append panics
	w.spare = append(w.spare, g)
	return nil
}

func (w *Writer) appendGroup(g *RowGroup) error {
	g.Encode()
	if g.rows == 0 {
		return nil
	}
	if len(w.footer.groups) > math.MaxInt16 {
		return w.fail(fmt.Errorf("parquet: a file holds at most %d row groups", math.MaxInt16+1))
	}
	if err := w.begin(); err != nil {
		return err
	}
	group := groupMeta{rows: g.rows, chunks: make([]chunkMeta, len(g.chunks)), offset: w.footer.offset}
	for i, c := range g.chunks {
		group.chunks[i] = newChunkMeta(c, w.footer.offset)
		if err := w.writeChunk(c); err != nil {
			return err
		}
	}
	for i, c := range g.chunks {
		if err := w.writeBloom(c, &group.chunks[i]); err != nil {
			return err
		}
	}
	w.footer.add(&group)
	for _, c := range g.chunks {
		c.pages, c.hashes, c.dict = nil, nil, nil
	}
	return nil
}

// begin writes the magic bytes once.
func (w *Writer) begin() error {
	if w.footer.offset > 0 {
		return nil
	}
	return w.write([]byte(magic))
}

func (w *Writer) writeChunk(c *chunk) error {
	if c.dict != nil {
		if err := w.write(c.dict.header, c.dict.body); err != nil {
			return err
		}
	}
	for i := range c.pages {
		if err := w.write(c.pages[i].header, c.pages[i].body); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) write(parts ...[]byte) error {
	for _, b := range parts {
		n, err := w.out.Write(b)
		w.footer.offset += int64(n)
		if err != nil {
			return w.fail(fmt.Errorf("parquet: %w", err))
		}
	}
	return nil
}

// Close writes the open row group and the footer. A file without rows is
// complete and valid. Closing twice is an error.
func (w *Writer) Close() (Stats, error) {
	if err := w.Flush(); err != nil {
		return Stats{}, err
	}
	if err := w.begin(); err != nil {
		return Stats{}, err
	}
	if err := w.write(w.footer.encode(w)); err != nil {
		return Stats{}, err
	}
	w.err = errClosed
	return w.footer.summary(w.leaves), nil
}

func (w *Writer) fail(err error) error {
	w.err = err
	return err
}

// check says whether a batch has the columns of the file.
func (w *Writer) check(rec arrow.Record) error {
	if int(rec.NumCols()) != len(w.leaves) {
		return fmt.Errorf("parquet: a batch of %d columns for a file of %d", rec.NumCols(), len(w.leaves))
	}
	for i := range w.leaves {
		l := &w.leaves[i]
		if got, want := rec.Column(i).DataType(), l.arrow; !sameType(got, want) {
			return fmt.Errorf("parquet: column %q is %s in the file and %s in the batch", l.name, want, got)
		}
	}
	return nil
}

func sameType(got, want arrow.DataType) bool {
	if d, ok := got.(*arrow.DictionaryType); ok {
		return d.IndexType.ID() == arrow.INT32 && (want.ID() == arrow.STRING || want.ID() == arrow.BINARY) && d.ValueType.ID() == want.ID()
	}
	if got.ID() != want.ID() {
		return false
	}
	switch want := want.(type) {
	case *arrow.Decimal128Type:
		return got.(*arrow.Decimal128Type).Scale == want.Scale
	case *arrow.TimestampType:
		return got.(*arrow.TimestampType).Unit == want.Unit
	}
	return true
}
