package queries

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestViewsThatCome(t *testing.T) {
	list, problems, err := LoadViews(ViewFiles())
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	var names []string
	for _, v := range list {
		names = append(names, v.Name)
		for _, word := range []string{";", "%", "${bronze}"} {
			if strings.Contains(v.SQL, word) {
				t.Errorf("%s has %s in it", v.Name, word)
			}
		}
		if n := strings.Count(v.SQL, " desc"); n != strings.Count(v.SQL, " desc nulls last") {
			t.Errorf("%s puts null before the greatest values: Snowflake does, unless it is told", v.Name)
		}
		if v.Each != "" && !strings.Contains(v.SQL, "${table}") {
			t.Errorf("%s is for each table, and reads none", v.Name)
		}
	}
	if diff := cmp.Diff([]string{"customer_value", "data_quality", "sales_daily", "sales_trend"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLoadViews(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	list, problems, err := LoadViews(fstest.MapFS{
		"snowflake/views/a.sql":   file("-- name: a\r\n-- description: What it is\r\n-- needs: gold.x(b, c)\r\n-- needs: silver.y(d)\r\n--\r\n-- Why.\r\nselect b\r\nfrom ${gold}.x;\r\n"),
		"snowflake/views/bad.sql": file("-- name: a\n-- needs: bronze.x(b)\n"),
		"snowflake/views/two.sql": file("-- name: two\n-- description: x\n-- needs: gold.x(b)\n-- each: bronze\nselect 1"),
		"snowflake/c.sql":         file("select 1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []View{{Name: "a", Description: "What it is", File: "snowflake/views/a.sql", SQL: "-- Why.\nselect b\nfrom ${gold}.x",
		Needs: []Need{{"gold.x", []string{"b", "c"}}, {"silver.y", []string{"d"}}}}}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Error())
	}
	wantProblems := []string{
		"snowflake/views/bad.sql:2: needs: bronze.x(b) is not a table with columns, such as gold.daily_sales(transaction_date, total_revenue)",
		`snowflake/views/bad.sql: the view is called "a", and its file bad.sql`,
		"snowflake/views/bad.sql: the view has no description",
		"snowflake/views/bad.sql: the view says nothing of the tables it needs, or says it in two ways",
		"snowflake/views/bad.sql: the view has no SQL",
		"snowflake/views/two.sql:4: each: bronze is neither silver nor gold",
		"snowflake/views/two.sql: the view says nothing of the tables it needs, or says it in two ways",
	}
	if diff := cmp.Diff(wantProblems, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if list, problems, err := LoadViews(fstest.MapFS{}); len(list)+len(problems) > 0 || err != nil {
		t.Error("a folder that is not there has views")
	}
	merged := MergeViews([]View{{Name: "b", SQL: "own"}}, []View{{Name: "b"}, {Name: "a"}})
	if diff := cmp.Diff([]View{{Name: "a"}, {Name: "b", SQL: "own"}}, merged); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
