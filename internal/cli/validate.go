package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/source"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/term"
)

// ValidateOptions are the settings of `lakectl validate`.
type ValidateOptions struct{ App *App }

func newValidateCmd(app *App, runF func(*ValidateOptions) error) *cobra.Command {
	opts := &ValidateOptions{App: app}
	return &cobra.Command{
		Use:   "validate",
		Short: "Check lakehouse.yaml and the project's queries",
		Long: `Check lakehouse.yaml: names, types, expressions, and what refers to what; and
the project's own queries, the .sql files in its folder queries: what their
headers say, and that the stack in AWS can have them.

All problems are reported at once, each with its line and column, and what was
probably meant; those of the other environments in the file as well. The names
of raw columns are checked against the headers of the files found and the
columns in the lake. Nothing is written.

Exit codes: 0 if all is well, 2 if there are problems.`,
		Example: `  lakectl validate
  lakectl validate --env prod --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runValidate(cmd.Context(), opts)
		},
	}
}

// validation is the result of `validate --json`.
type validation struct {
	OK          bool      `json:"ok"`
	Project     string    `json:"project"`
	Environment string    `json:"environment"`
	Bronze      int       `json:"bronze"`
	Silver      int       `json:"silver"`
	Gold        int       `json:"gold"`
	Queries     int       `json:"queries"` // the project's own
	Warnings    []string  `json:"warnings"`
	Problems    diag.List `json:"problems"`
}

func runValidate(ctx context.Context, opts *ValidateOptions) error {
	app := opts.App
	w, cfg, problems, err := app.read()
	if err != nil {
		return err
	}
	w.Sources.Store = notAsked // validate works offline
	result := validation{Warnings: []string{}, Problems: diag.List{}}
	if cfg != nil && cfg.Lake.Value != "" && !onS3(cfg.Lake.Value) {
		if err := w.openLake(ctx, app, cfg); err != nil {
			result.Warnings = append(result.Warnings, "the lake could not be read, so its columns are not known: "+err.Error())
		}
	}
	if cfg != nil {
		count, found, err := checkCloud(cfg)
		if err != nil {
			return err
		}
		result.Queries = count
		problems.Add(found)
	}
	if err = w.bind(ctx, cfg, problems); cfg != nil {
		err = w.bindOthers(ctx, cfg, err)
	}
	if err == nil {
		result.OK, result.Project, result.Environment = true, w.Project.Name, w.Project.Environment
		result.Bronze, result.Silver, result.Gold = len(w.Project.Bronze), len(w.Project.Silver), len(w.Project.Gold)
		result.Warnings = append(result.Warnings, w.missingFiles()...)
	}
	var found *diag.Problems
	if errors.As(err, &found) {
		result.Problems = found.List
	}
	if app.json {
		return errors.Join(err, app.printJSON(result))
	}
	for _, text := range result.Warnings {
		app.warn(text)
	}
	if err == nil && !app.quiet {
		_, err = fmt.Fprintf(app.IO.Out, "%s %s\n", app.IO.Out.Paint(term.Green, "ok:"), inventory(w.Project, result.Queries))
	}
	return err
}

// bindOthers binds the project as it is in its other environments, as far as
// the files found there tell, and adds what is wrong in those alone to err. A
// line may be right in one environment and wrong in another, so each problem
// says where it is one.
func (w *workspace) bindOthers(ctx context.Context, cfg *config.Config, err error) error {
	here, ok := err.(*diag.Problems) //nolint:errorlint // of several errors the problems are not all
	if err != nil && !ok {
		return err
	}
	var all diag.List
	if ok {
		all = slices.Clone(here.List)
	}
	for _, name := range cfg.Environments.Names {
		if name.Value == cfg.Environment.Value {
			continue
		}
		other, _ := config.Load(cfg.File, config.Options{Environment: name.Value}) // what it finds is known
		if other == nil || other.Environment.Value != name.Value {
			continue
		}
		raw, _ := (&workspace{Sources: w.Sources}).rawColumns(ctx, other) // files may be out of reach here
		_, problems := project.Bind(other, raw)
		for _, p := range problems {
			if !slices.Contains(all, p) {
				p.Message += " (in the environment " + name.Value + ")"
				all = append(all, p)
			}
		}
	}
	all.Sort()
	return all.Err()
}

// inventory says what a project has.
func inventory(p *project.Project, queries int) string {
	parts := []string{
		term.Plural(int64(len(p.Bronze)), "bronze dataset", "bronze datasets"),
		term.Plural(int64(len(p.Silver)), "silver table", "silver tables"),
		term.Plural(int64(len(p.Gold)), "gold table", "gold tables"),
	}
	if queries > 0 {
		parts = append(parts, term.Plural(int64(queries), "query", "queries"))
	}
	return strings.Join(parts, ", ")
}

// notAsked is a bucket of raw files that is not looked into.
func notAsked(context.Context, string) (source.Store, error) { return emptyStore{}, nil }

type emptyStore struct{ source.Store }

func (emptyStore) List(context.Context, string) iter.Seq2[storage.Info, error] {
	return func(func(storage.Info, error) bool) {}
}

// missingFiles warns of datasets without files, as far as their sources are
// looked at.
func (w *workspace) missingFiles() []string {
	var warnings []string
	for _, d := range w.Project.Bronze {
		if len(w.Found[d.Name]) == 0 && !slices.ContainsFunc(d.Sources, onS3) {
			warnings = append(warnings, noFiles(d))
		}
	}
	return warnings
}

func noFiles(d *project.Bronze) string {
	return fmt.Sprintf("no file matches the source of bronze.%s: %s", d.Name, strings.Join(d.Sources, ", "))
}
