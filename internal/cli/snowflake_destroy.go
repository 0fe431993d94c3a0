package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/stack"
	"github.com/lakectl/lakectl/internal/snowflake/setup"
	"github.com/lakectl/lakectl/internal/term"
)

// SnowflakeDestroyOptions are the settings of `lakectl snowflake destroy`.
type SnowflakeDestroyOptions struct {
	App     *App
	RoleARN string
	snowflakeConfirm
}

func newSnowflakeDestroyCmd(app *App, runF func(*SnowflakeDestroyOptions) error) *cobra.Command {
	opts := &SnowflakeDestroyOptions{App: app}
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Drop what setup made in Snowflake; the data stays",
		Long: `Drop what lakectl snowflake setup made for this project, and nothing else. A
schema or the database that also has something of others stays, and is named,
with the roles it needs. The stack in AWS no longer trusts anybody in Snowflake
then. The data is not in Snowflake: it stays in the lake.

What goes and what stays is listed first, and asked about; in production the
name of the database is to be typed, or given by --confirm-name.`,
		Example: `  lakectl snowflake destroy
  lakectl snowflake destroy --yes                     # without a terminal
  lakectl snowflake destroy --confirm-name LAKEHOUSE  # in production`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runSnowflakeDestroy(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.RoleARN, "role-arn", "", "the role `ARN` that CloudFormation acts in")
	opts.bind(cmd)
	return cmd
}

// snowflakeDestroyResult is the result of `snowflake destroy --json`.
type snowflakeDestroyResult struct {
	Database     string       `json:"database"`
	Statements   []setup.Step `json:"statements"` // that were sent
	Stays        []string     `json:"stays"`      // with the reason
	TrustRemoved bool         `json:"trust_removed"`
}

func runSnowflakeDestroy(ctx context.Context, opts *SnowflakeDestroyOptions) (err error) {
	app := opts.App
	w, err := app.snowflakeProject(ctx, false)
	if err != nil {
		return err
	}
	c, err := openCloud(ctx, w.Config)
	if err != nil {
		return err
	}
	spec, err := w.snowflakeSpec(c.Names)
	if err != nil {
		return err
	}
	trust := app.openTrust(c, opts.RoleARN)
	_, trusted, err := trust.current(ctx)
	if err != nil {
		return err
	}
	s, err := app.openSnowflake(ctx, w, spec)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	removal, err := s.Remove(ctx)
	if err != nil {
		return err
	}
	result := snowflakeDestroyResult{Database: strings.ToUpper(spec.Database), Statements: []setup.Step{}, Stays: removal.Stays}
	trusts := trusted != setup.Trust{}
	if len(removal.Steps) > 0 || trusts {
		if err := opts.agree(ctx, &spec, removal, trusts); err != nil {
			return err
		}
	}
	err = s.Apply(ctx, removal.Steps, func(step setup.Step) {
		result.Statements = append(result.Statements, step)
		app.note("done: %s", term.Clean(step.String()))
	})
	if err == nil && trusts {
		result.TrustRemoved, err = trust.set(ctx, setup.Trust{})
	}
	if err != nil {
		return err
	}
	return app.printSnowflakeDestroy(result)
}

// agree shows what goes and what stays, and asks.
func (o *SnowflakeDestroyOptions) agree(ctx context.Context, spec *setup.Spec, removal *setup.Removal, trusts bool) error {
	app := o.App
	if app.IO.Interactive && !o.Yes || !app.quiet && !app.json {
		fmt.Fprintln(app.IO.Err, "To be dropped in Snowflake:")
		if err := printSteps(app.IO.Err, removal.Steps); err != nil {
			return err
		}
		if trusts {
			fmt.Fprintf(app.IO.Err, "  %s the role %s in AWS\n", app.IO.Err.Paint(term.Red, "-"), spec.RoleARN)
		}
		fmt.Fprintf(app.IO.Err, "What stays:\n  the data, in s3://%s/%s\n", spec.Bucket, spec.Prefix)
		for _, text := range removal.Stays {
			fmt.Fprintf(app.IO.Err, "  %s\n", term.Clean(text))
		}
	}
	name := strings.ToUpper(spec.Database)
	return o.confirm(ctx, app, confirmation{name: name, production: stack.Production(spec.Environment), question: "Drop this?",
		warning: fmt.Sprintf("This drops what production has in Snowflake (%s in account %s).", name, spec.Account)})
}

func (app *App) printSnowflakeDestroy(r snowflakeDestroyResult) error {
	if app.json {
		return app.printJSON(r)
	}
	text := "nothing to drop"
	if n := len(r.Statements); n > 0 || r.TrustRemoved {
		text = term.Plural(int64(n), "thing", "things") + " dropped; the data stays in the lake"
	}
	_, err := fmt.Fprintf(app.IO.Out, "%s: %s\n", r.Database, text)
	return err
}
