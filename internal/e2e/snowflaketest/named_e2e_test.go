//go:build e2e

package snowflaketest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/query/duckdb"
	enginepkg "github.com/lakectl/lakectl/internal/query/snowflake"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/snowflake"
	"github.com/lakectl/lakectl/queries"
	"github.com/lakectl/lakectl/sampledata"
)

// perInsert is how many rows a statement brings: fakesnow reads long ones slowly.
const perInsert = 200

// kindOf returns the type that a column has in Snowflake.
func kindOf(t schema.Type) string {
	switch t.Kind {
	case schema.Integer, schema.Bigint:
		return "number(19,0)"
	case schema.Decimal:
		return fmt.Sprintf("number(%d,%d)", t.Precision, t.Scale)
	case schema.Timestamp:
		return "timestamp_ntz"
	case schema.Date:
		return "date"
	}
	return "text"
}

// load makes a table of the lake in Snowflake, with the rows of its Parquet.
func load(l *lab.Lab, c *snowflake.Client, state *lake.State, ref lake.TableRef) {
	l.T.Helper()
	described, err := lake.SchemaOf(state.Tables[ref].Schema)
	if err != nil {
		l.T.Fatal(err)
	}
	columns := described.Columns
	if ref.Layer == lake.Bronze {
		columns = append(slices.Clone(columns), schema.Column{Name: "ingestion_date", Type: schema.T(schema.Date)})
	}
	var defined []string
	for _, col := range columns {
		defined = append(defined, col.Name+" "+kindOf(col.Type))
	}
	name := "LAKEHOUSE." + strings.ToUpper(ref.String())
	statements := []string{"create table " + name + " (" + strings.Join(defined, ", ") + ")"}
	for rows := range slices.Chunk(l.Rows(ref.String()), perInsert) {
		var values []string
		for _, r := range rows {
			var row []string
			for _, col := range columns {
				value, ok := r[col.Name]
				if value = "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(value) + "'"; !ok {
					value = "null"
				}
				row = append(row, value)
			}
			values = append(values, "("+strings.Join(row, ", ")+")")
		}
		statements = append(statements, "insert into "+name+" values "+strings.Join(values, ", "))
	}
	for _, text := range statements {
		if err := c.Exec(context.Background(), text); err != nil {
			l.T.Fatalf("%.200s: %v", text, err)
		}
	}
}

// sampleOnSnowflake returns the sample lake and an engine that has its tables: all
// but those of quarantine, which Snowflake does not get.
func sampleOnSnowflake(t *testing.T) (*lab.Lab, *enginepkg.Engine) {
	t.Helper()
	l := lab.New(t)
	l.CopyFS(sampledata.Project())
	l.MustRun()
	state, err := l.Open().State(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	o := snowflake.Options{Account: "fake", User: "ci", Database: "LAKEHOUSE", Schema: "ANALYTICS", Warehouse: "WH", URL: serve(t),
		Secrets: snowflake.Secrets{Password: "x"}, LoginTimeout: 20 * time.Second, RequestTimeout: 30 * time.Second}
	client, err := snowflake.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, text := range []string{"create database if not exists LAKEHOUSE", "create schema if not exists LAKEHOUSE.BRONZE", "create schema if not exists LAKEHOUSE.SILVER",
		"create schema if not exists LAKEHOUSE.GOLD", "create schema if not exists LAKEHOUSE.ANALYTICS"} {
		if err := client.Exec(context.Background(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	for _, ref := range state.TableRefs() {
		if ref.Layer != lake.Quarantine {
			load(l, client, state, ref)
		}
	}
	e, err := enginepkg.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return l, e
}

// sums are the columns of answers that fakesnow gives as doubles, for it writes
// sum(x) as sum(try_cast(x as double)). Snowflake's own are numbers:
// https://docs.snowflake.com/en/sql-reference/functions/sum.
var sums = map[string][]string{
	"customer_segments": {"TRANSACTIONS", "REVENUE"},
	"latest_snapshot":   {"QUANTITY", "REVENUE", "WARNED_ROWS"},
	"revenue_by_month":  {"REVENUE_OF_YEAR"},
	"silver_quality":    {"PASSED_ROWS", "WARNED_ROWS"},
}

// sumsAreNumbers gives those columns the types that they should have, and fails
// the test if fakesnow does by now.
func sumsAreNumbers(t *testing.T, name string, got, want *query.Rows) {
	t.Helper()
	for i, c := range got.Columns {
		if !slices.Contains(sums[name], c.Name) || i >= len(want.Columns) {
			continue
		}
		if c.Type.Kind != schema.Double {
			t.Errorf("%s: fakesnow gives %s as %s by now", name, c.Name, c.Type)
		}
		got.Columns[i].Type = want.Columns[i].Type
	}
}

// The named queries answer the same on Snowflake as on DuckDB, each in the SQL
// that its engine gets.
func TestNamedQueries(t *testing.T) {
	l, theirs := sampleOnSnowflake(t)
	ours, err := duckdb.New(duckdb.Options{Lake: l.Open(), Folder: l.Lake, Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	load := func(folder string) []queries.Query {
		list, problems, err := queries.Load(queries.Files(), folder)
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		return list
	}
	trino := load("athena")
	for _, q := range queries.Merge(load("snowflake"), trino) {
		if q.Name == "lineage" {
			continue // asks for quarantine, which Snowflake does not have
		}
		here := trino[slices.IndexFunc(trino, func(other queries.Query) bool { return other.Name == q.Name })]
		if q.Name == "silver_quality" {
			here = q // without quarantine it is another question
		}
		for _, since := range []string{"2026-01-01", "2026-09-15"} {
			given := map[string]string{}
			if len(q.Parameters) > 0 {
				given["since"] = since
			}
			want, err := query.Collect(context.Background(), ours, statement(t, here, given))
			if err != nil {
				t.Fatalf("%s: %v", q.Name, err)
			}
			got, err := query.Collect(context.Background(), theirs, statement(t, q, given))
			if err != nil {
				t.Errorf("%s (%s) is not executed: %v", q.Name, q.File, err)
				continue
			}
			sumsAreNumbers(t, q.Name, got, want)
			inOrder := slices.EqualFunc(got.Lines, want.Lines, slices.Equal)
			if d := query.Compare(got, want); !d.Same() || !inOrder || len(want.Lines) == 0 && since == "2026-01-01" {
				t.Errorf("%s since %s: in order: %v, %+v", q.Name, since, inOrder, d)
			}
		}
	}
}
