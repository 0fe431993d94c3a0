package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
)

func newCompletionCmd(app *App) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Completion of commands for your shell",
		Example: `  source <(lakectl completion bash)      # for this shell
  lakectl completion bash > /etc/bash_completion.d/lakectl
  lakectl completion zsh  > "${fpath[1]}/_lakectl"
  lakectl completion fish > ~/.config/fish/completions/lakectl.fish`,
		ValidArgs: shells,
		Args:      countArgs(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), app.IO.Out
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return diag.Errorf(diag.Usage, "there is no completion for %q", args[0]).
				WithNext("%s", strings.TrimSpace(diag.Suggest(args[0], shells)+" The shells are "+strings.Join(shells, ", ")))
		},
	}
}

// completeTables completes names of tables of the project, of some layers.
func (app *App) completeTables(layers ...string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		_, cfg, _, err := app.read()
		if err != nil || cfg == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return tableNames(cfg, layers), cobra.ShellCompDirectiveNoFileComp
	}
}

// tableNames returns the names of tables in some layers.
func tableNames(cfg *config.Config, layers []string) []string {
	tables := map[string][]string{"bronze": cfg.Bronze.Names(), "silver": cfg.Silver.Names(), "gold": cfg.Gold.Names(), "quarantine": cfg.Silver.Names()}
	var names []string
	for _, layer := range layers {
		for _, name := range tables[layer] {
			names = append(names, layer+"."+name)
		}
	}
	return names
}
