package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/term"
)

// QuarantineReplayOptions are the settings of `lakectl quarantine replay`.
type QuarantineReplayOptions struct {
	App     *App
	Dataset string // empty is all
	Accept  []string
	Reason  string
	Engine  engineOptions
}

func newQuarantineReplayCmd(app *App, runF func(*QuarantineReplayOptions) error) *cobra.Command {
	opts := &QuarantineReplayOptions{App: app}
	cmd := &cobra.Command{
		Use:   "replay [DATASET]",
		Short: "Judge rows in quarantine again, after a rule has changed",
		Long: `Judge the rows in quarantine again by the rules of lakehouse.yaml as it is
now. Rows that pass enter silver, in one commit, in the place of the file they
came with: where a later version of a key is there already, they are
superseded. If the definition of a table has changed, the table is rebuilt,
and what follows from it.

Records that could not be split are not judged again: they have no columns.`,
		Example:           `  lakectl quarantine replay transactions`,
		Args:              countArgs(0, 1),
		ValidArgsFunction: app.completeDatasets(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.Dataset = args[0]
			}
			run := RunOptions{Accept: opts.Accept, Reason: opts.Reason, Engine: opts.Engine}
			if err := run.check(); err != nil {
				return err
			}
			opts.Engine = run.Engine
			if runF != nil {
				return runF(opts)
			}
			return runQuarantineReplay(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringArrayVar(&opts.Accept, "accept", nil, "let the failed `GATE` pass; may be repeated")
	cmd.Flags().StringVar(&opts.Reason, "reason", "", "why gates are accepted: a `TEXT` that is kept in the lake's log")
	opts.Engine.bind(cmd)
	return cmd
}

// replayed is the result of `quarantine replay --json`: what a replay changed,
// by dataset, and the run.
type replayed struct {
	Datasets []replayedDataset `json:"datasets"`
	Run      *pipeline.Result  `json:"run"`
}

// replayedDataset says what a replay changed. Left is how many rows left
// quarantine; negative if more rows fail than did.
type replayedDataset struct {
	Dataset    string `json:"dataset"`
	Left       int64  `json:"left"`
	Silver     int64  `json:"silver"` // how many more rows silver has
	Superseded int64  `json:"superseded"`
	Duplicate  int64  `json:"duplicate"`
	Remaining  int64  `json:"remaining"` // rows in quarantine
}

func runQuarantineReplay(ctx context.Context, opts *QuarantineReplayOptions) error {
	app := opts.App
	w, err := app.open(ctx)
	if err != nil {
		return err
	}
	o, err := opts.pipeline(w)
	if err != nil {
		return err
	}
	before := pipeline.Ledger(w.State)
	result, err := app.execute(ctx, w, w.Lake, o)
	told := app.tellCloud(ctx, w, result, err)
	return errors.Join(err, told, app.showReplay(o, before, result, err))
}

// showReplay shows the result of a replay, also of one that failed.
func (app *App) showReplay(o pipeline.Options, before []pipeline.LedgerLine, result *pipeline.Result, err error) error {
	changes := replayChanges(before, result.Ledger, o.Selection)
	switch {
	case app.json:
		return app.printJSON(replayed{Datasets: changes, Run: result})
	case err != nil && len(result.Refused) > 0 && !app.quiet:
		s := &summary{out: app.IO.Out}
		s.reasons(result)
		return s.err
	case err != nil || app.quiet:
		return nil
	}
	return app.printReplay(changes, before, result)
}

// pipeline returns the settings of package pipeline.
func (o *QuarantineReplayOptions) pipeline(w *workspace) (pipeline.Options, error) {
	selection, err := w.replaySelection(o.Dataset)
	if err != nil {
		return pipeline.Options{}, err
	}
	accept, err := accepted(w.Project, o.Accept, o.Reason)
	if err != nil {
		return pipeline.Options{}, err
	}
	p, err := o.Engine.pipeline(o.App, w)
	p.Selection, p.Accept, p.Replay, p.RebuildChanged = selection, accept, true, true
	return p, err
}

// replaySelection returns the silver tables of a dataset, or all, and what
// follows from them.
func (w *workspace) replaySelection(dataset string) (project.Selection, error) {
	name := ""
	if dataset != "" {
		var err error
		if name, err = w.dataset(dataset); err != nil {
			return project.Selection{}, err
		}
	}
	var patterns []string
	for _, s := range w.Project.Silver {
		if name == "" || s.From.Name == name || s.Name == name {
			patterns = append(patterns, lake.Silver+"."+s.Name+"+")
		}
	}
	if len(patterns) == 0 {
		return project.Selection{}, diag.Errorf(diag.Usage, "no silver table is made from %s, so there is nothing to judge its rows by", name).
			WithNext("define one under `silver:` in lakehouse.yaml")
	}
	return w.Project.Select(patterns)
}

// replayChanges compares the ledgers before and after.
func replayChanges(before, after []pipeline.LedgerLine, s project.Selection) []replayedDataset {
	was := map[string]pipeline.LedgerLine{}
	for _, l := range before {
		was[l.Dataset] = l
	}
	list := []replayedDataset{}
	for _, l := range after {
		for _, t := range s.Silver {
			if t.From.Name == l.Dataset {
				d := l.Sub(was[l.Dataset].Totals)
				list = append(list, replayedDataset{Dataset: l.Dataset, Left: -d.Quarantined, Silver: d.Silver, Superseded: d.Superseded,
					Duplicate: d.Duplicate, Remaining: l.Quarantined})
				break
			}
		}
	}
	return list
}

func (app *App) printReplay(changes []replayedDataset, before []pipeline.LedgerLine, r *pipeline.Result) error {
	s := &summary{out: app.IO.Out}
	for _, c := range changes {
		s.printf("%s %s\n", s.out.Paint(term.Bold, c.Dataset+":"), c.text())
	}
	if len(r.Commits) > 0 {
		s.begun = true
		s.ledger(r.Ledger, before)
		s.tables(r)
	}
	return s.err
}

// text says what a replay changed.
func (c replayedDataset) text() string {
	remain := term.Plural(c.Remaining, "row stays", "rows stay") + " in quarantine"
	if c.Left == 0 && c.Silver == 0 {
		return "no row passes that did not before; " + remain
	}
	if c.Left < 0 {
		return fmt.Sprintf("%s more fail than before; %s", term.Plural(-c.Left, "row", "rows"), remain)
	}
	where := []string{term.Plural(c.Silver, "row", "rows") + " entered silver"}
	if c.Superseded != 0 {
		where = append(where, term.Count(c.Superseded)+" superseded by a later version of their key")
	}
	if c.Duplicate != 0 {
		where = append(where, term.Count(c.Duplicate)+" dropped as repeats")
	}
	return fmt.Sprintf("%s left quarantine: %s; %s", term.Plural(c.Left, "row", "rows"), strings.Join(where, ", "), remain)
}
