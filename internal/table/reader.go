package table

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/vec"
)

// Reader reads one file. Its row groups may be read at the same time.
type Reader struct {
	object storage.Object
	file   *parquetio.File
	path   string
}

// Opener opens files of the lake: a bucket, or a transaction that also knows
// the files it has staged.
type Opener interface {
	Open(ctx context.Context, name string) (storage.Object, error)
}

// Open opens the file at path. The caller closes it.
func Open(ctx context.Context, files Opener, path string) (*Reader, error) {
	object, err := files.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	file, err := parquetio.Open(object, object.Info().Size, parquetio.ReaderOptions{})
	if err != nil {
		object.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Reader{object: object, file: file, path: path}, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.object.Close() }

// Path returns the path of the file in its bucket.
func (r *Reader) Path() string { return r.path }

// RowGroups returns the number of row groups.
func (r *Reader) RowGroups() int { return r.file.RowGroups() }

// Rows returns the number of rows.
func (r *Reader) Rows() int64 { return r.file.Rows() }

// File returns what is known of the file without reading its rows.
func (r *Reader) File() *parquetio.File { return r.file }

// Scan gives the batches of a row group to do, in order, with these columns. A
// column that the file does not have is null: bronze files have the columns
// that were known when they were written. The arrays are do's.
func (r *Reader) Scan(group int, columns []schema.Column, do func(cols []arrow.Array, n int) error) error {
	have := r.file.Table()
	var read []int
	from := make([]int, len(columns)) // index into read, or -1
	for i, c := range columns {
		at := have.Index(c.Name)
		if at < 0 {
			from[i] = -1
			continue
		}
		if got := have.Columns[at].Type; got != c.Type {
			return fmt.Errorf("%s: column %s is %s, want %s", r.path, c.Name, got, c.Type)
		}
		from[i] = len(read)
		read = append(read, at)
	}
	if read == nil {
		read = []int{} // nil would mean all
	}
	rows, err := r.file.RowGroup(group, read)
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	defer rows.Close()
	for {
		rec, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.path, err)
		}
		n := int(rec.NumRows())
		cols := make([]arrow.Array, len(columns))
		for i := range columns {
			if from[i] < 0 {
				cols[i] = vec.Nulls(columns[i].Type, n)
			} else {
				cols[i] = rec.Column(from[i])
			}
		}
		if err := do(cols, n); err != nil {
			return err
		}
	}
}

// ScanAll gives the batches of all row groups to do, in order.
func (r *Reader) ScanAll(columns []schema.Column, do func(cols []arrow.Array, n int) error) error {
	for group := range r.RowGroups() {
		if err := r.Scan(group, columns, do); err != nil {
			return err
		}
	}
	return nil
}
