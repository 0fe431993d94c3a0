package project

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/config"
)

var update = flag.Bool("update", false, "rewrite golden files")

// bindText binds a file and returns the problems as text.
func bindText(t *testing.T, text string, raw RawColumns) (*Project, string) {
	t.Helper()
	cfg, problems := config.Parse(config.FileName, []byte(text), config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatalf("config: %v", err)
	}
	p, problems := Bind(cfg, raw)
	if err := problems.Err(); err != nil {
		return p, err.Error()
	}
	return p, ""
}

// load binds a file that must be good.
func load(t *testing.T, path string, raw RawColumns) *Project {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, problems := bindText(t, string(text), raw)
	if p == nil || problems != "" {
		t.Fatal(problems)
	}
	return p
}

var sampleRaw = RawColumns{
	"customers":    {"customer_id", "first_name", "last_name", "email", "phone", "registration_date", "loyalty_points"},
	"transactions": {"transaction_id", "customer_id", "product_id", "transaction_date", "amount", "quantity", "status"},
}

// One file with many mistakes gives all of them at once, each at its place.
func TestAllMistakesAtOnce(t *testing.T) {
	text, err := os.ReadFile("testdata/mistakes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, problems := config.Parse(config.FileName, text, config.Options{})
	p, more := Bind(cfg, nil)
	if p != nil {
		t.Error("a project came back")
	}
	problems.Add(more)
	problems.Sort()
	got := problems.Err().Error() + "\n"
	const golden = "testdata/mistakes.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got; -update rewrites it:\n%s", diff)
	}
}

func TestSampleBinds(t *testing.T) {
	for _, path := range []string{"testdata/sample.yaml", "../../sampledata/lakehouse.yaml"} {
		for _, raw := range []RawColumns{nil, sampleRaw} {
			p := load(t, path, raw)
			if len(p.Bronze) != 2 || len(p.Silver) != 2 || len(p.Gold) != 5 {
				t.Fatalf("%s: %d, %d, %d tables", path, len(p.Bronze), len(p.Silver), len(p.Gold))
			}
		}
	}
	s := load(t, "testdata/sample.yaml", sampleRaw).SilverTable("transactions")
	if want := []string{"transaction_id", "customer_id", "product_id", "transaction_date", "amount", "quantity", "status"}; !slices.Equal(s.Raw, want) {
		t.Errorf("raw columns %v", s.Raw)
	}
	// transaction_date is made of transaction_timestamp, which is the raw column transaction_date.
	if got := s.Columns[4]; !slices.Equal(got.Reads, []int{3}) || !slices.Equal(got.Program.Columns(), []int{7 + 3}) {
		t.Errorf("transaction_date reads %v, slots %v", got.Reads, got.Program.Columns())
	}
	if got := s.Columns[3].Program.Columns(); !slices.Equal(got, []int{3}) {
		t.Errorf("transaction_timestamp reads slots %v", got)
	}
	if want := []string{"transaction_id", "customer_id", "amount", "quantity"}; !slices.Equal(s.From.RequiredColumns, want) {
		t.Errorf("files need %v", s.From.RequiredColumns)
	}
	check := s.Checks[2]
	if check.References.Table.Name != "customers" || check.References.Column != 0 || !slices.Equal(check.Reads, []int{1}) || check.OnFail != Flag {
		t.Errorf("reference %+v", check)
	}
	if !slices.Equal(check.References.Table.Referenced, []int{0}) || s.Limits.QuarantinedShare != 0.05 || s.Limits.QuarantinedRows != -1 {
		t.Errorf("referenced %v, limits %+v", check.References.Table.Referenced, s.Limits)
	}
	if got := s.FileTable().Names(); slices.Contains(got, "transaction_date") || len(got) != 8+7 {
		t.Errorf("file columns %v", got)
	}
}

const header = "project: p\nlake: ./lake\nbronze: {t: {source: x}, u: {source: y}}\n"

// table is a file with one silver table of these columns.
func tableOf(columns string) string {
	return header + "silver:\n  t:\n    columns:\n      " + strings.ReplaceAll(columns, "\n", "\n      ") + "\n"
}

func TestNames(t *testing.T) {
	for _, test := range []struct {
		name, columns string
		known         []string
		raw           string // the raw columns read
		slots         string // by column, the slots read
		order         string
	}{
		{"own name is raw", "a: {type: string, expr: lower(a)}", nil, "a", "0", "a"},
		{"another is silver", "a: {type: string, expr: lower(b)}\nb: {type: string}", nil, "b", "2 0", "b a"},
		{"raw forces raw", "a: {type: string, expr: lower(raw.b)}\nb: {type: string}", nil, "b", "0 0", "a b"},
		{"from", "a: {type: integer, from: B c}", nil, "B c", "0", "a"},
		{"file's order", "a: {type: string}\nb: {type: string}\nc: {type: string, expr: a || b || d}\nd: {type: string, expr: c2}", nil, "a b c2", "0 1 3,4,6 2", "a b d c"},
		{"case of raw names", "a: {type: string, expr: A || Other}", []string{"A", "OTHER"}, "A OTHER", "0,1", "a"},
		{"case of raw names, unknown", "a: {type: string, expr: A || a}", nil, "A", "0", "a"},
		{"silver in other case", "a: {type: string, expr: B}\nb: {type: string, expr: B}", []string{"B"}, "B", "2 0", "b a"},
		{"quoted raw name", "a: {type: string, expr: '\"First Name\"'}", []string{"First Name"}, "First Name", "0", "a"},
		{"swapped by raw", "a: {type: string, expr: raw.b}\nb: {type: string, expr: raw.a}", nil, "b a", "0 1", "a b"},
	} {
		raw := RawColumns{}
		if test.known != nil {
			raw["t"] = test.known
		}
		p, problems := bindText(t, tableOf(test.columns), raw)
		if problems != "" {
			t.Errorf("%s: %s", test.name, problems)
			continue
		}
		s := p.Silver[0]
		var slots, sorted []string
		for _, c := range s.Columns {
			slots = append(slots, strings.Trim(strings.ReplaceAll(cmpInts(c.Program.Columns()), " ", ","), ","))
		}
		for _, i := range s.Order {
			sorted = append(sorted, s.Columns[i].Name)
		}
		if got := strings.Join(s.Raw, " "); got != test.raw {
			t.Errorf("%s: raw %q, want %q", test.name, got, test.raw)
		}
		if got := strings.Join(slots, " "); got != test.slots {
			t.Errorf("%s: slots %q, want %q", test.name, got, test.slots)
		}
		if got := strings.Join(sorted, " "); got != test.order {
			t.Errorf("%s: order %q, want %q", test.name, got, test.order)
		}
	}
}

func cmpInts(ints []int) string {
	var out []string
	for _, i := range ints {
		out = append(out, string(rune('0'+i)))
	}
	return strings.Join(out, " ")
}

func TestReferencesDecideTheOrder(t *testing.T) {
	text := header + `silver:
  t:
    columns: {a: {type: string}}
    checks: {known: {references: {dataset: u, column: b}, column: a}}
  u:
    key: b
    columns: {b: {type: string}}
`
	p, problems := bindText(t, text, nil)
	if problems != "" || p.Silver[0].Name != "u" || p.Silver[1].Name != "t" {
		t.Fatalf("order %v: %s", p, problems)
	}
	if !p.Silver[0].Columns[0].Required {
		t.Error("a key column is not required")
	}
	_, problems = bindText(t, text+"    checks: {back: {references: {dataset: t, column: a}, column: b}}\n", nil)
	if want := "lakehouse.yaml:11:43: tables refer to one another: t -> u -> t; one of these references has to go"; problems != want {
		t.Errorf("got  %s\nwant %s", problems, want)
	}
}

func TestDialect(t *testing.T) {
	p, problems := bindText(t, `project: p
lake: s3://bucket/lake
bronze:
  a: {source: [x, y], delimiter: "\t", quote: none, header: false, columns: [A b, c], normalise_names: true, required_columns: A B, settle: 60s, nulls: ["NULL"], skip_lines: 2}
silver:
  a: {columns: {a_b: {type: string}, c: {type: string, required: true}}}
`, nil)
	if problems != "" {
		t.Fatal(problems)
	}
	b := p.Dataset("a")
	d := b.Dialect
	if d.Delimiter != '\t' || d.Quote != 0 || d.Escape != 0 || d.Header || d.Skip != 2 || !slices.Equal(d.Columns, []string{"A b", "c"}) || d.MaxField != 16<<20 {
		t.Errorf("dialect %+v", d)
	}
	if !slices.Equal(b.RequiredColumns, []string{"a_b", "c"}) || b.Settle.Seconds() != 60 || p.Lake != "s3://bucket/lake" {
		t.Errorf("dataset %+v in %s", b, p.Lake)
	}
}

func TestNormalisedNamesHaveNoBlanks(t *testing.T) {
	text := strings.Replace(tableOf("a: {type: string, from: First Name}\nb: {type: string, expr: '\"Last Name\" || c'}"), "{source: x}", "{source: x, normalise_names: true}", 1)
	_, problems := bindText(t, text, nil)
	want := `lakehouse.yaml:7:31: bronze.t has no column "First Name"; its names are normalised: write first_name
lakehouse.yaml:8:32: bronze.t has no column "Last Name"; its names are normalised: write last_name`
	if problems != want {
		t.Errorf("got %s", problems)
	}
}

// Wide tables and long files take no time that one would notice.
func TestWideTableIsQuick(t *testing.T) {
	var columns strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&columns, "c%d: {type: string, expr: \"c%d || r%d\"}\n", i, max(i-1, 0), i)
	}
	start := time.Now()
	if p, problems := bindText(t, tableOf(columns.String()), nil); problems != "" || len(p.Silver[0].Order) != 1500 {
		t.Fatal(problems)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("binding 1500 columns takes %v", took)
	} else {
		t.Logf("%v", took)
	}
}

func FuzzBind(f *testing.F) {
	for _, path := range []string{"testdata/sample.yaml", "testdata/mistakes.yaml"} {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(tableOf("a: {type: string, expr: b}\nb: {type: date, expr: a}")))
	f.Fuzz(func(t *testing.T, text []byte) {
		cfg, problems := config.Parse(config.FileName, text, config.Options{})
		if cfg == nil {
			return
		}
		p, more := Bind(cfg, nil)
		if p != nil && len(more) > 0 || p == nil && len(more)+len(problems) == 0 {
			t.Fatalf("project %v with %v", p, more)
		}
	})
}
