package expr

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/schema"
)

var update = flag.Bool("update", false, "write golden files anew")

// TestPrintGolden pins the SQL of both engines. Package duckdbtest runs
// DuckDB's; what Spark's gives is a matter of its own suite.
func TestPrintGolden(t *testing.T) {
	var out strings.Builder
	section := func(text, duckdb, spark string) {
		out.WriteString(text + "\n  duckdb: " + duckdb + "\n  spark:  " + spark + "\n")
	}
	for _, text := range []string{
		"\"s\" || raw.\"amount text\" || 'it''s a \\ and a \"'", "'${env:HOME} $${' || s", "-2147483648 + i", "9223372036854775807", "1.50", "1e-3", "true and null", "cast(null as decimal(5,1))",
		"date '2024-02-29'", "timestamp '0001-01-01 00:00:00.000001'",
		"i + 1", "i + 1 + 2", "i * (3 * i) - 1 - 2", "i * l", "i - i", "i / 3", "l % i", "-i", "abs(l)", "f + 1", "f / i", "f % 2",
		"d + i", "d * d", "d / i", "d % 7", "wide / d", "-d",
		"round(d, 1)", "round(d, -2)", "round(i, -2)", "round(f, 2)", "floor(d)", "ceil(f)",
		"i = 1", "d < i", "wide >= cast(s as decimal(38,0))", "i in (1, l)", "d in (1, 1.5, null)", "b and i / l > 1", "b or b", "not b", "i / l is null",
		"case when i / l > 1 then 'x' when b then s end", "coalesce(i, 1)", "coalesce(i, i / l, 0)", "nullif(i, i * 2)", "greatest(i, 5)", "least(d, i)",
		"s like 'a%'", "s like 'a\\_%'", "s like s2", "s like '50!%' escape '!'", "s like '_😀!%\\%' escape '!'", "s like 'a\\_😀'",
		"lower(s)", "upper(s)", "trim(s)", "ltrim(s)", "rtrim(s)", "length(s)", "substr(s, 2, 3)", "substr(s, i)", "substr(s, i, l)", "replace(s, 'a', '')",
		"concat(s, s2)", "concat_ws(',', s, s2)", "split_part(s, ',', 2)", "split_part(s, s2, i)", "sha256(s)",
		"regexp_like(s, '^[^@ ]+@[^@ ]+[.][^@ ]+$')", "regexp_like(s, '(?i)straße|\\d{2,}\\s.')", "regexp_extract(s, '(a|b)+?([0-9]*)', 2)", "regexp_replace(s, '([a-z]+)-', '$1$$0\\')", "regexp_replace(s, '(a)', '$10')", "regexp_replace(s, '(a)', 'ß$1é5')", "regexp_replace(s, 'a', '$${b}')",
		"cast(s as boolean)", "cast(s as bigint)", "cast(s as decimal(10,2))", "cast(s as decimal(5,0))", "try_cast(s as double)", "cast(s as date)", "cast(s as timestamp)",
		"cast(f as integer)", "cast(f as bigint)", "cast(f as decimal(10,2))", "cast(d as integer)", "cast(d as decimal(5,1))", "cast(d as string)", "cast(wide as double)", "cast(i as decimal(5,2))", "cast(l as integer)",
		"cast(day as timestamp)", "cast(at as date)", "cast(at as string)",
		"date_trunc('week', day)", "date_trunc('hour', at)", "date_add('month', i, day)", "date_add('minute', 5, at)", "date_diff('week', day, day)", "date_diff('month', at, at)", "date_diff('second', at, at)", "year(day)", "day_of_week(at)",
	} {
		p, problems := Bind(at(text), testScope())
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		section(text, p.DuckDB(), p.Spark())
		if fallible(p.Root) {
			section("fails: "+text, p.DuckDBFails(), p.SparkFails())
		}
	}
	for _, text := range []string{"count(*)", "sum(d) / count(*)", "avg(i)", "round(avg(d), 2)", "avg(f)", "max(day)", "min(f)", "count(distinct s) + sum(i)"} {
		m, problems := BindMeasure(at(text), testScope())
		if len(problems) > 0 {
			t.Fatalf("%s: %v", text, problems)
		}
		steps := m.SparkSteps("m")
		section("measure: "+text, m.DuckDB(), strings.Join(steps.Aggregates, "; ")+"\n"+steps.Value+"\n"+steps.Fails)
	}
	for _, parse := range []Parse{{}, {Formats: []string{"dd.MM.yyyy HH:mm", "MMM d yyyy h:mm a XXX"}, Location: location(t, "Europe/Berlin")}} {
		p := BindParse(testScope().Columns[0], schema.T(schema.Timestamp), parse)
		section("parse: "+strings.Join(parse.Formats, ", "), p.DuckDB(), p.Spark())
	}
	golden(t, "print.golden", out.String())
}

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// golden compares text with a file of testdata, which -update writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// TestPrintedSize checks that the bound on an expression's size bounds its SQL.
func TestPrintedSize(t *testing.T) {
	for _, wrap := range []string{"coalesce(%s, i / l)", "nullif(%s, i)", "case when %s = 1 then i / l else 2 end", "(%s) in (1, i % l)", "round(%s / 7, 2)", "substr(s, %s)", "(%s) between 1.5 and d"} {
		text, largest := "i", 0
		for range 60 {
			text = strings.Replace(wrap, "%s", text, 1)
			if strings.HasPrefix(wrap, "substr") {
				text = "length(" + text + ")"
			} else {
				text = "case when (" + text + ") is null then 1 else 2 end"
			}
			p, problems := Bind(at(text), testScope())
			if len(problems) > 0 {
				if !strings.Contains(problems[0].Message, "too large") && !strings.Contains(problems[0].Message, "levels deep") {
					t.Fatalf("%s: %v", wrap, problems)
				}
				break
			}
			largest = max(largest, len(p.DuckDB()), len(p.Spark()), len(p.SparkFails()))
		}
		if largest > 4<<20 {
			t.Errorf("%s: %d bytes of SQL", wrap, largest)
		}
	}
}

// TestSparkAs gives the raw columns another name than raw, which a column may have.
func TestSparkAs(t *testing.T) {
	p, problems := Bind(at("concat(raw.s, s, 'raw.s', raw.\"amount text\") = s2 or i / l > 1"), testScope())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	value, fails := p.SparkAs("0_raw")
	rename := strings.NewReplacer("`raw`.", "`0_raw`.")
	if value != rename.Replace(p.Spark()) || fails != rename.Replace(p.SparkFails()) {
		t.Errorf("%s\n%s", value, fails)
	}
	if strings.Count(value, "`0_raw`.`s`") == 0 || strings.Contains(value, "`raw`") {
		t.Errorf("%s", value)
	}
}
