package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	querysnowflake "github.com/lakectl/lakectl/internal/query/snowflake"
	"github.com/lakectl/lakectl/internal/term"
)

// comparison is the outcome of --compare, for machines.
type comparison struct {
	Same     bool               `json:"same"`
	Engines  []comparedEngine   `json:"engines"`
	Columns  []string           `json:"columns,omitempty"` // how they differ
	Examples []comparisonSample `json:"only,omitempty"`
}

type comparedEngine struct {
	Engine string `json:"engine"`
	Rows   int    `json:"rows"`
	Only   int    `json:"only"` // rows that the other does not have
	statsJSON
}

type comparisonSample struct {
	Engine string    `json:"engine"`
	Values []*string `json:"values"`
}

// runComparison asks two engines the same, and shows where they differ.
func (w *workspace) runComparison(ctx context.Context, opts *QueryOptions) error {
	var results [2]*query.Rows
	for i, name := range opts.Compare {
		var err error
		if results[i], err = w.collect(ctx, opts, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	d := query.Compare(results[0], results[1])
	if err := opts.App.printComparison(results, d); err != nil || d.Same() {
		return err
	}
	return diag.Errorf(diag.Unexpected, "%s and %s do not answer the same", opts.Compare[0], opts.Compare[1]).
		WithNext("if the lake is on S3, see with `lakectl %s check` whether all engines have its last commit", whatTells(opts.Compare))
}

// whatTells is the group of commands that says whether engines know all of a lake.
func whatTells(engines []string) string {
	if slices.Contains(engines, querysnowflake.Name) {
		return "snowflake"
	}
	return "catalog"
}

// collect asks an engine, and returns all of its answer.
func (w *workspace) collect(ctx context.Context, opts *QueryOptions, name string) (*query.Rows, error) {
	st, err := w.statement(opts, name)
	if err != nil {
		return nil, err
	}
	engine, err := w.queryEngine(ctx, opts, name)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	return query.Collect(ctx, engine, st)
}

func (app *App) printComparison(results [2]*query.Rows, d *query.Difference) error {
	if app.json {
		c := comparison{Same: d.Same(), Columns: d.Columns}
		for i, r := range results {
			c.Engines = append(c.Engines, comparedEngine{r.Engine, d.Rows[i], d.Only[i], statsOf(r.Stats)})
		}
		for _, e := range d.Examples {
			sample := comparisonSample{Engine: e.Engine}
			for _, v := range e.Values {
				if v == query.Null {
					sample.Values = append(sample.Values, nil)
				} else {
					sample.Values = append(sample.Values, &v)
				}
			}
			c.Examples = append(c.Examples, sample)
		}
		return writeJSON(app.IO.Out, c)
	}
	out := app.IO.Out
	for i, r := range results {
		fmt.Fprintf(out, "%s: %s in %s", r.Engine, term.Plural(int64(d.Rows[i]), "row", "rows"), elapsed(r.Stats.Elapsed))
		if d.Only[i] > 0 {
			fmt.Fprintf(out, ", %s that %s does not have", out.Paint(term.Red, term.Count(int64(d.Only[i]))), results[1-i].Engine)
		}
		fmt.Fprintln(out)
	}
	for _, line := range d.Columns {
		fmt.Fprintf(out, "  %s\n", out.Paint(term.Red, term.Clean(line)))
	}
	if d.Same() {
		_, err := fmt.Fprintln(out, out.Paint(term.Green, "the same rows"))
		return err
	}
	if len(d.Examples) == 0 {
		return nil
	}
	titles := []string{"ONLY ON"}
	for _, c := range results[0].Columns {
		titles = append(titles, term.Clean(c.Name))
	}
	t := term.NewTable(titles...)
	for _, e := range d.Examples {
		cells := []string{e.Engine}
		for _, v := range e.Values {
			cells = append(cells, strings.ReplaceAll(v, query.Null, "null"))
		}
		t.Add(cells...)
	}
	fmt.Fprintln(out)
	return t.Write(out)
}
