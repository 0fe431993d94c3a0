package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/term"
)

// QuarantineLsOptions are the settings of `lakectl quarantine ls`.
type QuarantineLsOptions struct {
	App     *App
	Dataset string // empty is all
	Files   bool
}

func newQuarantineLsCmd(app *App, runF func(*QuarantineLsOptions) error) *cobra.Command {
	opts := &QuarantineLsOptions{App: app}
	cmd := &cobra.Command{
		Use:   "ls [DATASET]",
		Short: "How many rows are in quarantine, and why",
		Example: `  lakectl quarantine ls
  lakectl quarantine ls transactions --files`,
		Args:              countArgs(0, 1),
		ValidArgsFunction: app.completeDatasets(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.Dataset = args[0]
			}
			if runF != nil {
				return runF(opts)
			}
			return runQuarantineLs(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Files, "files", false, "also for each source file")
	return cmd
}

func runQuarantineLs(ctx context.Context, opts *QuarantineLsOptions) error {
	app := opts.App
	w, err := app.look(ctx)
	if err != nil {
		return err
	}
	names := w.datasets()
	if opts.Dataset != "" {
		name, err := w.dataset(opts.Dataset)
		if err != nil {
			return err
		}
		names = []string{name}
	}
	list, err := w.summaries(ctx, names)
	if err != nil {
		return err
	}
	if app.json {
		return app.printJSON(map[string]any{"datasets": list})
	}
	return app.printQuarantine(opts, list, pipeline.Ledger(w.State))
}

// printQuarantine shows the quarantine of datasets to people.
func (app *App) printQuarantine(opts *QuarantineLsOptions, list []*quarantine.Summary, ledger []pipeline.LedgerLine) error {
	s := &summary{out: app.IO.Out}
	most := 0
	for i, q := range list {
		if q.Rows == 0 {
			continue
		}
		if q.Rows > list[most].Rows {
			most = i
		}
		s.quarantineReasons(q, ofRead(ledger, q))
		if opts.Files {
			s.quarantineFiles(q)
		}
	}
	if !s.begun {
		s.printf("no rows are in quarantine\n")
		return s.err
	}
	if !app.quiet {
		name := list[most].Dataset
		s.pairs("Where to look next", "", term.Plain, []pair{
			{"lakectl quarantine show " + name, "the rows themselves; --reason NAME for those with one reason"},
			{"lakectl quarantine replay " + name, "judges them again, after a rule was changed"},
		})
	}
	return s.err
}

// ofRead says which share of the records read is in quarantine.
func ofRead(ledger []pipeline.LedgerLine, q *quarantine.Summary) string {
	for _, l := range ledger {
		if l.Dataset == q.Dataset && l.Read > 0 {
			return fmt.Sprintf("%s of %s read", term.Percent(q.Rows, l.Read), term.Count(l.Read))
		}
	}
	return ""
}

func (s *summary) quarantineReasons(q *quarantine.Summary, share string) {
	titles := []string{"reason", ">rows", "for example", "in"}
	const wide = 110 // below it, there is no room to say where an example is
	if width := s.out.Columns(); width > 0 && width < wide {
		titles = titles[:3]
	}
	t := term.NewTable(titles...)
	for _, r := range q.Reasons {
		row := []string{r.Check, term.Count(r.Rows), example(r.Example), fmt.Sprintf("%s row %d", r.Example.SourceFile, r.Example.SourceRow)}
		t.Add(row[:len(titles)]...)
	}
	s.table(fmt.Sprintf("%s: %s", q.Dataset, term.Plural(q.Rows, "row", "rows")), share, t)
}

// example says what was wrong with a row.
func example(e quarantine.Example) string {
	return why(quarantine.Reason{Column: e.Column, Value: e.Value, Detail: e.Detail})
}

// why says what a reason is beside its name.
func why(r quarantine.Reason) string {
	var parts []string
	switch {
	case r.Column != "" && r.Value != "":
		parts = append(parts, fmt.Sprintf("%s = %s", r.Column, r.Value))
	case r.Column != "":
		parts = append(parts, r.Column+" is missing")
	case r.Value != "":
		parts = append(parts, r.Value)
	}
	if r.Detail != "" {
		parts = append(parts, r.Detail)
	}
	return strings.Join(parts, "; ")
}

func (s *summary) quarantineFiles(q *quarantine.Summary) {
	t := term.NewTable("source file", ">rows", "reasons")
	for _, f := range q.Files {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(f.Reasons)) {
			parts = append(parts, fmt.Sprintf("%s %s", name, term.Count(f.Reasons[name])))
		}
		t.Add(f.SourceFile, term.Count(f.Rows), strings.Join(parts, ", "))
	}
	s.table(q.Dataset+" by source file", "", t)
}
