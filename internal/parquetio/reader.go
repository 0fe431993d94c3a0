package parquetio

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lakectl/lakectl/internal/schema"
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
	if group < 0 || group >= len(f.meta.RowGroups) {
		return nil, fmt.Errorf("parquet: the file has %d row groups and no number %d", len(f.meta.RowGroups), group)
	}
	if columns == nil {
		for i := range f.columns {
			columns = append(columns, i)
		}
	}
	g := &f.meta.RowGroups[group]
	r = &RowGroupReader{left: g.NumRows, batch: f.options.BatchRows}
	for _, i := range columns {
		c := &f.columns[i]
		pages, err := f.newPageReader(&g.Columns[i], c)
		if err != nil {
			return nil, err
		}
		r.columns = append(r.columns, &columnReader{column: c, pages: pages, decoder: newDecoder(c)})
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

// Close gives back the memory that reading holds, early. Next does so at the end.
func (r *RowGroupReader) Close() {
	if r.err == nil {
		r.err = errors.New("parquet: the reader is closed")
	}
	r.columns = nil
}

// columnReader reads the pages of one column of a row group.
type columnReader struct {
	column  *fileColumn
	pages   *pageReader
	decoder decoder
	page    arrow.Array // the last page read
	at      int         // rows of it that were taken
}

// fill reads a page if the last one is used up. left is the rows that the row
// group has yet to give; with none left the column must be at its end.
func (c *columnReader) fill(left int64) error {
	for c.page == nil || c.at == c.page.Len() {
		p, err := c.pages.next()
		if errors.Is(err, io.EOF) && left == 0 {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("parquet: the file is damaged: column %q ends %d rows before its row group", c.column.name, left)
		}
		if err == nil {
			err = c.decode(p)
		}
		if err != nil {
			return fmt.Errorf("parquet: column %q: %w", c.column.name, err)
		}
	}
	if left == 0 {
		return fmt.Errorf("parquet: the file is damaged: column %q has more rows than its row group", c.column.name)
	}
	return nil
}

// decode makes a page the column's next rows, or its dictionary.
func (c *columnReader) decode(p *rawPage) (err error) {
	if p.dictionary {
		return c.decoder.setDictionary(p)
	}
	c.at = 0
	c.page, err = c.decoder.decode(p)
	return err
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
