package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/aws/stack"
	"github.com/lakectl/lakectl/internal/aws/stack/stacktest"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/snowflake/setup"
)

const trustingTemplate = "Parameters:\n  Project:\n  SnowflakePrincipal:\n  SnowflakeExternalId:\nResources:\n  Bucket: AWS::S3::Bucket one\n"

func trustOf(t *testing.T, c *stacktest.Cloud) *snowflakeTrust {
	t.Helper()
	app, _, _ := testApp(t)
	return &snowflakeTrust{app: app, name: "shop-dev", engine: stack.New(c, stack.Options{Name: "shop-dev", Sleep: c.Sleep}),
		put: func(context.Context, string) (string, error) {
			t.Error("a small template was put into S3")
			return "", nil
		}}
}

// The stack follows the integration, by its own template, and is left alone when
// it does already.
func TestTrust(t *testing.T) {
	c := stacktest.New()
	want := setup.Trust{Principal: "arn:aws:iam::9:user/x", ExternalID: "id"}
	if _, err := trustOf(t, c).set(t.Context(), want); err == nil || !strings.Contains(err.Error(), "there is no stack shop-dev in AWS") || diag.ClassOf(err) != diag.Usage {
		t.Errorf("without a stack: %v", err)
	}
	s := c.Put("shop-dev", "CREATE_COMPLETE", trustingTemplate)
	s.Values = map[string]string{"Project": "shop", "SnowflakePrincipal": "", "SnowflakeExternalId": ""}
	s.Template, s.Tags = trustingTemplate, map[string]string{"Project": "shop", "team": "data"}
	changed, err := trustOf(t, c).set(t.Context(), want)
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	got := c.Stack("shop-dev")
	if got.Values["SnowflakePrincipal"] != want.Principal || got.Values["SnowflakeExternalId"] != "id" || got.Values["Project"] != "shop" || got.Template != trustingTemplate || got.Tags["team"] != "data" {
		t.Errorf("%+v", got)
	}
	sets := c.Called("CreateChangeSet")
	if changed, err = trustOf(t, c).set(t.Context(), want); err != nil || changed || c.Called("CreateChangeSet") != sets {
		t.Errorf("the second time: %v, %v", changed, err)
	}
	if changed, err = trustOf(t, c).set(t.Context(), setup.Trust{}); err != nil || !changed || c.Stack("shop-dev").Values["SnowflakePrincipal"] != "" {
		t.Errorf("%v, %v", changed, err)
	}
}

// Who agreed to the trust has not agreed to anything else.
func TestTrustAlone(t *testing.T) {
	ui := &trustUI{name: "shop-dev"}
	role := stack.Change{Effect: stack.Add, ID: "SnowflakeRole", Type: "AWS::IAM::Role"}
	if ok, err := ui.Approve(t.Context(), &stack.Plan{Changes: []stack.Change{role}}); !ok || err != nil {
		t.Error(ok, err)
	}
	ok, err := ui.Approve(t.Context(), &stack.Plan{Changes: []stack.Change{role, {Effect: stack.Replace, ID: "LakeBucket", Type: "AWS::S3::Bucket"}}})
	if ok || err == nil || !strings.Contains(err.Error(), "the stack shop-dev would change in LakeBucket (AWS::S3::Bucket), too") {
		t.Error(ok, err)
	}
	ok, err = ui.Mend(t.Context(), stack.Mending{Stack: &stack.Stack{Status: "ROLLBACK_COMPLETE"}, Why: "it could not be made"})
	if ok || err == nil || !strings.Contains(err.Error(), "the stack shop-dev is in ROLLBACK_COMPLETE") {
		t.Error(ok, err)
	}
}

func TestSnowflakeConfirm(t *testing.T) {
	for name, test := range map[string]struct {
		options    snowflakeConfirm
		production bool
		problem    string
	}{
		"nobody":             {snowflakeConfirm{}, false, "Set this up? Nobody is here to answer"},
		"yes":                {snowflakeConfirm{Yes: true}, false, ""},
		"production":         {snowflakeConfirm{Yes: true}, true, "This changes production. Nobody is here to answer"},
		"production by name": {snowflakeConfirm{ConfirmName: "LAKE"}, true, ""},
		"another's name":     {snowflakeConfirm{Yes: true, ConfirmName: "OTHER"}, false, `--confirm-name is "OTHER", and the database is LAKE`},
	} {
		app, _, _ := testApp(t)
		err := test.options.confirm(t.Context(), app, confirmation{name: "LAKE", production: test.production, question: "Set this up?", warning: "This changes production."})
		if (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSnowflakeOptions(t *testing.T) {
	app, _, _ := testApp(t)
	var setupOptions *SnowflakeSetupOptions
	if err := parse(newSnowflakeSetupCmd(app, func(o *SnowflakeSetupOptions) error { setupOptions = o; return nil }), "--create-warehouse --yes --role-arn r --confirm-name n"); err != nil {
		t.Fatal(err)
	}
	if o := setupOptions; !o.CreateWarehouse || !o.Yes || o.RoleARN != "r" || o.ConfirmName != "n" || o.DryRun {
		t.Errorf("%+v", o)
	}
	var syncOptions *SnowflakeSyncOptions
	if err := parse(newSnowflakeSyncCmd(app, func(o *SnowflakeSyncOptions) error { syncOptions = o; return nil }), "gold --full --dry-run"); err != nil {
		t.Fatal(err)
	}
	if o := syncOptions; !o.Full || !o.DryRun || len(o.Tables) != 1 {
		t.Errorf("%+v", o)
	}
	ran := 0
	for _, run := range []func() error{
		func() error {
			return parse(newSnowflakeCheckCmd(app, func(*SnowflakeCheckOptions) error { ran++; return nil }), "")
		},
		func() error {
			return parse(newSnowflakeDestroyCmd(app, func(o *SnowflakeDestroyOptions) error { ran++; return nil }), "--yes")
		},
	} {
		if err := run(); err != nil {
			t.Error(err)
		}
	}
	if ran != 2 {
		t.Errorf("%d ran", ran)
	}
}
