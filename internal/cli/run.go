package cli

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/term"
)

// RunOptions are the settings of `lakectl run`.
type RunOptions struct {
	App            *App
	Tables         []string
	FullRefresh    bool
	RebuildChanged bool
	Yes            bool
	DryRun         bool
	Accept         []string
	Reason         string
	On             string // the engine: onLocal, onSpark or onGlue
	Engine         engineOptions
}

// The engines of runs.
const (
	onLocal = "local"
	onSpark = "spark"
	onGlue  = "glue"
)

// engineOptions are settings of a run that do not change what it makes.
type engineOptions struct {
	Workers     int
	Memory      sizeValue
	LockTimeout time.Duration
}

// defaultMemory is --memory, if it is not given.
const defaultMemory = 1 << 30

// bind adds the flags to a command.
func (o *engineOptions) bind(cmd *cobra.Command) {
	o.Memory = defaultMemory
	cmd.Flags().IntVar(&o.Workers, "workers", 0, "use `N` cores (default: all)")
	cmd.Flags().Var(&o.Memory, "memory", "memory for tables in work; more goes to disk; 0 is no limit")
	cmd.Flags().DurationVar(&o.LockTimeout, "lock-timeout", 0, "wait this `TIME` for another run to end, such as 10m (default: not at all)")
}

func (o *engineOptions) check() error {
	if o.Workers < 0 || o.LockTimeout < 0 {
		return diag.Errorf(diag.Usage, "--workers and --lock-timeout cannot be negative").WithNext("leave them out for their defaults")
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return nil
}

func newRunCmd(app *App, runF func(*RunOptions) error) *cobra.Command {
	opts := &RunOptions{App: app}
	cmd := &cobra.Command{
		Use:   "run [TABLE...]",
		Short: "Build the lake, or bring it up to date",
		Long: `Build the lake, or bring it up to date: take in new files, and bring the
tables that they concern up to date. Where nothing is new, nothing is done.

TABLE is a layer (silver), a table (silver.transactions), or either with a +
for what follows from it (silver.transactions+). Without any, all tables are
meant.

Every layer is published in one commit, after its checks. A failed gate
publishes nothing of its layer. To let one pass, once: --accept GATE --reason
TEXT.

With --engine spark, Spark works on the rows, started by spark-submit or as
LAKEHOUSE_SPARK says; the tables are the same.

With --engine glue the layers run as jobs in AWS Glue, one after the other: the
jobs are brought up to date, started, and followed with their logs until they
end, with what they cost. Ctrl-C detaches from them, and they go on; lakectl job
status, logs and stop return to them. With --dry-run nothing is started, and an
estimate of the cost is shown.

Exit codes: 0 done, or nothing to do; 2 wrong use or a changed definition; 3 a
gate failed; 5 some files failed whole and the rest is committed; 6 the lake
is locked; 8 --memory is too little; 130 interrupted. All of them: lakectl
help exit-codes.`,
		Example: `  lakectl run
  lakectl run silver.transactions+
  lakectl run --dry-run
  lakectl run --accept silver.transactions.quarantined --reason "bad export"
  lakectl run --json | jq .ledger
  lakectl run silver gold --engine glue`,
		ValidArgsFunction: app.completeTables("bronze", "silver", "gold"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Tables = args
			if err := errors.Join(opts.checkEngine(cmd.Flags().Changed), opts.check()); err != nil {
				return err
			}
			if runF != nil {
				return runF(opts)
			}
			switch opts.On {
			case onGlue:
				return runGlue(cmd.Context(), opts)
			case onSpark:
				return runSpark(cmd.Context(), opts)
			}
			return runRun(cmd.Context(), opts)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.On, "engine", onLocal, "who works on rows: `local`, spark, or glue (Spark in AWS)")
	flags.BoolVar(&opts.FullRefresh, "full-refresh", false, "build silver and gold anew from bronze")
	flags.BoolVar(&opts.RebuildChanged, "rebuild-changed", false, "build tables anew whose definition has changed")
	flags.BoolVar(&opts.Yes, "yes", false, "answer yes to questions: the same as --rebuild-changed")
	flags.BoolVar(&opts.DryRun, "dry-run", false, "do all the work in a temporary folder, and say what would change")
	flags.StringArrayVar(&opts.Accept, "accept", nil, "let the failed `GATE` pass, such as silver.transactions.quarantined; may be repeated")
	flags.StringVar(&opts.Reason, "reason", "", "why gates are accepted: a `TEXT` that is kept in the lake's log")
	opts.Engine.bind(cmd)
	return cmd
}

func (o *RunOptions) check() error {
	switch {
	case len(o.Accept) > 0 && strings.TrimSpace(o.Reason) == "":
		return diag.Errorf(diag.Usage, "--accept needs --reason: it is kept in the lake's log").
			WithNext(`say why, such as --reason "known bad export of 3 May"`)
	case len(o.Accept) == 0 && o.Reason != "":
		return diag.Errorf(diag.Usage, "--reason is for gates that are accepted").WithNext("name the gate with --accept")
	}
	return o.Engine.check()
}

func runRun(ctx context.Context, opts *RunOptions) error {
	app := opts.App
	w, err := app.open(ctx)
	if err != nil {
		return err
	}
	o, err := opts.pipeline(ctx, w)
	if err != nil {
		return err
	}
	if opts.DryRun {
		return runDry(ctx, opts, w, o)
	}
	return app.runOn(ctx, w, o, func(err error) error { return err })
}

// runOn runs the pipeline, tells AWS and Snowflake, and shows the result. explain
// says more of an error of the engine's.
func (app *App) runOn(ctx context.Context, w *workspace, o pipeline.Options, explain func(error) error) error {
	missing := app.warnOfMissing(w, o.Selection)
	result, err := app.execute(ctx, w, w.Lake, o)
	result.Warnings = append(missing, result.Warnings...)
	told := app.tellCloud(ctx, w, result, err)
	return errors.Join(explain(err), told, app.printRun(w, result, err))
}

// warnOfMissing warns of selected datasets of which no file was ever found, and
// returns the warnings.
func (app *App) warnOfMissing(w *workspace, s project.Selection) []string {
	var warnings []string
	for _, d := range s.Bronze {
		known := w.State.Datasets[d.Name]
		if len(w.Found[d.Name]) == 0 && (known == nil || len(known.Inputs) == 0) {
			warnings = append(warnings, noFiles(d))
			app.warn(noFiles(d))
		}
	}
	return warnings
}

// pipeline returns the settings of package pipeline.
func (o *RunOptions) pipeline(ctx context.Context, w *workspace) (pipeline.Options, error) {
	selection, err := w.Project.Select(o.Tables)
	if err != nil {
		return pipeline.Options{}, err
	}
	accept, err := accepted(w.Project, o.Accept, o.Reason)
	if err != nil {
		return pipeline.Options{}, err
	}
	p, err := o.Engine.pipeline(o.App, w)
	p.Selection, p.Accept, p.FullRefresh, p.RebuildChanged = selection, accept, o.FullRefresh, o.RebuildChanged || o.Yes
	if o.DryRun || o.App.IO.Interactive && !o.App.json {
		p.Confirm = func(changed []pipeline.DefinitionChange) (bool, error) {
			return o.App.confirmRebuild(ctx, changed, o.DryRun)
		}
	}
	return p, err
}

func (o *engineOptions) pipeline(app *App, w *workspace) (pipeline.Options, error) {
	clock, err := app.clock()
	if err != nil {
		return pipeline.Options{}, err
	}
	return pipeline.Options{Workers: o.Workers, Memory: int64(o.Memory), LockTimeout: o.LockTimeout, PartOf: app.Getenv(partOfVariable), Now: clock(), Sources: w.Sources}, nil
}

// execute runs the pipeline, with progress on a terminal.
func (app *App) execute(ctx context.Context, w *workspace, l *lake.Lake, o pipeline.Options) (*pipeline.Result, error) {
	boundMemory(o.Memory)
	if app.quiet || app.json {
		return pipeline.Run(ctx, w.Project, l, o)
	}
	watch := newObserver(app)
	defer watch.progress.Close()
	o.Observer = watch
	return pipeline.Run(ctx, w.Project, l, o)
}

// confirmRebuild asks whether tables are to be rebuilt. A dry run shows what
// happens if they are.
func (app *App) confirmRebuild(ctx context.Context, changed []pipeline.DefinitionChange, dry bool) (bool, error) {
	app.note("The definition of %s has changed since %s built:", term.Plural(int64(len(changed)), "table", "tables"),
		map[bool]string{true: "it was", false: "they were"}[len(changed) == 1])
	for _, change := range changed {
		app.note("  %s", change)
	}
	if dry {
		return true, nil
	}
	return app.IO.Confirm(ctx, "Rebuild "+map[bool]string{true: "it", false: "them"}[len(changed) == 1]+"?")
}

// accepted returns the gates to let pass, all of which must exist.
func accepted(p *project.Project, names []string, reason string) (map[string]string, error) {
	gates := gateNames(p)
	accept := map[string]string{}
	for _, name := range names {
		if !slices.Contains(gates, name) {
			err := diag.Errorf(diag.Usage, "there is no gate %q", name)
			if hint := diag.Suggest(name, gates); hint != "" {
				return nil, err.WithNext("%s", hint)
			}
			return nil, err.WithNext("the gates are %s", strings.Join(gates, ", "))
		}
		accept[name] = reason
	}
	return accept, nil
}

// gateNames returns the names of all gates of a project: checks that stop a run,
// and limits.
func gateNames(p *project.Project) []string {
	var gates []string
	tableChecks := func(table string, checks []*project.TableCheck) {
		for _, c := range checks {
			if c.OnFail == project.Fail {
				gates = append(gates, table+"."+c.Name)
			}
		}
	}
	for _, s := range p.Silver {
		table := lake.Silver + "." + s.Name
		for _, c := range s.Checks {
			if c.OnFail == project.Fail {
				gates = append(gates, table+"."+c.Name)
			}
		}
		tableChecks(table, s.TableChecks)
		if s.Limits.QuarantinedRows >= 0 || s.Limits.QuarantinedShare >= 0 {
			gates = append(gates, table+".quarantined")
		}
	}
	for _, g := range p.Gold {
		tableChecks(lake.Gold+"."+g.Name, g.TableChecks)
	}
	return gates
}
