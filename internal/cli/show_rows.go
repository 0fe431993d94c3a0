package cli

import (
	"context"
	"errors"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
)

// firstRows reads the first rows of a table of the lake, in the order of its files.
type firstRows struct {
	w       *workspace
	table   *lake.Table
	columns []schema.Column
	left    int // rows to read; negative is all
	do      func(arrow.Record) error
}

// errEnough ends a scan before its end.
var errEnough = errors.New("enough rows")

// run gives the rows to do.
func (r *firstRows) run(ctx context.Context) error {
	for _, f := range r.table.Files() {
		if r.left == 0 {
			return nil
		}
		if err := r.file(ctx, f); err != nil && !errors.Is(err, errEnough) {
			return err
		}
	}
	return nil
}

// file gives the rows of one file to do. Its columns that stand in the path are
// made of the values there.
func (r *firstRows) file(ctx context.Context, f *lake.File) error {
	var inPath []schema.Column
	var at []int
	for i, c := range r.columns {
		if _, ok := f.Partition[c.Name]; ok {
			inPath, at = append(inPath, c), append(at, i)
		}
	}
	partitions := table.NewPartitions(inPath)
	id, err := partitions.AddValues(f.Partition)
	if err != nil {
		return err
	}
	reader, err := table.Open(ctx, r.w.Lake.At(r.w.State), f.Path)
	if err != nil {
		return err
	}
	defer reader.Close()
	return reader.ScanAll(r.columns, func(cols []arrow.Array, n int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		for i, column := range partitions.Columns(id, n) {
			cols[at[i]] = column
		}
		return r.batch(table.Record(schema.Table{Columns: r.columns}, cols, n))
	})
}

// batch gives a batch to do, or as much of it as is still to be read.
func (r *firstRows) batch(batch arrow.Record) error {
	if n := int(batch.NumRows()); r.left >= 0 {
		batch = batch.NewSlice(0, int64(min(n, r.left)))
		r.left -= int(batch.NumRows())
	}
	if err := r.do(batch); err != nil {
		return err
	}
	if r.left == 0 {
		return errEnough
	}
	return nil
}
