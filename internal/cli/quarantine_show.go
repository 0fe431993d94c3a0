package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/term"
)

// QuarantineShowOptions are the settings of `lakectl quarantine show`.
type QuarantineShowOptions struct {
	App     *App
	Dataset string
	Filter  quarantine.Filter
	Limit   int // 0 is none
}

func newQuarantineShowCmd(app *App, runF func(*QuarantineShowOptions) error) *cobra.Command {
	opts := &QuarantineShowOptions{App: app}
	cmd := &cobra.Command{
		Use:   "show DATASET",
		Short: "Rows in quarantine as they came, each with its reasons",
		Long: `Show rows in quarantine: where each came from, every reason, and its raw
values. A record that could not be split is shown as its bytes, with escapes
such as \xff for what is not text.`,
		Example: `  lakectl quarantine show transactions
  lakectl quarantine show transactions --file "2026-11/*.csv"
  lakectl quarantine show transactions --limit 0 --json | jq '.rows[].raw'`,
		Args:              countArgs(1, 1),
		ValidArgsFunction: app.completeDatasets(),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Dataset = args[0]
			if opts.Limit < 0 {
				return errNegativeLimit()
			}
			if runF != nil {
				return runF(opts)
			}
			return runQuarantineShow(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.Filter.Reason, "reason", "", "only rows with the reason `NAME`, such as type:amount")
	cmd.Flags().StringVar(&opts.Filter.File, "file", "", "only rows of the source file `PATH`, or of those that it matches as a glob")
	cmd.Flags().IntVar(&opts.Limit, "limit", 20, "at most `N` rows; 0 is all")
	return cmd
}

func errNegativeLimit() error {
	return diag.Errorf(diag.Usage, "--limit cannot be negative").WithNext("--limit 0 shows all rows")
}

// quarantined is a row in the result of `quarantine show --json`.
type quarantined struct {
	SourceFile   string              `json:"source_file"`
	SourceRow    int64               `json:"source_row"`
	SourceLine   *int64              `json:"source_line"`
	SourceOffset *int64              `json:"source_offset"`
	Ingested     time.Time           `json:"ingestion_timestamp"`
	Stage        string              `json:"stage"`
	Run          string              `json:"run_id"`
	Reasons      []quarantine.Reason `json:"reasons"`
	Raw          map[string]*string  `json:"raw"`        // null for a record that could not be split
	Record       *string             `json:"raw_record"` // its bytes, with escapes
	Bytes        []byte              `json:"raw_record_base64"`
}

func runQuarantineShow(ctx context.Context, opts *QuarantineShowOptions) error {
	app := opts.App
	w, err := app.look(ctx)
	if err != nil {
		return err
	}
	name, err := w.dataset(opts.Dataset)
	if err != nil {
		return err
	}
	var out rowPrinter = &quarantineText{summary: summary{out: app.IO.Out}}
	if app.json {
		out = &quarantineJSON{rows: newJSONArray(app.IO.Out, "dataset", name, "rows")}
	}
	shown, more := 0, false
	err = w.quarantine(name).Scan(ctx, opts.Filter, func(row *quarantine.Row) (bool, error) {
		if more = opts.Limit > 0 && shown == opts.Limit; more {
			return false, nil
		}
		shown++
		return true, out.print(row)
	})
	if err != nil {
		return err
	}
	if err := out.end(); err != nil {
		return err
	}
	switch {
	case shown == 0:
		return app.noteNoRows(ctx, w, name, opts.Filter)
	case more:
		app.note("there are more rows: --limit 0 shows all")
	}
	return nil
}

// noteNoRows says that there are no rows to show, and which reasons there are if
// one was asked for that no row has.
func (app *App) noteNoRows(ctx context.Context, w *workspace, dataset string, filter quarantine.Filter) error {
	if filter == (quarantine.Filter{}) {
		app.note("no rows in quarantine of %s", dataset)
		return nil
	}
	text := ""
	if filter.Reason != "" {
		all, err := w.quarantine(dataset).Summarise(ctx)
		if err != nil {
			return err
		}
		var reasons []string
		for _, r := range all.Reasons {
			reasons = append(reasons, r.Check)
		}
		if hint := diag.Suggest(filter.Reason, reasons); hint != "" && !slices.Contains(reasons, filter.Reason) {
			text = "; " + hint
		} else if len(reasons) > 0 {
			text = "; the reasons are " + strings.Join(reasons, ", ")
		}
	}
	app.note("no rows in quarantine of %s match%s", dataset, term.Clean(text))
	return nil
}

// rowPrinter shows rows one after the other.
type rowPrinter interface {
	print(*quarantine.Row) error
	end() error
}

// quarantineText shows rows to people, a few lines each.
type quarantineText struct{ summary }

func (q *quarantineText) print(row *quarantine.Row) error {
	place := fmt.Sprintf("%s row %d", term.Clean(row.SourceFile), row.SourceRow)
	var rest []string
	if row.Line != nil {
		rest = append(rest, fmt.Sprintf("line %d", *row.Line))
	}
	if row.Offset != nil {
		rest = append(rest, fmt.Sprintf("byte %s", term.Count(*row.Offset)))
	}
	q.title(place, strings.Join(rest, ", "))
	for _, r := range row.Reasons {
		q.printf("  %s", q.out.Paint(term.Yellow, term.Clean(r.Check)))
		if text := why(r); text != "" {
			q.printf("  %s", term.Clean(text))
		}
		q.printf("\n")
	}
	if row.Record != nil {
		q.printf("  %s\n", term.Clean(string(row.Record)))
		return q.err
	}
	var parts []string
	for i, name := range row.Columns {
		value := q.out.Paint(term.Dim, "null")
		if row.Raw[i] != nil {
			value = term.Clean(*row.Raw[i])
		}
		parts = append(parts, q.out.Paint(term.Dim, term.Clean(name)+"=")+value)
	}
	q.printf("  %s\n", strings.Join(parts, "  "))
	return q.err
}

func (q *quarantineText) end() error { return q.err }

// quarantineJSON shows rows to machines.
type quarantineJSON struct{ rows *jsonArray }

func (q *quarantineJSON) print(row *quarantine.Row) error {
	out := quarantined{SourceFile: row.SourceFile, SourceRow: row.SourceRow, SourceLine: row.Line, SourceOffset: row.Offset,
		Ingested: row.Ingested, Stage: row.Stage, Run: row.Run, Reasons: row.Reasons, Bytes: row.Record}
	if row.Record != nil {
		text := term.Clean(string(row.Record))
		out.Record = &text
		return q.rows.add(out)
	}
	out.Raw = map[string]*string{}
	for i, name := range row.Columns {
		out.Raw[name] = row.Raw[i]
	}
	return q.rows.add(out)
}

func (q *quarantineJSON) end() error { return q.rows.end() }
