package setup

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/snowflake/setup/accounttest"
	"github.com/lakectl/lakectl/queries"
)

var update = flag.Bool("update", false, "write the golden files")

func sampleProject(t *testing.T) *project.Project {
	t.Helper()
	cfg, problems := config.Load("../../../sampledata/lakehouse.yaml", config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	p, problems := project.Bind(cfg, nil)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// sampleSpec is the sample project on S3.
func sampleSpec(t *testing.T) Spec {
	t.Helper()
	tables, err := Tables(sampleProject(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	views, found, err := queries.LoadViews(queries.ViewFiles())
	if err != nil || len(found) > 0 {
		t.Fatal(found, err)
	}
	return Spec{Project: "lakehouse", Environment: "dev", Account: "myorg-shop", User: "ann", Database: "lakehouse", Schema: "Analytics", Warehouse: "lakehouse_wh",
		Bucket: "shop-lake", Prefix: "top/", Partition: "aws", RoleARN: "arn:aws:iam::111122223333:role/lakehouse-dev-eu-central-1-snowflake", Tables: tables, Views: views}
}

// open returns a Setup in an account. Its clock goes on by what it sleeps.
func open(t *testing.T, spec Spec, a *accounttest.Account) *Setup {
	t.Helper()
	now := time.Date(2026, 11, 23, 9, 45, 0, 0, time.UTC)
	s, err := New(spec, Options{DB: a.Open(t), Explain: explain, Now: func() time.Time { return now },
		Sleep: func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// explain gives errors of the account the class that package snowflake gives them.
func explain(err error) error {
	var refused *accounttest.Error
	if errors.As(err, &refused) {
		return diag.Errorf(diag.Usage, "Snowflake: %w", err)
	}
	return err
}

// setUp does what the command does, without AWS.
func setUp(t *testing.T, s *Setup) error {
	t.Helper()
	plan, err := s.Plan(t.Context())
	if err != nil {
		return err
	}
	if err := s.Apply(t.Context(), plan.Account, func(Step) {}); err != nil {
		return err
	}
	if err := s.Validate(t.Context(), func(string) {}); err != nil {
		return err
	}
	return s.Apply(t.Context(), plan.Objects, func(Step) {})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestScript(t *testing.T) {
	spec := sampleSpec(t)
	spec.CreateWarehouse = true
	s, err := New(spec, Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.All()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "sample.sql", s.Script(plan))
}

// changes are the statements that change something.
func changes(a *accounttest.Account) []string {
	var list []string
	for _, sent := range a.Sent() {
		if sent.Changes() {
			list = append(list, sent.SQL)
		}
	}
	return list
}

func TestTwice(t *testing.T) {
	a := accounttest.New()
	if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
		t.Fatal(err)
	}
	if n := len(changes(a)); n < 20 {
		t.Errorf("only %d statements made all of it", n)
	}
	if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
		t.Fatal(err)
	}
	if again := changes(a); len(again) > 0 {
		t.Errorf("the second time it sent %s", strings.Join(again, "\n"))
	}
	// So it does for one who has the owner's role alone.
	a.Roles = nil
	if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
		t.Fatal(err)
	}
	if again := changes(a); len(again) > 0 {
		t.Errorf("as the owner it sent %s", strings.Join(again, "\n"))
	}
}

// Whichever statement is the last one, or fails, the next setup makes the same.
func TestInterrupted(t *testing.T) {
	whole := accounttest.New()
	if err := setUp(t, open(t, sampleSpec(t), whole)); err != nil {
		t.Fatal(err)
	}
	total := len(whole.Sent())
	for _, after := range []bool{false, true} {
		for at := 1; at <= total; at += thin {
			a := accounttest.New()
			broken := errors.New("the connection broke")
			a.Fail = func(n int, _ string) error {
				if n == at && !after || n > at {
					return broken
				}
				return nil
			}
			err := setUp(t, open(t, sampleSpec(t), a))
			if at < total && !errors.Is(err, broken) {
				t.Fatalf("statement %d failed, and setup says %v", at, err)
			}
			a.Fail = nil
			if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
				t.Fatalf("after statement %d: %v", at, err)
			}
			a.Sent()
			if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
				t.Fatal(err)
			}
			if again := changes(a); len(again) > 0 {
				t.Fatalf("after statement %d the third setup sent %q", at, again)
			}
		}
	}
}

// Whatever is refused, the error names the step, its role and what is next.
func TestRefusedStatements(t *testing.T) {
	s := open(t, sampleSpec(t), accounttest.New())
	plan, err := s.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range plan.Steps() {
		a := accounttest.New()
		a.Fail = func(_ int, sql string) error {
			if sql == step.SQL {
				return &accounttest.Error{Code: "003001", Message: "Insufficient privileges"}
			}
			return nil
		}
		err := setUp(t, open(t, sampleSpec(t), a))
		var typed *diag.Error
		if !errors.As(err, &typed) || typed.Class != diag.Usage || !strings.Contains(err.Error(), step.String()+", as "+step.Role+": Snowflake: Insufficient privileges") || !strings.Contains(typed.Next, "administrator") {
			t.Errorf("%s: %v", step, err)
		}
	}
}

// A table that is replaced has its files at once.
func TestReplacedTableIsNotEmpty(t *testing.T) {
	w := newWorld(t)
	w.commit(map[string]int64{"gold/total/x.parquet": 1})
	w.wantSync(SyncOptions{}, `"GOLD"."TOTAL" refresh`)
	w.account.Thing("external table", "SHOP.GOLD.TOTAL").Columns[1][1] = "FLOAT"
	if err := setUp(t, w.open()); err != nil {
		t.Fatal(err)
	}
	w.same()
	w.account.Sent()
	w.wantSync(SyncOptions{}, `"GOLD"."TOTAL" refresh`)
}

// An administrator runs the first part, an engineer the rest.
func TestTwoPeople(t *testing.T) {
	a := accounttest.New()
	a.Roles = []string{"SYSADMIN"}
	err := setUp(t, open(t, sampleSpec(t), a))
	var typed *diag.Error
	if !errors.As(err, &typed) || !strings.Contains(err.Error(), "take the role USERADMIN, to create role LAKEHOUSE_OWNER") || !strings.Contains(typed.Next, "have an administrator run what `lakectl snowflake setup --dry-run` prints") {
		t.Fatalf("%v", err)
	}
	a.Roles = []string{"ACCOUNTADMIN", "SYSADMIN", "USERADMIN"}
	s := open(t, sampleSpec(t), a)
	plan, err := s.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), plan.Account, func(Step) {}); err != nil {
		t.Fatal(err)
	}
	a.Roles = nil
	if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
		t.Fatal(err)
	}
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		spec func(*Spec)
		put  []*accounttest.Thing
		drop string
		want string
	}{
		"no account":          {spec: func(s *Spec) { s.Account = "" }, want: "does not say which account in Snowflake"},
		"no database":         {spec: func(s *Spec) { s.Database = "" }, want: "does not say which database"},
		"a layer for views":   {spec: func(s *Spec) { s.Schema = "Gold" }, want: "the schema Gold is not for the views"},
		"no warehouse":        {drop: "LAKEHOUSE_WH", want: "there is no warehouse LAKEHOUSE_WH"},
		"a database":          {put: []*accounttest.Thing{{Kind: "database", Name: "LAKEHOUSE", Owner: "BOSS"}}, want: "the database LAKEHOUSE was not made by lakectl, and belongs to the role BOSS"},
		"another's database":  {put: []*accounttest.Thing{{Kind: "database", Name: "LAKEHOUSE", Owner: "LAKEHOUSE_OWNER", Comment: "lakectl lakehouse/prod: x"}}, want: "the database LAKEHOUSE in Snowflake belongs to lakehouse/prod, not to lakehouse/dev"},
		"another's role":      {put: []*accounttest.Thing{{Kind: "role", Name: "LAKEHOUSE_OWNER", Owner: "USERADMIN", Comment: "lakectl lakehouse/prod: x"}}, want: "the role LAKEHOUSE_OWNER in Snowflake belongs to"},
		"another integration": {put: []*accounttest.Thing{{Kind: "integration", Name: "LAKEHOUSE_S3", Owner: "ACCOUNTADMIN", Comment: "lakectl x/dev"}}, want: "the integration LAKEHOUSE_S3 in Snowflake belongs to x/dev"},
		"a schema": {put: []*accounttest.Thing{{Kind: "database", Name: "LAKEHOUSE", Owner: "LAKEHOUSE_OWNER"}, {Kind: "schema", Name: "LAKEHOUSE.GOLD", Owner: "BOSS"}},
			want: "the schema LAKEHOUSE.GOLD belongs to the role BOSS"},
		"a view": {put: []*accounttest.Thing{{Kind: "database", Name: "LAKEHOUSE", Owner: "LAKEHOUSE_OWNER"}, {Kind: "schema", Name: "LAKEHOUSE.ANALYTICS", Owner: "LAKEHOUSE_OWNER"},
			{Kind: "view", Name: "LAKEHOUSE.ANALYTICS.SALES_DAILY", Owner: "LAKEHOUSE_OWNER"}}, want: "the view LAKEHOUSE.ANALYTICS.SALES_DAILY was not made by lakectl"},
	} {
		t.Run(name, func(t *testing.T) {
			a, spec := accounttest.New(), sampleSpec(t)
			if test.spec != nil {
				test.spec(&spec)
			}
			for _, thing := range test.put {
				a.Put(thing)
			}
			a.Remove("warehouse", test.drop)
			s, err := New(spec, Options{DB: a.Open(t)})
			if err == nil {
				_, err = s.Plan(t.Context())
			}
			var typed *diag.Error
			if err == nil || !strings.Contains(err.Error(), test.want) || !errors.As(err, &typed) || typed.Class != diag.Usage || typed.Next == "" {
				t.Errorf("%v", err)
			}
			if sent := changes(a); len(sent) > 0 {
				t.Errorf("it sent %q", sent)
			}
		})
	}
}

// An integration that is there keeps its external id, whatever it is.
func TestIntegrationIsKept(t *testing.T) {
	a := accounttest.New()
	if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
		t.Fatal(err)
	}
	i := a.Thing("integration", "LAKEHOUSE_S3")
	user := i.Set["user"]
	i.Set["storage_aws_external_id"], i.Set["enabled"] = "'mine'", "false"
	i.Set["storage_aws_role_arn"] = "'arn:aws:iam::1:role/old'"
	i.Set["storage_allowed_locations"] = "('s3://old/gold/')"
	a.Sent()
	s := open(t, sampleSpec(t), a)
	if err := setUp(t, s); err != nil {
		t.Fatal(err)
	}
	for _, sql := range changes(a) {
		if !strings.HasPrefix(sql, `alter storage integration "LAKEHOUSE_S3" set `) || strings.Contains(sql, "external_id") {
			t.Errorf("it sent %s", sql)
		}
	}
	got, err := s.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := &Integration{Name: "LAKEHOUSE_S3", UserARN: user, ExternalID: "mine", RoleARN: s.RoleARN, Enabled: true, Allowed: []string{"s3://shop-lake/top/silver/", "s3://shop-lake/top/gold/"}, comment: "lakectl lakehouse/dev: reads s3://shop-lake/top/", created: "2026-11-23T09:00:06Z"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Integration{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExternalID(t *testing.T) {
	spec := sampleSpec(t)
	id := spec.ExternalID()
	spec.Account, spec.Database = "MYORG-SHOP", "Lakehouse"
	if spec.ExternalID() != id || !strings.HasPrefix(id, "lakehouse-dev-") || len(id) != len("lakehouse-dev-")+32 {
		t.Errorf("%s, then %s", id, spec.ExternalID())
	}
	spec.Environment = "prod"
	if spec.ExternalID() == id {
		t.Error("two environments have one external id")
	}
}

// A trust that was just made takes its time.
func TestValidateWaits(t *testing.T) {
	a := accounttest.New()
	s := open(t, sampleSpec(t), a)
	plan, err := s.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), plan.Account, func(Step) {}); err != nil {
		t.Fatal(err)
	}
	const why = "User: arn:aws:iam::999988887777:user/abc is not authorized to perform: sts:AssumeRole"
	asked, told := 0, 0
	a.Trust = func() string {
		if asked++; asked <= 4 {
			return why
		}
		return ""
	}
	if err := s.Validate(t.Context(), func(got string) {
		if told++; got != why {
			t.Error(got)
		}
	}); err != nil || told != 4 {
		t.Fatalf("told %d times; %v", told, err)
	}
	begun := s.now()
	a.Trust = func() string { return why }
	err = s.Validate(t.Context(), func(string) {})
	if took := s.now().Sub(begun); took < 90*time.Second || took > 2*time.Minute || err == nil || !strings.Contains(err.Error(), "cannot list s3://shop-lake/top/silver/ through the integration LAKEHOUSE_S3: "+why) {
		t.Errorf("after %s: %v", took, err)
	}
}

// Views are those that the project has the tables and columns for.
func TestViewsOfOthers(t *testing.T) {
	spec := sampleSpec(t)
	spec.Tables = []Table{{Ref: lake.TableRef{Layer: lake.Gold, Name: "daily_sales"}, Columns: schema.Table{Columns: []schema.Column{{Name: "transaction_date", Type: schema.T(schema.Date)}}}}}
	s, err := New(spec, Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.All()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"customer_value: the lake has no table gold.customer_analytics", "data_quality: the lake has no tables in silver",
		"sales_daily: gold.daily_sales has no column total_transactions", "sales_trend: the lake has no table gold.weekly_sales"}
	if diff := cmp.Diff(want, plan.LeftOut); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, step := range plan.Steps() {
		if step.Kind == "view" || strings.Contains(step.SQL, "all views") {
			t.Errorf("it would send %s", step.SQL)
		}
	}
}

func ExampleSpec_Owner() {
	fmt.Println((&Spec{Database: "lakehouse"}).Owner())
	// Output: LAKEHOUSE_OWNER
}

func TestGrantKey(t *testing.T) {
	want := grantKey("r", "select", "EXTERNAL TABLE", "DB.GOLD.<EXTERNAL TABLE>")
	for _, other := range [][2]string{{"EXTERNAL_TABLE", `DB.GOLD.<EXTERNAL_TABLE>`}, {"TABLE", `"DB".GOLD.<TABLE>`}} {
		if got := grantKey("R", "SELECT", other[0], other[1]); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	if grantKey("r", "select", "TABLE", "DB.GOLD.A_B") == grantKey("r", "select", "TABLE", "DB.GOLD.A B") {
		t.Error("two names are one")
	}
}
