package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/pipeline/task"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/source"
)

// newTaskCmd is what the programs of Spark call on the executors. It is not for
// people, and its format changes with the version.
func newTaskCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:    "task",
		Short:  "Do the work of a task of Spark",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return app.runTask(cmd.Context()) },
	}
}

// runTask reads an order, does it, and prints the report, which has the error if
// there is one: the exit code is for those who find no report.
func (app *App) runTask(ctx context.Context) error {
	in := bufio.NewReaderSize(app.IO.In, 1<<20)
	o, err := task.ReadOrder(in)
	if err != nil {
		return err
	}
	report := &task.Report{}
	env, err := app.taskEnvironment(ctx, o)
	if err == nil {
		report, err = task.Run(ctx, o, in, env)
	}
	if err != nil {
		report.Error = task.FailureOf(err)
	}
	return json.NewEncoder(app.IO.Out).Encode(report)
}

// taskEnvironment opens the project that an order brings.
func (app *App) taskEnvironment(ctx context.Context, o task.Order) (task.Environment, error) {
	cfg, problems := config.Parse(o.Project.File, []byte(o.Project.Text), config.Options{Environment: o.Project.Environment, Getenv: app.Getenv})
	if cfg == nil {
		return task.Environment{}, problems.Err()
	}
	cfg.Lake.Value = o.Project.Lake
	raw := project.RawColumns{}
	if len(o.RawColumns) > 0 {
		raw[datasetOf(cfg, o)] = o.RawColumns
	}
	w := &workspace{Config: cfg, cloud: &lazySession{cfg: cfg}}
	w.Sources = source.Files{Folder: source.Folder{Root: rootOf(cfg)}, Store: w.sourceBucket}
	if err := w.bindTo(cfg, problems, raw); err != nil {
		return task.Environment{}, err
	}
	bucket, err := w.openBucket(ctx, cfg)
	return task.Environment{Project: w.Project, Bucket: bucket, Open: func(ctx context.Context, path string) (io.ReadCloser, error) { return w.Sources.Open(ctx, path) }}, err
}

// datasetOf returns the dataset whose raw columns an order names.
func datasetOf(cfg *config.Config, o task.Order) string {
	for _, e := range cfg.Silver.Entries {
		if o.Kind == task.Rejected && e.Name == o.Table.Name && e.Value.From.Value != "" {
			return e.Value.From.Value
		}
	}
	return o.Table.Name
}
