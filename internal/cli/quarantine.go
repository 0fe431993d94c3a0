package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/quarantine"
)

func newQuarantineCmd(app *App) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "quarantine",
		Short: "Rows that were not good enough, and why",
		Long: `Rows that were not good enough for silver are kept in quarantine, each with
every reason: read:... for records that could not be split, type:COLUMN for
values that are not exactly of their type, required:COLUMN for values that are
missing, and the names of the checks of lakehouse.yaml.`,
		Example: `  lakectl quarantine ls
  lakectl quarantine show transactions --reason type:amount
  lakectl quarantine replay transactions      # after a rule was changed`,
	})
	cmd.AddCommand(newQuarantineLsCmd(app, nil), newQuarantineShowCmd(app, nil), newQuarantineReplayCmd(app, nil))
	return cmd
}

// completeDatasets completes names of datasets.
func (app *App) completeDatasets() cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		_, cfg, _, err := app.read()
		if err != nil || cfg == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return cfg.Bronze.Names(), cobra.ShellCompDirectiveNoFileComp
	}
}

// dataset checks that a dataset is known and returns its name; with
// quarantine. or another layer in front it is the same.
func (w *workspace) dataset(name string) (string, error) {
	for _, layer := range []string{lake.Quarantine, lake.Bronze, lake.Silver} {
		name = strings.TrimPrefix(name, layer+".")
	}
	names := w.datasets()
	if slices.Contains(names, name) {
		return name, nil
	}
	err := diag.Errorf(diag.Usage, "there is no dataset %q", name)
	if hint := diag.Suggest(name, names); hint != "" {
		return "", err.WithNext("%s", hint)
	}
	return "", err.WithNext("the datasets are %s", strings.Join(names, ", "))
}

// datasets returns the datasets of the project, and those that are in
// quarantine yet.
func (w *workspace) datasets() []string {
	var names []string
	for _, d := range w.Project.Bronze {
		names = append(names, d.Name)
	}
	for _, ref := range w.State.TableRefs() {
		if ref.Layer == lake.Quarantine && !slices.Contains(names, ref.Name) {
			names = append(names, ref.Name)
		}
	}
	return names
}

// quarantine returns the quarantine of a dataset.
func (w *workspace) quarantine(dataset string) quarantine.Files {
	return quarantine.Files{Table: w.State.Tables[lake.TableRef{Layer: lake.Quarantine, Name: dataset}], Open: w.Lake.At(w.State)}
}

// summaries returns what is in quarantine, of one dataset or of all.
func (w *workspace) summaries(ctx context.Context, names []string) ([]*quarantine.Summary, error) {
	var list []*quarantine.Summary
	for _, name := range names {
		s, err := w.quarantine(name).Summarise(ctx)
		if err != nil {
			return nil, err
		}
		s.Dataset = name
		list = append(list, s)
	}
	return list, nil
}
