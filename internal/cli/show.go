package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/query/render"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
)

// ShowOptions are the settings of `lakectl show`.
type ShowOptions struct {
	App     *App
	Table   string
	Limit   int // 0 is none
	Output  string
	Columns []string
}

func newShowCmd(app *App, runF func(*ShowOptions) error) *cobra.Command {
	opts := &ShowOptions{App: app}
	cmd := &cobra.Command{
		Use:   "show TABLE",
		Short: "The first rows of a table",
		Long: `Show the first rows of a table of the lake, in the order of its files: of
bronze, silver, gold or quarantine, as of the last commit.

A table is for people: on a terminal it has the columns that fit, and says what
it left out. The other formats are for programs, and whole. In JSON, numbers are
exact, and dates and timestamps are texts. In CSV a null is an empty field, and
the empty text is "".`,
		Example: `  lakectl show gold.daily_sales
  lakectl show silver.transactions --columns transaction_id,amount --limit 5
  lakectl show gold.daily_sales --limit 0 -o csv > daily_sales.csv
  lakectl show gold.daily_sales --limit 0 -o parquet > daily_sales.parquet`,
		Args:              countArgs(1, 1),
		ValidArgsFunction: app.completeTables(lake.Bronze, lake.Silver, lake.Gold, lake.Quarantine),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Table = args[0]
			if app.json {
				opts.Output = render.JSON
			}
			if err := app.checkFormat(opts.Output); err != nil {
				return err
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
	cmd.Flags().StringVarP(&opts.Output, "output", "o", asTable, "`FORMAT`: "+strings.Join(resultFormats(), ", "))
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
	all, _, err := table.Columns(t)
	if err != nil {
		return err
	}
	columns, err := choose(all, opts.Columns)
	if err != nil {
		return err
	}
	o := resultOptions{Format: opts.Output, Columns: columns}
	o.JSON.Before = []render.Field{{Name: "table", Value: t.Ref.String()}}
	out, err := app.newResultWriter(o)
	if err != nil {
		return err
	}
	rows := &firstRows{w: w, table: t, columns: columns, left: opts.Limit, do: out.Write}
	if opts.Limit == 0 {
		rows.left = -1
	}
	if err := rows.run(ctx); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	_, total, _ := t.Size()
	app.tell(out, told{Rows: total, All: "--limit 0 shows all", Columns: "--columns chooses"})
	return nil
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
