package spark

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/project"
)

var update = flag.Bool("update", false, "rewrite golden files")

func bind(t *testing.T, text string) *project.Project {
	t.Helper()
	cfg, problems := config.Parse(config.FileName, []byte(text), config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	p, problems := project.Bind(cfg, project.RawColumns{
		"customers":    {"customer_id", "first_name", "last_name", "email", "phone", "registration_date", "loyalty_points"},
		"transactions": {"transaction_id", "customer_id", "product_id", "transaction_date", "amount", "quantity", "status"},
	})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

func sample(t *testing.T) *project.Project {
	t.Helper()
	text, err := os.ReadFile("../../sampledata/lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return bind(t, string(text))
}

func compiled(t *testing.T, p *project.Project) []byte {
	t.Helper()
	data, err := Compile(p, "s3://bucket/lake")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSample(t *testing.T) {
	got := compiled(t, sample(t))
	if again := compiled(t, sample(t)); !bytes.Equal(got, again) {
		t.Error("the same project compiles to other bytes")
	}
	const golden = "testdata/sample.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("-want +got; -update rewrites it:\n%s", diff)
	}
}

// Every expression of the document is what the printer that Spark judges in
// internal/e2e/sparktest says of the project's program.
func TestExpressionsAreThePrinters(t *testing.T) {
	p := sample(t)
	var d document
	if err := json.Unmarshal(compiled(t, p), &d); err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for i, s := range p.Silver {
		for k, c := range s.Columns {
			got = append(got, d.Silver[i].Columns[k].Expr.Value, d.Silver[i].Columns[k].Expr.Fails)
			value, fails := c.Program.SparkAs(Raw)
			want = append(want, value, fails)
		}
		for k, c := range s.Checks {
			if c.Expect != nil {
				got = append(got, d.Silver[i].Checks[k].Expect.Value, d.Silver[i].Checks[k].Expect.Fails)
				want = append(want, c.Expect.Spark(), c.Expect.SparkFails())
			}
		}
	}
	for i, g := range p.Gold {
		for k, c := range g.Groups {
			got, want = append(got, d.Gold[i].Groups[k].Expr.Value), append(want, c.Program.Spark())
		}
		for k, m := range g.Measures {
			got, want = append(got, d.Gold[i].Measures[k].Expr.Value), append(want, m.Measure.SparkSteps(fmt.Sprintf("0_m%d_", k)).Value)
		}
		for k, c := range g.Columns {
			got, want = append(got, d.Gold[i].Columns[k].Expr.Value), append(want, c.Program.Spark())
		}
	}
	if len(want) < 80 {
		t.Errorf("only %d expressions", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The settings are those that the referee sets.
func TestSettingsAreTheReferees(t *testing.T) {
	text, err := os.ReadFile("../e2e/sparktest/evaluate.py")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "\nSETTINGS = {")
	block, _, _ = strings.Cut(block, "}")
	pairs := regexp.MustCompile(`"(spark[^"]+)": "([^"]+)"`).FindAllStringSubmatch(block, -1)
	if len(pairs) < 3 {
		t.Fatalf("only %d settings in evaluate.py", len(pairs))
	}
	settings := Settings()
	for _, pair := range pairs {
		if settings[pair[1]] != pair[2] {
			t.Errorf("%s is %q here and %q there", pair[1], settings[pair[1]], pair[2])
		}
	}
}

// What the sample does not have.
func TestOtherParts(t *testing.T) {
	p := bind(t, `
project: p
lake: ./lake
bronze:
  a: {source: a, delimiter: ";", quote: none, header: false, columns: [id, x, day], nulls: ["N/A"], settle: 90s}
silver:
  a:
    distinct: true
    partition_by: day
    columns:
      id: {type: bigint, required: true}
      x: {type: double, expr: "cast(raw.x as double) / 0"}
      day: {type: date, format: [dd.MM.yyyy]}
    limits: {quarantined_rows: 10}
    table_checks:
      one: {unique: [id, day]}
      few: {null_share: {column: x, max: 5%}}
      sum: {sum: {column: id, min: 0.1}, on_fail: flag}
gold:
  b:
    from: a
    group_by: {day: day}
    measures: {ids: "sum(id)", n: "count(*)"}
    table_checks:
      same: {sum: {column: ids, tolerance: 0.5, equals: {table: silver.a, column: id, where: "x > 0"}}}
`)
	var d document
	if err := json.Unmarshal(compiled(t, p), &d); err != nil {
		t.Fatal(err)
	}
	b, a, g := d.Bronze[0], d.Silver[0], d.Gold[0]
	if b.Dialect.Delimiter != ";" || b.Dialect.Quote != "" || len(b.Dialect.Columns) != 3 || b.SettleSeconds != 90 {
		t.Errorf("bronze: %+v", b)
	}
	if !a.Distinct || a.LatestBy != "" || *a.Limits.QuarantinedRows != 10 || a.Limits.QuarantinedShare != nil || a.PartitionBy[0] != "day" {
		t.Errorf("silver: %+v", a)
	}
	if diff := cmp.Diff([]string{"unique", "null_share"}, []string{a.TableChecks[0].Kind, a.TableChecks[1].Kind}); diff != "" {
		t.Error(diff)
	}
	if sum := a.TableChecks[2]; sum.Min != "1/10" || sum.OnFail != "flag" {
		t.Errorf("sum: %+v", sum)
	}
	if e := g.TableChecks[0].Equals; e.Layer != "silver" || e.Column != "id" || e.Where.Value == "" || e.Tolerance != "1/2" {
		t.Errorf("equals: %+v", e)
	}
	if fails := g.Measures[1].ArgFails; fails[0] != "FALSE" {
		t.Errorf("count(*) fails where %v", fails)
	}
}

// The compiled project keeps to its schema.
func TestDocumentKeepsToItsSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(DocumentSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("compiled.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("compiled.json")
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := os.ReadFile("testdata/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	if doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(compiled)); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
	doc.(map[string]any)["silver"].([]any)[0].(map[string]any)["kye"] = "id"
	if schema.Validate(doc) == nil {
		t.Error("a key that tables do not have passes")
	}
}
