package task

import (
	"bufio"
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/silver"
)

// FoundColumn is the name of a column of the stream of Rejected beside the raw
// ones: whether the value is among those that check number i of the table refers to.
func FoundColumn(i int) string { return fmt.Sprintf("0_found_%d", i) }

// RawColumn is the name of raw column number i there: its own may be that of
// another column.
func RawColumn(i int) string { return fmt.Sprintf("0_raw_%d", i) }

// rejected judges rows for their reasons and writes them to quarantine.
func rejected(ctx context.Context, o Order, in *bufio.Reader, env Environment, stager *lake.Stager, store engine.StoreOptions) ([]lake.FileChange, error) {
	t := env.Project.SilverTable(o.Table.Name)
	if t == nil || o.Table.Layer != lake.Silver {
		return nil, fmt.Errorf("the project has no table %s", o.Table)
	}
	r := silver.NewRejected(silver.RejectedOptions{Table: t, RawColumns: o.RawColumns, Run: o.Staging.Run, Sequence: stager.Sequence(), Store: store})
	defer r.Discard()
	columns := rejectedColumns(t, o.RawColumns)
	err := batches(in, columns, func(cols []arrow.Array, n int) error {
		if n == 0 {
			return nil
		}
		raw := len(o.RawColumns)
		rows := silver.RejectedRows{Raw: cols[:raw], SourceFile: cols[raw], SourceRow: cols[raw+1], IngestionTimestamp: cols[raw+2], IngestionDate: cols[raw+3],
			Found: make([]*array.Boolean, len(t.Checks))}
		next := raw + 4
		for i, check := range t.Checks {
			if check.References != nil {
				rows.Found[i] = cols[next].(*array.Boolean)
				next++
			}
		}
		return r.Add(rows)
	})
	if err != nil {
		return nil, err
	}
	return r.Finish(ctx, stager)
}

// rejectedColumns are the columns of the stream.
func rejectedColumns(t *project.Silver, raw []string) []schema.Column {
	var columns []schema.Column
	for i := range raw {
		columns = append(columns, schema.Column{Name: RawColumn(i), Type: schema.T(schema.String)})
	}
	columns = append(columns, schema.Column{Name: project.SourceFile, Type: schema.T(schema.String)},
		schema.Column{Name: project.SourceRow, Type: schema.T(schema.Bigint)},
		schema.Column{Name: project.IngestionTimestamp, Type: schema.T(schema.Timestamp)},
		schema.Column{Name: project.IngestionDate, Type: schema.T(schema.Date)})
	for i, check := range t.Checks {
		if check.References != nil {
			columns = append(columns, schema.Column{Name: FoundColumn(i), Type: schema.T(schema.Boolean)})
		}
	}
	return columns
}
