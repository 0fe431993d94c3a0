package cli

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/term"
	"github.com/lakectl/lakectl/internal/vec"
)

// ShowOptions are the settings of `lakectl show`.
type ShowOptions struct {
	App     *App
	Table   string
	Limit   int // 0 is none
	Output  string
	Columns []string
}

// The formats of `lakectl show`.
const (
	asTable = "table"
	asCSV   = "csv"
	asJSON  = "json"
)

func newShowCmd(app *App, runF func(*ShowOptions) error) *cobra.Command {
	opts := &ShowOptions{App: app}
	formats := []string{asTable, asCSV, asJSON}
	cmd := &cobra.Command{
		Use:   "show TABLE",
		Short: "The first rows of a table",
		Long: `Show the first rows of a table of the lake, in the order of its files: of
bronze, silver, gold or quarantine, as of the last commit.

In JSON, numbers are exact, and dates and timestamps are texts. In CSV a null
is an empty field.`,
		Example: `  lakectl show gold.daily_sales
  lakectl show silver.transactions --columns transaction_id,amount --limit 5
  lakectl show gold.daily_sales --limit 0 -o csv > daily_sales.csv`,
		Args:              countArgs(1, 1),
		ValidArgsFunction: app.completeTables(lake.Bronze, lake.Silver, lake.Gold, lake.Quarantine),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Table = args[0]
			if app.json {
				opts.Output = asJSON
			}
			if !slices.Contains(formats, opts.Output) {
				return diag.Errorf(diag.Usage, "there is no output format %q", opts.Output).WithNext("the formats are %s", strings.Join(formats, ", "))
			}
			if opts.Limit < 0 {
				return errNegativeLimit()
			}
			if runF != nil {
				return runF(opts)
			}
			return runShow(cmd.Context(), opts)
		},
	}
	cmd.Flags().IntVar(&opts.Limit, "limit", 20, "at most `N` rows; 0 is all")
	cmd.Flags().StringVarP(&opts.Output, "output", "o", asTable, "`FORMAT`: table, csv or json")
	cmd.Flags().StringSliceVar(&opts.Columns, "columns", nil, "only the columns `A,B,C`, in this order")
	return cmd
}

func runShow(ctx context.Context, opts *ShowOptions) error {
	app := opts.App
	w, err := app.look(ctx)
	if err != nil {
		return err
	}
	t, err := w.table(opts.Table)
	if err != nil {
		return err
	}
	all, err := shownColumns(t)
	if err != nil {
		return err
	}
	columns, err := choose(all, opts.Columns)
	if err != nil {
		return err
	}
	buffer := bufio.NewWriter(app.IO.Out)
	stream := app.IO.Out
	stream.Writer = buffer
	out := newCellPrinter(opts.Output, stream, t.Ref, columns)
	shown, err := w.firstRows(ctx, t, columns, opts.Limit, out.row)
	if err != nil {
		return err
	}
	if err := out.end(); err != nil {
		return err
	}
	if err := buffer.Flush(); err != nil {
		return err
	}
	_, rows, _ := t.Size()
	if t, ok := out.(*tableCells); ok {
		app.note("%s", app.IO.Err.Paint(term.Dim, shownOf(shown, rows, t.shown, len(columns))))
	}
	return nil
}

// shownOf says how much of the table was shown.
func shownOf(shown int, rows int64, columns, of int) string {
	text, more := term.Plural(rows, "row", "rows"), []string{}
	if int64(shown) < rows {
		text, more = term.Count(int64(shown))+" of "+text, append(more, "--limit 0 shows all")
	}
	if columns < of {
		text += fmt.Sprintf(", %d of %d columns", columns, of)
		more = append(more, "--columns chooses")
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}

// table returns a table of the lake by its name, with its layer or, if that is
// clear, without.
func (w *workspace) table(name string) (*lake.Table, error) {
	var names, same []string
	for _, ref := range w.State.TableRefs() {
		if ref.String() == name {
			return w.State.Tables[ref], nil
		}
		names = append(names, ref.String())
		if ref.Name == name {
			same = append(same, ref.String())
		}
	}
	switch hint := diag.Suggest(name, names); {
	case len(same) == 1:
		return w.table(same[0])
	case len(same) > 1:
		return nil, diag.Errorf(diag.Usage, "%q is the name of several tables", name).WithNext("write %s", strings.Join(same, " or "))
	case w.defined(name):
		return nil, diag.Errorf(diag.Usage, "%s has not been built yet", name).WithNext("build it with `lakectl run`")
	case hint != "":
		return nil, diag.Errorf(diag.Usage, "there is no table %q in the lake", name).WithNext("%s", hint)
	case len(names) == 0:
		return nil, diag.Errorf(diag.Usage, "the lake is empty").WithNext("build it with `lakectl run`")
	}
	return nil, diag.Errorf(diag.Usage, "there is no table %q in the lake", name).WithNext("its tables are %s", strings.Join(names, ", "))
}

// defined says whether lakehouse.yaml has a table.
func (w *workspace) defined(name string) bool {
	s, err := w.Project.Select([]string{name})
	return err == nil && !s.Empty() && strings.Contains(name, ".")
}

// shownColumns returns the columns of a table, those in the paths of its files
// at the end unless the table says where they stand.
func shownColumns(t *lake.Table) ([]schema.Column, error) {
	all, err := lake.SchemaOf(t.Schema)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Ref, err)
	}
	columns := all.Columns
	if files := t.Files(); len(files) > 0 { // all files have the same
		for _, name := range slices.Sorted(maps.Keys(files[0].Partition)) {
			kind := schema.String
			if name == project.IngestionDate {
				kind = schema.Date
			}
			if all.Index(name) < 0 {
				columns = append(columns, schema.Column{Name: name, Type: schema.T(kind), Nullable: true})
			}
		}
	}
	return columns, nil
}

// choose returns the columns that were asked for.
func choose(all []schema.Column, names []string) ([]schema.Column, error) {
	if len(names) == 0 {
		return all, nil
	}
	known := schema.Table{Columns: all}
	var chosen []schema.Column
	for _, name := range names {
		name = strings.TrimSpace(name)
		at := known.Index(name)
		if at < 0 {
			err := diag.Errorf(diag.Usage, "there is no column %q", name)
			if hint := diag.Suggest(name, known.Names()); hint != "" {
				return nil, err.WithNext("%s", hint)
			}
			return nil, err.WithNext("the columns are %s", strings.Join(known.Names(), ", "))
		}
		chosen = append(chosen, all[at])
	}
	return chosen, nil
}

// cell is a value as text.
type cell struct {
	text string
	null bool
}

// firstRows gives the first rows of a table to do, and returns how many.
func (w *workspace) firstRows(ctx context.Context, t *lake.Table, columns []schema.Column, limit int, do func([]cell) error) (int, error) {
	shown := 0
	for _, f := range t.Files() {
		if limit > 0 && shown == limit {
			break
		}
		r, err := table.Open(ctx, w.Lake.At(w.State), f.Path)
		if err != nil {
			return shown, err
		}
		for group := range r.RowGroups() {
			if err == nil && (limit == 0 || shown < limit) {
				err = r.Scan(group, columns, func(cols []arrow.Array, n int) error {
					if limit > 0 {
						n = min(n, limit-shown)
					}
					shown += n
					return cells(ctx, cols, columns, f.Partition, n, do)
				})
			}
		}
		r.Close()
		if err != nil {
			return shown, err
		}
	}
	return shown, nil
}

// cells gives the first n rows of a batch to do. Values of partition columns
// stand in the path.
func cells(ctx context.Context, cols []arrow.Array, columns []schema.Column, partition map[string]*string, n int, do func([]cell) error) error {
	row := make([]cell, len(cols))
	for i := range n {
		for c, col := range cols {
			value, inPath := partition[columns[c].Name]
			switch {
			case inPath && value != nil:
				row[c] = cell{text: *value}
			case inPath || col.IsNull(i):
				row[c] = cell{null: true}
			default:
				row[c] = cell{text: string(vec.AppendText(nil, col, i))}
			}
		}
		if err := do(row); err != nil {
			return err
		}
	}
	return ctx.Err()
}
