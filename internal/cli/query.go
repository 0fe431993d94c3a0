package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/query/athena"
	"github.com/lakectl/lakectl/internal/query/duckdb"
	"github.com/lakectl/lakectl/internal/query/render"
	querysnowflake "github.com/lakectl/lakectl/internal/query/snowflake"
)

// QueryOptions are the settings of `lakectl query`.
type QueryOptions struct {
	App     *App
	Text    string // a name, or SQL; empty lists the queries
	File    string
	Engine  string // empty: what suits the lake
	Compare []string
	Params  []string // name=value, or name:type=value for SQL that was typed
	Output  string
	Limit   int // rows in a table; 0 is all
	Explain bool
	MaxScan sizeValue
	Reuse   time.Duration
	To      string
	Memory  sizeValue
	Threads int
	Tuned   bool // Memory or Threads was given
}

// limitOfTables is how many rows a table for people has, unless it is told.
const limitOfTables = 1000

func newQueryCmd(app *App, runF func(*QueryOptions) error) *cobra.Command {
	opts := &QueryOptions{App: app, Memory: defaultMemory}
	cmd := &cobra.Command{
		Use:   "query [NAME | SQL]",
		Short: "Ask the lake a question, by name or in SQL",
		Long:  queryLong,
		Example: `  lakectl query                                 # which there are
  lakectl query gold_daily --param since=2026-03-01
  lakectl query 'select status, count(*) from ${silver}.transactions group by 1'
  lakectl query -f report.sql -o csv > report.csv
  lakectl query gold_daily --explain`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: app.completeQueries,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Tuned = cmd.Flags().Changed("memory") || cmd.Flags().Changed("threads")
			if err := opts.settle(args); err != nil {
				return err
			}
			if runF != nil {
				return runF(opts)
			}
			return app.untilReaderLeaves(func() error { return runQuery(cmd.Context(), opts) })
		},
	}
	f := cmd.Flags()
	f.StringVarP(&opts.File, "file", "f", "", "the SQL in `FILE`; - is standard input")
	f.StringVar(&opts.Engine, "engine", "", "`ENGINE`: "+strings.Join(engines, ", ")+" (default: what suits the lake)")
	f.StringArrayVar(&opts.Params, "param", nil, "`NAME=VALUE` of a parameter; may be repeated")
	f.StringVarP(&opts.Output, "output", "o", asTable, "`FORMAT`: "+strings.Join(resultFormats(), ", "))
	f.IntVar(&opts.Limit, "limit", limitOfTables, "at most `N` rows in a table; 0 is all")
	f.StringSliceVar(&opts.Compare, "compare", nil, "run it on two engines, such as `A,B`, and say how the rows differ")
	f.BoolVar(&opts.Explain, "explain", false, "how the engine would run it, in place of running it")
	f.Var(&opts.MaxScan, "max-scan", "run only if no more than this is read")
	f.DurationVar(&opts.Reuse, "reuse", 0, "take Athena's answer of `AGE` ago, such as 1h, if there is one")
	f.StringVar(&opts.To, "to", "", "have Athena write Parquet to `s3://BUCKET/FOLDER` (with -o parquet)")
	f.Var(&opts.Memory, "memory", "memory for DuckDB; more goes to disk; 0 is its default")
	f.IntVar(&opts.Threads, "threads", 0, "`N` threads for DuckDB (default: one for each processor)")
	return cmd
}

const queryLong = `Ask the lake a question: one that has a name, or SQL.

Without an argument it lists the questions that have names: those that come with
lakectl, and those in the project's own folder queries/, which come first. Their
parameters are given with --param; in SQL that is typed, a parameter is a text
unless it is given as --param name:type=value. Values never become part of the
SQL.

In the SQL, a table is ${silver}.transactions, which is right on every engine;
on duckdb silver.transactions will do. It is the SQL of Athena (Trino), on
duckdb, too.

The engine is duckdb for a lake in a folder: it is part of lakectl, reads the
lake as of its last commit, and nothing else. Of a lake on S3 it fetches the
partitions that the query needs, and keeps them in a cache. For a lake on S3 the
engine is athena, in the workgroup that "lakectl deploy" made. Snowflake has the
tables that "lakectl snowflake setup" made. Ctrl-C stops a query there, too.

Exit codes: 0 answered; 1 the engine failed, or --compare found a difference;
2 the query is wrong; 4 ask again; 8 it would read more than --max-scan.`

// engines are those that answer queries.
var engines = []string{duckdb.Name, athena.Name, querysnowflake.Name}

// settle checks the flags against each other.
func (o *QueryOptions) settle(args []string) error {
	if len(args) > 1 {
		return diag.Errorf(diag.Usage, "there are %d arguments; a query is one", len(args)).
			WithNext("put SQL in quotes: lakectl query \"%s\"", strings.Join(args, " "))
	}
	if len(args) == 1 {
		o.Text = strings.TrimSpace(args[0])
		if o.Text == "" {
			return diag.Errorf(diag.Usage, "the query is empty").WithNext("lakectl query lists those that have names")
		}
	}
	switch {
	case o.Text != "" && o.File != "":
		return diag.Errorf(diag.Usage, "there is a query and a --file").WithNext("give one of them")
	case len(o.Compare) > 0 && (len(o.Compare) != 2 || o.Engine != ""):
		return diag.Errorf(diag.Usage, "--compare takes two engines, and no --engine").WithNext("--compare duckdb,athena")
	case len(o.Compare) > 0 && o.Text+o.File == "":
		return diag.Errorf(diag.Usage, "--compare needs a query").WithNext("`lakectl query` lists those that have names")
	case o.To != "" && (o.Output != render.Parquet || o.Explain || len(o.Compare) > 0):
		return diag.Errorf(diag.Usage, "--to is for Parquet that Athena writes").WithNext("--engine athena -o parquet --to s3://bucket/folder")
	case o.Limit < 0:
		return errNegativeLimit()
	case o.Threads < 0:
		return diag.Errorf(diag.Usage, "--threads cannot be negative").WithNext("--threads 0 is one for each processor")
	}
	if o.App.json && o.Output == asTable {
		o.Output = render.JSON
	}
	if o.To == "" { // nothing is written here
		if err := o.App.checkFormat(o.Output); err != nil {
			return err
		}
	}
	for _, name := range append(o.Compare, o.Engine) {
		if name != "" && !slices.Contains(engines, name) {
			return unknownEngine(name)
		}
	}
	return nil
}

// suit says which flags are for none of the engines that answer.
func (o *QueryOptions) suit(names ...string) error {
	asked := strings.Join(names, " and ")
	switch {
	case o.Reuse != 0 && !slices.Contains(names, athena.Name):
		return diag.Errorf(diag.Usage, "--reuse is for Athena, which keeps answers; this query asks %s", asked).WithNext("leave it out, or ask --engine athena")
	case o.Tuned && !slices.Contains(names, duckdb.Name):
		return diag.Errorf(diag.Usage, "--memory and --threads are for duckdb; this query asks %s", asked).WithNext("leave them out, or ask --engine duckdb")
	}
	return nil
}

func unknownEngine(name string) error {
	err := diag.Errorf(diag.Usage, "there is no engine %q", name)
	if hint := diag.Suggest(name, engines); hint != "" {
		return err.WithNext("%s", hint)
	}
	return err.WithNext("the engines are %s", strings.Join(engines, ", "))
}

func runQuery(ctx context.Context, opts *QueryOptions) error {
	app := opts.App
	if opts.Text == "" && opts.File == "" {
		return app.listQueries(opts)
	}
	w, err := app.look(ctx)
	if err != nil {
		return err
	}
	if len(opts.Compare) > 0 {
		if err := opts.suit(opts.Compare...); err != nil {
			return err
		}
		return w.runComparison(ctx, opts)
	}
	name := w.engineName(opts)
	if err := opts.suit(name); err != nil {
		return err
	}
	st, err := w.statement(opts, name) // before anybody logs in
	if err == nil && opts.To != "" && name != athena.Name {
		err = noUnload(name)
	}
	if err != nil {
		return err
	}
	engine, err := w.queryEngine(ctx, opts, name)
	if err != nil {
		return err
	}
	defer engine.Close()
	if opts.To != "" {
		return app.unload(ctx, opts, engine, st)
	}
	if opts.Explain {
		text, err := engine.Explain(ctx, st)
		if err != nil {
			return unvalued(err, st)
		}
		return app.printPlan(engine.Name(), strings.TrimRight(text, "\n"))
	}
	result, err := engine.Run(ctx, st)
	if err != nil {
		return unvalued(err, st)
	}
	defer result.Close()
	return app.printResult(opts, engine.Name(), result)
}

// engineName returns the engine that answers: the one that was named, or what suits
// the lake.
func (w *workspace) engineName(opts *QueryOptions) string {
	switch {
	case opts.Engine != "":
		return opts.Engine
	case onS3(w.Config.Lake.Value):
		return athena.Name
	}
	return duckdb.Name
}

// queryEngine opens an engine.
func (w *workspace) queryEngine(ctx context.Context, opts *QueryOptions, name string) (query.Engine, error) {
	switch name {
	case athena.Name:
		return w.athena(ctx, opts)
	case querysnowflake.Name:
		return w.snowflake(ctx, opts)
	}
	return w.duckdb(opts)
}

// elapsed rounds a time to what people care for.
func elapsed(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
