package table

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
)

// Stager takes new files that become visible later, all at once.
type Stager interface {
	// Stage starts the file of a table that is to appear at path.
	Stage(ctx context.Context, table lake.TableRef, path string) (storage.Writer, error)
	// Sequence is the number of the commit that makes them visible.
	Sequence() uint64
}

// Target is where a file of a table is to appear.
type Target struct {
	Table     lake.TableRef
	Path      string
	Partition map[string]*string
}

// Writer writes one file. It is for one goroutine, but for the row groups that
// BeginRowGroup gives out.
type Writer struct {
	*parquetio.Writer
	target Target
	table  schema.Table
	out    storage.Writer
}

// MaxFolder is how long the name of a folder may be, in bytes: what file systems
// take. A longer one could be staged and recorded, but never published.
const MaxFolder = 255

// Create starts a file with the columns of t. The caller ends it with Close or
// Abort. A path with a part that is longer than MaxFolder is an error of class Gate:
// it is the data that does not allow it.
//
// The file says of which commit it is, so that no two commits write the same
// bytes: some stores tell versions of an object apart by nothing else.
func Create(ctx context.Context, s Stager, target Target, t schema.Table, o parquetio.WriterOptions) (*Writer, error) {
	for part := range strings.SplitSeq(target.Path, "/") {
		if len(part) > MaxFolder {
			return nil, diag.Errorf(diag.Gate, "%s: the partition %.60s... has a name of %d bytes; file systems take %d", target.Table, part, len(part), MaxFolder).
				WithNext("partition the table by shorter values, or cut them: substr(x, 1, 60)")
		}
	}
	out, err := s.Stage(ctx, target.Table, target.Path)
	if err != nil {
		return nil, err
	}
	o.Metadata = map[string]string{"lakectl.commit": strconv.FormatUint(s.Sequence(), 10)}
	w := &Writer{target: target, table: t, out: out}
	if w.Writer, err = parquetio.NewWriter(out, t, o); err != nil {
		out.Abort()
		return nil, fmt.Errorf("%s: %w", target.Path, err)
	}
	return w, nil
}

// WriteColumns appends n rows. Strings may be dictionary-coded.
func (w *Writer) WriteColumns(cols []arrow.Array, n int) error {
	rec := Record(w.table, cols, n)
	defer rec.Release()
	if err := w.Write(rec); err != nil {
		return fmt.Errorf("%s: %w", w.target.Path, err)
	}
	return nil
}

// Close ends the file, stages it, and returns what a commit says of it.
func (w *Writer) Close(ctx context.Context) (lake.FileChange, error) {
	stats, err := w.Writer.Close()
	if err != nil {
		w.out.Abort()
		return lake.FileChange{}, fmt.Errorf("%s: %w", w.target.Path, err)
	}
	if _, err := w.out.Commit(ctx); err != nil {
		return lake.FileChange{}, err
	}
	return lake.FileChange{Path: w.target.Path, Partition: w.target.Partition, Rows: stats.Rows, Bytes: stats.Bytes,
		Stats: recorded(w.table, stats.Columns)}, nil
}

// Abort drops the file. It does nothing after Close, so that it can be deferred.
func (w *Writer) Abort() { w.out.Abort() }

// Record makes a record of columns named as in t, with the types that they
// have: strings plain or dictionary-coded.
func Record(t schema.Table, cols []arrow.Array, n int) arrow.Record {
	fields := make([]arrow.Field, len(cols))
	for i, col := range cols {
		fields[i] = arrow.Field{Name: t.Columns[i].Name, Type: col.DataType(), Nullable: t.Columns[i].Nullable}
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), cols, int64(n))
}
