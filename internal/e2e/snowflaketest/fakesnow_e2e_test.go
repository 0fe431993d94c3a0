//go:build e2e

package snowflaketest

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	enginepkg "github.com/lakectl/lakectl/internal/query/snowflake"
	"github.com/lakectl/lakectl/internal/snowflake"
	"github.com/lakectl/lakectl/queries"
)

// serve starts fakesnow and returns its address.
func serve(t *testing.T) string {
	t.Helper()
	program := os.Getenv("E2E_FAKESNOW")
	if program == "" {
		t.Fatal("E2E_FAKESNOW does not name fakesnow; run `make e2e`")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(program, "-s", "-p", port)
	server.Dir, server.Stdout, server.Stderr = dir, log, log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = server.Process.Kill()
		<-ended
		_ = log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("fakesnow said:\n%s", text)
		}
	})
	for began := time.Now(); time.Since(began) < 2*time.Minute; {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return "http://" + address
		}
		select {
		case <-ended:
			t.Fatal("fakesnow has ended")
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatal("fakesnow does not answer")
	return ""
}

func start(t *testing.T) *enginepkg.Engine {
	t.Helper()
	o := snowflake.Options{Account: "fake", User: "ci", Database: "LAKEHOUSE", Schema: "ANALYTICS", Warehouse: "WH", URL: serve(t),
		Secrets: snowflake.Secrets{Password: "x"}, LoginTimeout: 20 * time.Second, RequestTimeout: time.Second}
	ctx := context.Background()
	client, err := snowflake.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, text := range []string{
		"create database if not exists LAKEHOUSE", "create schema LAKEHOUSE.BRONZE", "create schema LAKEHOUSE.GOLD", "create schema if not exists LAKEHOUSE.ANALYTICS",
		`create table LAKEHOUSE.BRONZE.TRANSACTIONS (transaction_id text, customer_id text, product_id text, transaction_date text, amount text, quantity text, status text,
			source_file text, source_row number(18,0), ingestion_timestamp timestamp_ntz, ingestion_date date)`,
		`insert into LAKEHOUSE.BRONZE.TRANSACTIONS values
			('T1', 'C1', 'P1', '2026-01-01', '10.00', '1', 'completed', 'a.csv', 1, '2026-01-02 03:04:05.123456', '2026-01-02'),
			('T2', 'C2', 'P1', '2026-01-01', 'x', '2', 'O''Brien', 'a.csv', 2, '2026-01-02 03:04:05.123456', '2026-01-02'),
			('T0', 'C1', 'P1', '2025-01-01', '10.00', '1', 'completed', 'b.csv', 1, '2025-01-02 00:00:00', '2025-01-02')`,
		"create table LAKEHOUSE.GOLD.KINDS (n number(18,0), w number(38,1), m number(38,10), r double, s text, t boolean, d date, moment timestamp_ntz, c time, v variant)",
		`insert into LAKEHOUSE.GOLD.KINDS select -7, 12345678901234567890123456789.5, -1234567890123456789012345678.0123456789, 0.1, 'a "b"', true, '1969-12-31'::date,
			'2026-01-01 00:00:00.123456'::timestamp_ntz, '23:59:59'::time, parse_json('{"a": 1}')`,
		"insert into LAKEHOUSE.GOLD.KINDS (n) values (0)",
	} {
		if err := client.Exec(ctx, text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	e, err := enginepkg.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func rows(t *testing.T, e query.Engine, s query.Statement) (list []string) {
	t.Helper()
	r, err := e.Run(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			if got := r.Stats(); got.Rows != int64(len(list)) || got.ID == "" {
				t.Errorf("%+v", got)
			}
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		for i := range int(rec.NumRows()) {
			var values []string
			for _, c := range rec.Columns() {
				values = append(values, c.ValueStr(i))
			}
			list = append(list, strings.Join(values, "|"))
		}
		rec.Release()
	}
}

func statement(t *testing.T, q queries.Query, given map[string]string) query.Statement {
	t.Helper()
	values, err := q.Bind(given)
	if err != nil {
		t.Fatal(err)
	}
	return query.Statement{Query: q, Values: values}
}

// The engine runs statements with values of each type, and its results are what
// the tables hold.
func TestFakesnow(t *testing.T) {
	e := start(t)
	kinds := queries.Query{SQL: "select * from ${gold}.kinds order by n"}
	want := []string{`-7|12345678901234567890123456789.5|-1234567890123456789012345678.0123456789|0.1|a "b"|true|1969-12-31|2026-01-01 00:00:00.123456Z|23:59:59.000000000|{"a":1}`,
		"0" + strings.Repeat("|(null)", 9)}
	if got := rows(t, e, statement(t, kinds, nil)); !slices.Equal(got, want) {
		t.Errorf("kinds:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	list, problems, err := queries.Load(queries.Files(), "athena")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	recent := list[slices.IndexFunc(list, func(q queries.Query) bool { return q.Name == "bronze_recent" })]
	got := rows(t, e, statement(t, recent, map[string]string{"since": "2026-01-01"}))
	if len(got) != 2 || !strings.HasPrefix(got[0], "2026-01-02 03:04:05.123456Z|a.csv|2|T2|") || !strings.HasSuffix(got[0], "|O'Brien") {
		t.Errorf("bronze_recent: %q", got)
	}

	q, problems := queries.Parse("q.sql", `-- name: q
-- description: d
-- parameter: s string -
-- parameter: b boolean -
-- parameter: l bigint -
-- parameter: x double -
-- parameter: m decimal(10,2) -
-- parameter: d date -
-- parameter: at timestamp -
select :s as s, :b as b, :l + 0 as l, :x as x, :m as m, cast(:d as date) as d, cast(:at as timestamp_ntz) as moment, (select count(*) from ${bronze}.transactions where status = :s) as n`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for text, found := range map[string]int{"O'Brien": 1, "x'); drop table LAKEHOUSE.BRONZE.TRANSACTIONS; --": 0, "completed": 2} {
		got := rows(t, e, statement(t, q, map[string]string{"s": text, "b": "true", "l": "9007199254740993", "x": "0.1234567890123456", "m": "12.50", "d": "2026-02-28", "at": "2026-01-02 03:04:05.678901"}))
		want := text + "|true|9007199254740993|0.1234567890123456|12.5|2026-02-28|2026-01-02 03:04:05.678901Z|" + strconv.Itoa(found)
		if !slices.Equal(got, []string{want}) {
			t.Errorf("%q, want %q", got, want)
		}
	}

	if got := rows(t, e, statement(t, queries.Query{SQL: "select seq4() as n from table(generator(rowcount => 50000))"}, nil)); len(got) != 50000 {
		t.Errorf("%d rows", len(got))
	}
	if _, err := e.Run(context.Background(), statement(t, queries.Query{SQL: "select * from ${gold}.none"}, nil)); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("%v", err)
	}
}
