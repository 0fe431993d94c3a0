package setup

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/snowflake/setup/accounttest"
)

// What drifts is mended, and nothing else is sent.
func TestDrift(t *testing.T) {
	for name, test := range map[string]struct {
		change func(a *accounttest.Account)
		want   []string // beginnings of the statements
	}{
		"a table's column": {func(a *accounttest.Account) {
			a.Thing("external table", "LAKEHOUSE.GOLD.DAILY_SALES").Columns[1][1] = "VARCHAR(10)"
		}, []string{`create or replace external table "LAKEHOUSE"."GOLD"."DAILY_SALES"`}},
		"a table's definition": {func(a *accounttest.Account) {
			a.Thing("external table", "LAKEHOUSE.GOLD.DAILY_SALES").Comment = "lakectl lakehouse/dev: old"
		}, []string{`create or replace external table "LAKEHOUSE"."GOLD"."DAILY_SALES"`}},
		"a column too many": {func(a *accounttest.Account) {
			d := a.Thing("external table", "LAKEHOUSE.GOLD.DAILY_SALES")
			d.Columns = append(d.Columns, [2]string{"X", "FLOAT"})
		}, []string{`create or replace external table "LAKEHOUSE"."GOLD"."DAILY_SALES"`}},
		"a table is gone": {func(a *accounttest.Account) { a.Remove("external table", "LAKEHOUSE.SILVER.CUSTOMERS") },
			[]string{`create external table if not exists "LAKEHOUSE"."SILVER"."CUSTOMERS"`}},
		"a view is not secure": {func(a *accounttest.Account) { a.Thing("view", "LAKEHOUSE.ANALYTICS.SALES_TREND").Secure = false },
			[]string{`create or replace secure view "LAKEHOUSE"."ANALYTICS"."SALES_TREND"`}},
		"a view is old": {func(a *accounttest.Account) {
			a.Thing("view", "LAKEHOUSE.ANALYTICS.SALES_TREND").Comment = "lakectl lakehouse/dev: x; definition 0"
		}, []string{`create or replace secure view "LAKEHOUSE"."ANALYTICS"."SALES_TREND"`}},
		"a stage elsewhere": {func(a *accounttest.Account) { a.Thing("stage", "LAKEHOUSE.GOLD.LAKE").Set["url"] = "'s3://old/'" },
			[]string{`alter stage "LAKEHOUSE"."GOLD"."LAKE" set`}},
		"grants": {func(a *accounttest.Account) { a.Revoke("LAKEHOUSE_READER|SELECT") },
			[]string{"grant select on future external tables", "grant select on future views", "grant select on all external tables", "grant select on all views"}},
		"a table is invalid": {func(a *accounttest.Account) {
			a.Thing("external table", "LAKEHOUSE.GOLD.DAILY_SALES").Invalid = "why not"
		},
			[]string{`create or replace external table "LAKEHOUSE"."GOLD"."DAILY_SALES"`}},
		"a stage is gone": {func(a *accounttest.Account) { a.Remove("stage", "LAKEHOUSE.SILVER.LAKE") },
			append([]string{`create stage if not exists "LAKEHOUSE"."SILVER"."LAKE"`}, slices.Repeat([]string{`create or replace external table "LAKEHOUSE"."SILVER".`}, 2)...)},
		"the file format is gone": {func(a *accounttest.Account) { a.Remove("file format", "LAKEHOUSE.LAKECTL.PARQUET") },
			append([]string{"create file format if not exists"}, slices.Repeat([]string{"create or replace external table"}, 7)...)},
		"the file format reads otherwise": {func(a *accounttest.Account) {
			a.Thing("file format", "LAKEHOUSE.LAKECTL.PARQUET").Set["use_vectorized_scanner"] = "true"
		}, []string{`alter file format "LAKEHOUSE"."LAKECTL"."PARQUET" set use_vectorized_scanner = false`}},
		"the integration is gone": {func(a *accounttest.Account) { a.Remove("integration", "LAKEHOUSE_S3") },
			append([]string{"create storage integration if not exists", "create or replace stage", "create or replace stage"}, slices.Repeat([]string{"create or replace external table"}, 7)...)},
		"a role's": {func(a *accounttest.Account) { a.Revoke("USER|ANN") }, []string{`grant role "LAKEHOUSE_OWNER" to user "ANN"`}},
	} {
		t.Run(name, func(t *testing.T) {
			a := accounttest.New()
			if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
				t.Fatal(err)
			}
			before := a.Dump()
			a.Sent()
			test.change(a)
			if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
				t.Fatal(err)
			}
			sent := changes(a)
			if len(sent) != len(test.want) {
				t.Fatalf("it sent %q", sent)
			}
			for i, sql := range sent {
				if !strings.HasPrefix(sql, test.want[i]) || strings.Contains(sql, "or replace") != strings.Contains(sql, "copy grants") && !strings.Contains(sql, "or replace stage") {
					t.Errorf("it sent %s, not %s", sql, test.want[i])
				}
			}
			if diff := cmp.Diff(before, a.Dump()); diff != "" || len(a.CutOff()) > 0 {
				t.Errorf("cut off: %q (-before +after):\n%s", a.CutOff(), diff)
			}
		})
	}
}

// What uses a thing that was made anew is made anew, too, wherever setup breaks
// off meanwhile.
func TestDriftInterrupted(t *testing.T) {
	for _, lost := range [][2]string{{"integration", "LAKEHOUSE_S3"}, {"stage", "LAKEHOUSE.GOLD.LAKE"}, {"file format", "LAKEHOUSE.LAKECTL.PARQUET"}} {
		for at := 1; ; at++ {
			a := accounttest.New()
			if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
				t.Fatal(err)
			}
			a.Remove(lost[0], lost[1])
			sent := 0
			a.Fail = func(_ int, sql string) error {
				if (accounttest.Sent{SQL: sql}).Changes() {
					sent++
				}
				if sent > at {
					return errors.New("the connection broke")
				}
				return nil
			}
			broke := setUp(t, open(t, sampleSpec(t), a))
			a.Fail = nil
			if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
				t.Fatalf("%s, after %d statements: %v", lost, at, err)
			}
			changes(a)
			if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
				t.Fatal(err)
			}
			if again := changes(a); len(again) > 0 || len(a.CutOff()) > 0 {
				t.Fatalf("%s, after %d statements: %q is cut off, and the third setup sent %q", lost, at, a.CutOff(), again)
			}
			if broke == nil {
				break
			}
		}
	}
}

// Who agrees to a replacement was told what does not come through it.
func TestReplacementsSayWhatGoes(t *testing.T) {
	a := accounttest.New()
	if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
		t.Fatal(err)
	}
	a.Thing("external table", "LAKEHOUSE.GOLD.DAILY_SALES").Columns[1][1] = "FLOAT"
	a.Thing("view", "LAKEHOUSE.ANALYTICS.SALES_DAILY").Secure = false
	plan, err := open(t, sampleSpec(t), a).Plan(t.Context())
	if err != nil || len(plan.Objects) != 2 {
		t.Fatalf("%v, %v", plan, err)
	}
	for _, step := range plan.Objects {
		if !strings.Contains(step.Why, "not the policies and tags that others have put on it") || strings.Contains(missingOr(step), "policies") {
			t.Errorf("%s: %s", step, step.Why)
		}
	}
}
