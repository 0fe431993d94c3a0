package queries

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const head = "-- name: q\n-- description: A question\n"

func TestParse(t *testing.T) {
	q, problems := Parse("athena/q.sql", "\ufeff-- name: q\r\n--description:  A question \n-- parameter: since date 2026-01-01 From when on\n-- parameter: who string 'O''Brien & co' Of whom\n"+
		"-- parameter: least decimal(10,2) - How much\n--\n-- Why: it is asked.\nselect ':who', \":who\" -- :nobody ${x}\nfrom ${gold}.t /* :x */ where a::b >= :since and c = :who and d > :least;\n\n")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if q.Name != "q" || q.Description != "A question" || q.File != "athena/q.sql" || q.Line != 6 || !strings.HasPrefix(q.SQL, "--\n-- Why") || !strings.HasSuffix(q.SQL, ":least") {
		t.Errorf("%+v", q)
	}
	var got []string
	for _, p := range q.Parameters {
		value := "none"
		if p.Default != nil {
			value = *p.Default
		}
		got = append(got, strings.Join([]string{p.Name, p.Type, value, p.Description}, "|"))
	}
	if want := []string{"since|date|2026-01-01|From when on", "who|string|O'Brien & co|Of whom", "least|decimal(10,2)|none|How much"}; !slices.Equal(got, want) {
		t.Errorf("parameters %q", got)
	}
	text := q.Text(func(layer string) string { return "DB_" + layer }, func(name string) string { return "<" + name + ">" })
	if want := "--\n-- Why: it is asked.\nselect ':who', \":who\" -- :nobody ${x}\nfrom DB_gold.t /* :x */ where a::b >= <since> and c = <who> and d > <least>"; text != want {
		t.Errorf("text\n%s\nwant\n%s", text, want)
	}
}

func TestParseProblems(t *testing.T) {
	for text, want := range map[string]string{
		"":         `q.sql:1: the header has no name; q.sql:1: the header has no description; q.sql:1: there is no query`,
		"select 1": `q.sql:1: the header has no name; q.sql:1: the header has no description`,
		"-- name: Q\n-- description: x\nselect 1":                          `q.sql:1: "Q" is not a name of a query`,
		"-- name: other\n-- description: x\nselect 1":                      `q.sql:1: the query is called "other", and its file "q.sql"`,
		"-- name: q\n-- description:\nselect 1":                            `q.sql:2: the description is empty`,
		head + "-- name: q\nselect 1":                                      `q.sql:3: there is a second name`,
		head + "-- only a comment\n;":                                      `q.sql:3: there is no query`,
		head + "-- parameter:\nselect 1":                                   `q.sql:3: the parameter is not complete`,
		head + "-- parameter: a date\nselect :a":                           `q.sql:3: the parameter is not complete`,
		head + "-- parameter: a string 'x\nselect :a":                      `q.sql:3: the parameter is not complete; q.sql:4: the query has no parameter a`,
		head + "-- parameter: A date - x\nselect 1":                        `q.sql:3: "A" is not a name of a parameter`,
		head + "-- parameter: a daet - x\nselect :a":                       `q.sql:3: "daet" is not a type of a parameter`,
		head + "-- parameter: a decimal(39,2) - x\nselect :a":              `q.sql:3: "decimal(39,2)" is not a type of a parameter`,
		head + "-- parameter: a integer 3000000000\nselect :a":             `q.sql:3: the default of a: "3000000000" is not an integer`,
		head + "-- parameter: a date 2026-02-30\nselect :a":                `q.sql:3: the default of a: "2026-02-30" is not a date`,
		head + "-- parameter: a date -\nselect 1":                          `q.sql:3: the query does not use its parameter a`,
		head + "-- parameter: a date -\n-- parameter: a date -\nselect :a": `q.sql:4: there are two parameters a`,
		head + "select\n:b":                                                `q.sql:4: the query has no parameter b`,
		head + "select * from ${platinum}.t":                               `q.sql:3: ${platinum} is not known`,
		head + "select * from \"${gold}\".t":                               `q.sql:3: ${...} stands in quotes, where it is a plain text`,
		head + "select 1; select 2":                                        `q.sql:3: there is more than one statement`,
		head + "select\n'a":                                                `q.sql:4: the text does not end`,
		head + "select \"a":                                                `q.sql:3: the quoted name does not end`,
		head + "select 1 /* x":                                             `q.sql:3: the comment does not end`,
		head + "select ${gold":                                             `q.sql:3: ${ does not end`,
		head + strings.Repeat("x", maxSQL+1):                               `q.sql: the query has more than 262144 bytes, the most that Athena takes`,
	} {
		_, problems := Parse("q.sql", text)
		var got []string
		for _, p := range problems {
			got = append(got, p.Error())
		}
		// What follows from an incomplete parameter is reported, too.
		if all := strings.Join(got, "; "); all != want && !strings.HasPrefix(all, want+"; q.sql:4: the query has no parameter a") {
			t.Errorf("%.60q\n got %s\nwant %s", text, all, want)
		}
	}
}

func TestLiteral(t *testing.T) {
	for _, test := range []struct{ kind, text, want string }{
		{"string", "it's", "'it''s'"}, {"string", "'; drop table t; --", "'''; drop table t; --'"}, {"string", "", "''"}, {"string", "a\x00b", ""},
		{"boolean", "true", "true"}, {"boolean", "1", ""}, {"boolean", "TRUE", ""},
		{"integer", "2147483647", "2147483647"}, {"integer", "2147483648", ""}, {"integer", "-7", "-7"}, {"integer", "1e3", ""}, {"integer", "1_000", ""},
		{"bigint", "9223372036854775807", "9223372036854775807"}, {"bigint", "9223372036854775808", ""}, {"bigint", "1 or 1=1", ""},
		{"double", "1.5", "1.5E+00"}, {"double", "NaN", ""}, {"double", "0x1p-2", ""},
		{"date", "2026-02-28", "DATE '2026-02-28'"}, {"date", "2026-2-28", ""}, {"date", "2026-01-01' or '1", ""},
		{"timestamp", "2026-01-01T03:04:05Z", "TIMESTAMP '2026-01-01 03:04:05'"}, {"timestamp", "2026-01-01 03:04:05.123456", "TIMESTAMP '2026-01-01 03:04:05.123456'"},
		{"timestamp", "2026-01-01", "TIMESTAMP '2026-01-01 00:00:00'"}, {"timestamp", "yesterday", ""},
		{"decimal(10,2)", "12.50", "CAST('12.50' AS decimal(10,2))"}, {"decimal(10,2)", "1e2", ""}, {"decimal(3,1)", "0012.50", "CAST('0012.50' AS decimal(3,1))"}, {"decimal(3,1)", "123", ""}, {"decimal(3,1)", "1.25", ""}, {"decimal(10,2)", "1') or ('1", ""}, {"array", "1", ""},
	} {
		got, err := Literal(test.kind, test.text)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("Literal(%s, %q) = %s, %v, want %s", test.kind, test.text, got, err, test.want)
		}
	}
}

func TestLoadAndMerge(t *testing.T) {
	file := func(name, sql string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("-- name: " + name + "\n-- description: d\n" + sql)}
	}
	list, problems, err := Load(fstest.MapFS{"a.sql": file("a", "root"), "b.sql": file("b", "root"), "athena/b.sql": file("b", "athena"), "snowflake/c.sql": file("c", "x"),
		"broken.sql": file("other", "x"), "notes.txt": {}}, "athena")
	if err != nil || len(problems) != 1 || problems[0].File != "broken.sql" || len(list) != 2 || list[0].SQL != "root" || list[1].SQL != "athena" {
		t.Errorf("%+v, %v, %v", list, problems, err)
	}
	merged := Merge(list, []Query{{Name: "b", SQL: "builtin"}, {Name: "c", SQL: "builtin"}})
	var got []string
	for _, q := range merged {
		got = append(got, q.Name+" "+q.SQL)
	}
	if !slices.Equal(got, []string{"a root", "b athena", "c builtin"}) {
		t.Errorf("merged: %q", got)
	}
	if list, problems, err := Load(fstest.MapFS{}, "athena"); len(list)+len(problems) > 0 || err != nil {
		t.Errorf("an empty folder: %v, %v, %v", list, problems, err)
	}
}

// The queries that come with lakectl are right, and say what they ask for.
func TestBuiltin(t *testing.T) {
	list, problems, err := Load(Files(), "athena")
	if err != nil || len(problems) > 0 || len(list) < 2 {
		t.Fatalf("%d queries, %v, %v", len(list), problems, err)
	}
	for _, q := range list {
		for _, p := range q.Parameters {
			if p.Default == nil || p.Description == "" {
				t.Errorf("%s: the parameter %s has no default or description", q.File, p.Name)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(head + "-- parameter: a string 'x''y' d\nselect :a, ${gold}.t -- x\n/* y */ \"z\" 'w'")
	f.Add("-- name:\n-- parameter: a date\n${")
	f.Fuzz(func(t *testing.T, text string) {
		q, problems := Parse("q.sql", text)
		for _, p := range problems {
			if p.Line < 0 || p.Line > strings.Count(text, "\n")+1 || p.Error() == "" {
				t.Fatalf("a problem nowhere: %+v", p)
			}
		}
		same := q.Text(func(name string) string { return "${" + name + "}" }, func(name string) string { return ":" + name })
		if same != q.SQL {
			t.Fatalf("the text changes: %q, %q", q.SQL, same)
		}
		if len(problems) > 0 {
			return
		}
		// What is read is what was written: the same file is read again alike.
		again, problems := Parse("q.sql", "-- name: q\n-- description: "+q.Description+"\n"+q.SQL)
		if q.Parameters == nil && !strings.HasPrefix(q.SQL, "--") && (len(problems) > 0 || again.SQL != q.SQL) {
			t.Fatalf("%q is read again as %q: %v", q.SQL, again.SQL, problems)
		}
	})
}

func FuzzLiteral(f *testing.F) {
	f.Add("string", "it's")
	f.Add("decimal(3,1)", "1.5")
	f.Fuzz(func(t *testing.T, kind, text string) {
		literal, err := Literal(kind, text)
		if err != nil {
			return
		}
		// A literal is one piece of SQL: nothing in it is a statement, a comment or
		// a parameter, whatever the value.
		for _, token := range scan(literal) {
			if token.kind != other {
				t.Fatalf("%s %q becomes %s", kind, text, literal)
			}
		}
	})
}
