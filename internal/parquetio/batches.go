package parquetio

import (
	"bytes"
	"errors"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lakectl/lakectl/internal/schema"
)

// Encode returns a whole file of some batches, for small tables.
func Encode(table schema.Table, o WriterOptions, batches ...arrow.Record) ([]byte, Stats, error) {
	var out bytes.Buffer
	w, err := NewWriter(&out, table, o)
	if err != nil {
		return nil, Stats{}, err
	}
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			return nil, Stats{}, err
		}
	}
	stats, err := w.Close()
	return out.Bytes(), stats, err
}

// ReadAll returns all batches of a file, of the columns that RowGroup takes.
// They hold the whole file in memory.
func (f *File) ReadAll(columns []int) ([]arrow.Record, error) {
	var batches []arrow.Record
	for g := range f.RowGroups() {
		r, err := f.RowGroup(g, columns)
		if err != nil {
			return nil, err
		}
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			batches = append(batches, rec)
		}
	}
	return batches, nil
}
