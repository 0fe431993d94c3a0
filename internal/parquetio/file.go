package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go"
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
	file    *parquet.File
	columns []fileColumn
	table   schema.Table
	options ReaderOptions
}

// Open reads the footer of a file: neither page index nor bloom filters. It
// fails if a column is of a type that lakectl does not have.
func Open(r io.ReaderAt, size int64, o ReaderOptions) (f *File, err error) {
	defer guard(&err)
	if o.BatchRows <= 0 {
		o.BatchRows = 64 << 10
	}
	if o.BufferBytes <= 0 {
		o.BufferBytes = 256 << 10
	}
	if err := checkEnds(r, size); err != nil {
		return nil, err
	}
	file, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true),
		parquet.SkipMagicBytes(true), parquet.ReadBufferSize(o.BufferBytes), parquet.FileReadMode(parquet.ReadModeSync))
	if err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	f = &File{file: file, options: o}
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

// checkEnds looks at the magic bytes and the footer's size before memory is
// taken for it.
func checkEnds(r io.ReaderAt, size int64) error {
	if size < 12 {
		return fmt.Errorf("parquet: %d bytes are too few for a Parquet file", size)
	}
	var head [4]byte
	var tail [8]byte
	if _, err := r.ReadAt(head[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("parquet: %w", err)
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("parquet: %w", err)
	}
	switch {
	case string(head[:]) == "PARE" || string(tail[4:]) == "PARE":
		return errors.New("parquet: the file is encrypted; encrypted files cannot be read")
	case string(head[:]) != magic:
		return fmt.Errorf("parquet: not a Parquet file: it begins with %q", head)
	case string(tail[4:]) != magic:
		return errors.New("parquet: the file is incomplete: its footer is missing")
	case int64(binary.LittleEndian.Uint32(tail[:])) > size-12:
		return errors.New("parquet: the file is damaged: its footer is larger than the file")
	}
	return nil
}

// bind maps the file's columns to lakectl's types.
func (f *File) bind() error {
	elements := f.file.Metadata().Schema
	roots := f.file.Root().Columns()
	if len(elements) != len(roots)+1 {
		return f.nestedColumn()
	}
	for i, c := range roots {
		if !c.Leaf() || c.Repeated() {
			return f.nestedColumn()
		}
		column, err := bindColumn(&elements[i+1])
		if err != nil {
			return err
		}
		f.columns = append(f.columns, column)
		f.table.Columns = append(f.table.Columns, schema.Column{Name: c.Name(), Type: column.typ, Nullable: c.Optional()})
	}
	return nil
}

func (f *File) nestedColumn() error {
	for _, c := range f.file.Root().Columns() {
		if !c.Leaf() || c.Repeated() {
			return fmt.Errorf("parquet: column %q is nested (a list, map or struct); only flat columns can be read", c.Name())
		}
	}
	return errors.New("parquet: the file is damaged: its schema is not a tree")
}

// Table returns the columns in the file's order.
func (f *File) Table() schema.Table { return f.table }

// Rows returns the number of rows.
func (f *File) Rows() int64 { return f.file.NumRows() }

// RowGroups returns the number of row groups.
func (f *File) RowGroups() int { return len(f.file.RowGroups()) }

// RowGroupRows returns the number of rows of a row group.
func (f *File) RowGroupRows(i int) int64 { return f.file.RowGroups()[i].NumRows() }

// Metadata returns the key-value metadata; of equal keys the last.
func (f *File) Metadata() map[string]string {
	m := make(map[string]string)
	for _, kv := range f.file.Metadata().KeyValueMetadata {
		m[kv.Key] = kv.Value
	}
	return m
}

// CreatedBy returns the program that wrote the file, as it calls itself.
func (f *File) CreatedBy() string { return f.file.Metadata().CreatedBy }

// Stats returns the statistics of a column over the whole file. Bounds are known
// only if every row group with values gives them.
func (f *File) Stats(column int) ColumnStats {
	total := ColumnStats{Name: f.table.Columns[column].Name}
	known := true
	for g := range f.file.Metadata().RowGroups {
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
	c, meta := &f.columns[column], &f.file.Metadata().RowGroups[group].Columns[column].MetaData
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
