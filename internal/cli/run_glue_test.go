package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/aws/program"
	"github.com/lakectl/lakectl/internal/diag"
)

const glueProject = `project: shop
lake: s3://lake/shop
bronze: {orders: {source: "s3://raw/orders"}}
silver: {orders: {columns: {id: {type: bigint}}}}
gold: {all: {from: orders}}
`

// gluing returns an App on a project whose AWS is a fake.
func gluing(t *testing.T, f *fakeGlue) (app *App, out, errs interface{ String() string }) {
	t.Helper()
	url, stop, err := f.start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	for name, value := range glueEnvironment(url) {
		t.Setenv(name, value)
	}
	path, err := programForJobs()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	app, out, errs = testApp(t)
	app.Getenv = func(key string) string { return map[string]string{program.Variable: path}[key] }
	t.Chdir(app.Dir)
	if err := os.WriteFile(filepath.Join(app.Dir, "lakehouse.yaml"), []byte(glueProject), 0o644); err != nil {
		t.Fatal(err)
	}
	return app, out, errs
}

// Ctrl-C leaves the run alone and says how to return to it; what follows is not
// started.
func TestDetachFromAGlueRun(t *testing.T) {
	f := newFakeGlue()
	f.states = []string{"STARTING", "RUNNING"}
	ctx, cancel := context.WithCancel(t.Context())
	looked := 0
	f.seen = func(operation string) {
		if operation == "GetJobRun" {
			if looked++; looked == 2 {
				cancel()
			}
		}
	}
	app, out, errs := gluing(t, f)
	if code := app.Run(ctx, []string{"run", "silver", "gold", "--engine", "glue"}); code != int(diag.Interrupted) {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"detached: the run jr_1 of shop-dev-silver goes on in AWS", "lakectl job status silver --follow", "lakectl job stop silver"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("it is not said %q:\n%s", want, errs)
		}
	}
	if !strings.Contains(out.String(), "not started: gold") || len(f.runs) != 1 {
		t.Errorf("%d runs, %s", len(f.runs), out)
	}
}

// Ctrl-C leaves crawlers alone, too. On a terminal what is shown then does not
// begin on the line with ^C.
func TestDetachFromCrawlers(t *testing.T) {
	f := newFakeGlue()
	ctx, cancel := context.WithCancel(t.Context())
	started := false
	f.seen = func(operation string) {
		if started && operation == "GetCrawler" {
			cancel()
		}
		started = started || operation == "StartCrawler"
	}
	app, _, errs := gluing(t, f)
	if code := app.Run(t.Context(), []string{"crawler", "register", "--quiet"}); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	app.IO.Err.Terminal, app.IO.Out.Writer = true, app.IO.Err.Writer
	if code := app.Run(ctx, []string{"crawler", "start", "silver", "--no-color"}); code != int(diag.Interrupted) {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"detached: the crawlers go on in AWS", "`lakectl crawler start silver` returns to them"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("it is not said %q:\n%s", want, errs)
		}
	}
	if text := "\n" + errs.String(); !strings.Contains(text, "\n\ncrawler ") || strings.Count(text, "\n\n") != 1 {
		t.Errorf("the line with ^C is not left once, first of all: %q", errs)
	}
}

// What is asked of a run goes to the job as arguments, alike to all its jobs.
func TestArgumentsOfAGlueRun(t *testing.T) {
	f := newFakeGlue()
	app, _, errs := gluing(t, f)
	args := []string{"run", "gold", "silver.orders", "--engine", "glue", "--yes", "--full-refresh"}
	if code := app.Run(t.Context(), args); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	var name any
	for i, want := range []string{"shop-dev-silver", "shop-dev-gold"} {
		arguments := f.runs[i].args.(object)
		if f.runs[i].job != want || arguments["--tables"] != "silver.orders,gold.all" || arguments["--full-refresh"] != "true" || arguments["--rebuild-changed"] != "true" {
			t.Errorf("%s: %v", f.runs[i].job, arguments)
		}
		if name == nil {
			name = arguments["--run"]
		}
		if name == nil || arguments["--run"] != name {
			t.Errorf("the run is called %v, then %v", name, arguments["--run"])
		}
	}
}

// Credentials that end while a run is followed end that at once, with one error
// that names them: the catalog, which is asked next, adds nothing.
func TestExpiredDuringAGlueRun(t *testing.T) {
	f := newFakeGlue()
	f.states = []string{"RUNNING"}
	f.seen = func(operation string) {
		if operation == "GetJobRun" { // the next time
			for _, operation := range []string{"GetJobRun", "FilterLogEvents", "GetTables", "GetTable", "GetDatabase", "GetDatabases"} {
				f.fails[operation] = "ExpiredTokenException"
			}
		}
	}
	app, _, errs := gluing(t, f)
	if code := app.Run(t.Context(), []string{"run", "silver", "--engine", "glue"}); code != int(diag.Transient) {
		t.Errorf("exit code %d", code)
	}
	if got := errs.String(); strings.Count(got, "ExpiredToken") != 1 || !strings.Contains(got, "renew the credentials") || !strings.Contains(got, "goes on in AWS") {
		t.Errorf("it is said:\n%s", got)
	}
}

// A run that is followed has one line on a terminal, which lives, and keeps only
// the last state; elsewhere each state has a line, and with -q or --json none.
func TestFollowingAGlueRun(t *testing.T) {
	for name, test := range map[string]struct {
		terminal   bool
		flag       string
		want, none []string
	}{
		"terminal": {true, "", []string{"silver  STARTING, at most 10 G.1X, 0.20 DPU-hours", "silver  RUNNING, at most 10 G.1X", "| hello from", "shop-dev-silver: SUCCEEDED"}, []string{"shop-dev-silver: RUNNING"}},
		"pipe":     {false, "", []string{"shop-dev-silver: STARTING", "shop-dev-silver: RUNNING", "shop-dev-silver: SUCCEEDED", "| hello from"}, []string{"\r", "at most"}},
		"quiet":    {true, "-q", nil, []string{"silver", "hello"}},
		"json":     {true, "--json", nil, []string{"silver", "hello"}},
	} {
		f := newFakeGlue()
		f.states = []string{"STARTING", "RUNNING", "SUCCEEDED"}
		app, _, errs := gluing(t, f)
		app.IO.Err.Terminal, app.IO.Err.Width = test.terminal, 80
		args := []string{"run", "silver", "--engine", "glue"}
		if test.flag != "" {
			args = append(args, test.flag)
		}
		if code := app.Run(t.Context(), args); code != 0 {
			t.Errorf("%s: exit code %d", name, code)
		}
		_, got, _ := strings.Cut(errs.String(), "started, run jr_1\n")
		for _, text := range test.want {
			if !strings.Contains(got, text) {
				t.Errorf("%s: it is not said %q:\n%q", name, text, got)
			}
		}
		for _, text := range test.none {
			if strings.Contains(got, text) {
				t.Errorf("%s: it is said %q:\n%q", name, text, got)
			}
		}
	}
}

// A run in Glue, good or bad, is not told to CloudWatch and the topic from here:
// the schedule starts the same jobs, and a rule of the stack tells of failures.
func TestGlueRunsSendNoFigures(t *testing.T) {
	for state, code := range map[string]int{"SUCCEEDED": 0, "FAILED": int(diag.Unexpected)} {
		f := newFakeGlue()
		f.states = []string{state}
		var asked []string
		f.seen = func(operation string) { asked = append(asked, operation) }
		app, _, errs := gluing(t, f)
		if got := app.Run(t.Context(), []string{"run", "silver", "--engine", "glue"}); got != code {
			t.Errorf("%s: exit code %d: %s", state, got, errs)
		}
		if !slices.Contains(asked, "GetCallerIdentity") || slices.Contains(asked, "PutMetricData") || slices.Contains(asked, "Publish") {
			t.Errorf("%s: it asked for %q", state, asked)
		}
	}
}

// With retries a run that fails is followed through its next attempt.
func TestAttemptsOfAGlueRun(t *testing.T) {
	f := newFakeGlue()
	f.states = []string{"FAILED"}
	f.seen = func(operation string) {
		if operation == "GetJobRuns" && len(f.runs) == 1 { // Glue tries again by itself
			f.states = []string{"FAILED", "SUCCEEDED"}
			f.runs = append(f.runs, &fakeRun{job: f.runs[0].job, id: "jr_1_attempt_1", attempt: 1, at: 1, args: f.runs[0].args})
		}
	}
	app, out, errs := gluing(t, f)
	file := filepath.Join(app.Dir, "lakehouse.yaml")
	if err := os.WriteFile(file, []byte(glueProject+"aws: {glue: {retries: 1}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code := app.Run(t.Context(), []string{"run", "silver", "--engine", "glue"}); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(errs.String(), "Glue tries again") || !strings.Contains(out.String(), "jr_1_attempt_1") {
		t.Errorf("%s%s", errs, out)
	}
}
