package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/catalog"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/term"
)

// CatalogOptions are the settings of `lakectl catalog sync` and `lakectl
// catalog check`.
type CatalogOptions struct {
	App    *App
	Tables []string // sync: of the lake, or whole layers
	DryRun bool     // sync
}

func newCatalogCmd(app *App) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "catalog",
		Short: "The tables of the lake in the Glue data catalog",
		Long: `Athena, Spark and others find the tables of a lake on S3 in the Glue data
catalog: the layers are its databases, and the quarantine of a dataset is the
table DATASET_quarantine of silver. Runs keep it up to date, unless
lakehouse.yaml has "aws: {catalog: false}"; these commands repair it, and say
how it differs.`,
		Example: `  lakectl catalog check
  lakectl catalog sync`,
	})
	cmd.AddCommand(newCatalogSyncCmd(app, nil), newCatalogCheckCmd(app, nil))
	return cmd
}

func newCatalogSyncCmd(app *App, runF func(*CatalogOptions) error) *cobra.Command {
	opts := &CatalogOptions{App: app}
	cmd := &cobra.Command{
		Use:   "sync [TABLE...]",
		Short: "Make the catalog what the lake is",
		Long: `Make the catalog what the lake is: tables, columns and partitions are compared
one by one, and what differs is sent. Where nothing differs, nothing is sent.
What others have set there, such as descriptions and comments, is kept.

TABLE is a layer (silver) or a table (silver.transactions). Without any, all
tables are meant, and those that the lake no longer has are dropped from the
catalog. Data is never touched.`,
		Example: `  lakectl catalog sync
  lakectl catalog sync gold silver.transactions
  lakectl catalog sync --dry-run
  lakectl catalog sync --json | jq .changes`,
		ValidArgsFunction: app.completeTables("bronze", "silver", "gold", "quarantine"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Tables = args
			if runF != nil {
				return runF(opts)
			}
			return runCatalogSync(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "only say what would be sent")
	return cmd
}

func newCatalogCheckCmd(app *App, runF func(*CatalogOptions) error) *cobra.Command {
	opts := &CatalogOptions{App: app}
	return &cobra.Command{
		Use:   "check",
		Short: "How the catalog differs from the lake",
		Long: `Compare all tables, columns and partitions of the catalog with the lake, and
say how they differ. Nothing is changed.

Exit codes: 0 they are the same; 7 they differ: "lakectl catalog sync" sends
what the lake has.`,
		Example: `  lakectl catalog check
  lakectl catalog check --json | jq '.differences[] | {table, what, remedy}'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runCatalogCheck(cmd.Context(), opts)
		},
	}
}

// openCatalog opens the lake of a project, which must be on S3, and its catalog.
func (app *App) openCatalog(ctx context.Context) (*workspace, *catalog.Catalog, error) {
	if _, cfg, _, err := app.read(); err == nil && cfg != nil && cfg.Lake.Value != "" && !onS3(cfg.Lake.Value) {
		return nil, nil, diag.Errorf(diag.Usage, "the lake is the folder %s: the Glue catalog and Athena know only lakes on S3", cfg.Lake.Value).
			WithNext("choose an environment with `lake: s3://...` (--env), or read the folder with `lakectl show` or any engine of this machine")
	}
	w, err := app.look(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := openCloud(ctx, w.Config)
	if err != nil {
		return nil, nil, err
	}
	return w, w.catalog(c), nil
}

// catalog returns the catalog of the workspace's lake.
func (w *workspace) catalog(c *cloud) *catalog.Catalog {
	return catalog.New(catalog.Options{Glue: catalog.Client(c.Session), Lake: w.Lake, Names: c.Names, Project: w.Project})
}

func runCatalogSync(ctx context.Context, opts *CatalogOptions) error {
	app := opts.App
	w, c, err := app.openCatalog(ctx)
	if err != nil {
		return err
	}
	tables, err := w.inLake(opts.Tables)
	if err != nil {
		return err
	}
	r, err := c.Sync(ctx, catalog.SyncOptions{Tables: tables, Full: true, DryRun: opts.DryRun})
	if r == nil {
		return err
	}
	if app.json {
		return errors.Join(err, app.printJSON(r))
	}
	for _, text := range r.Warnings {
		app.warn(text)
	}
	return errors.Join(err, app.printCatalogSync(r, err))
}

// inLake returns the tables of the lake that are meant by layers and tables.
func (w *workspace) inLake(words []string) ([]lake.TableRef, error) {
	var list []lake.TableRef
	var known []string
	for _, ref := range w.State.TableRefs() {
		if known = append(known, ref.String()); !slices.Contains(known, ref.Layer) {
			known = append(known, ref.Layer)
		}
	}
	for _, word := range words {
		if !slices.Contains(known, word) {
			err := diag.Errorf(diag.Usage, "the lake has no table or layer %q", word)
			if hint := diag.Suggest(word, known); hint != "" {
				return nil, err.WithNext("%s", hint)
			}
			return nil, err.WithNext("`lakectl status` lists the tables")
		}
		for _, ref := range w.State.TableRefs() {
			if ref.Layer == word || ref.String() == word {
				list = append(list, ref)
			}
		}
	}
	return list, nil
}

// printCatalogSync shows to people what was sent.
func (app *App) printCatalogSync(r *catalog.Result, err error) error {
	s := &summary{out: app.IO.Out}
	var list []pair
	for _, t := range r.Tables {
		list = append(list, pair{t.Table, sentOf(t, r.DryRun)})
	}
	title, done := "Sent to the catalog", "sent"
	if r.DryRun {
		title, done = "To be sent to the catalog", "to be sent; this was a dry run"
	}
	if !app.quiet {
		s.pairs(title, "", term.Plain, list)
	}
	switch {
	case err != nil, app.quiet:
	case len(r.Tables) == 0:
		s.printf("the catalog has all of commit %d: nothing to send (%s)\n", r.Commit, term.Plural(int64(r.UpToDate), "table", "tables"))
	default:
		s.printf("\n%s %s; commit %d\n", term.Plural(int64(r.Changes), "change", "changes"), done, r.Commit)
	}
	return s.err
}

// sentOf says in short what was sent of a table, or is to be, and why.
func sentOf(t catalog.TableResult, dry bool) string {
	verb := t.Action
	if dry {
		verb = map[string]string{catalog.Created: "create", catalog.Updated: "update", catalog.Dropped: "drop"}[verb]
	}
	text := verb + " " + t.Name
	for _, part := range []struct {
		n    int
		what string
	}{{t.Partitions.Created, "new"}, {t.Partitions.Updated, "changed"}, {t.Partitions.Dropped, "dropped"}} {
		if part.n > 0 {
			text += ", " + term.Plural(int64(part.n), part.what+" partition", part.what+" partitions")
		}
	}
	if t.Action != catalog.Updated {
		return text
	}
	text += ": " + t.Why[0]
	if n := len(t.Why) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

func runCatalogCheck(ctx context.Context, opts *CatalogOptions) error {
	app := opts.App
	_, c, err := app.openCatalog(ctx)
	if err != nil {
		return err
	}
	found, err := c.Check(ctx)
	if err != nil {
		return err
	}
	if app.json {
		err = app.printJSON(found)
	} else {
		err = app.printFindings(found)
	}
	if n := len(found.Differences); n > 0 && err == nil {
		return diag.Errorf(diag.Pending, "the catalog differs from commit %d of the lake in %s", found.Commit, term.Plural(int64(n), "place", "places")).
			WithNext("%s", remedies(found.Differences))
	}
	return err
}

// printFindings shows to people how the catalog differs.
func (app *App) printFindings(found *catalog.Findings) error {
	for _, text := range found.Warnings {
		app.warn(text)
	}
	s := &summary{out: app.IO.Out}
	var list []pair
	for _, d := range found.Differences {
		list = append(list, pair{d.Table, d.Kind + ": " + d.What})
	}
	s.pairs("The catalog and the lake differ", "", term.Yellow, list)
	if len(list) == 0 && !app.quiet {
		s.printf("the catalog is as the lake at commit %d (%s)\n", found.Commit, term.Plural(int64(found.Tables), "table", "tables"))
	}
	return s.err
}

// remedies says what to do about differences: what is special about some of
// them first.
func remedies(list []catalog.Difference) string {
	const general = "`lakectl catalog sync` sends what the lake has"
	for _, d := range list {
		if d.Kind == catalog.KindForeign {
			return fmt.Sprintf("%s: %s; %s", d.Table, strings.Replace(d.Remedy, "then: ", "then run: ", 1), general)
		}
	}
	return general
}
