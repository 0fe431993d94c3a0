package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/aws/monitor"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/term"
)

// ranSample runs the project of the working directory in this process.
func ranSample(t *testing.T, change func(*RunOptions)) (*workspace, runReport) {
	t.Helper()
	streams, _, _ := term.Test("")
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	app := &App{IO: streams, Getenv: func(string) string { return "" }, Clock: time.Now, Dir: dir, quiet: true}
	w, err := app.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	opts := &RunOptions{App: app, Engine: engineOptions{Memory: 1 << 30, Workers: 2}}
	if change != nil {
		change(opts)
	}
	o, err := opts.pipeline(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	result, err := app.execute(t.Context(), w, w.Lake, o)
	return w, runReport{result: result, err: err}
}

// counted are the figures that are the same on each machine.
func counted(run *monitor.Run) map[string][4]int64 {
	got := map[string][4]int64{}
	for _, f := range run.Tables {
		got[f.String()] = [4]int64{f.Processed, f.Failed, f.Quarantined, f.QualityFailures}
	}
	return got
}

// edit replaces a text of a file, which must be there.
func edit(t *testing.T, file, old, now string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err == nil && !bytes.Contains(data, []byte(old)) {
		err = fmt.Errorf("%s does not have %q", file, old)
	}
	if err == nil {
		err = os.WriteFile(file, bytes.ReplaceAll(data, []byte(old), []byte(now)), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestFiguresOfTheSample(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, errs := call(t, "", "init", "."); code != 0 {
		t.Fatal(errs)
	}
	now := time.Date(2026, 11, 23, 9, 45, 0, 0, time.UTC)
	gold := func(figures map[string][4]int64, rows ...int64) map[string][4]int64 {
		for i, name := range []string{"daily_sales", "weekly_sales", "monthly_sales", "customer_analytics", "latest_snapshot"} {
			figures["gold."+name] = [4]int64{rows[i], 0, 0, 0}
		}
		return figures
	}
	check := func(what string, r runReport, w *workspace, want map[string][4]int64) *monitor.Run {
		t.Helper()
		run := r.figures(w.Project, now)
		if diff := cmp.Diff(want, counted(run)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
		if run.Succeeded != (r.err == nil) || run.Failed == run.Succeeded || !run.Ended.Equal(now) {
			t.Errorf("%s: %+v", what, run)
		}
		return run
	}

	w, r := ranSample(t, nil)
	run := check("the first run", r, w, gold(map[string][4]int64{"bronze.customers": {200, 0, 2, 0}, "bronze.transactions": {2000, 0, 20, 0},
		"silver.customers": {198, 0, 6, 0}, "silver.transactions": {1980, 0, 60, 0}}, 90, 14, 3, 188, 1875))
	for _, f := range run.Tables {
		if f.Bytes <= 0 || f.Seconds <= 0 {
			t.Errorf("%s: %d bytes in %g s", f.Table, f.Bytes, f.Seconds)
		}
	}
	nothing := func() map[string][4]int64 {
		return gold(map[string][4]int64{"bronze.customers": {}, "bronze.transactions": {}, "silver.customers": {}, "silver.transactions": {}}, 0, 0, 0, 0, 0)
	}
	w, r = ranSample(t, nil)
	check("a run with nothing to do", r, w, nothing())

	edit(t, "lakehouse.yaml", "quarantined: 5%", "quarantined: 0.1%")
	refused := nothing()
	refused["silver.customers"], refused["silver.transactions"] = [4]int64{198, 198, 0, 1}, [4]int64{1980, 1980, 0, 1}
	w, r = ranSample(t, func(o *RunOptions) { o.FullRefresh = true })
	run = check("a failed gate", r, w, refused)
	for _, f := range run.Tables {
		if f.Bytes != 0 {
			t.Errorf("%s: %d bytes were written, though nothing was published", f.Table, f.Bytes)
		}
	}
	f := r.failure(w, now)
	if f.What != "2 quality gates failed, their layer was not published" || len(f.Details) != 2 || len(f.Next) != 1 || f.ExitCode != 3 ||
		!strings.HasPrefix(f.Details[0], "silver.customers.quarantined: of this run 8 of 200 records are quarantined") {
		t.Errorf("%+v", f)
	}

	accept := func(o *RunOptions) {
		o.FullRefresh, o.Reason = true, "known"
		o.Accept = []string{"silver.customers.quarantined", "silver.transactions.quarantined"}
	}
	w, r = ranSample(t, accept)
	check("gates that were accepted", r, w, gold(map[string][4]int64{"bronze.customers": {}, "bronze.transactions": {},
		"silver.customers": {198, 0, 6, 0}, "silver.transactions": {1980, 0, 60, 0}}, 90, 14, 3, 188, 1875))
}

// oddAnswer is an error of AWS that nobody expected.
func oddAnswer(t *testing.T) error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `<ErrorResponse><Error><Code>Odd</Code><Message>no</Message></Error></ErrorResponse>`)
	}))
	defer server.Close()
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull} {
		t.Setenv(name, value)
	}
	s, err := session.Open(t.Context(), session.Options{Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Identity(t.Context())
	return err
}

// What may quote data is not in a message.
func TestFailureQuotesNoData(t *testing.T) {
	sampleProject(t)
	w, r := ranSample(t, nil)
	for _, test := range []struct {
		err            error
		quoted, exit   string
		next, withheld bool
	}{
		{diag.Errorf(diag.Transient, "the store is away").WithNext("try again"), "the store is away", "4 transient", true, false},
		{diag.Errorf(diag.Budget, "gold.x does not fit"), "gold.x does not fit", "8 budget", false, false},
		{oddAnswer(t), "STS GetCallerIdentity: Odd: no", "1 unexpected", false, false},
		{errors.New("the value secret"), "", "1 unexpected", false, true},
		{diag.Errorf(diag.Gate, "gold.x: a sum is too large: secret").WithNext("correct it"), "", "3 gate", true, true},
		{diag.Errorf(diag.Partial, "a.csv: the column x is missing, secret").WithNext("it has secret"), "", "5 partial", true, false},
		{errors.Join(errors.New("the value secret"), diag.Errorf(diag.Ledger, "it does not add up")), "it does not add up", "9 ledger", false, true},
	} {
		r.err = test.err
		f := r.failure(w, time.Now())
		text := strings.Join(append(append(f.Details, f.What), f.Next...), "\n")
		if strings.Contains(text, "secret") || !strings.Contains(text, test.quoted) || strings.Contains(text, "may quote data") != test.withheld ||
			len(f.Next) > 0 != test.next || fmt.Sprintf("%d %s", f.ExitCode, f.Class) != test.exit {
			t.Errorf("%v: %+v", test.err, f)
		}
	}
}

func TestUnreported(t *testing.T) {
	app, _, _ := testApp(t)
	interactive := *app
	streams := *app.IO
	streams.Interactive = true
	interactive.IO = &streams
	did := &pipeline.Result{Commits: []pipeline.Commit{{Sequence: 1, Layer: "bronze"}}}
	usage := diag.Errorf(diag.Usage, "definitions have changed")
	for i, test := range []struct {
		app         *App
		result      *pipeline.Result
		err         error
		interrupted bool
		want        bool
	}{
		{app, did, nil, false, false},
		{app, &pipeline.Result{}, nil, false, false},
		{app, &pipeline.Result{DryRun: true}, nil, false, true},
		{app, &pipeline.Result{}, diag.Errorf(diag.Locked, "locked"), false, true},
		{app, &pipeline.Result{}, usage, false, false},
		{&interactive, &pipeline.Result{}, usage, false, true},
		{app, &pipeline.Result{}, context.Canceled, true, true},
		{app, did, context.Canceled, true, false},
	} {
		if got := test.app.unreported(test.result, test.err, test.interrupted); got != test.want {
			t.Errorf("%d: %v", i, got)
		}
	}
}

func TestReportWarning(t *testing.T) {
	late := fmt.Errorf("send the figures: operation error CloudWatch: PutMetricData, %w", context.DeadlineExceeded)
	for want, err := range map[string]error{
		"monitoring: send the figures: there was no answer within 10 s": notSent(late),
		"monitoring: there was no answer within 10 s":                   notSent(context.DeadlineExceeded),
		"monitoring: no topic; deploy it":                               notSent(diag.Errorf(diag.Usage, "no topic").WithNext("deploy it")),
		"monitoring: odd":                                               notSent(errors.New("odd")),
	} {
		if got := reportWarning(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if notSent(nil) != nil {
		t.Error("nothing is an error")
	}
}

func TestSince(t *testing.T) {
	for text, want := range map[string]time.Duration{"24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "12w": 84 * 24 * time.Hour, "90m": 90 * time.Minute, "455d": monitor.Retention} {
		var v sinceValue
		if err := v.Set(text); err != nil || time.Duration(v) != want {
			t.Errorf("%s: %v, %v", text, time.Duration(v), err)
		}
		var again sinceValue
		if err := again.Set(v.String()); err != nil || again != v {
			t.Errorf("%s is written as %s", text, &v)
		}
	}
	for _, text := range []string{"", "7", "d", "-7d", "1y", "30m", "456d", "999999999999d", "1.5d"} {
		var v sinceValue
		if err := v.Set(text); err == nil {
			t.Errorf("%q is %s", text, &v)
		}
	}
}

func TestMonitorOptions(t *testing.T) {
	app, out, _ := testApp(t)
	var metrics MonitorMetricsOptions
	if err := parse(newMonitorMetricsCmd(app, func(o *MonitorMetricsOptions) error { metrics = *o; return nil }), "silver gold.x --since 2d"); err != nil ||
		time.Duration(metrics.Since) != 48*time.Hour || len(metrics.Tables) != 2 {
		t.Errorf("%v, %+v", err, metrics)
	}
	ran := 0
	for _, err := range []error{
		parse(newMonitorAlarmsCmd(app, func(*MonitorAlarmsOptions) error { ran++; return nil }), ""),
		parse(newMonitorTestCmd(app, func(*MonitorTestOptions) error { ran++; return nil }), ""),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if ran != 2 || out.String() != "" {
		t.Errorf("%d ran, printed %q", ran, out.String())
	}
}
