package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/template"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/term"
)

// PolicyOptions are the settings of `lakectl policy ls` and `lakectl policy show`.
type PolicyOptions struct {
	App  *App
	Name string
}

func newPolicyCmd(app *App) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "policy",
		Short: "The IAM policies of the lakehouse",
		Long: `The IAM policies of those who work with the lakehouse in AWS. The stack has
them already, made from the same documents; here they are for those who review
them, or make roles by other means.`,
		Example: `  lakectl policy ls
  lakectl policy show athena-query`,
	})
	cmd.AddCommand(newPolicyLsCmd(app, nil), newPolicyShowCmd(app, nil))
	return cmd
}

func newPolicyLsCmd(app *App, runF func(*PolicyOptions) error) *cobra.Command {
	opts := &PolicyOptions{App: app}
	return &cobra.Command{
		Use:   "ls",
		Short: "Which policies there are, and for whom",
		Example: `  lakectl policy ls
  lakectl policy ls --json | jq -r '.policies[].name'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runPolicyLs(opts)
		},
	}
}

func newPolicyShowCmd(app *App, runF func(*PolicyOptions) error) *cobra.Command {
	opts := &PolicyOptions{App: app}
	return &cobra.Command{
		Use:   "show NAME",
		Short: "A policy with this project's names, as JSON",
		Long: `Print a policy with the names of this project and environment, as JSON that IAM
takes as it is.

With "aws: {account: ..., region: ...}" in lakehouse.yaml it asks nobody;
without, it asks AWS whose account this is.`,
		Example: `  lakectl policy show athena-query
  lakectl policy show glue-job --env prod > glue-job.json`,
		Args:              oneArg("the name of a policy: "+strings.Join(policyNames(), ", "), "glue-job"),
		ValidArgsFunction: completePolicies,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Name = args[0]
			if runF != nil {
				return runF(opts)
			}
			return runPolicyShow(cmd.Context(), opts)
		},
	}
}

func policyNames() []string {
	var list []string
	for _, p := range template.Policies() {
		list = append(list, p.Name)
	}
	return list
}

func completePolicies(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []string
	for _, p := range template.Policies() {
		list = append(list, p.Name+"\t"+p.Description)
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

func runPolicyLs(opts *PolicyOptions) error {
	app := opts.App
	if app.json {
		return app.printJSON(map[string][]template.PolicyInfo{"policies": template.Policies()})
	}
	t := term.NewTable("policy", "for")
	for _, p := range template.Policies() {
		t.Add(p.Name, p.Description)
	}
	return t.Write(app.IO.Out)
}

func runPolicyShow(ctx context.Context, opts *PolicyOptions) error {
	app := opts.App
	_, cfg, problems, err := app.read()
	if err != nil {
		return err
	}
	if cfg == nil || len(problems) > 0 {
		return problems.Err()
	}
	n, err := placeNames(ctx, cfg)
	if err != nil {
		return err
	}
	text, err := template.Policy(opts.Name, n, cfg.AWS.KMS.Value)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(app.IO.Out, text)
	return err
}

// placeNames returns the names of a project in AWS. AWS is asked only for what
// lakehouse.yaml does not say.
func placeNames(ctx context.Context, cfg *config.Config) (names.Names, error) {
	if account, region := cfg.AWS.Account.Value, cfg.AWS.Region.Value; account != "" && region != "" {
		return names.Of(cfg, account, region)
	}
	c, err := openCloud(ctx, cfg)
	if err != nil {
		return names.Names{}, err
	}
	return c.Names, nil
}
