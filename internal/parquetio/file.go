package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// ReaderOptions say how a file is read. The zero value is a good choice.
type ReaderOptions struct {
	// BatchRows is the most rows of a batch; pages of files of ours hold fewer.
	// Default 65536.
	BatchRows int
	// BufferBytes is the read buffer of each open column. Default 256 KiB.
	BufferBytes int
}

// File is an open Parquet file. It may be used by several goroutines. It has
// nothing to close; its reader belongs to the caller.
type File struct {
	in      io.ReaderAt
	size    int64
	meta    format.FileMetaData
	columns []fileColumn
	table   schema.Table
	options ReaderOptions
}

// Open reads the footer of a file, with one read if it is not large: neither
// page index nor bloom filters. It fails if a column is of a type that lakectl
// does not have.
func Open(r io.ReaderAt, size int64, o ReaderOptions) (f *File, err error) {
	defer guard(&err)
	if o.BatchRows <= 0 {
		o.BatchRows = 64 << 10
	}
	if o.BufferBytes <= 0 {
		o.BufferBytes = 256 << 10
	}
	footer, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	n, err := thriftSize(footer)
	if err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	f = &File{in: r, size: size, options: o}
	var protocol thrift.CompactProtocol
	if err := thrift.Unmarshal(&protocol, footer[:n], &f.meta); err != nil {
		return nil, fmt.Errorf("parquet: the file is damaged: %w", err)
	}
	if err := f.bind(); err != nil {
		return nil, err
	}
	return f, nil
}

// guard turns a panic of parquet-go over a damaged file into an error.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("parquet: the file is damaged: %v", p)
	}
}

// readFooter returns the bytes of the FileMetaData.
func readFooter(r io.ReaderAt, size int64) ([]byte, error) {
	if size < 12 {
		return nil, fmt.Errorf("parquet: %d bytes are too few for a Parquet file", size)
	}
	tail, err := readTail(r, size, 64<<10)
	if err != nil {
		return nil, err
	}
	switch string(tail[len(tail)-4:]) {
	case magic:
	case "PARE":
		return nil, errors.New("parquet: the file is encrypted; encrypted files cannot be read")
	default:
		return nil, errors.New("parquet: not a Parquet file, or one that was cut short: it does not end with PAR1")
	}
	n := int64(binary.LittleEndian.Uint32(tail[len(tail)-8:]))
	if n > size-12 {
		return nil, errors.New("parquet: the file is damaged: its footer is larger than the file")
	}
	if n > int64(len(tail)-8) {
		if tail, err = readTail(r, size, n+8); err != nil {
			return nil, err
		}
	}
	return tail[int64(len(tail)-8)-n : len(tail)-8], nil
}

// readTail returns the last n bytes of the file, or all.
func readTail(r io.ReaderAt, size, n int64) ([]byte, error) {
	tail := make([]byte, min(n, size))
	if k, err := r.ReadAt(tail, size-int64(len(tail))); k < len(tail) {
		return nil, fmt.Errorf("parquet: reading the footer: %w", err)
	}
	return tail, nil
}

// bind maps the file's columns to lakectl's types.
func (f *File) bind() error {
	if len(f.meta.Schema) == 0 || f.meta.NumRows < 0 {
		return errSchema
	}
	leaves := f.meta.Schema[1:]
	for i := range leaves {
		e := &leaves[i]
		if e.NumChildren.V > 0 || !e.Type.Valid || e.RepetitionType.V == format.Repeated {
			return fmt.Errorf("parquet: column %q is nested (a list, map or struct); only flat columns can be read", e.Name)
		}
		column, err := bindColumn(e)
		if err != nil {
			return err
		}
		f.columns = append(f.columns, column)
		f.table.Columns = append(f.table.Columns, schema.Column{Name: e.Name, Type: column.typ, Nullable: column.optional})
	}
	for i := range f.meta.RowGroups {
		if g := &f.meta.RowGroups[i]; len(g.Columns) != len(leaves) || g.NumRows < 0 {
			return errSchema
		}
	}
	return nil
}

var errSchema = errors.New("parquet: the file is damaged: its row groups do not fit its schema")

// Table returns the columns in the file's order.
func (f *File) Table() schema.Table { return f.table }

// Rows returns the number of rows.
func (f *File) Rows() int64 { return f.meta.NumRows }

// RowGroups returns the number of row groups.
func (f *File) RowGroups() int { return len(f.meta.RowGroups) }

// RowGroupRows returns the number of rows of a row group.
func (f *File) RowGroupRows(i int) int64 { return f.meta.RowGroups[i].NumRows }

// Metadata returns the key-value metadata; of equal keys the last.
func (f *File) Metadata() map[string]string {
	m := make(map[string]string)
	for _, kv := range f.meta.KeyValueMetadata {
		m[kv.Key] = kv.Value
	}
	return m
}

// CreatedBy returns the program that wrote the file, as it calls itself.
func (f *File) CreatedBy() string { return f.meta.CreatedBy }

// Stats returns the statistics of a column over the whole file. Bounds are known
// only if every row group with values gives them.
func (f *File) Stats(column int) ColumnStats {
	total := ColumnStats{Name: f.table.Columns[column].Name}
	known := true
	for g := range f.meta.RowGroups {
		s := f.RowGroupStats(g, column)
		if total.Nulls >= 0 && s.Nulls >= 0 {
			total.Nulls += s.Nulls
		} else {
			total.Nulls = -1
		}
		switch rows := f.RowGroupRows(g); {
		case s.HasBounds && !total.HasBounds:
			total.HasBounds, total.Min, total.Max = true, s.Min, s.Max
		case s.HasBounds:
			total.Min, total.Max = least(total.Min, s.Min), greatest(total.Max, s.Max)
		case s.Nulls != rows:
			known = false
		}
	}
	if !known {
		total.HasBounds, total.Min, total.Max = false, nil, nil
	}
	return total
}

// RowGroupStats returns the statistics of a column in one row group.
func (f *File) RowGroupStats(group, column int) ColumnStats {
	c, meta := &f.columns[column], &f.meta.RowGroups[group].Columns[column].MetaData
	s := ColumnStats{Name: f.table.Columns[column].Name, Nulls: meta.Statistics.NullCount}
	if meta.Statistics.NullCount == 0 && c.optional && meta.Statistics.MaxValue == nil {
		s.Nulls = -1 // parquet-go does not tell none from not known
	}
	low, high := meta.Statistics.MinValue, meta.Statistics.MaxValue
	if low == nil || high == nil || len(high) == 0 && c.physical == format.ByteArray {
		return s
	}
	least, greatest := c.bound(low, false), c.bound(high, true)
	if least != nil && greatest != nil {
		s.HasBounds, s.Min, s.Max = true, least, greatest
	}
	return s
}

// bound decodes a bound of statistics; nil if it cannot be relied upon.
func (c *fileColumn) bound(b []byte, upper bool) any {
	if c.unordered || c.typ.Kind == schema.Decimal && c.physical == format.ByteArray {
		return nil
	}
	v := valueOf(c.typ, c.physical, b)
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) {
			return nil
		}
	case int64:
		if c.typ.Kind == schema.Timestamp {
			return c.boundMicros(v, upper)
		}
	}
	return v
}

// boundMicros converts a bound to microseconds, away from the values.
func (c *fileColumn) boundMicros(v int64, upper bool) any {
	switch {
	case c.nanos:
		q, r := v/1000, v%1000
		if r < 0 && !upper {
			q--
		} else if r > 0 && upper {
			q++
		}
		return q
	case c.millis:
		if v > math.MaxInt64/1000 || v < math.MinInt64/1000 {
			return nil
		}
		return v * 1000
	}
	return v
}
