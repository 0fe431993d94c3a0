package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/snowflake"
	"github.com/lakectl/lakectl/internal/snowflake/setup"
	"github.com/lakectl/lakectl/internal/term"
	"github.com/lakectl/lakectl/queries"
)

func newSnowflakeCmd(app *App) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "snowflake",
		Short: "The tables of the lake in Snowflake",
		Long: `Set up an account of Snowflake so that it reads a lake on S3 where it is: a
storage integration, external tables of silver and gold, and views for people.
Runs tell Snowflake what they changed, unless lakehouse.yaml has "snowflake:
{sync: false}".

Where the account is and who logs in stands in lakehouse.yaml (snowflake:);
secrets come from the environment, see lakectl help environment.`,
		Example: `  lakectl snowflake setup --dry-run > setup.sql
  lakectl snowflake setup
  lakectl snowflake check`,
	})
	cmd.AddCommand(newSnowflakeSetupCmd(app, nil), newSnowflakeSyncCmd(app, nil), newSnowflakeCheckCmd(app, nil), newSnowflakeDestroyCmd(app, nil))
	return cmd
}

// snowflakeProject reads a project whose lake must be on S3. The lake is opened
// only if it is asked for.
func (app *App) snowflakeProject(ctx context.Context, withLake bool) (*workspace, error) {
	w, cfg, problems, err := app.read()
	if err != nil {
		return nil, err
	}
	if cfg != nil && cfg.Lake.Value != "" && !onS3(cfg.Lake.Value) {
		return nil, diag.Errorf(diag.Usage, "the lake is the folder %s: Snowflake reads only lakes on S3", cfg.Lake.Value).
			WithNext("choose an environment with `lake: s3://...` (--env)")
	}
	if !withLake {
		return w, w.bindTo(cfg, problems, nil)
	}
	return app.look(ctx)
}

// snowflakeSpec says what a project should have in Snowflake.
func (w *workspace) snowflakeSpec(n names.Names) (setup.Spec, error) {
	tables, err := setup.Tables(w.Project, w.State)
	if err != nil {
		return setup.Spec{}, err
	}
	views, problems, err := snowflakeViews(w.Config)
	if err = errors.Join(err, problems.Err()); err != nil {
		return setup.Spec{}, err
	}
	s := w.Config.Snowflake
	return setup.Spec{Project: n.Project, Environment: n.Environment, Account: s.Account.Value, User: s.User.Value, Database: s.Database.Value, Schema: s.Schema.Value,
		Warehouse: s.Warehouse.Value, Bucket: n.LakeBucket, Prefix: n.LakePrefix, Partition: n.Partition, RoleARN: n.RoleARN("snowflake"), Tables: tables, Views: views}, nil
}

// snowflakeViews returns the views that come with lakectl and the project's own,
// which come first, and what is wrong with those.
func snowflakeViews(cfg *config.Config) ([]queries.View, diag.List, error) {
	builtin, _, err := queries.LoadViews(queries.ViewFiles()) // a test reads them
	if err != nil {
		return nil, nil, err
	}
	dir := cfg.Path(queriesFolder)
	own, found, err := queries.LoadViews(os.DirFS(dir))
	if err != nil {
		return nil, nil, err
	}
	var problems diag.List
	for _, p := range found {
		problems.AddHint(diag.Pos{File: filepath.Join(dir, filepath.FromSlash(p.File)), Line: p.Line}, p.Hint, "%s", p.Message)
	}
	return queries.MergeViews(own, builtin), problems, nil
}

// snowflakeSession is a session in a project's account of Snowflake.
type snowflakeSession struct {
	*setup.Setup
	client *snowflake.Client
	conn   *snowflake.Session
}

// openSnowflake logs in to Snowflake. The caller closes the session. Database,
// schema and warehouse may not exist yet, so that the login names none.
func (app *App) openSnowflake(ctx context.Context, w *workspace, spec setup.Spec) (*snowflakeSession, error) {
	o := snowflake.FromConfig(w.Config, app.Getenv)
	o.Database, o.Schema, o.Warehouse = "", "", ""
	s := &snowflakeSession{}
	place, err := setup.New(spec, setup.Options{})
	if err != nil {
		return nil, err
	}
	if s.client, err = snowflake.Open(ctx, o); err != nil {
		return nil, err
	}
	for _, note := range s.client.Notes() {
		app.warn(note)
	}
	if s.conn, err = s.client.Session(ctx); err != nil {
		return nil, errors.Join(err, s.client.Close())
	}
	s.Setup, err = setup.New(place.Spec, setup.Options{DB: s.conn, Explain: s.client.Explain})
	return s, err
}

func (s *snowflakeSession) close() error { return errors.Join(s.conn.Close(), s.client.Close()) }

// stepSigns are how steps are shown, as the changes of a stack are.
var stepSigns = map[string]struct {
	sign  string
	style term.Style
}{
	setup.Create: {"+", term.Green}, setup.Grant: {"+", term.Green}, setup.Alter: {"~", term.Yellow}, setup.Replace: {"±", term.Yellow}, setup.Drop: {"-", term.Red},
}

// printSteps shows statements in short.
func printSteps(out term.Stream, steps []setup.Step) error {
	for _, step := range steps {
		s := stepSigns[step.Action]
		if _, err := fmt.Fprintf(out, "  %s %s: %s\n", out.Paint(s.style, s.sign), term.Clean(step.String()), term.Clean(step.Why)); err != nil {
			return err
		}
	}
	return nil
}

// snowflakeConfirm has somebody agree: in production one who names the database.
type snowflakeConfirm struct {
	Yes         bool
	ConfirmName string
}

func (o *snowflakeConfirm) bind(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.Yes, "yes", false, "do not ask (in production: --confirm-name)")
	cmd.Flags().StringVar(&o.ConfirmName, "confirm-name", "", "in production, with no terminal: the database's `NAME`")
}

// confirm asks, unless that was answered. Production is one whose name is to be
// typed.
func (o *snowflakeConfirm) confirm(ctx context.Context, app *App, what confirmation) error {
	var yes bool
	var err error
	switch {
	case o.ConfirmName != "" && o.ConfirmName != what.name:
		return diag.Errorf(diag.Usage, "--confirm-name is %q, and the database is %s; nothing was changed", o.ConfirmName, what.name).
			WithNext("is it the right environment? --env names another")
	case o.ConfirmName != "", o.Yes && !what.production:
		return nil
	case what.production:
		yes, err = app.IO.Retype(ctx, what.warning, what.name, "pass --confirm-name "+what.name)
	default:
		yes, err = app.IO.Confirm(ctx, what.question)
	}
	if err == nil && !yes {
		err = diag.Errorf(diag.Usage, "nothing was changed")
	}
	return err
}

// confirmation is what is asked.
type confirmation struct {
	name       string // of the database
	production bool
	question   string
	warning    string // in production, before the name is to be typed
}

// served returns the tables among some that Snowflake has.
func served(refs []lake.TableRef) ([]lake.TableRef, error) {
	for _, ref := range refs {
		if !setup.Served(ref.Layer) {
			return nil, diag.Errorf(diag.Usage, "%s is not in Snowflake, which has silver and gold", ref).WithNext("name tables of silver or gold, or none for all")
		}
	}
	return refs, nil
}
