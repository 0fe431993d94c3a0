package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/inspect"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/snowflake/setup"
	"github.com/lakectl/lakectl/internal/term"
)

// SnowflakeCheckOptions are the settings of `lakectl snowflake check`.
type SnowflakeCheckOptions struct {
	App *App
}

func newSnowflakeCheckCmd(app *App, runF func(*SnowflakeCheckOptions) error) *cobra.Command {
	opts := &SnowflakeCheckOptions{App: app}
	return &cobra.Command{
		Use:   "check",
		Short: "How Snowflake differs from what it should be",
		Long: `Compare Snowflake with the project and the lake, and say how they differ, each
with what mends it: roles, integration and the trust in AWS, stages, columns,
types and partitions of the external tables, views, grants, the last commit that
was sent, and the rows of each file: a file that Snowflake cannot read it leaves
out without a word. Nothing is changed; counting rows uses the warehouse.

Exit codes: 0 all is as it should be; 7 something differs.`,
		Example: `  lakectl snowflake check
  lakectl snowflake check --json | jq '.findings[] | {name, what, remedy}'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runSnowflakeCheck(cmd.Context(), opts)
		},
	}
}

func runSnowflakeCheck(ctx context.Context, opts *SnowflakeCheckOptions) error {
	app := opts.App
	found, err := app.checkSnowflake(ctx)
	if err != nil {
		return err
	}
	if app.json {
		err = app.printJSON(found)
	} else {
		err = app.printSnowflakeFindings(found)
	}
	if n := len(found.Findings); n > 0 && err == nil {
		return diag.Errorf(diag.Pending, "Snowflake differs in %s from what it should be", term.Plural(int64(n), "place", "places")).
			WithNext("%s", found.Findings[0].Remedy)
	}
	return err
}

func (app *App) checkSnowflake(ctx context.Context) (found *setup.Findings, err error) {
	w, err := app.snowflakeProject(ctx, true)
	if err != nil {
		return nil, err
	}
	c, err := openCloud(ctx, w.Config)
	if err != nil {
		return nil, err
	}
	spec, err := w.snowflakeSpec(c.Names)
	if err != nil {
		return nil, err
	}
	_, trust, err := app.openTrust(c, "").current(ctx)
	if err != nil {
		return nil, err
	}
	s, err := app.openSnowflake(ctx, w, spec)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if found, err = s.Check(ctx, w.Lake, trust); err != nil || trust == (setup.Trust{}) {
		return found, err
	}
	if role := inspect.New(c.Session, c.Names).SnowflakeTrust(ctx); role.Level == diag.Bad {
		found.Findings = append(found.Findings, setup.Finding{Kind: "trust", Name: spec.RoleARN, What: role.Text, Remedy: "lakectl drift shows what was changed by hand in AWS"})
	}
	return found, nil
}

// printSnowflakeFindings shows to people how Snowflake differs.
func (app *App) printSnowflakeFindings(found *setup.Findings) error {
	s := &summary{out: app.IO.Out}
	var list []pair
	for _, f := range found.Findings {
		list = append(list, pair{f.Kind + " " + f.Name, fmt.Sprintf("%s (%s)", f.What, f.Remedy)})
	}
	s.pairs("Snowflake is not as it should be", "", term.Yellow, list)
	if len(list) == 0 && !app.quiet {
		s.printf("Snowflake is as the lake at commit %d (%s)\n", found.Commit, term.Plural(int64(found.Tables), "table", "tables"))
	}
	return s.err
}
