package cli

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/cobra"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/sample"
	"github.com/lakectl/lakectl/internal/term"
)

// testApp returns an App that touches nothing of the process, and what it prints.
func testApp(t *testing.T) (app *App, out, errs interface{ String() string }) {
	t.Helper()
	streams, o, e := term.Test("")
	env := map[string]string{}
	return &App{IO: streams, Getenv: func(key string) string { return env[key] }, Clock: time.Now, Dir: t.TempDir()}, o, e
}

// parse runs a command with runF, and returns its error.
func parse(cmd *cobra.Command, line string) error {
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetFlagErrorFunc(flagError)
	cmd.SetArgs(strings.Fields(line))
	return cmd.ExecuteContext(context.Background())
}

func TestRunOptions(t *testing.T) {
	app, _, _ := testApp(t)
	engine := func(change func(*engineOptions)) engineOptions {
		o := engineOptions{Workers: 3, Memory: 1 << 30}
		change(&o)
		return o
	}
	same := func(*engineOptions) {}
	for line, want := range map[string]RunOptions{
		"--workers 3":                            {Engine: engine(same)},
		"silver gold.daily+ --workers=3":         {Tables: []string{"silver", "gold.daily+"}, Engine: engine(same)},
		"--full-refresh --dry-run --workers 3":   {FullRefresh: true, DryRun: true, Engine: engine(same)},
		"--yes --workers 3":                      {Yes: true, Engine: engine(same)},
		"--rebuild-changed --workers 3":          {RebuildChanged: true, Engine: engine(same)},
		"--accept a --accept b,c --reason r":     {Accept: []string{"a", "b,c"}, Reason: "r"},
		"--workers 3 --memory 512MiB":            {Engine: engine(func(o *engineOptions) { o.Memory = 512 << 20 })},
		"--workers 3 --memory 0":                 {Engine: engine(func(o *engineOptions) { o.Memory = 0 })},
		"--workers 3 --lock-timeout 90s gold":    {Tables: []string{"gold"}, Engine: engine(func(o *engineOptions) { o.LockTimeout = 90 * time.Second })},
		"--engine glue silver":                   {On: onGlue, Tables: []string{"silver"}},
		"--accept silver.t.check --reason known": {Accept: []string{"silver.t.check"}, Reason: "known"},
	} {
		if want.On == "" {
			want.On = onLocal
		}
		var got *RunOptions
		if err := parse(newRunCmd(app, func(o *RunOptions) error { got = o; return nil }), line); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if !strings.Contains(line, "--workers") {
			got.Engine = engineOptions{} // the machine's
		}
		if diff := cmp.Diff(want, *got, cmpopts.IgnoreFields(RunOptions{}, "App"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
}

func TestOtherOptions(t *testing.T) {
	app, _, _ := testApp(t)
	check := func(name string, want, got any, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(ShowOptions{}, "App"), cmpopts.IgnoreFields(QuarantineShowOptions{}, "App"),
			cmpopts.IgnoreFields(QuarantineLsOptions{}, "App"), cmpopts.IgnoreFields(InitOptions{}, "App"), cmpopts.IgnoreFields(LockOptions{}, "App"),
			cmpopts.IgnoreFields(StatusOptions{}, "App"), cmpopts.IgnoreFields(sample.Options{}, "Create")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	var show ShowOptions
	err := parse(newShowCmd(app, func(o *ShowOptions) error { show = *o; return nil }), "gold.x --limit 3 -o csv --columns a,b --columns c")
	check("show", ShowOptions{Table: "gold.x", Limit: 3, Output: "csv", Columns: []string{"a", "b", "c"}}, show, err)
	var rows QuarantineShowOptions
	err = parse(newQuarantineShowCmd(app, func(o *QuarantineShowOptions) error { rows = *o; return nil }), "x --reason r --file f")
	check("quarantine show", QuarantineShowOptions{Dataset: "x", Filter: quarantine.Filter{Reason: "r", File: "f"}, Limit: 20}, rows, err)
	var ls QuarantineLsOptions
	err = parse(newQuarantineLsCmd(app, func(o *QuarantineLsOptions) error { ls = *o; return nil }), "--files")
	check("quarantine ls", QuarantineLsOptions{Files: true}, ls, err)
	var start InitOptions
	err = parse(newInitCmd(app, func(o *InitOptions) error { start = *o; return nil }), "")
	check("init", InitOptions{Dir: "."}, start, err)
	var lock LockOptions
	err = parse(newLockBreakCmd(app, func(o *LockOptions) error { lock = *o; return nil }), "--yes")
	check("lock break", LockOptions{Yes: true}, lock, err)
	var st StatusOptions
	err = parse(newStatusCmd(app, func(o *StatusOptions) error { st = *o; return nil }), "--runs 2")
	check("status", StatusOptions{Runs: 2}, st, err)
	var gen GenerateOptions
	err = parse(newGenerateCmd(app, func(o *GenerateOptions) error { gen = *o; return nil }), "d --rows 1_000_000 --start 2027-01-02")
	check("generate", sample.Options{Seed: 1, Transactions: 1_000_000, Customers: 100_000, Days: 90, Files: 1, Defects: sample.DefaultDefects,
		Start: time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC), Dir: "d"}, gen.Sample, err)
	err = parse(newGenerateCmd(app, func(o *GenerateOptions) error { gen = *o; return nil }), "d --sample --force --workers 2")
	want := sample.Sample()
	want.Dir, want.Overwrite, want.Workers = "d", true, 2
	check("generate --sample", want, gen.Sample, err)
}

// Commands whose options hold nothing but the App still leave the work to runF.
func TestPlainOptions(t *testing.T) {
	app, out, _ := testApp(t)
	ran := 0
	for _, cmd := range []*cobra.Command{
		newValidateCmd(app, func(*ValidateOptions) error { ran++; return nil }),
		newSchemaCmd(app, func(*SchemaOptions) error { ran++; return nil }),
		newVersionCmd(app, func(*VersionOptions) error { ran++; return nil }),
		newLockLsCmd(app, func(*LockOptions) error { ran++; return nil }),
		newQuarantineReplayCmd(app, func(*QuarantineReplayOptions) error { ran++; return nil }),
	} {
		if err := parse(cmd, ""); err != nil {
			t.Errorf("%s: %v", cmd.Name(), err)
		}
	}
	if ran != 5 || out.String() != "" {
		t.Errorf("%d ran, printed %q", ran, out.String())
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"1GiB": 1 << 30, "512MiB": 512 << 20, "1.5 kib": 1536, "2GB": 2_000_000_000, "10mb": 10_000_000, "64": 64, "64b": 64, "0": 0, " 1TiB ": 1 << 40,
	} {
		var v sizeValue
		if err := v.Set(text); err != nil || int64(v) != want {
			t.Errorf("%q is %d, %v; want %d", text, v, err, want)
		}
	}
	for _, text := range []string{"", "GiB", "1XB", "-1", "-1GiB", "NaN", "inf", "9e30", "1 2", "one"} {
		var v sizeValue
		if err := v.Set(text); err == nil {
			t.Errorf("%q is %d", text, v)
		}
	}
	for bytes, want := range map[sizeValue]string{1 << 30: "1GiB", 3 << 20: "3MiB", 1500: "1500", 0: "0", 5 << 40: "5TiB"} {
		if got := bytes.String(); got != want {
			t.Errorf("%d is written %s, want %s", int64(bytes), got, want)
		}
	}
}

func TestCounts(t *testing.T) {
	for text, want := range map[string]int64{"10,000,000": 10_000_000, "1_000": 1000, "0": 0} {
		var v countValue
		if err := v.Set(text); err != nil || int64(v) != want {
			t.Errorf("%q is %d, %v", text, v, err)
		}
	}
	for _, text := range []string{"", "-1", "1.5", "1e6", "many"} {
		var v countValue
		if err := v.Set(text); err == nil {
			t.Errorf("%q is %d", text, v)
		}
	}
}

// Every command says what it is, and every one with flags or files has an example.
func TestHelpIsComplete(t *testing.T) {
	app, _, _ := testApp(t)
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") || len(cmd.Short) > 64 {
			t.Errorf("%s: %q is not one short line", cmd.CommandPath(), cmd.Short)
		}
		if cmd.HasAvailableLocalFlags() && cmd.Runnable() && !cmd.HasParent() && cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for _, text := range []string{cmd.Long, cmd.Example} {
			for line := range strings.Lines(text) {
				if len(strings.TrimRight(line, "\n")) > 80 {
					t.Errorf("%s: wider than 80 columns: %q", cmd.CommandPath(), line)
				}
			}
		}
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(newRootCmd(app))
}

func TestExitCodesAreNamed(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range exitCodes {
		if c.name == "" || c.text == "" || seen[c.name] || className(c.class) != c.name {
			t.Errorf("class %d: %q, %q", c.class, c.name, c.text)
		}
		seen[c.name] = true
	}
	if className(diag.Class(77)) != "unexpected" {
		t.Error("an unknown class has a name")
	}
}

// README says that the help of each command has examples.
func TestExamples(t *testing.T) {
	app, _, _ := testApp(t)
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		if cmd.Runnable() && !cmd.Hidden && cmd.Name() != "help" && cmd.Example == "" {
			t.Errorf("%s has no examples", cmd.CommandPath())
		}
		for _, c := range cmd.Commands() {
			look(c)
		}
	}
	look(newRootCmd(app))
}

func TestSchemaOptions(t *testing.T) {
	app, _, _ := testApp(t)
	for args, want := range map[string]string{"": "", "record": "record", "compiled": "compiled", "lakehouse": "lakehouse"} {
		var got *SchemaOptions
		if err := parse(newSchemaCmd(app, func(o *SchemaOptions) error { got = o; return nil }), args); err != nil || got.Name != want {
			t.Errorf("%q: %+v, %v", args, got, err)
		}
	}
	for _, args := range []string{"log", "record compiled"} {
		if err := parse(newSchemaCmd(app, func(*SchemaOptions) error { return nil }), args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

func TestPolicyOptions(t *testing.T) {
	app, _, _ := testApp(t)
	var got *PolicyOptions
	keep := func(o *PolicyOptions) error { got = o; return nil }
	if err := parse(newPolicyShowCmd(app, keep), "glue-job"); err != nil || got.Name != "glue-job" {
		t.Errorf("show: %+v, %v", got, err)
	}
	if err := parse(newPolicyLsCmd(app, keep), ""); err != nil || got.Name != "" {
		t.Errorf("ls: %+v, %v", got, err)
	}
	if err := parse(newPolicyShowCmd(app, keep), "a b"); err == nil {
		t.Error("two names are taken")
	}
}
