package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query/athena"
	"github.com/lakectl/lakectl/internal/query/duckdb"
	"github.com/lakectl/lakectl/internal/query/render"
	querysnowflake "github.com/lakectl/lakectl/internal/query/snowflake"
	"github.com/lakectl/lakectl/internal/snowflake"
	"github.com/lakectl/lakectl/internal/snowflake/snowflaketest"
)

// snowflakeQuery asks in a project of its own, and returns what was written.
func snowflakeQuery(t *testing.T, server *snowflaketest.Server, opts QueryOptions) (out, notes string, err error) {
	t.Helper()
	app, stdout, stderr := testApp(t)
	env := map[string]string{snowflake.URLVariable: server.URL, "SNOWFLAKE_PASSWORD": "geheim"}
	app.Getenv, app.projectDir = func(name string) string { return env[name] }, app.Dir
	const text = "project: shop\nlake: ./lake\nbronze: {orders: {source: a.csv}}\n" +
		"snowflake: {account: myorg-shop, user: ann, role: READER, database: LAKEHOUSE, schema: ANALYTICS, warehouse: WH}\n"
	if err := os.WriteFile(filepath.Join(app.Dir, "lakehouse.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	opts.App = app
	if opts.Output == "" {
		opts.Output = render.CSV
	}
	err = opts.settle(nil)
	if err == nil {
		err = runQuery(t.Context(), &opts)
	}
	return stdout.String(), stderr.String(), err
}

func TestQueryInSnowflake(t *testing.T) {
	s := snowflaketest.New(t)
	s.Script(snowflaketest.Want{Text: `select n from "LAKEHOUSE"."GOLD".total where n > ?`, Binds: []string{"FIXED 1"}, Columns: "N NUMBER(9,0)", Rows: [][]any{{2}, {nil}}})
	out, notes, err := snowflakeQuery(t, s, QueryOptions{Engine: querysnowflake.Name, Text: "select n from ${gold}.total where n > :least", Params: []string{"least:bigint=1"}})
	if err != nil || out != "N\n2\n\"\"\n" && out != "N\n2\n\n" {
		t.Errorf("%q, %v", out, err)
	}
	if !strings.Contains(notes, "a key pair or a token is safer") || !strings.Contains(notes, "2 rows") {
		t.Errorf("%q", notes)
	}
	if l := s.Logins(); len(l) != 1 || l[0].Role != "READER" || l[0].Warehouse != "WH" || l[0].Database != "LAKEHOUSE" || l[0].Schema != "ANALYTICS" {
		t.Errorf("%+v", l)
	}
}

// What is wrong with a query shows before anybody logs in.
func TestQueryInSnowflakeRefused(t *testing.T) {
	s := snowflaketest.New(t)
	for want, opts := range map[string]QueryOptions{
		"would change something":          {Text: "delete from ${gold}.total"},
		"snowflake writes no files to S3": {Text: "select 1", To: "s3://a/b", Output: render.Parquet},
		"does not say how much a query":   {Text: "select 1", MaxScan: 1},
		"and no bronze.orders":            {Text: "select * from ${bronze}.orders"},
		"and no quarantine.orders":        {Text: "select * from quarantine.orders"},
	} {
		opts.Engine = querysnowflake.Name
		if _, _, err := snowflakeQuery(t, s, opts); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", opts.Text, err)
		}
	}
	if _, _, err := snowflakeQuery(t, s, QueryOptions{Engine: athena.Name, Text: "drop table x"}); err == nil || !strings.Contains(err.Error(), "would change something") {
		t.Errorf("athena: %v", err)
	}
	if n := len(s.Logins()); n > 0 {
		t.Errorf("%d logins", n)
	}
}

func TestCompareWithSnowflake(t *testing.T) {
	s := snowflaketest.New(t)
	for n, want := range map[int]string{1: "the same rows", 2: "1 that snowflake does not have"} {
		s.Script(snowflaketest.Want{Text: "select 1 as n", Columns: "N NUMBER(9,0)", Rows: [][]any{{n}}})
		out, _, err := snowflakeQuery(t, s, QueryOptions{Compare: []string{duckdb.Name, querysnowflake.Name}, Text: "select 1 as n", Output: asTable})
		all := out
		if err != nil {
			all += err.Error()
		}
		if (err == nil) != (n == 1) || err != nil && diag.ClassOf(err) != diag.Unexpected || !strings.Contains(all, want) || err != nil && !strings.Contains(nextOf(err), "lakectl snowflake check") {
			t.Errorf("%d: %q, %v", n, out, err)
		}
	}
	s.Script(snowflaketest.Want{Text: "select 1 as n", Error: &snowflaketest.Error{Code: "000604", State: "57014", Message: "SQL execution canceled"}})
	if _, _, err := snowflakeQuery(t, s, QueryOptions{Compare: []string{querysnowflake.Name, duckdb.Name}, Text: "select 1 as n", Output: asTable}); diag.ClassOf(err) != diag.Transient {
		t.Errorf("cancelled: %v", err)
	}
}

func nextOf(err error) string {
	var typed *diag.Error
	if !errors.As(err, &typed) {
		return ""
	}
	return typed.Next
}
