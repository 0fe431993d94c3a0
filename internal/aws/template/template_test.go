package template

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/config"
)

const (
	account = "123456789012"
	region  = "eu-central-1"
)

// load reads a project from the lines that are about AWS.
func load(t *testing.T, text string) (*config.Config, names.Names) {
	t.Helper()
	return loadIn(t, text, region)
}

func loadIn(t *testing.T, text, region string) (*config.Config, names.Names) {
	t.Helper()
	cfg, problems := config.Parse("lakehouse.yaml", []byte(text+"\nbronze: {a: {source: [x.csv, 's3://landing/raw/*.csv']}}"), config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	n, err := names.Of(cfg, account, region)
	if err != nil {
		t.Fatal(err)
	}
	return cfg, n
}

// stack is the template of a project, resolved.
func stack(t *testing.T, cfg *config.Config, n names.Names, more map[string]string) map[string]any {
	t.Helper()
	text, err := Render(Options{Sources: Sources(cfg)})
	if err != nil {
		t.Fatal(err)
	}
	parameters := map[string]string{"AWS::Partition": n.Partition, "AWS::Region": n.Region, "AWS::AccountId": n.Account}
	maps.Copy(parameters, Parameters(cfg, n))
	maps.Copy(parameters, more)
	return resolve(t, text, parameters)
}

var snowflake = map[string]string{SnowflakePrincipal: "arn:aws:iam::999988887777:user/abc0-s", SnowflakeExternalID: "LAKE_1"}

const everything = `
monitoring: {alert_email: ops@example.com, freshness_hours: 30}
athena: {scan_limit_bytes: 1TB}
`

// environments are the stacks of which there are golden files.
var environments = []struct {
	name, text string
	more       map[string]string
}{
	{"dev", "project: shop\nenvironment: dev\nlake: ./lake", nil},
	{"dev-kms", "project: shop\nenvironment: dev\nlake: s3://shop-lake/raw/lake\naws: {kms: true}", nil},
	{"prod", "project: shop\nenvironment: prod\nlake: s3://shop-prod-lake\naws: {schedule: cron(0 3 * * ? *), log_retention_days: 365}" + everything, snowflake},
	{"prod-kms", "project: shop\nenvironment: prod\nlake: s3://shop-prod-lake\naws: {kms: true, schedule: cron(0 3 * * ? *), log_retention_days: 365}" + everything, snowflake},
}

func TestGolden(t *testing.T) {
	for _, e := range environments {
		cfg, n := load(t, e.text)
		var got bytes.Buffer
		encoder := json.NewEncoder(&got)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", " ")
		if err := encoder.Encode(stack(t, cfg, n, e.more)); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", e.name+".json")
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("the stack of %s is not that of %s; look at the difference after go test ./internal/aws/template -update\n%s", e.name, file, firstDifference(got.String(), string(want)))
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got  " + g[i] + "\nwant " + w[i]
		}
	}
	return "one is longer than the other"
}

// at returns the value at a path in a resolved template.
func at(t *testing.T, tree any, path ...string) any {
	t.Helper()
	for _, name := range path {
		m, ok := tree.(map[string]any)
		if !ok || m[name] == nil {
			t.Fatalf("there is no %s of %s", name, strings.Join(path, "."))
		}
		tree = m[name]
	}
	return tree
}

// Names are what internal/aws/names says, in any partition.
func TestNames(t *testing.T) {
	for _, region := range []string{"eu-central-1", "cn-north-1", "us-gov-west-1"} {
		for _, kms := range []bool{false, true} {
			cfg, n := loadIn(t, "project: web-shop\nenvironment: test-2\nlake: s3://some-bucket/a/b\naws: {schedule: rate(1 day), kms: "+map[bool]string{true: "true", false: "false"}[kms]+"}"+everything, region)
			s := stack(t, cfg, n, snowflake)
			want := map[string][]string{
				n.LakeBucket:                           {"Resources", "LakeBucket", "Properties", "BucketName"},
				n.LogsBucket():                         {"Resources", "LogsBucket", "Properties", "BucketName"},
				n.Database("bronze"):                   {"Resources", "BronzeDatabase", "Properties", "DatabaseInput", "Name"},
				n.Database("silver"):                   {"Resources", "SilverDatabase", "Properties", "DatabaseInput", "Name"},
				n.Database("gold"):                     {"Resources", "GoldDatabase", "Properties", "DatabaseInput", "Name"},
				"s3://some-bucket/a/b/gold/":           {"Resources", "GoldDatabase", "Properties", "DatabaseInput", "LocationUri"},
				n.Role("glue-job"):                     {"Resources", "GlueJobRole", "Properties", "RoleName"},
				n.Role("glue-crawler"):                 {"Resources", "GlueCrawlerRole", "Properties", "RoleName"},
				n.Role("snowflake"):                    {"Resources", "SnowflakeRole", "Properties", "RoleName"},
				n.Role("scheduler"):                    {"Resources", "SchedulerRole", "Properties", "RoleName"},
				n.Role("pipeline"):                     {"Resources", "PipelineRole", "Properties", "RoleName"},
				n.Policy("athena-query"):               {"Resources", "AthenaQueryPolicy", "Properties", "ManagedPolicyName"},
				n.Policy("snowflake-s3"):               {"Resources", "SnowflakePolicy", "Properties", "ManagedPolicyName"},
				n.SecurityConfiguration(kms):           {"Resources", "SecurityConfiguration", "Properties", "Name"},
				n.Topic():                              {"Resources", "Topic", "Properties", "TopicName"},
				n.LogGroup("jobs") + "/output":         {"Resources", "JobOutputLogs", "Properties", "LogGroupName"},
				n.LogGroup("jobs") + "/error":          {"Resources", "JobErrorLogs", "Properties", "LogGroupName"},
				n.CrawlerLogGroup(kms):                 {"Resources", "CrawlerLogs", "Properties", "LogGroupName"},
				n.Alarm("failures"):                    {"Resources", "FailuresAlarm", "Properties", "AlarmName"},
				n.Alarm("failure-rate"):                {"Resources", "FailureRateAlarm", "Properties", "AlarmName"},
				n.Alarm("quality"):                     {"Resources", "QualityAlarm", "Properties", "AlarmName"},
				n.Alarm("freshness"):                   {"Resources", "FreshnessAlarm", "Properties", "AlarmName"},
				n.Alarm("glue-failed"):                 {"Resources", "GlueFailedRule", "Properties", "Name"},
				n.Namespace():                          {"Resources", "FailuresAlarm", "Properties", "Namespace"},
				n.NamedQuery("gold_daily"):             {"Resources", "QueryGoldDaily", "Properties", "Name"},
				n.Workgroup():                          {"Outputs", "Workgroup", "Value"},
				n.TopicARN():                           {"Outputs", "TopicArn", "Value"},
				n.RoleARN("glue-job"):                  {"Outputs", "GlueJobRoleArn", "Value"},
				n.RoleARN("glue-crawler"):              {"Outputs", "GlueCrawlerRoleArn", "Value"},
				n.RoleARN("snowflake"):                 {"Outputs", "SnowflakeRoleArn", "Value"},
				"s3://some-bucket/a/b/athena-results/": {"Resources", "Workgroup", "Properties", "WorkGroupConfiguration", "ResultConfiguration", "OutputLocation"},
			}
			if kms {
				want[n.KeyAlias()] = []string{"Resources", "KeyAlias", "Properties", "AliasName"}
			}
			for name, path := range want {
				if got := at(t, s, path...); got != name {
					t.Errorf("%s is %s, want %s", strings.Join(path, "."), got, name)
				}
			}
			if got := at(t, s, "Resources", "Dashboard", "Properties", "DashboardName"); got != n.Dashboard() {
				t.Errorf("the dashboard is %s", got)
			}
			pipeline := at(t, s, "Resources", "Pipeline", "Properties", "DefinitionString").(string)
			rule, _ := json.Marshal(at(t, s, "Resources", "GlueFailedRule", "Properties", "EventPattern"))
			for _, layer := range []string{"bronze", "silver", "gold"} {
				if job := `"` + n.Job(layer) + `"`; !strings.Contains(pipeline, job) || !strings.Contains(string(rule), job) {
					t.Errorf("the job %s is not in the pipeline or the rule", job)
				}
			}
		}
	}
}

// What is JSON in the template is JSON when it is resolved.
func TestDocumentsInTheTemplate(t *testing.T) {
	cfg, n := load(t, environments[3].text)
	s := stack(t, cfg, n, snowflake)
	var dashboard struct{ Widgets []map[string]any }
	if err := json.Unmarshal([]byte(at(t, s, "Resources", "Dashboard", "Properties", "DashboardBody").(string)), &dashboard); err != nil || len(dashboard.Widgets) < 8 {
		t.Errorf("the dashboard: %v, %d widgets", err, len(dashboard.Widgets))
	}
	var machine struct {
		StartAt string
		States  map[string]struct {
			Type, Next string
			Retry      []any
			Catch      []struct{ Next string }
		}
	}
	if err := json.Unmarshal([]byte(at(t, s, "Resources", "Pipeline", "Properties", "DefinitionString").(string)), &machine); err != nil {
		t.Fatal(err)
	}
	var way []string
	for name := machine.StartAt; name != ""; name = machine.States[name].Next {
		way = append(way, name)
		if state := machine.States[name]; state.Type == "Task" && (len(state.Retry) == 0 || len(state.Catch) != 1 || state.Catch[0].Next != "Notify") {
			t.Errorf("the step %s: %+v", name, state)
		}
	}
	if !slices.Equal(way, []string{"Bronze", "Silver", "Gold", "Done"}) {
		t.Errorf("the pipeline goes %v", way)
	}
}

// What holds data stays when it leaves the stack, and what can bear tags has
// those by which costs are told apart.
func TestDataIsRetainedAndCostsAreTagged(t *testing.T) {
	holdsData := []string{"AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::KMS::Key", "AWS::Glue::Database", "AWS::Logs::LogGroup"}
	untaggable := []string{"AWS::S3::BucketPolicy", "AWS::KMS::Alias", "AWS::Glue::Database", "AWS::Glue::SecurityConfiguration", "AWS::IAM::ManagedPolicy", "AWS::Athena::NamedQuery",
		"AWS::SNS::TopicPolicy", "AWS::SNS::Subscription", "AWS::Events::Rule", "AWS::CloudWatch::Dashboard", "AWS::Scheduler::Schedule"}
	cfg, n := load(t, environments[3].text)
	for id, resource := range at(t, stack(t, cfg, n, snowflake), "Resources").(map[string]any) {
		r := resource.(map[string]any)
		kind := r["Type"].(string)
		if retained := r["DeletionPolicy"] == "Retain" && r["UpdateReplacePolicy"] == "Retain"; retained != slices.Contains(holdsData, kind) {
			t.Errorf("%s (%s): retained is %v", id, kind, retained)
		}
		tags, _ := json.Marshal(at(t, r, "Properties").(map[string]any)["Tags"])
		want := `[{"Key":"Project","Value":"shop"},{"Key":"Environment","Value":"prod"}]`
		if slices.Contains(untaggable, kind) {
			want = "null"
		}
		if string(tags) != want {
			t.Errorf("%s (%s): tags %s", id, kind, tags)
		}
	}
}
