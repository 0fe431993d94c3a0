package parquetio

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go"
)

// RowGroupReader reads columns of one row group. It is for one goroutine.
type RowGroupReader struct {
	columns []*columnReader
	table   schema.Table // of the columns asked for
	left    int64
	batch   int
	err     error
}

// RowGroup begins to read columns of a row group, given by their positions in
// the file's table and in the order in which the batches shall have them; nil
// means all. With an empty list the batches have rows and no columns.
func (f *File) RowGroup(group int, columns []int) (r *RowGroupReader, err error) {
	defer guard(&err)
	if columns == nil {
		for i := range f.columns {
			columns = append(columns, i)
		}
	}
	g := f.file.RowGroups()[group]
	r = &RowGroupReader{left: g.NumRows(), batch: f.options.BatchRows}
	if r.left < 0 {
		return nil, fmt.Errorf("parquet: the file is damaged: row group %d has %d rows", group, r.left)
	}
	for _, i := range columns {
		c := &f.columns[i]
		r.columns = append(r.columns, &columnReader{column: c, pages: g.ColumnChunks()[i].Pages(), decoder: newDecoder(c)})
		r.table.Columns = append(r.table.Columns, f.table.Columns[i])
	}
	return r, nil
}

// Next returns the next batch, which owns its memory and is the caller's to
// release; io.EOF after the last. Batches end where a page of any column ends.
func (r *RowGroupReader) Next() (rec arrow.Record, err error) {
	if r.err != nil {
		return nil, r.err
	}
	rec, err = r.next()
	if err != nil {
		r.err = err
		r.Close()
	}
	return rec, err
}

func (r *RowGroupReader) next() (rec arrow.Record, err error) {
	defer guard(&err)
	n := min(r.left, int64(r.batch))
	for _, c := range r.columns {
		if err := c.fill(r.left); err != nil {
			return nil, err
		}
		if r.left > 0 {
			n = min(n, int64(c.page.Len()-c.at))
		}
	}
	if r.left == 0 {
		return nil, io.EOF
	}
	r.left -= n
	arrays := make([]arrow.Array, len(r.columns))
	fields := make([]arrow.Field, len(r.columns))
	for i, c := range r.columns {
		arrays[i] = c.take(int(n))
		fields[i] = arrow.Field{Name: c.column.name, Type: arrays[i].DataType(), Nullable: c.column.optional}
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), arrays, n), nil
}

// Close gives back what reading holds, early. Next does so at the end.
func (r *RowGroupReader) Close() {
	if r.err == nil {
		r.err = errors.New("parquet: the reader is closed")
	}
	for _, c := range r.columns {
		if c.pages != nil {
			c.pages.Close()
			c.pages = nil
		}
	}
}

// columnReader reads the pages of one column of a row group.
type columnReader struct {
	column  *fileColumn
	pages   parquet.Pages
	decoder decoder
	page    arrow.Array // the last page read
	at      int         // rows of it that were taken
}

// fill reads a page if the last one is used up. left is the rows that the row
// group has yet to give; with none left the column must be at its end.
func (c *columnReader) fill(left int64) error {
	for c.page == nil || c.at == c.page.Len() {
		p, err := c.pages.ReadPage()
		if errors.Is(err, io.EOF) && left == 0 {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("parquet: the file is damaged: column %q ends %d rows before its row group", c.column.name, left)
		}
		if err != nil {
			return fmt.Errorf("parquet: column %q: %w", c.column.name, err)
		}
		c.page, c.at = nil, 0
		a, err := c.decode(p)
		if err != nil {
			return err
		}
		c.page = a
	}
	if left == 0 {
		return fmt.Errorf("parquet: the file is damaged: column %q has more rows than its row group", c.column.name)
	}
	return nil
}

// decode copies a page into an array and gives the page back.
func (c *columnReader) decode(p parquet.Page) (arrow.Array, error) {
	a, err := c.decoder.decode(p)
	parquet.Release(p)
	if err != nil {
		return nil, fmt.Errorf("parquet: column %q: %w", c.column.name, err)
	}
	return a, nil
}

// take returns the next n rows of the page; the whole page as it is.
func (c *columnReader) take(n int) arrow.Array {
	from := c.at
	c.at += n
	if from == 0 && n == c.page.Len() {
		return c.page
	}
	return array.NewSlice(c.page, int64(from), int64(from+n))
}
