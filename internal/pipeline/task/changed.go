package task

import (
	"bufio"
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/silver"
	"github.com/lakectl/lakectl/internal/vec"
)

// WhichColumn is a column of the stream of Changed: the number, among the columns
// that others refer to, of the one that the row has a value of. The others are null.
const WhichColumn = "0_which"

// changed writes the part of the index that says which values came to the columns of
// a table that others refer to, and went from them.
func changed(ctx context.Context, o Order, in *bufio.Reader, env Environment, stager *lake.Stager) ([]lake.FileChange, error) {
	t := env.Project.SilverTable(o.Table.Name)
	if t == nil || o.Table.Layer != lake.Silver {
		return nil, fmt.Errorf("the project has no table %s", o.Table)
	}
	x := silver.NewIndexer(ctx, t, stager, silver.IndexPath(t, stager.Sequence(), ""))
	defer x.Abort()
	columns := []schema.Column{{Name: WhichColumn, Type: schema.T(schema.Integer)}}
	for _, c := range t.Referenced {
		columns = append(columns, t.Table().Columns[c])
	}
	err := batches(in, columns, func(cols []arrow.Array, _ int) error {
		rows := make([][]int32, len(t.Referenced))
		for row, i := range cols[0].(*array.Int32).Int32Values() {
			if i >= 0 && int(i) < len(rows) { // no column's is the row that is always there
				rows[i] = append(rows[i], int32(row))
			}
		}
		for i, c := range t.Referenced {
			x.Changed(i, vec.Take(cols[1+i], t.Columns[c].Type, rows[i]))
		}
		return nil
	})
	if err == nil {
		err = x.EndChanged()
	}
	if err != nil {
		return nil, err
	}
	return x.Close(ctx)
}
