package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/doctor"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/term"
)

// DoctorOptions are the settings of `lakectl doctor`.
type DoctorOptions struct {
	App     *App
	Offline bool // ask nothing of AWS and Snowflake
}

func newDoctorCmd(app *App, runF func(*DoctorOptions) error) *cobra.Command {
	opts := &DoctorOptions{App: app}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Is everything in order, and what to do if not",
		Long: `Look whether everything is in order that lakectl works with: this machine,
lakehouse.yaml, the lake and its log, and what is deployed in AWS: who we are,
the clock, the stack, buckets, keys, roles, jobs and their code, the
catalog, alarms and who is told of them. Where lakehouse.yaml names an account
of Snowflake: whether it lets us in, and has its way to the lake.

Each check is ok, a warning, failed, or skipped with a reason; what is not ok
comes with a remedy, which is a command or a line of lakehouse.yaml. Nothing
is changed. Without a way to AWS the checks of AWS are skipped; that is no
failure for a project that does not use AWS.

Exit codes: 0 if no check failed, 1 if one did.`,
		Example: `  lakectl doctor
  lakectl doctor --offline
  lakectl doctor --env prod --json | jq '.checks[] | select(.level == "failed")'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return runDoctor(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Offline, "offline", false, "ask nothing of AWS and Snowflake")
	return cmd
}

// diagnosis is the result of `doctor --json`.
type diagnosis struct {
	OK          bool            `json:"ok"` // no check failed
	Project     string          `json:"project"`
	Environment string          `json:"environment"`
	Passed      int             `json:"passed"`
	Warnings    int             `json:"warnings"`
	Failed      int             `json:"failed"`
	Skipped     int             `json:"skipped"`
	Checks      []doctor.Result `json:"checks"`
}

func runDoctor(ctx context.Context, opts *DoctorOptions) error {
	app := opts.App
	o, err := app.doctorOptions(opts)
	if err != nil {
		return err
	}
	checks := doctor.Checks(o)
	show := newDoctorReport(app, o.Config, checks)
	results, err := doctor.Run(ctx, checks, show.add)
	if err != nil {
		return err
	}
	d := diagnosis{OK: doctor.Worst(results) < diag.Bad, Checks: results, Passed: doctor.Count(results, diag.Good),
		Warnings: doctor.Count(results, diag.Suspect), Failed: doctor.Count(results, diag.Bad), Skipped: doctor.Count(results, diag.Skipped)}
	if o.Config != nil {
		d.Project, d.Environment = o.Config.Project.Value, o.Config.Environment.Value
	}
	if app.json {
		err = app.printJSON(d)
	} else {
		err = show.end(d)
	}
	if !d.OK {
		err = errors.Join(err, diag.Errorf(diag.Unexpected, "%d of %s failed", d.Failed, term.Plural(int64(len(results)), "check", "checks")))
	}
	return err
}

// doctorOptions says where everything is that is to be looked at, as far as it
// can be found.
func (app *App) doctorOptions(opts *DoctorOptions) (doctor.Options, error) {
	clock, err := app.clock()
	if err != nil {
		return doctor.Options{}, err
	}
	o := doctor.Options{Memory: defaultMemory, Now: clock, Offline: opts.Offline}
	w, cfg, problems, err := app.read()
	if err != nil {
		o.Validate = func(context.Context) (string, []string, error) { return "", nil, err }
		return o, nil
	}
	o.Config = cfg
	o.Validate = func(ctx context.Context) (string, []string, error) {
		return app.diagnose(ctx, *w, problems)
	}
	o.OpenLake = func(ctx context.Context) (*lake.Lake, error) {
		own := *w // checks run side by side
		err := own.openLake(ctx, app, cfg)
		return own.Lake, err
	}
	o.Session = func(ctx context.Context) (*session.Session, error) { return openSession(ctx, cfg) }
	if cfg != nil && onS3(cfg.Lake.Value) && cfg.AWS.Catalog.Value {
		o.CatalogDifferences = app.catalogDifferences
	}
	if cfg != nil && cfg.Snowflake.Account.Value != "" {
		o.Snowflake = func(ctx context.Context) (doctor.Account, error) { return app.snowflakeAccount(ctx, w) }
	}
	return o, nil
}

// catalogDifferences counts where the Glue catalog is not what the lake is.
func (app *App) catalogDifferences(ctx context.Context) (int, error) {
	_, c, err := app.openCatalog(ctx)
	if err != nil {
		return 0, err
	}
	found, err := c.Check(ctx)
	if err != nil {
		return 0, err
	}
	return len(found.Differences), nil
}

// diagnose says what is in lakehouse.yaml, and what is odd or wrong about it, as
// `lakectl validate` does.
func (app *App) diagnose(ctx context.Context, w workspace, problems diag.List) (string, []string, error) {
	cfg := w.Config
	if cfg == nil {
		return "", nil, problems.Err()
	}
	w.Sources.Store = notAsked
	if cfg.Lake.Value != "" && !onS3(cfg.Lake.Value) {
		if err := w.openLake(ctx, app, cfg); err != nil {
			w.Lake, w.State = nil, nil // another check says so; its columns are not known
		}
	}
	count, found, err := checkCloud(cfg)
	if err != nil {
		return "", nil, err
	}
	problems = append(slices.Clone(problems), found...)
	if err := w.bind(ctx, cfg, problems); err != nil {
		return "", nil, err
	}
	return inventory(w.Project, count), w.missingFiles(), nil
}

// doctorReport shows results to people, each as soon as it is known. Checks that
// follow one another and are skipped for one reason have one line.
type doctorReport struct {
	summary
	app     *App
	titles  map[string]string // what stands beside the titles of groups
	width   int               // of the names
	group   string            // that has its title
	skipped []doctor.Result
}

func newDoctorReport(app *App, cfg *config.Config, checks []doctor.Check) *doctorReport {
	r := &doctorReport{summary: summary{out: app.IO.Out}, app: app, titles: map[string]string{
		doctor.Machine: fmt.Sprintf("lakectl %s, %s/%s, %s", buildVersion().Version, runtime.GOOS, runtime.GOARCH,
			term.Plural(int64(runtime.NumCPU()), "core", "cores")),
	}}
	if cfg != nil {
		r.titles[doctor.Project] = cfg.Project.Value + "/" + cfg.Environment.Value
		r.titles[doctor.Lake] = cfg.Lake.Value
	}
	for _, c := range checks {
		r.width = max(r.width, term.Width(c.Name), len("99 checks"))
	}
	return r
}

// groupTitles are what groups of checks are called.
var groupTitles = map[string]string{doctor.Machine: "This machine", doctor.Project: "Project", doctor.Lake: "Lake", doctor.AWS: "AWS", doctor.Snowflake: "Snowflake"}

// add shows a result.
func (r *doctorReport) add(res doctor.Result) {
	if r.app.json || r.app.quiet && res.Level < diag.Suspect {
		return
	}
	if n := len(r.skipped); n > 0 && (res.Level != diag.Skipped || res.Group != r.group || res.Text != r.skipped[0].Text) {
		r.flush()
	}
	if res.Group != r.group {
		r.group = res.Group
		r.title(groupTitles[res.Group], term.Clean(r.titles[res.Group]))
	}
	if res.Level == diag.Skipped {
		r.skipped = append(r.skipped, res)
		return
	}
	r.line(res.Level, res.Check, res.Text)
	if res.Remedy != "" {
		lines := term.Wrap(res.Remedy, r.room()-len("next: "))
		r.printf("%s%s %s\n", r.indent(), r.out.Paint(term.Bold, "next:"), strings.Join(lines, "\n"+r.indent()+"      "))
	}
}

// flush shows the checks that were skipped for one reason.
func (r *doctorReport) flush() {
	if len(r.skipped) == 0 {
		return
	}
	name := r.skipped[0].Check
	if n := len(r.skipped) - 1; n > 0 {
		name = fmt.Sprintf("%d checks", n+1)
	}
	text := r.skipped[0].Text
	if r.out.Terminal { // elsewhere the mark says it
		text = "skipped: " + text
	}
	r.line(diag.Skipped, name, text)
	r.skipped = nil
}

// mark is what a level looks like: a sign on a terminal, else a word.
func (r *doctorReport) mark(level diag.Level) string {
	if !r.out.Terminal {
		return fmt.Sprintf("%-7s", level)
	}
	switch level {
	case diag.Good:
		return r.out.Paint(term.Green, "✓")
	case diag.Suspect:
		return r.out.Paint(term.Yellow, "!")
	case diag.Bad:
		return r.out.Paint(term.Red, "✗")
	}
	return r.out.Paint(term.Dim, "-")
}

// line shows one result; a long text goes on below its beginning.
func (r *doctorReport) line(level diag.Level, name, text string) {
	lines := term.Wrap(text, r.room())
	r.printf("  %s %s%s  %s\n", r.mark(level), name, strings.Repeat(" ", max(0, r.width-term.Width(name))), lines[0])
	for _, line := range lines[1:] {
		r.printf("%s%s\n", r.indent(), line)
	}
}

// indent is where texts begin.
func (r *doctorReport) indent() string {
	mark := len("warning")
	if r.out.Terminal {
		mark = 1
	}
	return strings.Repeat(" ", 2+mark+1+r.width+2)
}

// room is how long a line of a text may be, 0 for any.
func (r *doctorReport) room() int {
	if columns := r.out.Columns(); columns > 0 {
		return columns - len(r.indent())
	}
	return 0
}

// end shows what came of it all.
func (r *doctorReport) end(d diagnosis) error {
	r.flush()
	if r.app.quiet {
		return r.err
	}
	style := term.Green
	switch {
	case d.Failed > 0:
		style = term.Red
	case d.Warnings > 0:
		style = term.Yellow
	}
	parts := []string{fmt.Sprintf("%d ok", d.Passed)}
	for _, more := range []struct {
		n    int
		text string
	}{{d.Warnings, term.Plural(int64(d.Warnings), "warning", "warnings")}, {d.Failed, fmt.Sprintf("%d failed", d.Failed)}, {d.Skipped, fmt.Sprintf("%d skipped", d.Skipped)}} {
		if more.n > 0 {
			parts = append(parts, more.text)
		}
	}
	r.printf("\n%s\n", r.out.Paint(style, strings.Join(parts, ", ")))
	return r.err
}
