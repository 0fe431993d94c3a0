package render

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// named returns the columns with names that are unique. All of them may be null:
// not every engine knows, and a reader loses nothing.
func named(columns []schema.Column) []schema.Column {
	columns = slices.Clone(columns)
	for i, name := range uniqueNames(columns) {
		columns[i].Name, columns[i].Nullable = name, true
	}
	return columns
}

// parquetWriter writes Parquet in row groups, of which it holds one.
type parquetWriter struct {
	out *bufio.Writer
	w   *parquetio.Writer
}

// rowGroupBytes bounds the memory: a row group is written when it is complete.
const rowGroupBytes = 32 << 20

func newParquet(out io.Writer, columns []schema.Column) (*parquetWriter, error) {
	buffer := bufio.NewWriterSize(out, enough)
	w, err := parquetio.NewWriter(buffer, schema.Table{Columns: named(columns)}, parquetio.WriterOptions{RowGroupBytes: rowGroupBytes})
	if err != nil {
		return nil, err
	}
	return &parquetWriter{buffer, w}, nil
}

// Write implements Writer.
func (p *parquetWriter) Write(batch arrow.Record) error { return p.w.Write(batch) }

// Close implements Writer.
func (p *parquetWriter) Close() error {
	if _, err := p.w.Close(); err != nil {
		return err
	}
	return p.out.Flush()
}

// arrowWriter writes the streaming format of Arrow. Strings are plain, whichever
// way they come: a stream has one type for all batches of a column, and some of
// its readers know no dictionaries that change.
type arrowWriter struct {
	out    *bufio.Writer
	schema *arrow.Schema
	w      *ipc.Writer
}

func newArrow(out io.Writer, columns []schema.Column) *arrowWriter {
	fields := make([]arrow.Field, len(columns))
	for i, c := range named(columns) {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type.Arrow(), Nullable: c.Nullable}
	}
	a := &arrowWriter{out: bufio.NewWriterSize(out, enough), schema: arrow.NewSchema(fields, nil)}
	a.w = ipc.NewWriter(a.out, ipc.WithSchema(a.schema))
	return a
}

// Write implements Writer.
func (a *arrowWriter) Write(batch arrow.Record) error {
	if int(batch.NumCols()) != len(a.schema.Fields()) {
		return fmt.Errorf("a batch has %d columns, its result %d", batch.NumCols(), len(a.schema.Fields()))
	}
	columns := make([]arrow.Array, batch.NumCols())
	for i, column := range batch.Columns() {
		field := a.schema.Field(i)
		if d, ok := column.(*array.Dictionary); ok && d.Dictionary().DataType().ID() == arrow.STRING {
			var err error
			if column, err = plainOf(d); err != nil {
				return fmt.Errorf("column %q: %w", field.Name, err)
			}
		}
		if !arrow.TypeEqual(column.DataType(), field.Type) {
			return fmt.Errorf("column %q is %s in the result and %s in a batch", field.Name, field.Type, column.DataType())
		}
		columns[i] = column
	}
	named := array.NewRecord(a.schema, columns, batch.NumRows())
	defer named.Release()
	if err := a.w.Write(named); err != nil {
		return err
	}
	return a.out.Flush()
}

// plainOf returns the texts of a dictionary array one by one.
func plainOf(d *array.Dictionary) (arrow.Array, error) {
	text, n := vec.TextOf(d), d.Len()
	valid, offsets, size := make([]byte, (n+7)/8), make([]int32, n+1), 0
	for i := range n {
		if d.IsValid(i) {
			bitutil.SetBit(valid, i)
			size += len(text.Value(i))
		}
	}
	if size > math.MaxInt32 {
		return nil, errors.New("the texts of a batch take more than 2 GiB, which Arrow cannot hold")
	}
	bytes := make([]byte, 0, size)
	for i := range n {
		if d.IsValid(i) {
			bytes = append(bytes, text.Value(i)...)
		}
		offsets[i+1] = int32(len(bytes))
	}
	data := array.NewData(arrow.BinaryTypes.String, n, []*memory.Buffer{memory.NewBufferBytes(valid),
		memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes(bytes)}, nil, d.NullN(), 0)
	defer data.Release()
	return array.NewStringData(data), nil
}

// Close implements Writer.
func (a *arrowWriter) Close() error {
	if err := a.w.Close(); err != nil {
		return err
	}
	return a.out.Flush()
}
