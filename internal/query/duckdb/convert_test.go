//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/internal/vec"
	"github.com/lakectl/lakectl/queries"
)

// emptyLake returns an engine on a lake without tables.
func emptyLake(t testing.TB, o Options) *Engine {
	t.Helper()
	l, err := lake.Open(context.Background(), mem.New(mem.Options{}), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o.Lake, o.Folder, o.Temp = l, t.TempDir(), t.TempDir()
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e.(*Engine)
}

// sql is a statement without parameters.
func sql(text string) query.Statement { return query.Statement{Query: queries.Query{SQL: text}} }

// ask runs a statement and returns its columns, as name type, and its rows as
// texts.
func ask(ctx context.Context, e query.Engine, st query.Statement) (columns []string, lines []string, err error) {
	r, err := e.Run(ctx, st)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	for _, c := range r.Columns() {
		columns = append(columns, c.Name+" "+c.Type.String())
	}
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return columns, lines, nil
		}
		if err != nil {
			return nil, nil, err
		}
		for i := range int(record.NumRows()) {
			values := make([]string, record.NumCols())
			for c, col := range record.Columns() {
				values[c] = "null"
				if !col.IsNull(i) {
					values[c] = string(vec.AppendText(nil, col, i))
				}
			}
			lines = append(lines, strings.Join(values, "|"))
		}
		record.Release()
	}
}

func TestTypes(t *testing.T) {
	e := emptyLake(t, Options{})
	for _, test := range []struct{ sql, typ, values string }{
		{"x from (values (true), (false), (null)) t(x)", "boolean", "true false null"},
		{"x::tinyint from (values (-128), (127), (null)) t(x)", "integer", "-128 127 null"},
		{"x::utinyint from (values (0), (255)) t(x)", "integer", "0 255"},
		{"x::smallint from (values (-32768), (32767)) t(x)", "integer", "-32768 32767"},
		{"x::usmallint from (values (65535)) t(x)", "integer", "65535"},
		{"x::integer from (values (-2147483648), (2147483647), (null)) t(x)", "integer", "-2147483648 2147483647 null"},
		{"x::uinteger from (values (4294967295)) t(x)", "bigint", "4294967295"},
		{"x from (values (-9223372036854775808), (9223372036854775807)) t(x)", "bigint", "-9223372036854775808 9223372036854775807"},
		{"x::bigint from (values (-9223372036854775807), (null), (9223372036854775807)) t(x)", "bigint", "-9223372036854775807 null 9223372036854775807"},
		{"x::ubigint from (values (18446744073709551615)) t(x)", "decimal(20,0)", "18446744073709551615"},
		{"x::hugeint from (values (-1), (99999999999999999999999999999999999999::hugeint)) t(x)", "decimal(38,0)", "-1 99999999999999999999999999999999999999"},
		{"x::float from (values (1.5)) t(x)", "double", "1.5"},
		{"x::double from (values ('0.1'), ('nan'), ('-inf'), (null)) t(x)", "double", "0.1 NaN -Inf null"},
		{"x::decimal(4,2) from (values (-99.99), (0.05), (null)) t(x)", "decimal(4,2)", "-99.99 0.05 null"},
		{"x::decimal(9,3) from (values (-123456.789)) t(x)", "decimal(9,3)", "-123456.789"},
		{"x::decimal(18,2) from (values (-1234567890123456.78)) t(x)", "decimal(18,2)", "-1234567890123456.78"},
		{"x::decimal(38,10) from (values ('-1234567890123456789012345678.0123456789')) t(x)", "decimal(38,10)", "-1234567890123456789012345678.0123456789"},
		{"x::date from (values ('0001-01-01'), ('9999-12-31'), (null)) t(x)", "date", "0001-01-01 9999-12-31 null"},
		{"x::timestamp from (values ('0001-01-01'), ('9999-12-31 23:59:59.999999'), (null)) t(x)", "timestamp", "0001-01-01T00:00:00 9999-12-31T23:59:59.999999 null"},
		{"x::timestamp_s from (values ('1969-12-31 23:59:59')) t(x)", "timestamp", "1969-12-31T23:59:59"},
		{"x::timestamp_ms from (values ('1969-12-31 23:59:59.5')) t(x)", "timestamp", "1969-12-31T23:59:59.5"},
		{"x::timestamp_ns from (values ('1969-12-31 23:59:59.123456789')) t(x)", "timestamp", "1969-12-31T23:59:59.123456"},
		{"x::timestamptz from (values ('2026-01-01 12:00:00+02')) t(x)", "timestamp", "2026-01-01T10:00:00"},
		{"x from (values (''), ('twelve bytes'), ('thirteen byte'), ('Größe ❤'), (null)) t(x)", "string", "_ twelve_bytes thirteen_byte Größe_❤ null"},
		{"[1, null]", "string", "[1,null]"}, {"{'a': 'x'}", "string", `{"a":"x"}`}, {"map {'k': 1}", "string", `{"k":1}`},
		{"'ab'::blob", "string", "6162"}, {"interval 1 day", "string", "1_day"}, {"time '10:11:12'", "string", "10:11:12"},
		{"'5d8e1a1c-0000-4000-8000-000000000000'::uuid", "string", "5d8e1a1c-0000-4000-8000-000000000000"}, {"null", "integer", "null"},
	} {
		columns, lines, err := ask(context.Background(), e, sql("select "+test.sql))
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		for i, line := range lines {
			lines[i] = strings.ReplaceAll(line, " ", "_")
			if test.typ == "timestamp" {
				lines[i] = strings.ReplaceAll(line, " ", "T")
			}
			if line == "" {
				lines[i] = "_"
			}
		}
		if _, typ, _ := strings.Cut(columns[0], " "); !strings.HasSuffix(columns[0], " "+test.typ) || strings.Join(lines, " ") != test.values {
			t.Errorf("%s: %s %v, want %s %s", test.sql, typ, lines, test.typ, test.values)
		}
	}
}

// What no type of lakectl's holds is an error, and never another value.
func TestTypesThatDoNotHold(t *testing.T) {
	e := emptyLake(t, Options{})
	for text, want := range map[string]string{
		"select 'infinity'::date as d":                                     "column d: there is a date that is not between the years 1 and 9999",
		"select '-infinity'::timestamp as t":                               "column t: there is a timestamp that is not between the years 1 and 9999",
		"select '10000-01-01'::timestamp_s as t":                           "column t: there is a timestamp that is not between the years 1 and 9999",
		"select 170141183460469231731687303715884105727::hugeint as h":     "column h: 170141183460469231731687303715884105727 has more than 38 digits",
		"select x.d from (values (1, '4000-01-01 (BC)'::date)) as x(i, d)": "column d: there is a date that is not between the years 1 and 9999",
		"select d from (select 'infinity'::date as d, 1 as i union all select d, 2 from (select date '2026-01-01' as d)) order by i desc": "column d: there is a date that is not between the years 1 and 9999",
	} {
		if _, lines, err := ask(context.Background(), e, sql(text)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, %v, want %s", text, lines, err, want)
		}
	}
}

// Results of many batches come whole, in order, and with little memory: DuckDB
// may have a fraction of what the result has.
func TestManyRows(t *testing.T) {
	e := emptyLake(t, Options{Memory: 64 << 20, Threads: 2})
	r, err := e.Run(context.Background(), sql("select i, repeat('x', 200) || i as text, case when i % 3 = 0 then i end as third from range(2000000) as t(i)"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	next, thirds := int64(0), 0
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range int(record.NumRows()) {
			if string(vec.AppendText(nil, record.Column(0), i)) == "" || vec.AppendText(nil, record.Column(1), i)[199] != 'x' {
				t.Fatal("a value is wrong")
			}
			next++
		}
		thirds += int(record.NumRows()) - record.Column(2).NullN()
		record.Release()
	}
	if stats := r.Stats(); next != 2_000_000 || thirds != 666_667 || stats.Rows != next || stats.Elapsed <= 0 {
		t.Errorf("%d rows, %d thirds, %+v", next, thirds, stats)
	}
}

func TestCancelled(t *testing.T) {
	e := emptyLake(t, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := ask(ctx, e, sql("select 1")); !errors.Is(err, context.Canceled) {
		t.Errorf("before: %v", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() {
		_, _, err := ask(ctx, e, sql("select count(*) from range(1000000) a, range(1000000) b where hash(a.range, b.range) % 1000 = 7"))
		stopped <- err
	}()
	cancel()
	if err := <-stopped; !errors.Is(err, context.Canceled) {
		t.Errorf("within: %v", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	r, err := e.Run(ctx, sql("select i, repeat('x', 1000) from range(100000000) as t(i)"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for err == nil {
		record, next := r.Next()
		if err = next; err == nil {
			record.Release()
		}
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("while it streams: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// A function at work on one huge value is not waited for: neither where the
// statement is prepared nor where it runs, nor where its plan is asked for.
func TestCancelledWithoutLookingUp(t *testing.T) {
	l := sampleLake(t)
	remote, _ := elsewhere(l, Cache{Folder: t.TempDir(), Bytes: 1 << 30})
	const slow = "levenshtein(repeat('a', 60000), repeat('b', 60000 + %s))"
	for _, test := range []struct {
		e   *Engine
		sql string
	}{
		{engineOn(l), "select " + fmt.Sprintf(slow, "0")},
		{engineOn(l), "select " + fmt.Sprintf(slow, "count(*)") + " from range(2)"},
		{remote, "select count(*) from silver.transactions where quantity > " + fmt.Sprintf(slow, "0")},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		began := time.Now()
		_, _, err := ask(ctx, test.e, sql(test.sql))
		cancel()
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > time.Second+2*patience {
			t.Errorf("%s: %v after %s", test.sql, err, took)
		}
		if left, err := os.ReadDir(test.e.o.Temp); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", test.sql, left, err)
		}
	}
}
