package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/aws/cost"
	"github.com/lakectl/lakectl/internal/aws/glue"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/term"
)

// glueResult is the result of `run --engine glue --json`.
type glueResult struct {
	Run        string         `json:"run"` // our name of it, which all its jobs have as an argument
	Engine     string         `json:"engine"`
	DryRun     bool           `json:"dry_run,omitempty"`
	Tables     []string       `json:"tables"`
	Layers     []string       `json:"layers"`
	Changes    []glue.Change  `json:"changes"`            // of the jobs' registration
	Jobs       []*glue.Run    `json:"jobs"`               // every attempt of every job that was started
	NotStarted []string       `json:"not_started"`        // layers
	Seconds    float64        `json:"seconds"`            // from the first start to the last end
	DPUHours   float64        `json:"dpu_hours"`          // of all jobs
	USD        float64        `json:"usd"`                // of all jobs
	Estimate   *cost.Estimate `json:"estimate,omitempty"` // of a dry run

	Runs []*pipeline.Result `json:"runs"` // what the jobs did to the lake, as it says, in their order
}

// checkEngine refuses an unknown engine, and flags that another one has.
func (o *RunOptions) checkEngine(given func(flag string) bool) error {
	if o.On != onLocal && o.On != onSpark && o.On != onGlue {
		return diag.Errorf(diag.Usage, "there is no engine %q", o.On).WithNext("write --engine local, --engine spark or --engine glue")
	}
	if o.On == onSpark && o.DryRun {
		return diag.Errorf(diag.Usage, "--dry-run is not for --engine spark, whose tasks write where the lake is").WithNext("leave --engine out: the rows are the same")
	}
	for _, flag := range []string{"workers", "memory", "lock-timeout"} {
		if o.On == onGlue && given(flag) {
			return diag.Errorf(diag.Usage, "--%s is for runs on this machine", flag).
				WithNext("the size of Glue's jobs stands under `aws: {glue: ...}` in lakehouse.yaml")
		}
	}
	return nil
}

// glueRun is a run in Glue on its way.
type glueRun struct {
	app       *App
	w         *workspace
	cloud     *cloud
	runner    *glue.Runner
	arguments map[string]string
	result    *glueResult
}

// runGlue runs the jobs of the selected layers, one after the other.
func runGlue(ctx context.Context, opts *RunOptions) error {
	app := opts.App
	w, c, err := app.openGlue(ctx)
	if err != nil {
		return err
	}
	g := &glueRun{app: app, w: w, cloud: c, runner: glue.NewRunner(c.Session, c.Names)}
	if err := g.prepare(opts); err != nil {
		return err
	}
	if opts.DryRun {
		return g.estimate(ctx)
	}
	if g.result.Changes, err = app.registerJobs(ctx, w, c); err != nil {
		return errors.Join(app.reportChanges(g.result.Changes), err)
	}
	if err := app.reportChanges(g.result.Changes); err != nil {
		return err
	}
	err = g.layers(ctx)
	if ctx.Err() == nil && len(g.result.Jobs) > 0 {
		err = errors.Join(err, g.tell(ctx))
	}
	return errors.Join(g.print(), err)
}

// tell finds what the jobs have committed, and tells the catalog and Snowflake, as a
// run on this machine does.
func (g *glueRun) tell(ctx context.Context) error {
	if err := g.w.openLake(ctx, g.app, g.w.Config); err != nil {
		return err
	}
	err := g.gather(ctx)
	if g.w.Config.AWS.Catalog.Value {
		_, failed := g.app.syncCatalog(ctx, g.w, g.cloud)
		err = errors.Join(err, failed)
	}
	return errors.Join(err, g.app.tellSnowflake(ctx, g.w))
}

// prepare finds what is to be run, and refuses what cannot be.
func (g *glueRun) prepare(opts *RunOptions) error {
	selection, err := g.w.Project.Select(opts.Tables)
	if err != nil {
		return err
	}
	accept, err := accepted(g.w.Project, opts.Accept, opts.Reason)
	if err != nil {
		return err
	}
	if err := reachable(g.w, selection); err != nil {
		return err
	}
	g.result = &glueResult{Engine: onGlue, Run: g.app.runName(), Changes: []glue.Change{}, Jobs: []*glue.Run{}, NotStarted: []string{}, Runs: []*pipeline.Result{}}
	g.result.Tables, g.result.Layers = selected(selection)
	g.arguments = map[string]string{glue.RunArgument: g.result.Run, "--tables": strings.Join(g.result.Tables, ",")}
	if opts.FullRefresh {
		g.arguments["--full-refresh"] = "true"
	}
	if opts.RebuildChanged || opts.Yes {
		g.arguments["--rebuild-changed"] = "true"
	}
	if len(accept) > 0 {
		text, err := json.Marshal(accept)
		if err != nil {
			return err
		}
		g.arguments["--accept"] = string(text)
	}
	return nil
}

// runName names a run, so that the jobs that belong to it are known by it: by
// when it began, and by chance. LAKEHOUSE_NOW, with which runs may be repeated,
// has no part in it.
func (app *App) runName() string {
	return app.Clock().UTC().Format("20060102T150405-") + strings.ToLower(rand.Text()[:8])
}

// lakeReachable refuses a lake that is on this machine; instead is what else may
// be done.
func lakeReachable(w *workspace, instead string) error {
	if lake := w.Config.Lake.Value; !onS3(lake) {
		return diag.Errorf(diag.Usage, "the lake %s is on this machine, which Glue cannot reach", lake).
			WithNext("write `lake: s3://BUCKET/PREFIX` into %s%s", w.Config.File, instead)
	}
	return nil
}

// reachable refuses a lake and raw files that are on this machine.
func reachable(w *workspace, s project.Selection) error {
	if err := lakeReachable(w, ", or run without --engine glue"); err != nil {
		return err
	}
	for _, b := range s.Bronze {
		for _, source := range b.Sources {
			if !onS3(source) {
				return diag.Errorf(diag.Usage, "bronze.%s reads %s, which is on this machine, where Glue cannot reach it", b.Name, source).
					WithNext("put the files on S3, or take them in here with `lakectl run bronze`, and the rest with `lakectl run silver gold --engine glue`")
			}
		}
	}
	return nil
}

// selected returns the tables of a selection, and the layers that have any.
func selected(s project.Selection) (tables, layers []string) {
	tables, layers = []string{}, []string{}
	add := func(layer, name string) {
		if len(layers) == 0 || layers[len(layers)-1] != layer {
			layers = append(layers, layer)
		}
		tables = append(tables, layer+"."+name)
	}
	for _, b := range s.Bronze {
		add("bronze", b.Name)
	}
	for _, t := range s.Silver {
		add("silver", t.Name)
	}
	for _, t := range s.Gold {
		add("gold", t.Name)
	}
	return tables, layers
}

// estimate says what would be done, and what it costs.
func (g *glueRun) estimate(ctx context.Context) error {
	r := g.result
	r.DryRun, r.NotStarted = true, r.Layers
	var err error
	if r.Changes, err = g.app.planJobs(ctx, g.w, g.cloud); err != nil {
		return err
	}
	settings := &g.w.Config.AWS.Glue
	jobs := cost.Jobs{WorkerType: settings.WorkerType.Value, MaxWorkers: int(settings.MaxWorkers.Value), Timeout: settings.Timeout.Value,
		Retries: int(settings.Retries.Value), Flex: settings.Flex.Value, Past: map[string][]float64{}}
	for _, layer := range r.Layers {
		name := g.cloud.Names.Job(layer)
		jobs.Names = append(jobs.Names, name)
		runs, err := g.runner.Runs(ctx, name, 20)
		if err != nil {
			return err
		}
		for _, run := range runs {
			if run.Succeeded() {
				jobs.Past[name] = append(jobs.Past[name], run.DPUHours*3600)
			}
		}
	}
	e := cost.EstimateJobs(jobs)
	r.Estimate = &e
	if g.app.json {
		return g.app.printJSON(r)
	}
	lines := append(changeLines(r.Changes, true), "would be started, one after the other: "+strings.Join(jobs.Names, ", "))
	_, err = fmt.Fprintln(g.app.IO.Out, strings.Join(append(lines, estimateLines(e)...), "\n"))
	return err
}

// reportChanges notes what a registration did, if that is anything.
func (app *App) reportChanges(changes []glue.Change) error {
	if !glue.Changed(changes) {
		return nil
	}
	for _, line := range changeLines(changes, false) {
		app.note("%s", line)
	}
	return nil
}

// layers runs the jobs. What follows from a layer that failed is not started.
func (g *glueRun) layers(ctx context.Context) error {
	began := time.Now()
	defer func() { g.result.Seconds = time.Since(began).Seconds() }()
	for i, layer := range g.result.Layers {
		if err := g.layer(ctx, g.cloud.Names.Job(layer)); err != nil {
			g.result.NotStarted = append(g.result.NotStarted, g.result.Layers[i+1:]...)
			return err
		}
	}
	return nil
}

// layer runs one job to its end, through all of its attempts.
func (g *glueRun) layer(ctx context.Context, job string) error {
	run, err := g.runner.Start(ctx, job, g.arguments)
	if err != nil {
		return err
	}
	g.app.note("%s: started, run %s", job, run.ID)
	for {
		var failed error
		run, failed = g.app.follow(ctx, g.runner, run)
		g.result.Jobs = append(g.result.Jobs, run)
		if failed == nil || ctx.Err() != nil || !run.Ended() {
			return g.app.detached(ctx, run, failed)
		}
		next, err := g.runner.Retry(ctx, run, int(g.w.Config.AWS.Glue.Retries.Value))
		if err != nil || next == nil {
			return errors.Join(failed, err)
		}
		g.app.warn(fmt.Sprintf("%s; Glue tries again", failed))
		run = next
	}
}

// print shows what the jobs did.
func (g *glueRun) print() error {
	r := g.result
	for _, run := range r.Jobs {
		r.DPUHours, r.USD = r.DPUHours+run.DPUHours, r.USD+run.USD
	}
	if g.app.json {
		return g.app.printJSON(r)
	}
	if g.app.quiet || len(r.Jobs) == 0 {
		return nil
	}
	t := term.NewTable("job", "run", "state", ">took", ">DPU-hours", ">cost")
	t.Names(0, 1)
	t.Style = func(row, column int) term.Style {
		if column != 2 {
			return term.Plain
		}
		return stateStyle(r.Jobs[row].State)
	}
	for _, run := range r.Jobs {
		t.Add(run.Job, run.ID, run.State, term.Duration(seconds(run.Seconds)), dpuHours(run.DPUHours), cost.Dollars(run.USD))
	}
	s := &summary{out: g.app.IO.Out}
	s.table("Jobs", term.Duration(seconds(r.Seconds))+", "+dpuHours(r.DPUHours)+" DPU-hours, "+cost.Dollars(r.USD), t)
	if len(r.NotStarted) > 0 {
		s.printf("  not started: %s\n", strings.Join(r.NotStarted, ", "))
	}
	g.printLayers(s)
	return s.err
}
