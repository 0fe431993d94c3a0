package project

import (
	"errors"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
)

func names(s Selection) string {
	var out []string
	for _, t := range s.Bronze {
		out = append(out, "b."+t.Name)
	}
	for _, t := range s.Silver {
		out = append(out, "s."+t.Name)
	}
	for _, t := range s.Gold {
		out = append(out, "g."+t.Name)
	}
	return strings.Join(out, " ")
}

func TestSelect(t *testing.T) {
	p := load(t, "testdata/sample.yaml", nil)
	const (
		gold = "g.daily_sales g.weekly_sales g.monthly_sales g.customer_analytics g.latest_snapshot"
		all  = "b.customers b.transactions s.customers s.transactions " + gold
	)
	for _, test := range []struct{ patterns, want, err, next string }{
		{"", all, "", ""},
		{"silver", "s.customers s.transactions", "", ""},
		{"gold silver.customers", "s.customers " + gold, "", ""},
		{"silver.transactions", "s.transactions", "", ""},
		{"silver.transactions+", "s.transactions " + gold, "", ""},
		{"silver.customers+", "s.customers s.transactions " + gold, "", ""},
		{"bronze.transactions+", "b.transactions s.transactions " + gold, "", ""},
		{"silver+", "s.customers s.transactions " + gold, "", ""},
		{"gold.daily_sales+ gold.daily_sales", "g.daily_sales", "", ""},
		{"silver.transaction", "", `there is no table "silver.transaction"`, `did you mean "silver.transactions"?`},
		{"transactions", "", `there is no table "transactions"`, "write bronze.transactions or silver.transactions"},
		{"platinum", "", `there is no table "platinum"`, "the tables are bronze.customers, bronze.transactions"},
		{"golf", "", `there is no table "golf"`, `did you mean "gold"?`},
	} {
		s, err := p.Select(strings.Fields(test.patterns))
		if test.err != "" {
			var e *diag.Error
			if !errors.As(err, &e) || e.Class != diag.Usage || e.Msg != test.err || !strings.HasPrefix(e.Next, test.next) {
				t.Errorf("%s: %v", test.patterns, err)
			}
			continue
		}
		if err != nil || names(s) != test.want {
			t.Errorf("%s: %s, %v; want %s", test.patterns, names(s), err, test.want)
		}
	}
	empty, problems := bindText(t, header, nil)
	if s, err := empty.Select([]string{"gold"}); problems != "" || err != nil || !s.Empty() {
		t.Errorf("a layer without tables: %s %v", names(s), err)
	}
}

// definitions returns the hashes of all tables by name.
func definitions(t *testing.T, text string) map[string]string {
	t.Helper()
	p, problems := bindText(t, text, nil)
	if problems != "" {
		t.Fatal(problems)
	}
	out := map[string]string{}
	for _, b := range p.Bronze {
		out["b."+b.Name] = b.Definition
	}
	for _, s := range p.Silver {
		out["s."+s.Name] = s.Definition
	}
	for _, g := range p.Gold {
		out["g."+g.Name] = g.Definition
	}
	return out
}

func TestDefinitions(t *testing.T) {
	const text = `project: p
lake: ./lake
bronze:
  a: {source: x}
  b: {source: y}
silver:
  a:
    key: id
    columns: {id: {type: string}, n: {type: integer, expr: "cast(n as integer) + 1"}}
  b:
    columns: {id: {type: string}, t: {type: timestamp}}
    checks: {known: {references: {dataset: a, column: id}, on_fail: flag}}
    limits: {quarantined: 5%}
gold:
  g: {from: b, group_by: {id: id}, measures: {m: max(t)}}
  h: {from: a}
`
	before := definitions(t, text)
	for name, hash := range before {
		if len(hash) != 64 {
			t.Errorf("%s has the hash %q", name, hash)
		}
	}
	for _, test := range []struct{ name, from, to, changed string }{
		{"nothing", "", "", ""},
		{"a comment", "gold:", "# gold\ngold:", ""},
		{"layout of an expression", "cast(n as integer) + 1", "cast(n  as integer)\\n +  1", ""},
		{"a source", "source: x", "source: [x, z]", ""},
		{"settle", "source: x", "source: x, settle: 1m", ""},
		{"a limit", "5%", "6%", ""},
		{"a table check", "limits:", "table_checks: {r: {row_count: {min: 1}}}\n    limits:", ""},
		{"the lake", "./lake", "./sea", ""},
		{"order of tables", "  g: {from: b, group_by: {id: id}, measures: {m: max(t)}}\n  h: {from: a}", "  h: {from: a}\n  g: {from: b, group_by: {id: id}, measures: {m: max(t)}}", ""},
		{"the default written out", "key: id", "from: a\n    key: [id]", ""},
		{"a dialect", "source: y", "source: y, delimiter: ;", "b.b g.g s.b"},
		{"an expression", "+ 1", "+ 2", "g.g g.h s.a s.b"},
		{"a type", "n: {type: integer", "n: {type: bigint", "g.g g.h s.a s.b"},
		{"a key", "    key: id\n", "    key: [id, n]\n", "g.g g.h s.a s.b"},
		{"buckets", "key: id", "key: id\n    buckets: 2", "g.g g.h s.a s.b"},
		{"one bucket, which all tables have", "key: id", "key: id\n    buckets: 1", ""},
		{"a zone", "{type: timestamp}", "{type: timestamp, timezone: Europe/Berlin}", "g.g s.b"},
		{"on_fail", "on_fail: flag", "on_fail: quarantine", "g.g s.b"},
		{"a measure", "max(t)", "min(t)", "g.g"},
		{"a gold table", "h: {from: a}", "h: {from: a, where: \"id = ''\"}", "g.h"},
	} {
		after := definitions(t, strings.Replace(text, test.from, test.to, 1))
		var changed []string
		for _, name := range []string{"b.a", "b.b", "g.g", "g.h", "s.a", "s.b"} {
			if before[name] != after[name] {
				changed = append(changed, name)
			}
		}
		if got := strings.Join(changed, " "); got != test.changed {
			t.Errorf("%s changes %q, want %q", test.name, got, test.changed)
		}
	}
}

// A hash that differs from the one in the lake's log makes people rebuild, so
// the hashes of released versions do not change by accident.
func TestDefinitionsAreStable(t *testing.T) {
	got := definitions(t, tableOf("a: {type: string, expr: \"lower( a )\"}"))
	if want := "87af237fdee80019c5e6a678753502aa213765924b6737c238650f28408fceb8"; got["s.t"] != want {
		t.Errorf("the hash is %s, want %s", got["s.t"], want)
	}
}

func TestCanonical(t *testing.T) {
	p, problems := bindText(t, tableOf("a: {type: string, expr: \" concat( 'x  y' ,\\n\\t \\\"b  c\\\" )  \"}"), nil)
	if problems != "" {
		t.Fatal(problems)
	}
	e := p.Config.Silver.Entries[0].Value.Columns.Entries[0].Value.Expr
	if got, want := canonical(e), `concat( 'x  y' , "b  c" )`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
