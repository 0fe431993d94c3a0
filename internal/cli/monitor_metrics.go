package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/monitor"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/term"
)

// MonitorMetricsOptions are the settings of `lakectl monitor metrics`.
type MonitorMetricsOptions struct {
	App    *App
	Tables []string
	Since  sinceValue
}

func newMonitorMetricsCmd(app *App, runF func(*MonitorMetricsOptions) error) *cobra.Command {
	opts := &MonitorMetricsOptions{App: app, Since: sinceValue(7 * 24 * time.Hour)}
	cmd := &cobra.Command{
		Use:   "metrics [TABLE...]",
		Short: "The figures of runs over time, as CloudWatch has them",
		Long: `The figures that runs have sent: of all runs, and of each table what it
processed. TABLE is a layer (silver) or a table (silver.transactions); with
it, all figures of these tables are shown.

A column of a line is a period, whose length is said above it; a gap is one
without a run. "last" is the sum of the last period with a run; of durations
the longest run is shown, and not the sum. What a figure counts is in the
README. A new figure may take CloudWatch two minutes to show.`,
		Example: `  lakectl monitor metrics
  lakectl monitor metrics --since 30d silver
  lakectl monitor metrics silver.transactions --json | jq '.series[].total'`,
		ValidArgsFunction: app.completeTables(lake.Bronze, lake.Silver, lake.Gold),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Tables = args
			if runF != nil {
				return runF(opts)
			}
			return runMonitorMetrics(cmd.Context(), opts)
		},
	}
	cmd.Flags().Var(&opts.Since, "since", "how far back to look, such as 24h, 7d or 12w")
	return cmd
}

// sinceValue is a flag for how far back to look: a time that may be in days.
type sinceValue time.Duration

// String writes the time.
func (v *sinceValue) String() string {
	const day = sinceValue(24 * time.Hour)
	if *v > 0 && *v%day == 0 {
		return fmt.Sprintf("%dd", *v/day)
	}
	return strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(time.Duration(*v).String())
}

// Set reads a time, such as 90m, 24h, 7d or 12w.
func (v *sinceValue) Set(text string) error {
	d, err := time.ParseDuration(text)
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			var n uint64
			n, err = strconv.ParseUint(number, 10, 16)
			d = time.Duration(n) * length
		}
	}
	if err != nil || d < time.Hour || d > monitor.Retention {
		return fmt.Errorf("it is not a time from 1h to %dd, which is how long CloudWatch remembers; write for example 24h, 7d or 12w", monitor.Retention/(24*time.Hour))
	}
	*v = sinceValue(d)
	return nil
}

// Type names the flag's value in help.
func (v *sinceValue) Type() string { return "TIME" }

// metricsRead is the result of `monitor metrics --json`.
type metricsRead struct {
	Since    time.Time        `json:"since"`
	Period   float64          `json:"period_seconds"`
	Series   []monitor.Series `json:"series"`
	Warnings []string         `json:"warnings,omitempty"`
}

// periodsWide and periodsNarrow are how many periods a line has at most.
const (
	periodsWide   = 30
	periodsNarrow = 16
)

func runMonitorMetrics(ctx context.Context, opts *MonitorMetricsOptions) error {
	app := opts.App
	_, cfg, problems, err := app.read()
	if err != nil {
		return err
	}
	if err := problems.Err(); err != nil {
		return err
	}
	tables, err := monitoredTables(cfg, opts.Tables)
	if err != nil {
		return err
	}
	m, err := monitorOf(ctx, cfg)
	if err != nil {
		return err
	}
	w, err := app.metricsWindow(opts)
	if err != nil {
		return err
	}
	series, warnings, err := m.Read(ctx, tables, w)
	if err != nil {
		return err
	}
	if app.json {
		return app.printJSON(metricsRead{Since: w.Start, Period: w.Period.Seconds(), Series: series, Warnings: warnings})
	}
	for _, text := range warnings {
		app.warn(lines(text))
	}
	if !slices.ContainsFunc(series, func(s monitor.Series) bool { return len(s.Points) > 0 }) {
		return app.printNoMetrics(m, opts)
	}
	s := &summary{out: app.IO.Out}
	s.metrics(m, metricsShown{series, w, app.plainLetters()}, len(opts.Tables) > 0)
	return s.err
}

// metricsWindow returns the periods that are looked at: on a terminal fewer than
// elsewhere, so that a line with its figures fits.
func (app *App) metricsWindow(opts *MonitorMetricsOptions) (monitor.Window, error) {
	clock, err := app.clock()
	if err != nil {
		return monitor.Window{}, err
	}
	most := periodsWide
	if width := app.IO.Out.Columns(); width > 0 && width < 110 && !app.json {
		most = periodsNarrow
	}
	return monitor.WindowOf(clock(), time.Duration(opts.Since), most), nil
}

// printNoMetrics says why there may be none.
func (app *App) printNoMetrics(m *monitored, opts *MonitorMetricsOptions) error {
	text := fmt.Sprintf("no run of %s has sent figures in the last %s to %s", m.title(), &opts.Since, m.where())
	switch {
	case !m.cfg.AWS.Metrics.Value:
		text += "\nlakehouse.yaml says aws: {metrics: false}, so that runs send none"
	case !onS3(m.cfg.Lake.Value):
		text += "\nonly runs on a lake on S3 send them, and this one is at " + term.Clean(m.cfg.Lake.Value)
	}
	_, err := fmt.Fprintln(app.IO.Out, text)
	return err
}

// plainLetters says whether the terminal is said to have no letters but ASCII.
func (app *App) plainLetters() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(app.Getenv(name)); locale != "" {
			return !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8")
		}
	}
	return false
}

// monitoredTables returns the tables that arguments name, in the order of the
// project; without arguments runs as a whole and all tables.
func monitoredTables(cfg *config.Config, args []string) ([]monitor.Table, error) {
	var names []string
	layers := []string{lake.Bronze, lake.Silver, lake.Gold}
	for _, name := range tableNames(cfg, layers) {
		layer, _, _ := strings.Cut(name, ".")
		if len(args) == 0 || slices.Contains(args, layer) || slices.Contains(args, name) {
			names = append(names, name)
		}
	}
	options := append(tableNames(cfg, layers), layers...)
	for _, arg := range args {
		if !slices.Contains(options, arg) {
			err := diag.Errorf(diag.Usage, "there is no table %q", arg)
			if hint := diag.Suggest(arg, options); hint != "" {
				return nil, err.WithNext("%s", hint)
			}
			return nil, err.WithNext("the tables are %s", strings.Join(tableNames(cfg, layers), ", "))
		}
	}
	var tables []monitor.Table
	if len(args) == 0 {
		tables = append(tables, monitor.RunTotal())
	}
	for _, name := range names {
		layer, dataset, _ := strings.Cut(name, ".")
		tables = append(tables, monitor.Table{Layer: layer, Dataset: dataset})
	}
	return tables, nil
}

// metricsShown is what is shown of metrics, and how.
type metricsShown struct {
	series []monitor.Series
	window monitor.Window
	plain  bool
}

func (s *summary) metrics(m *monitored, shown metricsShown, detailed bool) {
	rest := fmt.Sprintf("since %s, a column is %s", shown.window.Start.Format("2006-01-02 15:04"), periodText(shown.window.Period))
	for _, table := range shown.tables() {
		switch {
		case table == monitor.RunTotal():
			s.figures("Runs of "+m.title(), rest, shown, table)
		case detailed:
			s.figures(table.String(), rest, shown, table)
		}
	}
	if detailed {
		return
	}
	// Columns that are lines are never cut, as those of numbers are not.
	t := term.NewTable("table", ">processed", ">total", ">quarantined", ">failed", ">gates")
	for _, table := range shown.tables() {
		if table == monitor.RunTotal() {
			continue
		}
		total := func(metric string) string { return figure(metric, shown.find(table, metric).Total) }
		processed := shown.find(table, monitor.RecordsProcessed)
		t.Add(table.String(), term.Spark(processed.Buckets(shown.window), shown.plain), total(monitor.RecordsProcessed),
			total(monitor.RecordsQuarantined), total(monitor.RecordsFailed), total(monitor.DataQualityFailures))
	}
	s.table("Tables", "records", t)
}

// figures shows all metrics of a table.
func (s *summary) figures(title, rest string, shown metricsShown, table monitor.Table) {
	t := term.NewTable("figure", ">", ">total", ">last")
	for _, metric := range table.Metrics() {
		series := shown.find(table, metric)
		last := ""
		if p, ok := series.Last(); ok {
			last = figure(metric, p.Value)
		}
		t.Add(metric, term.Spark(series.Buckets(shown.window), shown.plain), figure(metric, series.Total), last)
	}
	s.table(title, rest, t)
}

// tables are the tables of the series, each once.
func (m metricsShown) tables() []monitor.Table {
	var list []monitor.Table
	for _, s := range m.series {
		list = append(list, s.Table)
	}
	return slices.Compact(list)
}

func (m metricsShown) find(table monitor.Table, metric string) *monitor.Series {
	i := slices.IndexFunc(m.series, func(s monitor.Series) bool { return s.Table == table && s.Metric == metric })
	return &m.series[i]
}

// figure writes a value of a metric; 0 is a dash, so that what is more stands out.
func figure(metric string, value float64) string {
	switch {
	case value == 0:
		return "-"
	case metric == monitor.DurationSeconds:
		return term.Duration(seconds(value))
	case metric == monitor.BytesWritten:
		return term.Size(int64(value))
	}
	return term.Count(int64(value))
}

func periodText(d time.Duration) string {
	if d < 24*time.Hour {
		return term.Plural(int64(d/time.Hour), "hour", "hours")
	}
	return term.Plural(int64(d/(24*time.Hour)), "day", "days")
}
