package config

import (
	"strings"
	"testing"
)

const layered = `project: p
environment: dev
lake: ./lake
bronze:
  b: {source: x}
silver:
  t:
    from: b
    key: [a]
    columns:
      a: {type: string}
    limits: {quarantined: 5%}
environments:
  prod:
    lake: s3://bucket/lake
    silver:
      t:
        key: [a, c]
        columns:
          a: {required: true}
          c: {type: date}
        limits: null
  test:
`

func TestEnvironmentsMerge(t *testing.T) {
	c, problems := Parse(FileName, []byte(layered), Options{Environment: "prod"})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	table := c.Silver.Get("t").Value
	column := table.Columns.Get("a").Value
	switch {
	case c.Environment.Value != "prod" || c.Lake.Value != "s3://bucket/lake" || c.Lake.Pos.Line != 15:
		t.Errorf("environment %v, lake %v", c.Environment, c.Lake)
	case column.Type.Value.String() != "string" || column.Type.Pos.Line != 11 || !column.Required.Value || column.Required.Pos.Line != 20:
		t.Errorf("column %+v", column)
	case len(table.Key.Items) != 2 || table.Columns.Len() != 2 || table.Limits != nil:
		t.Errorf("table %+v", table)
	}
	if c, _ := Parse(FileName, []byte(layered), Options{}); c.Silver.Get("t").Value.Limits == nil || c.Lake.Value != "./lake" {
		t.Error("the override leaks into the base")
	}
}

func TestWhichEnvironment(t *testing.T) {
	variable := func(value string) func(string) string {
		return func(name string) string {
			if name == Variable {
				return value
			}
			return ""
		}
	}
	plain := strings.Split(layered, "environments:")[0]
	for _, test := range []struct {
		name, text string
		o          Options
		want, err  string
	}{
		{"file", layered, Options{Getenv: variable("")}, "dev", ""},
		{"variable", layered, Options{Getenv: variable("prod")}, "prod", ""},
		{"flag first", layered, Options{Environment: "test", Getenv: variable("prod")}, "test", ""},
		{"the file's own", layered, Options{Environment: "dev"}, "dev", ""},
		{"unknown", layered, Options{Environment: "prd"}, "dev", `lakehouse.yaml:13:1: no environment "prd", which --env asks for; did you mean "prod"? the environments are dev, prod, test`},
		{"unknown variable", layered, Options{Getenv: variable("staging")}, "dev", `no environment "staging", which LAKEHOUSE_ENVIRONMENT asks for; the environments are dev, prod, test`},
		{"usual without entries", plain, Options{Environment: "staging"}, "staging", ""},
		{"other without entries", plain, Options{Environment: "qa"}, "dev", `lakehouse.yaml:2:14: no environment "qa"`},
		{"default", strings.Replace(plain, "environment: dev\n", "", 1), Options{}, "dev", ""},
	} {
		c, problems := Parse(FileName, []byte(test.text), test.o)
		got := ""
		if err := problems.Err(); err != nil {
			got = err.Error()
		}
		if c.Environment.Value != test.want || !strings.Contains(got, test.err) || (got == "") != (test.err == "") {
			t.Errorf("%s: %s, %q", test.name, c.Environment.Value, got)
		}
	}
}

// Mistakes in environments that are not chosen are found as well, and those of
// the base once.
func TestAllEnvironmentsAreChecked(t *testing.T) {
	text := strings.Replace(layered, "c: {type: date}", "c: {type: dat}", 1)
	text = strings.Replace(text, "quarantined: 5%", "quarantined: 500", 1)
	text = strings.Replace(text, "  test:\n", "  test: {lake: null}\n", 1)
	_, got := parseText(t, text)
	want := []string{`lakehouse.yaml:12:27: "500" is not a share`, `lakehouse.yaml:21:21: "dat" is not a type; did you mean "date"?`, `lakehouse.yaml:23:10: "lake" is missing`}
	lines := strings.Split(got, "\n")
	if len(lines) != len(want) {
		t.Fatalf("got\n%s", got)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("line %d: %s, want %s", i, line, want[i])
		}
	}
}

// What an environment takes away is missing where it does so, and a line of the
// file that is wrong there alone says where.
func TestWhatAnEnvironmentTakesAway(t *testing.T) {
	text := base + `silver:
  b:
    key: a
    latest_by: c
    columns: {a: {type: string}, c: {type: date}}
    checks: {c: {expect: "a = 'x'"}}
environments:
  prod: {silver: {b: {key: null}}}
  test: {silver: {b: {columns: {a: {type: null}}, checks: {c: {expect: null, expct: "a"}}}}}
  qa: {silver: {b: {checks: {c: {expect: null}}}}}
`
	_, got := parseText(t, text)
	want := `lakehouse.yaml:7:16: latest_by has no meaning without a key (in the environment prod); name the key, or take latest_by out
lakehouse.yaml:12:37: "type" is missing: string, boolean, integer, bigint, double, decimal(p,s), date or timestamp
lakehouse.yaml:12:78: unknown key "expct"; did you mean "expect"?
lakehouse.yaml:13:34: one of expect, references is missing`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
