package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/cost"
	"github.com/lakectl/lakectl/internal/aws/glue"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/term"
)

// JobRunOptions are the settings of `lakectl job status`, `logs` and `stop`.
type JobRunOptions struct {
	App    *App
	Run    string // an id, or a layer; of status it may be empty
	Follow bool
	System bool
	Yes    bool
	Last   int
}

func newJobStatusCmd(app *App, runF func(*JobRunOptions) error) *cobra.Command {
	opts := &JobRunOptions{App: app}
	cmd := &cobra.Command{
		Use:   "status [RUN]",
		Short: "The last runs of the jobs, or one run",
		Long: `The last runs of the jobs, or one run: its state, how long it took, what it
cost, and why it failed. With --follow it is followed to its end, as lakectl run
--engine glue does, and the exit code is that of the run.`,
		Example: `  lakectl job status
  lakectl job status silver
  lakectl job status jr_4f2a --follow`,
		Args: countArgs(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.set(args)
			if opts.Last < 1 {
				return diag.Errorf(diag.Usage, "--last is %d, and at least 1 run is shown", opts.Last).WithNext("write for example --last 3")
			}
			if opts.Follow && opts.Run == "" {
				return diag.Errorf(diag.Usage, "--follow needs a run to follow").WithNext("name it: `lakectl job status silver --follow`")
			}
			if runF != nil {
				return runF(opts)
			}
			return runJobStatus(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Follow, "follow", false, "show states and log until the run ends")
	cmd.Flags().IntVar(&opts.Last, "last", 3, "show the last `N` runs of each job")
	return cmd
}

func newJobLogsCmd(app *App, runF func(*JobRunOptions) error) *cobra.Command {
	opts := &JobRunOptions{App: app}
	cmd := &cobra.Command{
		Use:   "logs RUN",
		Short: "What a run has printed",
		Example: `  lakectl job logs silver
  lakectl job logs jr_4f2a --follow
  lakectl job logs jr_4f2a --system    # what Spark and Glue say`,
		Args: oneRun(),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.set(args)
			if runF != nil {
				return runF(opts)
			}
			return runJobLogs(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Follow, "follow", false, "go on until the run ends")
	cmd.Flags().BoolVar(&opts.System, "system", false, "what Spark and Glue say, in place of what the program prints")
	return cmd
}

func newJobStopCmd(app *App, runF func(*JobRunOptions) error) *cobra.Command {
	opts := &JobRunOptions{App: app}
	cmd := &cobra.Command{
		Use:   "stop RUN",
		Short: "Stop a run",
		Long: `Stop a run. What it has committed stays, and the next run goes on from there;
nothing is half-published.`,
		Example: `  lakectl job stop silver
  lakectl job stop jr_4f2a --yes    # without a terminal`,
		Args: oneRun(),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.set(args)
			if runF != nil {
				return runF(opts)
			}
			return runJobStop(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Yes, "yes", false, "do not ask")
	return cmd
}

// oneRun wants the run of a job.
func oneRun() cobra.PositionalArgs {
	layers := glue.Layers()
	return oneArg(fmt.Sprintf("a run: its id, which begins with jr_, or one of %s for the last run of that layer", strings.Join(layers, ", ")), "silver")
}

func (o *JobRunOptions) set(args []string) {
	if len(args) > 0 {
		o.Run = args[0]
	}
}

func runJobStatus(ctx context.Context, opts *JobRunOptions) error {
	app := opts.App
	_, c, err := app.openGlue(ctx)
	if err != nil {
		return err
	}
	runner := glue.NewRunner(c.Session, c.Names)
	if opts.Run == "" {
		return app.lastRuns(ctx, c, runner, opts.Last)
	}
	run, err := c.findRun(ctx, runner, opts.Run)
	if err != nil {
		return err
	}
	if opts.Follow {
		run, err = app.follow(ctx, runner, run)
		err = app.detached(ctx, run, err)
	}
	return errors.Join(app.printJobRun(run), err)
}

// lastRuns shows the last runs of all jobs.
func (app *App) lastRuns(ctx context.Context, c *cloud, runner *glue.Runner, most int) error {
	list := []*glue.Run{}
	for _, job := range c.jobNames() {
		runs, err := runner.Runs(ctx, job, most)
		if err != nil {
			return err
		}
		list = append(list, runs...)
	}
	if app.json {
		return app.printJSON(map[string][]*glue.Run{"runs": list})
	}
	clock, err := app.clock()
	if err != nil {
		return err
	}
	t := term.NewTable("job", "run", "state", "started", ">took", ">DPU-hours", ">cost")
	t.Names(0, 1)
	t.Style = func(row, column int) term.Style {
		if column != 2 {
			return term.Plain
		}
		return stateStyle(list[row].State)
	}
	for _, r := range list {
		t.Add(append([]string{r.Job, r.ID}, runCells(r, clock())...)...)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(app.IO.Out, "no job ever ran: `lakectl run --engine glue` starts them")
		return err
	}
	return t.Write(app.IO.Out)
}

// printJobRun shows one run.
func (app *App) printJobRun(r *glue.Run) error {
	if app.json {
		return app.printJSON(r)
	}
	clock, err := app.clock()
	if err != nil {
		return err
	}
	state := r.State
	if r.Detail != "" {
		state += " (" + r.Detail + ")"
	}
	s := &summary{out: app.IO.Out}
	list := []pair{{"state", state}, {"started", ago(r.Started, clock())}, {"took", term.Duration(seconds(r.Seconds))},
		{"used", fmt.Sprintf("%s DPU-hours, %s", dpuHours(r.DPUHours), cost.Dollars(r.USD))}, {"workers", fmt.Sprintf("at most %d %s", r.Workers, r.WorkerType)}}
	if r.Error != "" {
		list = append(list, pair{"error", term.Clean(r.Error)})
	}
	s.pairs(r.Job, r.ID, term.Plain, list)
	return s.err
}

func runJobLogs(ctx context.Context, opts *JobRunOptions) error {
	app := opts.App
	_, c, err := app.openGlue(ctx)
	if err != nil {
		return err
	}
	runner := glue.NewRunner(c.Session, c.Names)
	run, err := c.findRun(ctx, runner, opts.Run)
	if err != nil {
		return err
	}
	kind := glue.OutputLog
	if opts.System {
		kind = glue.SystemLog
	}
	o := glue.LogOptions{Kind: kind, Follow: opts.Follow}
	if app.json {
		list := newJSONArray(app.IO.Out, "run", run.ID, "lines")
		err = runner.Logs(ctx, run, o, func(l glue.Line) error { return list.add(l) })
		return errors.Join(app.detached(ctx, run, err), list.end())
	}
	printed := 0
	err = runner.Logs(ctx, run, o, func(l glue.Line) error {
		printed++
		_, err := fmt.Fprintln(app.IO.Out, term.Clean(l.Text))
		return err
	})
	if err == nil && printed == 0 {
		app.note("the run %s has printed nothing so far", run.ID)
	}
	return app.detached(ctx, run, err)
}

func runJobStop(ctx context.Context, opts *JobRunOptions) error {
	app := opts.App
	_, c, err := app.openGlue(ctx)
	if err != nil {
		return err
	}
	runner := glue.NewRunner(c.Session, c.Names)
	run, err := c.findRun(ctx, runner, opts.Run)
	if err != nil {
		return err
	}
	stopped := !run.Ended()
	if stopped && !opts.Yes {
		yes, err := app.IO.Confirm(ctx, fmt.Sprintf("Stop the run %s of %s, which is %s?", run.ID, run.Job, run.State))
		if err != nil {
			return err
		}
		if !yes {
			return diag.Errorf(diag.Usage, "the run was not stopped")
		}
	}
	if stopped {
		if err := runner.Stop(ctx, run.Job, run.ID); err != nil {
			return err
		}
	}
	if app.json {
		return app.printJSON(map[string]any{"job": run.Job, "run": run.ID, "stopped": stopped})
	}
	text := fmt.Sprintf("the run %s of %s is being stopped", run.ID, run.Job)
	if !stopped {
		text = fmt.Sprintf("the run %s of %s has ended already: %s", run.ID, run.Job, run.State)
	}
	_, err = fmt.Fprintln(app.IO.Out, text)
	return err
}

// detached says of a run that is no longer followed, but goes on, how to return
// to it; other errors stay as they are.
func (app *App) detached(ctx context.Context, run *glue.Run, err error) error {
	if err == nil || run == nil || run.Ended() {
		return err
	}
	if ctx.Err() == nil {
		app.warn(fmt.Sprintf("the run %s of %s goes on in AWS; `lakectl job status %s --follow` returns to it", run.ID, run.Job, layerOf(run)))
		return err
	}
	app.leaveLine()
	return diag.Errorf(diag.Interrupted, "detached: the run %s of %s goes on in AWS", run.ID, run.Job).
		WithNext("`lakectl job status %[1]s --follow` returns to it, `lakectl job logs %[1]s` shows its log, `lakectl job stop %[1]s` stops it", layerOf(run))
}

// layerOf is the layer of a run's job: a short name for the last run of it.
func layerOf(run *glue.Run) string {
	return run.Job[strings.LastIndexByte(run.Job, '-')+1:]
}
