package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/cost"
	"github.com/lakectl/lakectl/internal/aws/glue"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/term"
)

// CrawlerOptions are the settings of `lakectl crawler`.
type CrawlerOptions struct {
	App    *App
	Layers []string
	DryRun bool
	Detach bool
}

func newCrawlerCmd(app *App) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "crawler",
		Short: "The crawlers in AWS Glue",
		Long: `The crawlers in AWS Glue, one for each layer. They look at the files of the
lake, and tell the catalog of tables and partitions that it does not have.`,
		Example: `  lakectl crawler register
  lakectl crawler start silver
  lakectl crawler status`,
	})
	cmd.AddCommand(newCrawlerLsCmd(app, nil), newCrawlerRegisterCmd(app, nil), newCrawlerStartCmd(app, nil), newCrawlerStatusCmd(app, nil))
	return cmd
}

func newCrawlerLsCmd(app *App, runF func(*CrawlerOptions) error) *cobra.Command {
	opts := &CrawlerOptions{App: app}
	return &cobra.Command{
		Use:   "ls",
		Short: "The crawlers, whether they are registered, and what they look at",
		Example: `  lakectl crawler ls
  lakectl crawler ls --json | jq '.crawlers[].targets'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runCrawlerLs(cmd.Context(), opts)
		},
	}
}

func newCrawlerRegisterCmd(app *App, runF func(*CrawlerOptions) error) *cobra.Command {
	opts := &CrawlerOptions{App: app}
	cmd := &cobra.Command{
		Use:   "register",
		Short: "Make the crawlers what lakehouse.yaml says",
		Long: `Make the crawlers what lakehouse.yaml says: create or update those that differ.
What differs is shown. Each has one target for each table of its layer, and
leaves the schemas of tables alone.`,
		Example: `  lakectl crawler register --dry-run
  lakectl crawler register`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runCrawlerRegister(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "say what would change, and change nothing")
	return cmd
}

func newCrawlerStartCmd(app *App, runF func(*CrawlerOptions) error) *cobra.Command {
	opts := &CrawlerOptions{App: app}
	cmd := &cobra.Command{
		Use:   "start [LAYER...]",
		Short: "Start crawlers, and say what they found",
		Long: `Start the crawlers of layers, of all without any, wait until they are done, and
say which tables they made or changed. A crawler that runs already is followed.`,
		Example: `  lakectl crawler start silver gold
  lakectl crawler start --detach
  lakectl crawler start --dry-run    # what it costs`,
		ValidArgs: glue.Layers(),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if opts.Layers, err = chooseLayers(args); err != nil {
				return err
			}
			if runF != nil {
				return runF(opts)
			}
			return runCrawlerStart(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Detach, "detach", false, "do not wait")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "say what would be started and what it costs, and start nothing")
	return cmd
}

func newCrawlerStatusCmd(app *App, runF func(*CrawlerOptions) error) *cobra.Command {
	opts := &CrawlerOptions{App: app}
	return &cobra.Command{
		Use:     "status [LAYER...]",
		Short:   "What the crawlers do, and how their last crawls ended",
		Example: "  lakectl crawler status\n  lakectl crawler status silver",
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if opts.Layers, err = chooseLayers(args); err != nil {
				return err
			}
			if runF != nil {
				return runF(opts)
			}
			return runCrawlerStatus(cmd.Context(), opts)
		},
	}
}

// crawlerLine is one crawler of `crawler ls --json`.
type crawlerLine struct {
	Layer      string   `json:"layer"`
	Crawler    string   `json:"crawler"`
	Database   string   `json:"database"`
	Registered bool     `json:"registered"`
	Targets    []string `json:"targets"` // as lakehouse.yaml has them
}

func runCrawlerLs(ctx context.Context, opts *CrawlerOptions) error {
	app := opts.App
	w, c, err := app.openGlue(ctx)
	if err != nil {
		return err
	}
	crawls := glue.NewCrawls(c.Session)
	lines := []crawlerLine{}
	t := term.NewTable("crawler", "registered", "database", "targets")
	t.Names(0, 2, 3)
	for _, should := range glue.Crawlers(w.Project, c.Names) {
		is, err := crawls.Status(ctx, should.Name)
		if err != nil {
			return err
		}
		lines = append(lines, crawlerLine{Layer: should.Layer, Crawler: should.Name, Database: should.Database, Registered: is != nil, Targets: should.Paths})
		for i, path := range should.Paths {
			if i == 0 {
				t.Add(should.Name, map[bool]string{true: "yes", false: "no"}[is != nil], should.Database, path)
			} else {
				t.Add("", "", "", path)
			}
		}
	}
	if app.json {
		return app.printJSON(map[string][]crawlerLine{"crawlers": lines})
	}
	return t.Write(app.IO.Out)
}

func runCrawlerRegister(ctx context.Context, opts *CrawlerOptions) error {
	app := opts.App
	w, c, err := app.openGlue(ctx)
	if err == nil {
		err = lakeReachable(w, ", or choose another environment (--env)")
	}
	if err != nil {
		return err
	}
	register := registerCrawlers
	if opts.DryRun {
		register = planCrawlers
	}
	changes, err := register(ctx, w, c)
	return errors.Join(app.printChanges(changes, opts.DryRun), err)
}

// crawlerNames returns the crawlers of layers that have tables.
func crawlerNames(w *workspace, c *cloud, layers []string) []string {
	var list []string
	for _, crawler := range glue.Crawlers(w.Project, c.Names) {
		for _, layer := range layers {
			if crawler.Layer == layer {
				list = append(list, crawler.Name)
			}
		}
	}
	return list
}

func runCrawlerStart(ctx context.Context, opts *CrawlerOptions) error {
	app := opts.App
	w, c, err := app.openGlue(ctx)
	if err == nil {
		err = lakeReachable(w, ", or choose another environment (--env)")
	}
	if err != nil {
		return err
	}
	chosen := crawlerNames(w, c, opts.Layers)
	if opts.DryRun {
		return app.printCrawlEstimate(chosen)
	}
	crawls := glue.NewCrawls(c.Session)
	var started []*glue.Started
	var failed []error
	for _, name := range chosen { // all at once: they do not wait for one another
		s, err := crawls.Start(ctx, name)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if s.Already {
			app.note("%s is running already", name)
		}
		started = append(started, s)
	}
	results := []*glue.Crawl{}
	for _, s := range started {
		crawl := s.Crawl
		if !opts.Detach {
			crawl, err = crawls.Follow(ctx, s, func(now *glue.Crawl) { app.note("%s: %s", now.Crawler, now.State) })
			failed = append(failed, err)
		}
		results = append(results, crawl)
	}
	if ctx.Err() != nil {
		app.leaveLine()
		failed = []error{diag.Errorf(diag.Interrupted, "detached: the crawlers go on in AWS").
			WithNext("`lakectl crawler start %s` returns to them, `lakectl crawler status` shows what they do", strings.Join(opts.Layers, " "))}
	}
	return errors.Join(app.printCrawls(results, !opts.Detach && ctx.Err() == nil), errors.Join(failed...))
}

// crawlEstimate is the result of `crawler start --dry-run --json`.
type crawlEstimate struct {
	DryRun   bool          `json:"dry_run"`
	Crawlers []string      `json:"crawlers"`
	Estimate cost.Estimate `json:"estimate"` // of all of them
}

func (app *App) printCrawlEstimate(crawlers []string) error {
	e := cost.EstimateCrawl()
	n := float64(len(crawlers))
	e.Usual, e.Most = n*e.Usual, n*e.Most
	if app.json {
		return app.printJSON(crawlEstimate{DryRun: true, Crawlers: crawlers, Estimate: e})
	}
	lines := []string{"would be started: " + strings.Join(crawlers, ", ")}
	_, err := fmt.Fprintln(app.IO.Out, strings.Join(append(lines, estimateLines(e)...), "\n"))
	return err
}

func runCrawlerStatus(ctx context.Context, opts *CrawlerOptions) error {
	app := opts.App
	w, c, err := app.openGlue(ctx)
	if err != nil {
		return err
	}
	crawls := glue.NewCrawls(c.Session)
	list := []*glue.Crawl{}
	for _, name := range crawlerNames(w, c, opts.Layers) {
		crawl, err := crawls.Status(ctx, name)
		if err != nil {
			return err
		}
		if crawl == nil {
			app.warn(fmt.Sprintf("the crawler %s is not registered: `lakectl crawler register` makes it", name))
			continue
		}
		list = append(list, crawl)
	}
	return app.printCrawls(list, false)
}

// printCrawls shows crawls: what they do, and what those that were followed have
// changed.
func (app *App) printCrawls(list []*glue.Crawl, followed bool) error {
	if app.json {
		return app.printJSON(map[string][]*glue.Crawl{"crawls": list})
	}
	if len(list) == 0 {
		return nil
	}
	clock, err := app.clock()
	if err != nil {
		return err
	}
	titles := []string{"crawler", "state", "last crawl", "started", ">took", ">cost"}
	if followed {
		titles = append(titles, "tables")
	}
	t := term.NewTable(titles...)
	t.Names(0)
	for _, c := range list {
		cells := []string{c.Crawler, c.State, "never", "", "", ""}
		if c.Started != nil {
			cells = []string{c.Crawler, c.State, c.Status, age(*c.Started, clock()), term.Duration(seconds(c.Seconds)), cost.Dollars(c.USD)}
		}
		if followed {
			cells = append(cells, tablesOf(c))
		}
		t.Add(cells...)
	}
	if err := t.Write(app.IO.Out); err != nil {
		return err
	}
	for _, c := range list {
		if c.Error != "" && !followed { // else it is the error of the command
			app.warn(c.Crawler + ": " + term.Clean(c.Error))
		}
	}
	return nil
}

// tablesOf says which tables a crawl has made and changed.
func tablesOf(c *glue.Crawl) string {
	var parts []string
	if len(c.Created) > 0 {
		parts = append(parts, "created "+strings.Join(c.Created, ", "))
	}
	if len(c.Updated) > 0 {
		parts = append(parts, "updated "+strings.Join(c.Updated, ", "))
	}
	if len(parts) == 0 {
		return "as they were"
	}
	return strings.Join(parts, "; ")
}
