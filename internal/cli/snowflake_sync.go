package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/snowflake/setup"
	"github.com/lakectl/lakectl/internal/term"
)

// SnowflakeSyncOptions are the settings of `lakectl snowflake sync`.
type SnowflakeSyncOptions struct {
	App    *App
	Tables []string
	Full   bool
	DryRun bool
}

func newSnowflakeSyncCmd(app *App, runF func(*SnowflakeSyncOptions) error) *cobra.Command {
	opts := &SnowflakeSyncOptions{App: app}
	cmd := &cobra.Command{
		Use:   "sync [TABLE...]",
		Short: "Tell Snowflake what has changed in the lake",
		Long: `Tell Snowflake what has changed in the lake: its external tables know files by
name, and look for others when they are told to. The partitions are refreshed
that commits have changed since the last one that was sent; which one that is
stands in Snowflake, in the table LAKECTL.SYNCED. Runs do the same at their end.

TABLE is silver, gold or a table of them. --full refreshes all of a table,
whatever was sent before.`,
		Example: `  lakectl snowflake sync
  lakectl snowflake sync gold silver.transactions
  lakectl snowflake sync --dry-run
  lakectl snowflake sync --full`,
		ValidArgsFunction: app.completeTables("silver", "gold"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Tables = args
			if runF != nil {
				return runF(opts)
			}
			return runSnowflakeSync(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Full, "full", false, "refresh all of a table")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "only say what would be refreshed")
	return cmd
}

func runSnowflakeSync(ctx context.Context, opts *SnowflakeSyncOptions) (err error) {
	app := opts.App
	w, err := app.snowflakeProject(ctx, true)
	if err != nil {
		return err
	}
	refs, err := w.inLake(opts.Tables)
	if err != nil {
		return err
	}
	if refs, err = served(refs); err != nil {
		return err
	}
	r, err := app.syncSnowflake(ctx, w, setup.SyncOptions{Tables: refs, Full: opts.Full, DryRun: opts.DryRun})
	if r == nil {
		return err
	}
	if app.json {
		return errors.Join(err, app.printJSON(r))
	}
	return errors.Join(err, app.printSnowflakeSync(r, err))
}

// syncSnowflake logs in to Snowflake and tells it what has changed.
func (app *App) syncSnowflake(ctx context.Context, w *workspace, o setup.SyncOptions) (r *setup.Result, err error) {
	n, err := placeNames(ctx, w.Config)
	if err != nil {
		return nil, err
	}
	spec, err := w.snowflakeSpec(n)
	if err != nil {
		return nil, err
	}
	s, err := app.openSnowflake(ctx, w, spec)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return s.Sync(ctx, w.Lake, o)
}

// printSnowflakeSync shows to people what was sent.
func (app *App) printSnowflakeSync(r *setup.Result, err error) error {
	s := &summary{out: app.IO.Out}
	var list []pair
	for _, t := range r.Tables {
		what := "all of it"
		if !t.Whole {
			what = term.Plural(int64(len(t.Partitions)), "partition", "partitions")
		}
		list = append(list, pair{t.Table, what + ": " + t.Why})
	}
	title, done := "Refreshed in Snowflake", "brought to commit %d\n"
	if r.DryRun {
		title, done = "To be refreshed in Snowflake", "to be brought to commit %d; this was a dry run\n"
	}
	if app.quiet {
		return nil
	}
	s.pairs(title, "", term.Plain, list)
	switch {
	case err != nil:
	case len(r.Tables) == 0:
		s.printf("Snowflake has all of commit %d: nothing to send (%s)\n", r.Commit, term.Plural(int64(r.UpToDate), "table", "tables"))
	default:
		s.printf("\n%s "+done, term.Plural(int64(len(r.Tables)), "table", "tables"), r.Commit)
	}
	return s.err
}

// tellSnowflake tells Snowflake what a run has committed, also where that is
// nothing, which repairs what a crash of an earlier one left out. An error undoes
// nothing of the run. A project that is not set up there yet is only told so.
func (app *App) tellSnowflake(ctx context.Context, w *workspace) error {
	s := w.Config.Snowflake
	if s.Account.Value == "" || !s.Sync.Value {
		return nil
	}
	r, err := app.syncSnowflake(ctx, w, setup.SyncOptions{})
	switch {
	case errors.Is(err, setup.ErrNotSetUp):
		app.warn(fmt.Sprintf("Snowflake was not told: %v; `lakectl snowflake setup` makes it", err))
	case err != nil:
		left := diag.Errorf(diag.ClassOf(err), "what the run committed stays, but Snowflake does not know all of it yet").
			WithNext("`lakectl snowflake sync` tells it, or the next run; where runs should not, write `snowflake: {sync: false}` into lakehouse.yaml")
		return errors.Join(err, left)
	}
	if r != nil && len(r.Tables) > 0 {
		n := len(r.Tables)
		app.note("Snowflake: %s refreshed", term.Plural(int64(n), "table", "tables"))
	}
	return nil
}
