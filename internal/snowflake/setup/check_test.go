package setup

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/snowflake/setup/accounttest"
)

func (w *world) trust() Trust {
	i := w.account.Thing("integration", "SHOP_S3")
	if i == nil {
		return Trust{}
	}
	return Trust{Principal: i.Set["user"], ExternalID: strings.Trim(i.Set["storage_aws_external_id"], "'")}
}

func (w *world) check(trust Trust) []string {
	w.t.Helper()
	found, err := w.open().Check(w.t.Context(), w.lake, trust)
	if err != nil {
		w.t.Fatal(err)
	}
	var list []string
	for _, f := range found.Findings {
		list = append(list, f.Kind+" "+f.Name+": "+f.What+" | "+f.Remedy)
	}
	if sent := changes(w.account); len(sent) > 0 {
		w.t.Errorf("check sent %q", sent)
	}
	return list
}

func TestCheck(t *testing.T) {
	const file = "silver/orders/day=2026-11-01/shop=a/x.parquet"
	for name, test := range map[string]struct {
		change func(w *world)
		trust  func(Trust) Trust
		want   []string
	}{
		"as it should be": {},
		"a file that cannot be read": {change: func(w *world) { w.account.Thing("external table", "SHOP.SILVER.ORDERS").Files["top/"+file] = 0 },
			want: []string{"rows SILVER.ORDERS: " + file + " has 3 rows, and Snowflake has none of them: it does not know the file, or could not read it | lakectl snowflake sync --full"}},
		"half a file": {change: func(w *world) { w.account.Thing("external table", "SHOP.SILVER.ORDERS").Files["top/"+file] = 2 },
			want: []string{"rows SILVER.ORDERS: " + file + " has 3 rows, and Snowflake reads 2: it leaves out what it cannot read, without a word | lakectl snowflake sync --full"}},
		"a file too many": {change: func(w *world) {
			w.account.Thing("external table", "SHOP.GOLD.TOTAL").Files["top/gold/total/y.parquet"] = 2
		},
			want: []string{"rows GOLD.TOTAL: Snowflake reads 2 rows of gold/total/y.parquet, which is not of the lake | lakectl snowflake sync --full"}},
		"a commit later": {change: func(w *world) { w.commit(map[string]int64{"gold/total/x.parquet": 9}) },
			want: []string{"sync GOLD.TOTAL: Snowflake is at commit 1 of it, the lake at 2 | lakectl snowflake sync"}},
		"no trust": {trust: func(Trust) Trust { return Trust{} },
			want: []string{"trust arn:aws:iam::1:role/x: the stack in AWS has no role that Snowflake may take | lakectl snowflake setup"}},
		"another user": {trust: func(t Trust) Trust { t.Principal = "arn:aws:iam::2:user/y"; return t },
			want: []string{"trust arn:aws:iam::1:role/x: it trusts arn:aws:iam::2:user/y, and the integration comes as arn:aws:iam::999988887777:user/abc0-s | lakectl snowflake setup"}},
		"another id": {trust: func(t Trust) Trust { t.ExternalID = "y"; return t },
			want: []string{"trust arn:aws:iam::1:role/x: it wants the external id y, and the integration has "}},
		"a stage": {change: func(w *world) { w.account.Thing("stage", "SHOP.GOLD.LAKE").Set["url"] = "'s3://old/'" },
			want: []string{"stage GOLD.LAKE: it is at s3://old/ by the integration SHOP_S3, not at s3://the-lake/top/gold/ by SHOP_S3 | lakectl snowflake setup"}},
		"a grant": {change: func(w *world) { w.account.Revoke("SHOP_READER|USAGE|SCHEMA|SHOP.GOLD") },
			want: []string{"grant usage on schema SHOP.GOLD to SHOP_READER: it is not granted | lakectl snowflake setup"}},
		"a stage that is gone": {change: func(w *world) { w.account.Remove("stage", "SHOP.GOLD.LAKE") },
			want: []string{"stage GOLD.LAKE: it does not exist | lakectl snowflake setup",
				"external table GOLD.TOTAL: the stage GOLD.LAKE was made after it: it belongs to one that is gone | lakectl snowflake setup",
				"rows GOLD.TOTAL: its rows cannot be counted: Snowflake: SQL compilation error: stage SHOP.GOLD.LAKE 'of SHOP.GOLD.TOTAL' does not exist or not authorized. | lakectl snowflake setup"}},
		"a table that is gone": {change: func(w *world) { w.account.Remove("external table", "SHOP.SILVER.ORDERS") },
			want: []string{"external table SILVER.ORDERS: it does not exist | lakectl snowflake setup"}},
		"a column": {change: func(w *world) {
			w.account.Thing("external table", "SHOP.GOLD.TOTAL").Columns[1] = [2]string{"N", "FLOAT"}
		}, want: []string{"external table GOLD.TOTAL: its column N is FLOAT, not NUMBER(19,0) | lakectl snowflake setup"}},
		"a table that the lake has no more": {change: func(w *world) {
			w.account.Put(&accounttest.Thing{Kind: "external table", Name: "SHOP.GOLD.OLD", Owner: "SHOP_OWNER", Comment: "lakectl shop/dev: x"})
		}, want: []string{`external table GOLD.OLD: the lake has no such table | drop external table "SHOP"."GOLD"."OLD", when nobody needs it`}},
		"a view that the project has no more": {change: func(w *world) {
			w.account.Put(&accounttest.Thing{Kind: "view", Name: "SHOP.ANALYTICS.OLD", Owner: "SHOP_OWNER", Comment: "lakectl shop/dev: x"})
		}, want: []string{`view ANALYTICS.OLD: the project has no such view, or no longer the tables for it | drop view "SHOP"."ANALYTICS"."OLD", when nobody needs it`}},
		"nothing": {change: func(w *world) {
			files := w.account.Lake
			w.account = accounttest.New()
			w.account.Lake = files
		}, want: []string{"role SHOP_OWNER: it does not exist | lakectl snowflake setup"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.commit(map[string]int64{file: 3, "silver/orders/day=2026-11-02/shop=a/x.parquet": 0, "gold/total/x.parquet": 1})
			w.wantSync(SyncOptions{}, `"SILVER"."ORDERS" refresh`, `"GOLD"."TOTAL" refresh`)
			if test.change != nil {
				test.change(w)
			}
			trust := w.trust()
			if test.trust != nil {
				trust = test.trust(trust)
			}
			got := w.check(trust)
			if name == "nothing" {
				got = got[:1]
			}
			if name == "another id" && len(got) == 1 {
				got[0], _, _ = strings.Cut(got[0], "shop-dev-")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if test.trust == nil && !strings.Contains(strings.Join(got, " "), "| drop ") {
				w.mended(got)
			}
		})
	}
}

// mended does what findings name, and finds nothing any more.
func (w *world) mended(findings []string) {
	w.t.Helper()
	all := strings.Join(findings, "\n")
	if strings.Contains(all, "| "+setupRemedy) {
		if err := setUp(w.t, w.open()); err != nil {
			w.t.Fatal(err)
		}
	}
	if _, err := w.open().Sync(w.t.Context(), w.lake, SyncOptions{Full: strings.Contains(all, "--full")}); err != nil {
		w.t.Fatal(err)
	}
	changes(w.account)
	if left := w.check(w.trust()); len(left) > 0 {
		w.t.Errorf("what it names does not mend it: %q", left)
	}
}

// What setup made goes, and nothing else; it can break off anywhere.
func TestRemove(t *testing.T) {
	empty := accounttest.New().Dump()
	for at := 1; ; at += thin {
		a := accounttest.New()
		if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
			t.Fatal(err)
		}
		remove := func() error {
			s := open(t, sampleSpec(t), a)
			removal, err := s.Remove(t.Context())
			if err != nil {
				return err
			}
			if len(removal.Stays) > 0 {
				t.Errorf("%q stays", removal.Stays)
			}
			return s.Apply(t.Context(), removal.Steps, func(Step) {})
		}
		a.Sent()
		a.Fail = func(n int, _ string) error {
			if n >= at {
				return &accounttest.Error{Code: "000001", Message: "broken"}
			}
			return nil
		}
		err := remove()
		a.Fail = nil
		if err != nil {
			if err := remove(); err != nil {
				t.Fatalf("after statement %d: %v", at, err)
			}
		}
		if diff := cmp.Diff(empty, a.Dump()); diff != "" {
			t.Fatalf("after statement %d (-empty +left):\n%s", at, diff)
		}
		if err == nil {
			return
		}
	}
}

func TestRemoveLeavesOthers(t *testing.T) {
	for name, test := range map[string]struct {
		put   *accounttest.Thing
		stays []string
		goes  []string
	}{
		"a view among ours": {&accounttest.Thing{Kind: "view", Name: "LAKEHOUSE.ANALYTICS.MINE", Owner: "LAKEHOUSE_OWNER"},
			[]string{"the schema ANALYTICS: it has something of others (MINE)", "the database LAKEHOUSE: it has something of others (ANALYTICS)", "the role LAKEHOUSE_READER: what stays needs it", "the role LAKEHOUSE_OWNER: what stays needs it"},
			[]string{"schema GOLD", "integration LAKEHOUSE_S3"}},
		"a task": {&accounttest.Thing{Kind: "task", Name: "LAKEHOUSE.GOLD.NIGHTLY", Owner: "BOSS"},
			[]string{"the schema GOLD: it has something of others (NIGHTLY)", "the database LAKEHOUSE: it has something of others (GOLD)", "the role LAKEHOUSE_READER: what stays needs it", "the role LAKEHOUSE_OWNER: what stays needs it"}, []string{"schema SILVER"}},
		"a schema beside ours": {&accounttest.Thing{Kind: "schema", Name: "LAKEHOUSE.MINE", Owner: "BOSS"},
			[]string{"the database LAKEHOUSE: it has something of others (MINE)", "the role LAKEHOUSE_READER: what stays needs it", "the role LAKEHOUSE_OWNER: what stays needs it"}, []string{"schema ANALYTICS"}},
		"something in PUBLIC": {&accounttest.Thing{Kind: "table", Name: "LAKEHOUSE.PUBLIC.T", Owner: "BOSS"},
			[]string{"the database LAKEHOUSE: it has something of others (PUBLIC)", "the role LAKEHOUSE_READER: what stays needs it", "the role LAKEHOUSE_OWNER: what stays needs it"}, []string{"schema ANALYTICS"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := accounttest.New()
			if err := setUp(t, open(t, sampleSpec(t), a)); err != nil {
				t.Fatal(err)
			}
			a.Put(test.put)
			s := open(t, sampleSpec(t), a)
			removal, err := s.Remove(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.stays, removal.Stays); diff != "" {
				t.Errorf("stays (-want +got):\n%s", diff)
			}
			if err := s.Apply(t.Context(), removal.Steps, func(Step) {}); err != nil {
				t.Fatal(err)
			}
			if a.Thing(test.put.Kind, test.put.Name) == nil {
				t.Error("it dropped what is another's")
			}
			for _, thing := range test.goes {
				kind, name, _ := strings.Cut(thing, " ")
				if kind == "schema" {
					name = "LAKEHOUSE." + name
				}
				if a.Thing(kind, name) != nil {
					t.Errorf("it left %s", thing)
				}
			}
		})
	}
}

func TestTablesOfALake(t *testing.T) {
	w := newWorld(t)
	w.commit(map[string]int64{"silver/orders/day=2026-11-01/shop=a/x.parquet": 3, "gold/total/x.parquet": 1})
	st, err := w.lake.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sample := sampleProject(t)
	all, err := Tables(sample, st)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, table := range all {
		names = append(names, table.Ref.String())
		if table.Ref == (lake.TableRef{Layer: lake.Silver, Name: "orders"}) {
			if diff := cmp.Diff([]string{"day", "shop"}, table.Keys); diff != "" || table.Columns.Index("shop") < 0 {
				t.Errorf("%+v", table)
			}
		}
	}
	want := "silver.customers silver.transactions silver.orders gold.daily_sales gold.weekly_sales gold.monthly_sales gold.customer_analytics gold.latest_snapshot gold.total"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("%s", got)
	}
}
