package cli

import (
	"errors"
	"io"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/term"
	"github.com/lakectl/lakectl/internal/vec"
)

// printResult shows the rows of a result as they come, and what they took.
func (app *App) printResult(opts *QueryOptions, engine string, result query.Result) error {
	columns := result.Columns()
	out := newCellPrinter(opts.Output, app.IO.Out, lake.TableRef{}, columns)
	row := make([]cell, len(columns))
	for {
		record, err := result.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		for i := range int(record.NumRows()) {
			for c, col := range record.Columns() {
				row[c] = cell{null: col.IsNull(i)}
				if !row[c].null {
					row[c].text = string(vec.AppendText(nil, col, i))
				}
			}
			if err := out.row(row); err != nil {
				return err
			}
		}
		record.Release()
	}
	if err := out.end(); err != nil {
		return err
	}
	app.note("%s", app.IO.Err.Paint(term.Dim, footer(engine, result.Stats())))
	return nil
}
