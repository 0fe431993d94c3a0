//go:build e2e

package snowflaketest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/snowflake"
	"github.com/lakectl/lakectl/internal/snowflake/setup"
	"github.com/lakectl/lakectl/queries"
)

// planned returns all that setup would send for the sample project, and for a
// table that is partitioned by a text.
func planned(t *testing.T) (*setup.Setup, *setup.Plan) {
	t.Helper()
	cfg, problems := config.Load("../../../sampledata/lakehouse.yaml", config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	p, problems := project.Bind(cfg, nil)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	tables, err := setup.Tables(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	tables = append(tables, setup.Table{Ref: lake.TableRef{Layer: lake.Gold, Name: "shops"}, Keys: []string{"shop"}, Columns: schema.Table{Columns: []schema.Column{
		{Name: "shop", Type: schema.T(schema.String)}, {Name: "n", Type: schema.T(schema.Bigint)}}}})
	views, found, err := queries.LoadViews(queries.ViewFiles())
	if err != nil || len(found) > 0 {
		t.Fatal(err, found)
	}
	s, err := setup.New(setup.Spec{Project: "lakehouse", Environment: "dev", Account: "fake", User: "ci", Database: "LAKEHOUSE", Schema: "ANALYTICS", Warehouse: "WH", CreateWarehouse: true,
		Bucket: "b", Partition: "aws", RoleARN: "arn:aws:iam::1:role/x", Tables: tables, Views: views}, setup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.All()
	if err != nil || len(plan.LeftOut) > 0 {
		t.Fatal(err, plan)
	}
	return s, plan
}

// parseSQL reads statements as Snowflake's dialect, and prints the kind of each.
const parseSQL = `
import sys, sqlglot
sys.setrecursionlimit(20000)  # the escapes of a path are undone by nested functions
for s in sqlglot.parse(sys.stdin.read(), read="snowflake", error_level=sqlglot.ErrorLevel.RAISE):
    if s is not None:
        print(type(s).__name__)
`

// What setup prints is SQL of Snowflake's dialect, and the views are selects that
// it can read to the last word.
func TestSetupParses(t *testing.T) {
	program := os.Getenv("E2E_FAKESNOW")
	if program == "" {
		t.Fatal("E2E_FAKESNOW does not name fakesnow; run `make e2e`")
	}
	s, plan := planned(t)
	kinds := func(text string) []string {
		cmd := exec.Command(filepath.Join(filepath.Dir(program), "python"), "-c", parseSQL)
		cmd.Stdin = strings.NewReader(text)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, errs.String(), text)
		}
		return strings.Fields(string(out))
	}
	uses := strings.Count(s.Script(plan), "\nuse role ")
	if got := kinds(s.Script(plan)); len(got) < len(plan.Steps())+uses {
		t.Errorf("%d statements are read, %d are printed", len(got), len(plan.Steps())+uses)
	}
	for _, step := range plan.Objects {
		if step.Kind == "view" || step.Kind == "external table" {
			if got := kinds(step.SQL); !slices.Equal(got, []string{"Create"}) {
				t.Errorf("%s is read as %v, with comments and blanks for words", step, got)
			}
		}
	}
}

// The views answer what they say they do.
func TestViews(t *testing.T) {
	ctx := context.Background()
	client, err := snowflake.Open(ctx, snowflake.Options{Account: "fake", User: "ci", Database: "LAKEHOUSE", Schema: "ANALYTICS", Warehouse: "WH", URL: serve(t),
		Secrets: snowflake.Secrets{Password: "x"}, LoginTimeout: 20 * time.Second, RequestTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	exec := func(text string) {
		t.Helper()
		if err := client.Exec(ctx, text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	for _, schema := range []string{"SILVER", "GOLD", "ANALYTICS"} {
		exec("create schema if not exists LAKEHOUSE." + schema)
	}
	exec(`create table LAKEHOUSE.GOLD.DAILY_SALES (transaction_date date, total_transactions number(19,0), total_revenue number(38,2), unique_customers number(19,0), avg_transaction_value number(18,2), total_quantity_sold number(19,0))`)
	exec(`insert into LAKEHOUSE.GOLD.DAILY_SALES values ('2026-01-01', 1, 70, 1, 70, 1), ('2026-01-07', 1, 14, 1, 14, 1), ('2026-01-08', 1, 7, 1, 7, 1)`)
	exec(`create table LAKEHOUSE.GOLD.WEEKLY_SALES (week_start date, total_transactions number(19,0), total_revenue number(38,2), unique_customers number(19,0))`)
	exec(`insert into LAKEHOUSE.GOLD.WEEKLY_SALES values ('2026-01-05', 1, 100, 1), ('2026-01-12', 1, 150, 1), ('2026-01-26', 1, 10, 1), ('2999-01-07', 1, 10, 1)`)
	exec(`create table LAKEHOUSE.GOLD.CUSTOMER_ANALYTICS (customer_id text, customer_segment text, total_transactions number(19,0), total_revenue number(38,2), avg_transaction_value number(18,2),
		first_purchase_date date, last_purchase_date date, customer_lifetime_value number(18,2))`)
	exec(`insert into LAKEHOUSE.GOLD.CUSTOMER_ANALYTICS values ('C1', 'new', 0, null, null, null, null, 0), ('C2', 'premium', 2, 30, 15, '2026-01-01', '2026-01-02', 30)`)
	for _, table := range []string{"CUSTOMERS", "TRANSACTIONS"} {
		exec(`create table LAKEHOUSE.SILVER.` + table + ` (data_quality_flag text, ingestion_date date, processed_timestamp timestamp_ntz)`)
	}
	exec(`insert into LAKEHOUSE.SILVER.TRANSACTIONS values ('PASSED', '2026-01-01', '2026-01-01 01:00:00'), ('WARNED', '2026-01-01', '2026-01-01 02:00:00'), ('PASSED', '2026-01-02', '2026-01-02 01:00:00')`)
	_, plan := planned(t)
	for name, want := range map[string]struct{ columns, order, rows string }{
		"SALES_DAILY":    {"transaction_date::text, total_revenue, coalesce(revenue_7_day_average::number(10,2)::text, 'none')", "transaction_date", "2026-01-01|70.00|none; 2026-01-07|14.00|12.00; 2026-01-08|7.00|3.00"},
		"SALES_TREND":    {"week_start::text, is_complete::text, coalesce(revenue_change::text, 'none'), coalesce(revenue_change_percent::text, 'none')", "week_start", "2026-01-05|true|none|none; 2026-01-12|true|50.00|50.0; 2026-01-26|true|none|none; 2999-01-07|false|none|none"},
		"CUSTOMER_VALUE": {"customer_id, total_revenue, customer_lifetime_value, value_rank, value_decile", "value_rank", "C2|30.00|30.00|1|1; C1|0.00|0.00|2|2"},
		"DATA_QUALITY":   {"dataset, ingestion_date::text, total_rows, passed_rows, warned_rows, warned_percent", "ingestion_date", "transactions|2026-01-01|2|1|1|50; transactions|2026-01-02|1|1|0|0"},
	} {
		at := slices.IndexFunc(plan.Objects, func(s setup.Step) bool { return s.Kind == "view" && s.Name == "ANALYTICS."+name })
		_, text, _ := strings.Cut(plan.Objects[at].SQL, "\nas\n")
		exec("create view LAKEHOUSE.ANALYTICS." + name + " as " + text)
		table, err := client.Query(ctx, fmt.Sprintf("select %s from LAKEHOUSE.ANALYTICS.%s order by %s", want.columns, name, want.order))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, row := range table.Rows {
			var values []string
			for _, value := range row {
				if value == nil {
					values = append(values, "null")
					continue
				}
				values = append(values, *value)
			}
			got = append(got, strings.Join(values, "|"))
		}
		if strings.Join(got, "; ") != want.rows {
			t.Errorf("%s: %s\nwant %s", name, strings.Join(got, "; "), want.rows)
		}
	}
	paths(t, client, plan)
}

var (
	nestRegexp    = regexp.MustCompile(`^(?:replace\()*(nullif\(.+?'__HIVE_DEFAULT_PARTITION__'\))`)
	replaceRegexp = regexp.MustCompile(`, '%[0-9A-F]{2}', '(?:[^']|'')+'\)`)
)

// paths computes columns from the names of files. What undoes the escapes is
// nested deeper than fakesnow can read, and goes there in pieces.
func paths(t *testing.T, client *snowflake.Client, plan *setup.Plan) {
	t.Helper()
	ask := func(expression string) string {
		answer, err := client.Query(context.Background(), "select "+expression+" as v")
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		return answer.Text(0, "V")
	}
	for file, want := range map[string]string{
		"top/silver/transactions/transaction_date=2026-01-02/x.parquet":                      "2026-01-02",
		"top/silver/transactions/transaction_date=__HIVE_DEFAULT_PARTITION__/x.parquet":      "",
		"top/gold/shops/shop=Köln/x.parquet":                                                 "Köln",
		"top/gold/shops/shop=a%2Fb%3Dc%27d %255F%25/x.parquet":                               "a/b=c'd %5F%",
		"top/gold/shops/shop=__HIVE_DEFAULT_PARTITION__/x.parquet":                           "",
		"top/gold/shops/shop=%5F_HIVE_DEFAULT_PARTITION__/x.parquet":                         lake.DefaultPartition,
		"a/transaction_date_x=1/gold/shops/shop=%5B%5D%5E%7B%3F%2A%22%23%3A%5C%7F/x.parquet": "[]^{?*\"#:\\\x7f",
	} {
		column, table := "TRANSACTION_DATE", "SILVER.TRANSACTIONS"
		if strings.Contains(file, "/shops/") {
			column, table = "SHOP", "GOLD.SHOPS"
		}
		at := slices.IndexFunc(plan.Objects, func(s setup.Step) bool { return s.Kind == "external table" && s.Name == table })
		m := regexp.MustCompile(`(?m)^  "` + column + `" \S+ as \((.*)\),?$`).FindStringSubmatch(plan.Objects[at].SQL)
		inner := strings.ReplaceAll(nestRegexp.FindStringSubmatch(m[1])[1], "metadata$filename", "'"+file+"'")
		got := ask(inner)
		if null := ask("(" + inner + " is null)::text"); (null == "true") != (want == "") {
			t.Errorf("%s is null: %s", file, null)
		}
		for _, part := range replaceRegexp.FindAllString(m[1], -1) {
			if strings.Contains(part, `'\x`) && !strings.Contains(part, "7F") {
				continue // of control characters one is enough
			}
			got = ask("replace('" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(got) + "'" + part)
		}
		if got != want {
			t.Errorf("%s is %q, want %q", file, got, want)
		}
	}
}
