package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/stack"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/snowflake/setup"
	"github.com/lakectl/lakectl/internal/term"
)

// SnowflakeSetupOptions are the settings of `lakectl snowflake setup`.
type SnowflakeSetupOptions struct {
	App             *App
	DryRun          bool
	CreateWarehouse bool
	RoleARN         string
	snowflakeConfirm
}

func newSnowflakeSetupCmd(app *App, runF func(*SnowflakeSetupOptions) error) *cobra.Command {
	opts := &SnowflakeSetupOptions{App: app}
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Make, or bring up to date, what the lake needs in Snowflake",
		Long: `Make what the lake needs in Snowflake, or bring it up to date: the roles
DATABASE_OWNER and DATABASE_READER, the database with the schemas SILVER, GOLD,
LAKECTL and the one of lakehouse.yaml, a storage integration, stages, external
tables, views and grants. The stack in AWS gets the role that trusts exactly
this integration. Then Snowflake is told what is in the lake.

What is there is compared first, and only what differs is sent. It can break
off anywhere: the next setup goes on from there. The integration is never
replaced, external tables and views only together with their grants; policies
and tags that others have put on those go, which is said before it is asked.

--dry-run prints all SQL, with who runs it and why, for an administrator to
read, sign or run; nothing is asked of Snowflake. Who may not make roles or the
integration has an administrator run that, and then runs setup for the rest.

Readers get gold and the views. Silver has what raw rows had of people; bronze
and quarantine are not in Snowflake. A warehouse is not made, unless asked for.

A project's own views stand in queries/snowflake/views/*.sql, and come before
those of lakectl: sales_daily, sales_trend, customer_value, data_quality. A view
whose tables the project does not have is left out.`,
		Example: `  lakectl snowflake setup --dry-run > setup.sql
  lakectl snowflake setup
  lakectl snowflake setup --create-warehouse --yes    # without a terminal`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			if opts.DryRun {
				return runSnowflakeSetupDry(cmd.Context(), opts)
			}
			return runSnowflakeSetup(cmd.Context(), opts)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.DryRun, "dry-run", false, "print all SQL, and send nothing")
	flags.BoolVar(&opts.CreateWarehouse, "create-warehouse", false, "make the warehouse, too, if it does not exist")
	flags.StringVar(&opts.RoleARN, "role-arn", "", "the role `ARN` that CloudFormation acts in")
	opts.bind(cmd)
	return cmd
}

// runSnowflakeSetupDry prints what would be sent to an account that has nothing.
func runSnowflakeSetupDry(ctx context.Context, opts *SnowflakeSetupOptions) error {
	app := opts.App
	w, err := app.snowflakeProject(ctx, false)
	if err != nil {
		return err
	}
	n, err := placeNames(ctx, w.Config)
	if err != nil {
		return err
	}
	spec, err := w.snowflakeSpec(n)
	if err != nil {
		return err
	}
	spec.CreateWarehouse = opts.CreateWarehouse
	s, err := setup.New(spec, setup.Options{})
	if err != nil {
		return err
	}
	plan, err := s.All()
	if err != nil {
		return err
	}
	if app.json {
		return app.printJSON(plan)
	}
	_, err = app.IO.Out.Write([]byte(s.Script(plan)))
	return err
}

// snowflakeSetup is one run of `lakectl snowflake setup`.
type snowflakeSetup struct {
	*SnowflakeSetupOptions
	*workspace
	session *snowflakeSession
	trust   *snowflakeTrust
	names   confirmation
	result  snowflakeSetupResult
}

// snowflakeSetupResult is the result of `snowflake setup --json`.
type snowflakeSetupResult struct {
	Database     string        `json:"database"`
	Integration  string        `json:"integration"`
	Statements   []setup.Step  `json:"statements"`    // that were sent
	TrustChanged bool          `json:"trust_changed"` // in the stack
	LeftOut      []string      `json:"left_out"`      // views
	Sync         *setup.Result `json:"sync"`
}

func runSnowflakeSetup(ctx context.Context, opts *SnowflakeSetupOptions) (err error) {
	s, err := newSnowflakeSetup(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.session.close()) }()
	plan, err := s.session.Plan(ctx)
	if err != nil {
		return err
	}
	s.result.LeftOut = plan.LeftOut
	for _, text := range plan.LeftOut {
		opts.App.note("left out: the view %s", text)
	}
	if err := s.agree(ctx, plan); err != nil {
		return err
	}
	for _, part := range []func(context.Context, *setup.Plan) error{s.account, s.aws, s.objects, s.sync} {
		if err := part(ctx, plan); err != nil {
			return err
		}
	}
	return s.print()
}

func newSnowflakeSetup(ctx context.Context, opts *SnowflakeSetupOptions) (*snowflakeSetup, error) {
	app := opts.App
	w, err := app.snowflakeProject(ctx, true)
	if err != nil {
		return nil, err
	}
	c, err := openCloud(ctx, w.Config)
	if err != nil {
		return nil, err
	}
	s := &snowflakeSetup{SnowflakeSetupOptions: opts, workspace: w, trust: app.openTrust(c, opts.RoleARN)}
	if _, _, err := s.trust.need(ctx); err != nil {
		return nil, err
	}
	spec, err := w.snowflakeSpec(c.Names)
	if err != nil {
		return nil, err
	}
	spec.CreateWarehouse = opts.CreateWarehouse
	if s.session, err = app.openSnowflake(ctx, w, spec); err != nil {
		return nil, err
	}
	app.note("Snowflake account %s, database %s; AWS account %s, stack %s", spec.Account, strings.ToUpper(spec.Database), c.Who.Account, c.Names.Stack())
	s.names = confirmation{name: strings.ToUpper(spec.Database), production: stack.Production(spec.Environment), question: "Set this up?",
		warning: fmt.Sprintf("This changes production (%s in account %s).", strings.ToUpper(spec.Database), spec.Account)}
	s.result = snowflakeSetupResult{Database: s.names.name, Integration: spec.Integration(), Statements: []setup.Step{}, LeftOut: []string{}}
	return s, nil
}

// agree shows what would be sent, and asks.
func (s *snowflakeSetup) agree(ctx context.Context, plan *setup.Plan) error {
	app := s.App
	if plan.Empty() {
		return nil
	}
	if app.IO.Interactive && !s.Yes || !app.quiet && !app.json {
		fmt.Fprintf(app.IO.Err, "To be sent to Snowflake: %s (--dry-run prints their SQL)\n", term.Plural(int64(len(plan.Steps())), "statement", "statements"))
		if err := printSteps(app.IO.Err, plan.Steps()); err != nil {
			return err
		}
	}
	return s.confirm(ctx, app, s.names)
}

func (s *snowflakeSetup) apply(ctx context.Context, steps []setup.Step) error {
	return s.session.Apply(ctx, steps, func(step setup.Step) {
		s.result.Statements = append(s.result.Statements, step)
		s.App.note("done: %s", term.Clean(step.String()))
	})
}

func (s *snowflakeSetup) account(ctx context.Context, plan *setup.Plan) error {
	return s.apply(ctx, plan.Account)
}

// aws has the stack trust the integration, and waits until Snowflake can list the
// lake.
func (s *snowflakeSetup) aws(ctx context.Context, _ *setup.Plan) error {
	i, err := s.session.Describe(ctx)
	if err != nil {
		return err
	}
	if i == nil || i.UserARN == "" || i.ExternalID == "" {
		return diag.Errorf(diag.Unexpected, "Snowflake does not say who its integration %s is in AWS", s.result.Integration).
			WithNext("may this user describe it? grant usage on integration %s to the role", s.result.Integration)
	}
	if s.result.TrustChanged, err = s.trust.set(ctx, setup.Trust{Principal: i.UserARN, ExternalID: i.ExternalID}); err != nil {
		return err
	}
	if s.result.TrustChanged {
		s.App.note("done: the stack %s trusts %s", s.trust.name, i.UserARN)
	}
	told := false
	return s.session.Validate(ctx, func(why string) {
		if !told {
			s.App.note("Waiting until the trust is known everywhere, at most two minutes: %s", term.Clean(why))
		}
		told = true
	})
}

func (s *snowflakeSetup) objects(ctx context.Context, plan *setup.Plan) error {
	return s.apply(ctx, plan.Objects)
}

func (s *snowflakeSetup) sync(ctx context.Context, _ *setup.Plan) (err error) {
	s.result.Sync, err = s.session.Sync(ctx, s.Lake, setup.SyncOptions{})
	return err
}

func (s *snowflakeSetup) print() error {
	app := s.App
	if app.json {
		return app.printJSON(s.result)
	}
	if app.quiet {
		return nil
	}
	text := "nothing to change"
	if n := len(s.result.Statements); n > 0 || s.result.TrustChanged {
		text = "set up with " + term.Plural(int64(n), "statement", "statements")
	}
	if n := len(s.result.Sync.Tables); n > 0 {
		text += fmt.Sprintf("; %s brought to commit %d", term.Plural(int64(n), "table", "tables"), s.result.Sync.Commit)
	}
	_, err := fmt.Fprintf(app.IO.Out, "%s: %s\n", s.result.Database, text)
	return err
}
