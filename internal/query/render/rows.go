package render

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/schema"
)

// layout is how a format of text puts rows together.
type layout struct {
	begin    []byte   // of the output
	first    []byte   // before the first row
	between  []byte   // between two rows
	before   [][]byte // before each value of a row
	after    []byte   // after the last value of a row
	style    style
	complete func(dst []byte, rows int64) ([]byte, error) // what comes after the last row; nil: nothing
}

// rows writes a format of text.
type rows struct {
	out     io.Writer
	columns []schema.Column
	layout  layout
	buffer  []byte
	values  []appender // of the batch at hand
	written int64
}

// enough is how many bytes are written at once.
const enough = 64 << 10

func newRows(out io.Writer, columns []schema.Column, l layout) *rows {
	return &rows{out: out, columns: columns, layout: l, values: make([]appender, len(columns)),
		buffer: append(make([]byte, 0, enough+enough/4), l.begin...)}
}

// Write implements Writer.
func (r *rows) Write(batch arrow.Record) error {
	if int(batch.NumCols()) != len(r.columns) {
		return fmt.Errorf("a batch has %d columns, its result %d", batch.NumCols(), len(r.columns))
	}
	for i, column := range batch.Columns() {
		value, err := r.layout.style.appender(column)
		if err != nil {
			return fmt.Errorf("column %q: %w", r.columns[i].Name, err)
		}
		r.values[i] = value
	}
	for row := range int(batch.NumRows()) {
		between := r.layout.between
		if r.written == 0 {
			between = r.layout.first
		}
		r.buffer = append(r.buffer, between...)
		r.written++
		for i, value := range r.values {
			r.buffer = value(append(r.buffer, r.layout.before[i]...), row)
		}
		r.buffer = append(r.buffer, r.layout.after...)
		if len(r.buffer) >= enough {
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
	clear(r.values) // they hold the batch
	return r.flush()
}

func (r *rows) flush() error {
	_, err := r.out.Write(r.buffer)
	r.buffer = r.buffer[:0]
	return err
}

// Close implements Writer.
func (r *rows) Close() error {
	if r.layout.complete != nil {
		var err error
		if r.buffer, err = r.layout.complete(r.buffer, r.written); err != nil {
			return err
		}
	}
	return r.flush()
}
