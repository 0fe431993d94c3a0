package cli

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/cost"
	"github.com/lakectl/lakectl/internal/aws/glue"
	"github.com/lakectl/lakectl/internal/aws/ops"
	"github.com/lakectl/lakectl/internal/aws/stack"
	"github.com/lakectl/lakectl/internal/aws/template"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/term"
)

// DeployOptions are the settings of `lakectl deploy`.
type DeployOptions struct {
	App              *App
	DryRun           bool
	Yes              bool
	AllowReplace     bool
	DetailedExitCode bool
	Detach           bool
	ConfirmName      string
	RoleARN          string
	Tags             []string
}

func newDeployCmd(app *App, runF func(*DeployOptions) error) *cobra.Command {
	opts := &DeployOptions{App: app}
	cmd := &cobra.Command{
		Use:   "deploy",
		Short: "Make, or bring up to date, what the lakehouse needs in AWS",
		Long: `Make what the lakehouse needs in AWS, or bring it up to date: a CloudFormation
stack with its bucket, databases, roles, alarms and dashboard, then the scripts,
jobs and crawlers. The outputs are written to .lakehouse/ENVIRONMENT.json.

Jobs run lakectl for Linux on x86-64, built without C, which is uploaded once:
lakectl-linux-amd64 beside lakectl, or what LAKEHOUSE_GLUE_BINARY names.

What would change is shown first, and asked about; in production the name of
the stack is to be typed, or given by --confirm-name. What holds data is
replaced or removed with --allow-replace only. A stack that got stuck is brought
back first, and to one that is being changed deploy attaches.

Ctrl-C before the changes have begun leaves nothing behind; after that AWS goes
on, and the next deploy attaches to it.

One thing is made before anything is asked, with --dry-run too: the bucket
PROJECT-ENVIRONMENT-ops-ACCOUNT, as a template of this size has to be in S3.`,
		Example: `  lakectl deploy --dry-run
  lakectl deploy
  lakectl deploy --yes --tag cost-center=42      # without a terminal
  lakectl deploy --dry-run --detailed-exitcode   # 7 if something would change`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.check(); err != nil {
				return err
			}
			if runF != nil {
				return runF(opts)
			}
			return runDeploy(cmd.Context(), opts)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.DryRun, "dry-run", false, "show what would change, and what it costs a month")
	flags.BoolVar(&opts.Yes, "yes", false, "do not ask; in production --confirm-name is needed, too")
	flags.StringVar(&opts.ConfirmName, "confirm-name", "", "the `NAME` of a stack of production, without a terminal")
	flags.BoolVar(&opts.AllowReplace, "allow-replace", false, "replace or remove what holds data, too")
	flags.BoolVar(&opts.DetailedExitCode, "detailed-exitcode", false, "with --dry-run: end with 7 if something would change")
	flags.BoolVar(&opts.Detach, "detach", false, "do not wait for the stack; the next deploy does the rest")
	flags.StringVar(&opts.RoleARN, "role-arn", "", "the role `ARN` that CloudFormation acts in")
	flags.StringArrayVar(&opts.Tags, "tag", nil, "a tag `KEY=VALUE` of everything, beside those of lakehouse.yaml; may be repeated")
	return cmd
}

func (o *DeployOptions) check() error {
	for _, tag := range o.Tags {
		if key, _, ok := strings.Cut(tag, "="); !ok || key == "" {
			return diag.Errorf(diag.Usage, "--tag %s is not KEY=VALUE", tag).WithNext("write for example --tag team=data")
		}
	}
	switch {
	case o.DetailedExitCode && !o.DryRun:
		return diag.Errorf(diag.Usage, "--detailed-exitcode is for --dry-run").WithNext("write lakectl deploy --dry-run --detailed-exitcode")
	case o.DryRun && o.Detach:
		return diag.Errorf(diag.Usage, "--detach is not for --dry-run").WithNext("leave one of them out")
	}
	return nil
}

// deployment is one run of `lakectl deploy`.
type deployment struct {
	*DeployOptions
	*workspace
	cloud   *cloud
	engine  *stack.Engine
	bucket  *ops.Bucket
	code    *glue.Code // of the jobs; nil if there are none
	beside  bool       // something beside the stack was made or changed
	adopted []string   // buckets that exist already, and are taken into the stack
	result  deployResult
}

// deployResult is the result of `deploy --json`.
type deployResult struct {
	Stack   string            `json:"stack"`
	ID      string            `json:"id,omitempty"`
	Account string            `json:"account"`
	Region  string            `json:"region"`
	Status  string            `json:"status,omitempty"`
	Changed bool              `json:"changed"` // the stack; with --dry-run: it would be
	DryRun  bool              `json:"dry_run,omitempty"`
	Begun   bool              `json:"detached,omitempty"`
	Adopts  []string          `json:"adopts,omitempty"`
	Changes []stack.Change    `json:"changes"`
	Beside  []glue.Change     `json:"beside,omitempty"` // with --dry-run: what the steps would do to jobs and crawlers
	Steps   []stepResult      `json:"steps"`
	Outputs map[string]string `json:"outputs,omitempty"`
	Cost    *cost.Monthly     `json:"cost,omitempty"`
}

func runDeploy(ctx context.Context, opts *DeployOptions) error {
	d, err := newDeployment(ctx, opts)
	if err != nil {
		return err
	}
	request, err := d.request(ctx)
	if err != nil {
		return err
	}
	if err := d.preflight(ctx); err != nil {
		return err
	}
	d.App.note("Working out what would change")
	ui := newDeployUI(d)
	defer ui.close()
	result, err := d.engine.Deploy(ctx, request, ui)
	ui.close()
	d.take(result)
	if err != nil && !result.Done {
		if result.Executed {
			err = errors.Join(opts.App.printPartial(d.result), err)
		}
		return err
	}
	// A stack that could not be guarded is there, and so should be what follows.
	return errors.Join(d.conclude(ctx, result), err)
}

func newDeployment(ctx context.Context, opts *DeployOptions) (*deployment, error) {
	app := opts.App
	w, cfg, problems, err := app.read()
	if err != nil {
		return nil, err
	}
	if err := w.bindTo(cfg, problems, nil); err != nil {
		return nil, err
	}
	c, err := openCloud(ctx, cfg)
	if err != nil {
		return nil, err
	}
	app.note("Account %s, region %s, environment %s, as %s", c.Who.Account, c.Who.Region, c.Names.Environment, c.Who.ARN)
	d := &deployment{DeployOptions: opts, workspace: w, cloud: c, engine: openStack(c, opts.RoleARN)}
	d.bucket = ops.New(ops.Client(c.Session), ops.Options{Names: c.Names, Tags: d.tags(), Plain: strings.HasPrefix(c.Session.Endpoint(), "http://")})
	d.result = deployResult{Stack: c.Names.Stack(), Account: c.Who.Account, Region: c.Who.Region, DryRun: opts.DryRun, Changes: []stack.Change{}, Steps: []stepResult{}}
	if onS3(cfg.Lake.Value) {
		// What the jobs run is missed before anything is made, not after.
		d.code, err = app.jobsCode(w, c)
	}
	return d, err
}

// openStack returns the engine of a project's stack.
func openStack(c *cloud, role string) *stack.Engine {
	return stack.New(stack.Client(c.Session), stack.Options{Name: c.Names.Stack(), RoleARN: role, Production: stack.Production(c.Names.Environment)})
}

// tags are those of everything: of the file, then of the command line.
func (d *deployment) tags() map[string]string {
	all := map[string]string{}
	for _, tag := range d.Config.AWS.Tags.Entries {
		all[tag.Name] = tag.Value.Value
	}
	for _, tag := range d.Tags {
		key, value, _ := strings.Cut(tag, "=")
		all[key] = value
	}
	return all
}

// request renders the template, and puts it where CloudFormation can read it.
func (d *deployment) request(ctx context.Context) (stack.Request, error) {
	own, problems, err := ownQueries(d.Config)
	if err = errors.Join(err, problems.Err()); err != nil {
		return stack.Request{}, err
	}
	text, err := template.Render(template.Options{Queries: own, Sources: template.Sources(d.Config)})
	if err == nil {
		text, err = template.Named(text, d.cloud.Names, d.Config.AWS.KMS.Value)
	}
	if err != nil {
		return stack.Request{}, err
	}
	tags := d.tags()
	maps.Copy(tags, map[string]string{"Project": d.cloud.Names.Project, "Environment": d.cloud.Names.Environment})
	r := stack.Request{Template: text, Parameters: template.Parameters(d.Config, d.cloud.Names), Tags: tags, DryRun: d.DryRun, Detach: d.Detach}
	if large := len(text) > stack.MaxBody; large || !d.DryRun {
		made, err := d.bucket.Ensure(ctx)
		if err != nil {
			return r, err
		}
		if made {
			d.App.note("Made the bucket %s, for templates and scripts", d.bucket.Name())
		}
		if large {
			r.URL, err = d.bucket.PutTemplate(ctx, text)
			return r, err
		}
	}
	return r, nil
}

// take notes what became of the stack.
func (d *deployment) take(result *stack.Result) {
	d.result.Adopts = d.adopted
	if result.Stack != nil {
		d.result.ID, d.result.Status = result.Stack.ID, result.Stack.Status
	}
	if p := result.Plan; p != nil {
		d.result.Changed = !p.Nothing
		d.result.Changes = append(d.result.Changes, p.Changes...)
	}
}

// conclude does what comes after the stack.
func (d *deployment) conclude(ctx context.Context, result *stack.Result) error {
	app := d.App
	switch {
	case d.DryRun:
		return d.concludeDry(ctx, result)
	case result.Executed && !result.Done:
		d.result.Begun = true
		app.note("The changes have begun. `lakectl deploy` attaches to them, and does the rest")
		return d.print("")
	case !result.Done:
		return diag.Errorf(diag.Usage, "the stack %s was not changed", d.result.Stack)
	case result.Plan.Nothing:
		app.note("The stack %s is up to date", d.result.Stack)
	default:
		app.note("The stack %s is in %s", d.result.Stack, d.result.Status)
	}
	d.result.Outputs = outputs(d.cloud.Names, d.Config.AWS.KMS.Value, result.Stack.Outputs)
	if err := d.runSteps(ctx); err != nil {
		return errors.Join(app.printPartial(d.result), err)
	}
	return d.print(d.result.Stack + ": " + d.word())
}

// word says in a word what the deployment did.
func (d *deployment) word() string {
	if d.result.Changed || d.beside {
		return "deployed"
	}
	return "nothing to change"
}

// concludeDry says what a deployment would do beside the stack, what it would
// cost, and whether it would change something.
func (d *deployment) concludeDry(ctx context.Context, result *stack.Result) error {
	estimate := cost.EstimateDeployment(d.costs())
	d.result.Cost = &estimate
	var err error
	if d.result.Beside, err = d.planBeside(ctx); err != nil {
		return errors.Join(d.App.printPartial(d.result), err)
	}
	pending := pendingText(result.Plan, d.result.Beside)
	if err := d.printDry(pending, estimate); err != nil {
		return err
	}
	if d.DetailedExitCode && pending != "" {
		return diag.Errorf(diag.Pending, "%s: %s", d.result.Stack, pending).WithNext("lakectl deploy")
	}
	return nil
}

// printDry prints the result of a dry run: for machines, or what people have not
// seen of it yet.
func (d *deployment) printDry(pending string, estimate cost.Monthly) error {
	if d.App.json {
		return d.print("")
	}
	lines := changeLines(slices.DeleteFunc(slices.Clone(d.result.Beside), func(c glue.Change) bool { return c.Action == glue.Keep }), true)
	if pending == "" {
		lines = []string{d.result.Stack + ": nothing to change"}
	}
	for _, line := range lines {
		if err := d.print(line); err != nil {
			return err
		}
	}
	return printCost(d.App.IO.Out, estimate)
}

// planBeside says what the steps would do to jobs and crawlers.
func (d *deployment) planBeside(ctx context.Context) ([]glue.Change, error) {
	if d.code == nil {
		return nil, nil
	}
	registry := glue.NewRegistry(d.cloud.Session)
	jobs, err := registry.PlanJobs(ctx, glue.Jobs(d.Config, d.cloud.Names, d.code))
	if err != nil {
		return jobs, err
	}
	crawlers, err := registry.PlanCrawlers(ctx, glue.Crawlers(d.Project, d.cloud.Names))
	return append(jobs, crawlers...), err
}

// pendingText says in a few words what a deployment would change; nothing if
// that is nothing.
func pendingText(plan *stack.Plan, beside []glue.Change) string {
	var parts []string
	if !plan.Nothing {
		parts = append(parts, plan.Summary())
	}
	if text := summaryOf(beside, wordsToDo); text != "" {
		parts = append(parts, "jobs and crawlers: "+text)
	}
	return strings.Join(parts, "; ")
}

// print prints the result: for machines, or a line for people.
func (d *deployment) print(line string) error {
	if d.App.json {
		return d.App.printJSON(d.result)
	}
	if line == "" {
		return nil
	}
	_, err := d.App.IO.Out.Write([]byte(term.Clean(line) + "\n"))
	return err
}
