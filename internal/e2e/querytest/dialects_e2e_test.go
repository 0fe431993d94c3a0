//go:build e2e

package querytest

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/queries"
)

// written is SQL in a dialect.
type written struct {
	Name    string `json:"name"`
	Dialect string `json:"dialect"` // athena or snowflake
	SQL     string `json:"sql"`
}

// complaints returns what sqlglot finds wrong in SQL, by name.
func complaints(t *testing.T, list []written) map[string][]string {
	t.Helper()
	fakesnow := os.Getenv("E2E_FAKESNOW")
	if fakesnow == "" {
		t.Fatal("E2E_FAKESNOW does not name fakesnow, beside which sqlglot is; run `make e2e`")
	}
	in, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(filepath.Dir(fakesnow), "python"), "dialects.py")
	cmd.Stdin = bytes.NewReader(in)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	found := map[string][]string{}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return found
}

// asSent is the SQL of a query as its engine gets it.
func asSent(q queries.Query) string {
	return q.Text(func(name string) string { return `"` + name + `"` }, func(string) string { return "?" })
}

// Every query that comes with lakectl is SQL of the dialect of its folder; those
// that Snowflake gets in the SQL of Athena, and the views there, are Snowflake's,
// too.
func TestDialects(t *testing.T) {
	var list []written
	read := map[string]bool{}
	for _, q := range named(t) {
		list, read[q.File] = append(list, written{q.File, "athena", asSent(q)}), true
	}
	forSnowflake, problems, err := queries.Load(queries.Files(), "snowflake")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	for _, q := range forSnowflake {
		list, read[q.File] = append(list, written{q.File, "snowflake", asSent(q)}), true
	}
	for _, q := range queries.Merge(forSnowflake, named(t)) {
		if !strings.HasPrefix(q.File, "snowflake/") && q.Name != "lineage" { // there is no quarantine on Snowflake
			list = append(list, written{q.File + " on Snowflake", "snowflake", asSent(q)})
		}
	}
	views, problems, err := queries.LoadViews(queries.ViewFiles())
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	for _, v := range views {
		sql := strings.NewReplacer("${gold}", "gold", "${silver}", "silver", "${name}", "'n'", "${table}", "silver.n").Replace(v.SQL)
		list, read[v.File] = append(list, written{v.File, "snowflake", sql}), true
	}
	for _, files := range []fs.FS{queries.Files(), queries.ViewFiles()} {
		for _, pattern := range []string{"*/*.sql", "*/*/*.sql"} {
			names, err := fs.Glob(files, pattern)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				if !read[name] {
					t.Errorf("%s is not read", name)
				}
			}
		}
	}
	for name, wrong := range complaints(t, list) {
		t.Errorf("%s: %s", name, strings.Join(wrong, "; "))
	}
}

// What only DuckDB knows is found.
func TestDialectsAreTold(t *testing.T) {
	for _, sql := range []string{"select x::date from silver.t", "select * exclude (a) from silver.t", "select * replace (a + 1 as a) from silver.t", "from silver.t", "select a from silver.t qualify row_number() over (order by a) = 1",
		"select a, count(*) from silver.t group by all", "select a from silver.t order by all", "select distinct on (a) a, b from silver.t", "select strftime(a, '%Y') from silver.t", "select list(a) from silver.t",
		"select a from silver.t where b ilike 'x'", "select {'a': 1}", "select a, from silver.t", "select date_sub('day', a, b) from silver.t", "select a from silver.t semi join silver.u using (a)",
		"select 1; select 2", "drop table silver.t", "select a from", "summarize silver.t", "select 7 // 2"} {
		if found := complaints(t, []written{{"q", "athena", sql}}); len(found["q"]) == 0 {
			t.Errorf("nothing is wrong with %s", sql)
		}
	}
}
