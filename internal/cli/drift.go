package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/stack"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/term"
)

// DriftOptions are the settings of `lakectl drift`.
type DriftOptions struct {
	App              *App
	DetailedExitCode bool
}

func newDriftCmd(app *App, runF func(*DriftOptions) error) *cobra.Command {
	opts := &DriftOptions{App: app}
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "What in AWS is not as it was deployed",
		Long: `Compare what is in AWS with what was deployed, property by property: somebody
may have changed it by hand. Nothing is changed; "lakectl deploy" changes only
what differs from the template, not what drifted.

CloudFormation cannot compare everything: how many resources it did is said.`,
		Example: `  lakectl drift
  lakectl drift --detailed-exitcode    # 7 if something differs`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runDrift(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.DetailedExitCode, "detailed-exitcode", false, "end with 7 if something differs")
	return cmd
}

// openCloudAlone finds the place of a project in AWS whatever else is wrong with
// it.
func (app *App) openCloudAlone(ctx context.Context) (*cloud, *config.Config, error) {
	_, cfg, problems, err := app.read()
	if err != nil {
		return nil, nil, err
	}
	if cfg == nil || cfg.Project.Value == "" || cfg.Lake.Value == "" {
		return nil, nil, problems.Err()
	}
	c, err := openCloud(ctx, cfg)
	return c, cfg, err
}

// driftResult is the result of `drift --json`.
type driftResult struct {
	Stack   string `json:"stack"`
	Drifted bool   `json:"drifted"`
	*stack.Drift
}

func runDrift(ctx context.Context, opts *DriftOptions) error {
	app := opts.App
	c, _, err := app.openCloudAlone(ctx)
	if err != nil {
		return err
	}
	name := c.Names.Stack()
	app.note("Comparing the stack %s with what is in AWS", name)
	found, err := openStack(c, "").Drift(ctx)
	if err != nil {
		return err
	}
	if app.json {
		if found.Resources == nil {
			found.Resources = []stack.Drifted{}
		}
		err = app.printJSON(driftResult{Stack: name, Drifted: len(found.Resources) > 0, Drift: found})
	} else {
		_, err = app.IO.Out.Write([]byte(driftText(app.IO.Out, name, found)))
	}
	if err != nil {
		return err
	}
	if n := len(found.Resources); n > 0 && opts.DetailedExitCode {
		return diag.Errorf(diag.Pending, "%s: %s not as deployed", name, term.Plural(int64(n), "resource is", "resources are")).
			WithNext("bring it back by hand, or change lakehouse.yaml and `lakectl deploy`")
	}
	return nil
}

// driftText shows what differs.
func driftText(out term.Stream, name string, d *stack.Drift) string {
	var b strings.Builder
	if len(d.Resources) == 0 {
		fmt.Fprintf(&b, "%s: as deployed (%s compared)\n", name, term.Plural(int64(d.Checked), "resource", "resources"))
	} else {
		fmt.Fprintf(&b, "%s: %d of %d resources are not as deployed\n", name, len(d.Resources), d.Checked)
	}
	for _, r := range d.Resources {
		word := out.Paint(term.Yellow, "changed")
		if r.Deleted {
			word = out.Paint(term.Red, "deleted")
		}
		fmt.Fprintf(&b, "  %s %s (%s) %s\n", word, term.Clean(r.ID), term.Clean(r.Type), term.Clean(r.Physical))
		for _, p := range r.Properties {
			fmt.Fprintf(&b, "      %s%s\n", term.Clean(p.Path), values(p.Expected, p.Actual))
		}
	}
	if d.Incomplete != "" {
		fmt.Fprintf(&b, "%s not everything could be compared: %s\n", out.Paint(term.Yellow, "warning:"), term.Clean(d.Incomplete))
	}
	return b.String()
}
