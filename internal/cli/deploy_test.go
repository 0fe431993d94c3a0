package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/stack"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
)

func TestDeployOptions(t *testing.T) {
	app, _, _ := testApp(t)
	for line, want := range map[string]DeployOptions{
		"":                              {},
		"--dry-run --detailed-exitcode": {DryRun: true, DetailedExitCode: true},
		"--yes --allow-replace --detach --role-arn r": {Yes: true, AllowReplace: true, Detach: true, RoleARN: "r"},
		"--tag a=1 --tag b= --confirm-name x":         {Tags: []string{"a=1", "b="}, ConfirmName: "x"},
	} {
		var got *DeployOptions
		if err := parse(newDeployCmd(app, func(o *DeployOptions) error { got = o; return nil }), line); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if diff := cmp.Diff(&want, got, cmpopts.IgnoreFields(DeployOptions{}, "App")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
	for line, want := range map[string]string{
		"--tag a": "--tag a is not KEY=VALUE", "--tag =1": "is not KEY=VALUE", "--detailed-exitcode": "--detailed-exitcode is for --dry-run",
		"--dry-run --detach": "--detach is not for --dry-run", "x": "unexpected argument",
	} {
		err := parse(newDeployCmd(app, func(*DeployOptions) error { t.Error("it ran"); return nil }), line)
		if err == nil || !strings.Contains(err.Error(), want) || diag.ClassOf(err) != diag.Usage {
			t.Errorf("%q: %v, want %s", line, err, want)
		}
	}
}

// What holds data is not to be overlooked in a plan.
func TestPrintPlan(t *testing.T) {
	app, out, _ := testApp(t)
	plan := &stack.Plan{Changes: []stack.Change{
		{Effect: stack.Remove, ID: "LakeBucket", Type: "AWS::S3::Bucket", Physical: "lake-1", Data: true},
		{Effect: stack.Remove, ID: "Old", Type: "AWS::S3::Bucket", Physical: "old-1", Data: true, Kept: true},
		{Effect: stack.Replace, ID: "Workgroup", Type: "AWS::Athena::WorkGroup", Physical: "w",
			Properties: []stack.Property{{Path: "Name", Before: "a", After: "b", Recreate: true}, {Path: "State"}}},
		{Effect: stack.Modify, ID: "Alarm", Type: "AWS::CloudWatch::Alarm", Properties: []stack.Property{{Path: "Threshold", After: "2"}}},
		{Effect: stack.Add, ID: "Topic", Type: "AWS::SNS::Topic"},
	}}
	if err := printPlan(app.IO.Out, plan, []string{"lake-2"}, "shop-dev"); err != nil {
		t.Fatal(err)
	}
	want := `  < the bucket lake-2 exists already, and is taken into the stack with what is in it
  - REMOVE LakeBucket (AWS::S3::Bucket) lake-1  IT HOLDS DATA, WHICH IS LOST
  - REMOVE Old (AWS::S3::Bucket) old-1  it holds data: it leaves the stack, and stays in AWS
  ± REPLACE Workgroup (AWS::Athena::WorkGroup) w
      Name: a -> b  (this is why it is replaced)
      State
  ~ modify Alarm (AWS::CloudWatch::Alarm)
      Threshold: (none) -> 2
  + add Topic (AWS::SNS::Topic)
`
	head, rest, _ := strings.Cut(out.String(), "\n")
	if !strings.HasPrefix(head, "The stack shop-dev would be updated: ") {
		t.Errorf("it begins with %q", head)
	}
	if diff := cmp.Diff(want, rest); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Who agrees to a deployment: in production only one who names it.
func TestApprove(t *testing.T) {
	harmless := &stack.Plan{Changes: []stack.Change{{Effect: stack.Add, ID: "Topic"}}}
	dangerous := &stack.Plan{Changes: []stack.Change{{Effect: stack.Replace, ID: "LakeBucket", Data: true}}}
	for name, test := range map[string]struct {
		environment string
		options     DeployOptions
		plan        *stack.Plan
		want        bool
		problem     string
	}{
		"nobody is asked":              {"dev", DeployOptions{}, harmless, false, "not a terminal"},
		"yes":                          {"dev", DeployOptions{Yes: true}, harmless, true, ""},
		"a dry run":                    {"dev", DeployOptions{DryRun: true, Yes: true}, harmless, false, ""},
		"data":                         {"dev", DeployOptions{Yes: true}, dangerous, false, "1 resource that holds data would be replaced or removed"},
		"data that is meant":           {"dev", DeployOptions{Yes: true, AllowReplace: true}, dangerous, true, ""},
		"production":                   {"prod", DeployOptions{Yes: true}, harmless, false, "This changes production (shop-prod in account 1)"},
		"production by name":           {"prod", DeployOptions{ConfirmName: "shop-prod"}, harmless, true, ""},
		"production by another's name": {"prod", DeployOptions{Yes: true, ConfirmName: "shop-dev"}, harmless, false, `--confirm-name is "shop-dev", and the stack is shop-prod`},
		"production's data":            {"prod", DeployOptions{ConfirmName: "shop-prod"}, dangerous, false, "holds data"},
	} {
		t.Run(name, func(t *testing.T) {
			app, _, _ := testApp(t)
			test.options.App = app
			d := &deployment{DeployOptions: &test.options, cloud: &cloud{Names: names.Names{Project: "shop", Environment: test.environment, Account: "1"}}}
			d.result = deployResult{Stack: d.cloud.Names.Stack(), Account: "1"}
			ui := newDeployUI(d)
			defer ui.close()
			got, err := ui.Approve(t.Context(), test.plan)
			if got != test.want || (test.problem == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), test.problem) {
				t.Errorf("%v, %v; want %v, %q", got, err, test.want, test.problem)
			}
		})
	}
}

func TestDriftText(t *testing.T) {
	app, _, _ := testApp(t)
	if got := driftText(app.IO.Out, "shop-dev", &stack.Drift{Checked: 30}); got != "shop-dev: as deployed (30 resources compared)\n" {
		t.Error(got)
	}
	got := driftText(app.IO.Out, "shop-dev", &stack.Drift{Checked: 30, Incomplete: "a role may not be read", Resources: []stack.Drifted{
		{ID: "Topic", Type: "AWS::SNS::Topic", Physical: "t", Deleted: true},
		{ID: "LakeBucket", Type: "AWS::S3::Bucket", Physical: "b", Properties: []stack.Difference{{Path: "/Versioning", Expected: "Enabled", Actual: "Suspended"}}},
	}})
	want := `shop-dev: 2 of 30 resources are not as deployed
  deleted Topic (AWS::SNS::Topic) t
  changed LakeBucket (AWS::S3::Bucket) b
      /Versioning: Enabled -> Suspended
warning: not everything could be compared: a role may not be read
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A deployment that failed on its way says for machines how far it came, and
// ends with the error.
func TestDeployThatFailsOnItsWay(t *testing.T) {
	app, out, _ := testApp(t)
	app.json = true
	if err := os.WriteFile(filepath.Join(app.Dir, outputsFolder), nil, 0o600); err != nil { // where the outputs' folder should be
		t.Fatal(err)
	}
	cfg, problems := config.Parse(filepath.Join(app.Dir, "lakehouse.yaml"), []byte("project: shop\nlake: ./lake\nbronze: {a: {source: x.csv}}"), config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	d := &deployment{DeployOptions: &DeployOptions{App: app}, workspace: &workspace{Config: cfg},
		cloud: &cloud{Names: names.Names{Project: "shop", Environment: "dev"}}, result: deployResult{Stack: "shop-dev"}}
	err := d.conclude(t.Context(), &stack.Result{Stack: &stack.Stack{}, Plan: &stack.Plan{Nothing: true}, Done: true})
	if err == nil || !strings.Contains(err.Error(), "write the outputs") {
		t.Errorf("%v", err)
	}
	var got deployResult
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil || got.Stack != "shop-dev" || len(got.Steps) != 3 || got.Steps[1].Name != "jobs" {
		t.Errorf("%v, %s", err, out)
	}
}

// A dry run says what would be done to jobs and crawlers, too, and that they are
// pending where the stack is not.
func TestDryRunBesideTheStack(t *testing.T) {
	app, out, _ := gluing(t, newFakeGlue())
	app.projectDir = app.Dir
	ctx := t.Context()
	w, c, err := app.openGlue(ctx)
	if err != nil {
		t.Fatal(err)
	}
	code, err := app.jobsCode(w, c)
	if err != nil {
		t.Fatal(err)
	}
	d := &deployment{DeployOptions: &DeployOptions{App: app, DryRun: true, DetailedExitCode: true}, workspace: w, cloud: c, code: code, result: deployResult{Stack: "shop-dev"}}
	nothing := &stack.Result{Plan: &stack.Plan{Nothing: true}}
	err = d.conclude(ctx, nothing)
	if diag.ClassOf(err) != diag.Pending || err.Error() != "shop-dev: jobs and crawlers: 6 to create" || !strings.HasPrefix(out.String(), "job shop-dev-bronze: would be created\n") ||
		!strings.Contains(out.String(), "crawler shop-dev-gold: would be created") || strings.Contains(out.String(), "nothing to change") {
		t.Errorf("%v\n%s", err, out)
	}

	for _, step := range []func(*deployment) (string, error){
		func(d *deployment) (string, error) { return makeJobs(ctx, d) }, func(d *deployment) (string, error) { return makeCrawlers(ctx, d) }} {
		if did, err := step(d); did != "3 created" || err != nil {
			t.Errorf("%q, %v", did, err)
		}
	}
	before := len(out.String())
	if err := d.conclude(ctx, nothing); err != nil || !strings.HasPrefix(out.String()[before:], "shop-dev: nothing to change\n") {
		t.Errorf("%v\n%s", err, out.String()[before:])
	}

	w.Config.AWS.Glue.MaxWorkers.Value = 7
	before, app.json = len(out.String()), true
	err = d.conclude(ctx, &stack.Result{Plan: &stack.Plan{Changes: []stack.Change{{Effect: stack.Add, ID: "Topic"}}}})
	var got deployResult
	if json.Unmarshal([]byte(out.String()[before:]), &got) != nil || len(got.Beside) != 6 || len(got.Beside[2].Fields) != 1 || got.Beside[2].Fields[0].New != "7" || got.Cost == nil {
		t.Errorf("%s", out.String()[before:])
	}
	if diag.ClassOf(err) != diag.Pending || err.Error() != "shop-dev: 1 to add; jobs and crawlers: 3 to update" {
		t.Errorf("%v", err)
	}
}

// A bucket that was deleted beside the stack is not what another deployment
// would make.
func TestLostBucket(t *testing.T) {
	f := newFakeGlue()
	app, _, _ := gluing(t, f)
	app.projectDir = app.Dir
	c, cfg, err := app.openCloudAlone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := &deployment{workspace: &workspace{Config: cfg}, cloud: c}
	if did, err := makeFolders(t.Context(), d); err != nil || did != "4 in s3://lake/shop/" || !d.beside {
		t.Errorf("%q, %v", did, err)
	}
	c.Names.LakeBucket = "gone"
	_, err = makeFolders(t.Context(), d)
	if f := describe(err); f.message != "the bucket gone of the stack shop-dev is not there: it was deleted beside the stack" || !strings.Contains(f.next, "aws s3 mb s3://gone") {
		t.Errorf("%+v", f)
	}
}
