package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/glue"
	"github.com/lakectl/lakectl/internal/term"
)

// JobOptions are the settings of `lakectl job ls` and `lakectl job register`.
type JobOptions struct {
	App    *App
	DryRun bool
}

func newJobCmd(app *App) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "job",
		Short: "The jobs in AWS Glue",
		Long: `The jobs in AWS Glue, one for each layer. They are started by lakectl run
--engine glue, or on a schedule.

RUN is the id of a run, such as jr_4f2..., or a layer for the last run of its
job.`,
		Example: `  lakectl job ls
  lakectl job register
  lakectl job status silver`,
	})
	cmd.AddCommand(newJobLsCmd(app, nil), newJobRegisterCmd(app, nil), newJobStatusCmd(app, nil), newJobLogsCmd(app, nil), newJobStopCmd(app, nil))
	return cmd
}

func newJobLsCmd(app *App, runF func(*JobOptions) error) *cobra.Command {
	opts := &JobOptions{App: app}
	return &cobra.Command{
		Use:   "ls",
		Short: "The jobs, whether they are registered, and their last runs",
		Example: `  lakectl job ls
  lakectl job ls --json | jq '.jobs[] | select(.registered | not)'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runJobLs(cmd.Context(), opts)
		},
	}
}

func newJobRegisterCmd(app *App, runF func(*JobOptions) error) *cobra.Command {
	opts := &JobOptions{App: app}
	cmd := &cobra.Command{
		Use:   "register",
		Short: "Make the jobs what lakehouse.yaml says",
		Long: `Make the jobs what lakehouse.yaml says: upload their scripts, the compiled
project and the lakectl that they run, and create or update those jobs that
differ. What differs is shown. Runs that are under way keep what they were
started with.

The lakectl that jobs run is for Linux on x86-64, built without C, and of the
version that registers them: the file that LAKEHOUSE_GLUE_BINARY names, else
lakectl-linux-amd64 beside lakectl, else lakectl itself. It is uploaded once.`,
		Example: `  lakectl job register --dry-run
  lakectl job register`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runJobRegister(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "say what would change, and change nothing")
	return cmd
}

// jobLine is one job of `job ls --json`.
type jobLine struct {
	Layer      string    `json:"layer"`
	Job        string    `json:"job"`
	Registered bool      `json:"registered"`
	Version    string    `json:"glue_version,omitempty"`
	WorkerType string    `json:"worker_type,omitempty"`
	MaxWorkers int       `json:"max_workers,omitempty"`
	Last       *glue.Run `json:"last_run"` // null if it never ran
}

func runJobLs(ctx context.Context, opts *JobOptions) error {
	app := opts.App
	_, c, err := app.openGlue(ctx)
	if err != nil {
		return err
	}
	registry, runner := glue.NewRegistry(c.Session), glue.NewRunner(c.Session, c.Names)
	lines := []jobLine{}
	for _, layer := range glue.Layers() {
		line := jobLine{Layer: layer, Job: c.Names.Job(layer)}
		is, err := registry.Registered(ctx, line.Job)
		if err != nil {
			return err
		}
		if is != nil {
			line.Registered, line.Version, line.WorkerType, line.MaxWorkers = true, is.Version, is.WorkerType, is.MaxWorkers
			runs, err := runner.Runs(ctx, line.Job, 1)
			if err != nil {
				return err
			}
			if len(runs) > 0 {
				line.Last = runs[0]
			}
		}
		lines = append(lines, line)
	}
	return app.printJobs(lines)
}

func (app *App) printJobs(lines []jobLine) error {
	if app.json {
		return app.printJSON(map[string][]jobLine{"jobs": lines})
	}
	clock, err := app.clock()
	if err != nil {
		return err
	}
	t := term.NewTable("job", "Glue", ">workers", "last run", "started", ">took", ">DPU-hours", ">cost")
	t.Names(0)
	missing := false
	for _, l := range lines {
		switch {
		case !l.Registered:
			missing = true
			t.Add(l.Job, "not registered", "", "", "", "", "", "")
		case l.Last == nil:
			t.Add(l.Job, l.Version, fmt.Sprintf("%d %s", l.MaxWorkers, l.WorkerType), "never", "", "", "", "")
		default:
			t.Add(append([]string{l.Job, l.Version, fmt.Sprintf("%d %s", l.MaxWorkers, l.WorkerType)}, runCells(l.Last, clock())...)...)
		}
	}
	if err := t.Write(app.IO.Out); err != nil {
		return err
	}
	if missing {
		app.note("`lakectl job register` makes what is not registered")
	}
	return nil
}

func runJobRegister(ctx context.Context, opts *JobOptions) error {
	app := opts.App
	w, c, err := app.openGlue(ctx)
	if err == nil {
		err = lakeReachable(w, ", or choose another environment (--env)")
	}
	if err != nil {
		return err
	}
	var changes []glue.Change
	if opts.DryRun {
		changes, err = app.planJobs(ctx, w, c)
	} else {
		changes, err = app.registerJobs(ctx, w, c)
	}
	return errors.Join(app.printChanges(changes, opts.DryRun), err)
}
