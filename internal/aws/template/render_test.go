package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/queries"
)

func parseQuery(t *testing.T, name, header, sql string) queries.Query {
	t.Helper()
	q, problems := queries.Parse(name+".sql", "-- name: "+name+"\n-- description: It's \"quoted\": a\ttab, ünïcode\n"+header+sql)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return q
}

// A project's own queries are in its stack, word for word, with the databases
// and defaults in place.
func TestOwnQueries(t *testing.T) {
	text, err := Render(Options{Queries: []queries.Query{
		parseQuery(t, "zebra_1", "-- parameter: who string 'O''Brien'\n-- parameter: until date - When\n",
			"\n  select ':who ${!x}', '${gold} stays' -- ${y}\n\nfrom ${silver}.t, ${bronze}.u\twhere a = :who and b < :until"),
		parseQuery(t, "gold_daily", "", "select 'ours'"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	cfg, n := load(t, environments[0].text)
	parameters := map[string]string{"AWS::Partition": "aws", "AWS::Region": region, "AWS::AccountId": account}
	maps.Copy(parameters, Parameters(cfg, n))
	s := resolve(t, text, parameters)
	got := at(t, s, "Resources", "QueryZebra1", "Properties", "QueryString")
	if want := "-- It's \"quoted\": a tab, ünïcode\n  select ':who ${!x}', '${gold} stays' -- ${y}\n\nfrom shop_dev_silver.t, shop_dev_bronze.u where a = 'O''Brien' and b < ?\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := at(t, s, "Resources", "QueryZebra1", "Properties", "Name"); got != n.NamedQuery("zebra_1") {
		t.Errorf("it is called %s", got)
	}
	if got := at(t, s, "Resources", "QueryGoldDaily", "Properties", "QueryString"); !strings.Contains(got.(string), "'ours'") {
		t.Errorf("a query of the project does not come first: %s", got)
	}
	at(t, s, "Resources", "QueryBronzeRecent")
}

func TestQueriesThatAStackCannotHave(t *testing.T) {
	q := parseQuery(t, "a1", "", "select 1")
	two := []queries.Query{q, parseQuery(t, "a_1", "", "select 1")}
	if _, err := Render(Options{Queries: two}); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "a1 and a_1") {
		t.Errorf("two of one name: %v", err)
	}
	all, _, err := queries.Load(queries.Files(), Engine)
	if err != nil {
		t.Fatal(err)
	}
	builtin := len(all)
	if _, err := Render(Options{Queries: slices.Repeat([]queries.Query{q}, 251)}); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), fmt.Sprintf("%d queries", 251+builtin)) {
		t.Errorf("too many: %v", err)
	}
	var long []queries.Query
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		long = append(long, parseQuery(t, name, "", "select '"+strings.Repeat("x", 250_000)+"'"))
	}
	if _, err := Render(Options{Queries: long}); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "CloudFormation takes 1048576") {
		t.Errorf("too long: %v", err)
	}
}

// All parameters are ones that the template has, and all that it has are given
// but those of Snowflake, which a stack keeps.
func TestParametersAreThoseOfTheTemplate(t *testing.T) {
	cfg, n := load(t, environments[3].text)
	text, err := Render(Options{})
	if err != nil {
		t.Fatal(err)
	}
	given := Parameters(cfg, n)
	want := map[string]string{"UseKms": "true", "AlertEmail": "ops@example.com", "ScanLimitBytes": "1000000000000", "LogRetentionDays": "365", "FreshnessHours": "30", "Schedule": "cron(0 3 * * ? *)", "MaxWorkers": "10"}
	for name, value := range want {
		if given[name] != value {
			t.Errorf("%s is %q, want %q", name, given[name], value)
		}
	}
	given[SnowflakePrincipal], given[SnowflakeExternalID] = "", ""
	declared := slices.Sorted(maps.Keys(parseYAML(t, text)["Parameters"].(map[string]any)))
	if names := slices.Sorted(maps.Keys(given)); !slices.Equal(names, declared) {
		t.Errorf("given are %v, the template has %v", names, declared)
	}
}

// The alarms have one series each, and only freshness minds that none came.
func TestAlarms(t *testing.T) {
	cfg, n := load(t, environments[3].text)
	for id, resource := range at(t, stack(t, cfg, n, snowflake), "Resources").(map[string]any) {
		if resource.(map[string]any)["Type"] != "AWS::CloudWatch::Alarm" {
			continue
		}
		p := at(t, resource, "Properties").(map[string]any)
		want := "notBreaching"
		if id == "FreshnessAlarm" {
			want = "breaching"
		}
		if p["TreatMissingData"] != want || !slices.Equal(p["AlarmActions"].([]any), []any{n.TopicARN()}) || p["AlarmDescription"] == "" {
			t.Errorf("%s: %v", id, p)
		}
		if metric, ok := p["Dimensions"]; ok && len(metric.([]any)) != 3 {
			t.Errorf("%s has the dimensions %v", id, metric)
		}
	}
}

// Glue jobs may read raw files where they are in S3, and nothing beside them.
func TestSources(t *testing.T) {
	cfg, n := load(t, "project: shop\nlake: s3://shop-lake")
	if got := Sources(cfg); !slices.Equal(got, []string{"s3://landing/raw/*.csv"}) {
		t.Errorf("the sources are %v", got)
	}
	if text, err := sourcesPolicy(nil); text != "" || err != nil {
		t.Errorf("without sources: %s, %v", text, err)
	}
	text, err := Render(Options{Sources: []string{"s3://b/raw/2026-*/x.csv", "s3://a", "s3://b/${odd}/", "s3://b/raw/2026-01/y.csv", "s3://b/raw/2026-*.gz"}})
	if err != nil {
		t.Fatal(err)
	}
	parameters := map[string]string{"AWS::Partition": "aws-cn", "AWS::Region": region, "AWS::AccountId": account}
	maps.Copy(parameters, Parameters(cfg, n))
	p := at(t, resolve(t, text, parameters), "Resources", "GlueJobSourcesPolicy", "Properties").(map[string]any)
	if p["ManagedPolicyName"] != n.Policy("glue-job-sources") {
		t.Errorf("it is called %s", p["ManagedPolicyName"])
	}
	got, _ := json.Marshal(at(t, p, "PolicyDocument", "Statement"))
	want := `[{"Action":["s3:ListBucket"],"Condition":{"StringLike":{"s3:prefix":["*"]}},"Effect":"Allow","Resource":["arn:aws-cn:s3:::a"],"Sid":"ListSources1"},` +
		`{"Action":["s3:GetObject"],"Effect":"Allow","Resource":["arn:aws-cn:s3:::a/*"],"Sid":"ReadSources1"},` +
		`{"Action":["s3:ListBucket"],"Condition":{"StringLike":{"s3:prefix":["$*","raw/2026-*","raw/2026-01/y.csv*"]}},"Effect":"Allow","Resource":["arn:aws-cn:s3:::b"],"Sid":"ListSources2"},` +
		`{"Action":["s3:GetObject"],"Effect":"Allow","Resource":["arn:aws-cn:s3:::b/$*","arn:aws-cn:s3:::b/raw/2026-*","arn:aws-cn:s3:::b/raw/2026-01/y.csv*"],"Sid":"ReadSources2"}]`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("s3://bucket/a-long-folder-%d/", i))
	}
	if _, err := Render(Options{Sources: many}); diag.ClassOf(err) != diag.Usage {
		t.Errorf("too many places: %v", err)
	}
}
