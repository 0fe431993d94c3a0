//go:build cgo

package duckdb

import (
	"context"
	"strings"
	"testing"
)

// What Trino's documentation says that its functions return.
func TestMacros(t *testing.T) {
	e := emptyLake(t, Options{})
	for _, test := range []struct{ sql, want string }{
		{"date_add('day', 30, date '2026-01-31'), date_add('month', 1, date '2026-01-31'), date_add('year', -1, date '2024-02-29')", "2026-03-02|2026-02-28|2023-02-28"},
		{"date_add('hour', 26, timestamp '2026-01-31 23:30:00'), typeof(date_add('day', 1, timestamp '2026-01-31'))", "2026-02-02 01:30:00|TIMESTAMP"},
		{"typeof(date_add('day', 1, max(d))), date_add('week', 2, min(d)) from (values (date '2026-01-01'), (date '2026-02-01')) as t(d)", "DATE|2026-01-15"},
		{"date_add('day', n, date '2026-01-01') from (values (null)) as t(n)", "null"},
		{"date_diff('day', date '2026-03-01', date '2026-03-02'), date_diff('day', timestamp '2026-03-01 23:00:00', timestamp '2026-03-02 22:00:00')", "1|0"},
		{"date_diff('week', date '2026-01-04', date '2026-01-12'), date_diff('month', date '2026-01-31', date '2026-02-27'), date_diff('year', date '2026-12-31', date '2027-01-01')", "1|0|0"},
		{"date_diff('day', date '2026-03-02', date '2026-03-01')", "-1"},
		{"date_trunc('week', date '2026-01-07'), typeof(date_trunc('month', date '2026-01-07')), date_trunc('hour', timestamp '2026-01-07 10:11:12')", "2026-01-05|DATE|2026-01-07 10:00:00"},
		{"day_of_week(date '2026-01-04'), day_of_month(date '2026-01-04'), day_of_year(date '2026-02-01'), week_of_year(date '2026-01-01'), year_of_week(date '2027-01-01')", "7|4|32|1|2026"},
		{"dow(date '2026-01-05'), doy(date '2026-12-31'), yow(date '2026-12-31')", "1|365|2026"},
		{"date_format(timestamp '2026-03-04 05:06:07', '%Y-%m-%d %H:%i:%s'), date_format(timestamp '2026-03-04 15:06:07', '%M %h %T')", "2026-03-04 05:06:07|March 03 15:06:07"},
		{"to_iso8601(date '2026-01-01'), from_iso8601_date('2026-01-01'), to_unixtime(timestamp '1970-01-01 00:00:01')", "2026-01-01|2026-01-01|1"},
		{"concat('a', 'b'), concat('a', null), concat('a', 'b', 'c', 'd', 'e')", "ab|null|abcde"},
		{"regexp_like('1a 2b 14m', '\\d+b'), regexp_extract('1a 2b 14m', '\\d+'), regexp_extract('1a 2b 14m', '(\\d+)([a-z]+)', 2), regexp_extract('x', '\\d')", "true|1|a|null"},
		{"regexp_replace('1a 2b 14m', '\\d+[ab] '), regexp_replace('1a 2b 14m', '(\\d+)([ab]) ', '3c$2 '), regexp_count('1a 2b 14m', '\\s*[a-z]+\\s*')", "14m|3ca 3cb 14m|3"},
		{"strpos('high', 'ig'), strpos('high', 'x'), codepoint('a')", "2|0|97"},
		{"split_part('a,b,c', ',', 2), split_part('a,b', ',', 3), split_part('a', ',', 1)", "b|null|a"},
		{"to_hex(to_utf8('ab')), from_utf8(from_hex('6162')), to_hex(md5(to_utf8('a'))), to_hex(sha256(to_utf8('')))", "6162|ab|0CC175B9C0F1B6A831C399E269772661|E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"},
		{"7 / 2, -7 / 2, 7 % 3, truncate(-1.9), bitwise_and(6, 3), bitwise_or(6, 3), bitwise_xor(6, 3)", "3|-3|1|-1|2|7|5"},
		{"is_nan(cast('nan' as double)), is_finite(1e0), is_infinite(cast('inf' as double))", "true|true|true"},
		{"greatest(1, null), greatest(1, 3, 2), least(4, 3, 2, 1), least(null, 1)", "null|3|1|null"},
		{"cardinality(array[1, 2]), element_at(array[1, 2], 2), element_at(array[1, 2], 3), array_join(array['a', 'b'], '-'), array_max(array[1, 3]), array_min(array[1, 3])", "2|2|null|a-b|3|1"},
		{"sum(x) from unnest(sequence(1, 5)) as t(x)", "15"},
		{"json_extract_scalar('{\"a\": {\"b\": \"c\"}}', '$.a.b'), json_extract_scalar('{}', '$.a'), json_format(json_parse('{\"a\":1}')), json_size('{\"x\": [1, 2]}', '$.x')", "c|null|{\"a\":1}|2"},
		{"every(x > 0), count_if(x > 1), max_by(y, x), arbitrary(1) from (values (1, 'a'), (2, 'b')) as t(x, y)", "true|1|b|1"},
		{"approx_distinct(x) between 95 and 105, approx_percentile(x, 0.5) between 48 and 52 from unnest(sequence(1, 100)) as t(x)", "true|true"},
		{"x from (values (2), (null), (1)) as t(x) order by x desc limit 1 offset 2", "null"},
	} {
		_, lines, err := ask(context.Background(), e, sql("select "+test.sql))
		if err != nil || strings.Join(lines, "\n") != test.want {
			t.Errorf("%s\n got %q, %v\nwant %q", test.sql, lines, err, test.want)
		}
	}
}

// Every macro can be made, alone and with all others.
func TestAllMacros(t *testing.T) {
	e := emptyLake(t, Options{})
	names := 0
	for _, macro := range strings.Split(macros, createMacro)[1:] {
		name, _, _ := strings.Cut(macro, "(")
		names++
		db, err := e.database(t.TempDir(), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		db.close()
	}
	db, err := e.database(t.TempDir(), macros)
	if err != nil || names < 50 {
		t.Fatal(names, err)
	}
	db.close()
}
