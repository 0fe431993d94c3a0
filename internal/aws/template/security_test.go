package template

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// of calls f with the properties of every resource of a type in the golden
// stacks, and fails if there is none.
func of(t *testing.T, kind string, f func(t *testing.T, id string, properties map[string]any)) {
	t.Helper()
	for _, e := range environments {
		found := false
		t.Run(e.name, func(t *testing.T) {
			cfg, n := load(t, e.text)
			for id, resource := range at(t, stack(t, cfg, n, e.more), "Resources").(map[string]any) {
				if resource.(map[string]any)["Type"] == kind {
					found = true
					f(t, id, at(t, resource, "Properties").(map[string]any))
				}
			}
		})
		if !found && (kind != "AWS::KMS::Key" || strings.Contains(e.text, "kms: true")) {
			t.Errorf("%s has no %s", e.name, kind)
		}
	}
}

// list returns the elements of a list, or the one value that stands for it.
func list(value any) []any {
	if l, ok := value.([]any); ok {
		return l
	}
	return []any{value}
}

func statements(t *testing.T, document any) []map[string]any {
	t.Helper()
	var out []map[string]any
	for _, s := range list(at(t, document, "Statement")) {
		out = append(out, s.(map[string]any))
	}
	return out
}

func text(value any) string {
	data, _ := json.Marshal(value)
	return string(data)
}

// A role is lent to a service only for this account's own resources, and to
// Snowflake only with the external id.
func TestRolesTrustNarrowly(t *testing.T) {
	of(t, "AWS::IAM::Role", func(t *testing.T, id string, p map[string]any) {
		for _, s := range statements(t, p["AssumeRolePolicyDocument"]) {
			condition := text(s["Condition"])
			narrow := strings.Contains(condition, `"aws:SourceAccount":"`+account+`"`) && regexp.MustCompile(`"aws:SourceArn":"arn:aws:(glue|states|scheduler):`+region+`:`+account+`:`).MatchString(condition)
			if id == "SnowflakeRole" {
				narrow = strings.Contains(condition, `"sts:ExternalId":"LAKE_1"`)
			}
			if !narrow || s["Action"] != "sts:AssumeRole" || strings.Contains(text(s["Principal"]), "*") {
				t.Errorf("%s is lent by %s", id, text(s))
			}
		}
		if len(list(p["ManagedPolicyArns"])) != 1 || strings.Contains(text(p["ManagedPolicyArns"]), "arn:aws:iam::aws:") || p["Policies"] != nil {
			t.Errorf("%s has other policies than its own: %s", id, text(p))
		}
	})
}

// wild are the statements in the stack on all resources; those of policies/ have
// their reasons there, the others in the template.
var wild = []string{"SendMetrics", "LookAtSecurityConfiguration", "DeliverLogs"}

func TestPoliciesInTheStackAreNarrow(t *testing.T) {
	of(t, "AWS::IAM::ManagedPolicy", func(t *testing.T, id string, p map[string]any) {
		for _, s := range statements(t, p["PolicyDocument"]) {
			if strings.Contains(text(s["Action"]), "*") {
				t.Errorf("%s: %s allows %s", id, s["Sid"], text(s["Action"]))
			}
			if slices.Contains(list(s["Resource"]), any("*")) && !slices.Contains(wild, s["Sid"].(string)) {
				t.Errorf("%s: %s is on everything", id, s["Sid"])
			}
		}
	})
}

func TestBuckets(t *testing.T) {
	of(t, "AWS::S3::Bucket", func(t *testing.T, id string, p map[string]any) {
		got := text([]any{p["VersioningConfiguration"], p["OwnershipControls"], p["PublicAccessBlockConfiguration"]})
		want := `[{"Status":"Enabled"},{"Rules":[{"ObjectOwnership":"BucketOwnerEnforced"}]},` +
			`{"BlockPublicAcls":true,"BlockPublicPolicy":true,"IgnorePublicAcls":true,"RestrictPublicBuckets":true}]`
		if got != want || !strings.Contains(text(p["BucketEncryption"]), "SSEAlgorithm") || !strings.Contains(text(p["LifecycleConfiguration"]), "DaysAfterInitiation") {
			t.Errorf("%s: %s", id, got)
		}
	})
	of(t, "AWS::S3::BucketPolicy", func(t *testing.T, id string, p map[string]any) {
		s := statements(t, p["PolicyDocument"])
		if got := text(s[0]); !strings.Contains(got, `"Deny"`) || !strings.Contains(got, `"aws:SecureTransport":"false"`) || len(list(s[0]["Resource"])) != 2 {
			t.Errorf("%s does not begin by refusing what is not encrypted on its way: %s", id, got)
		}
		for _, s := range s[1:] {
			if !strings.Contains(text(s["Condition"]), "aws:SourceAccount") {
				t.Errorf("%s: %s", id, text(s))
			}
		}
	})
}

// Only bronze grows cold, and only to where Athena still reads it; only the
// results of queries expire.
func TestLifecycleOfTheLake(t *testing.T) {
	of(t, "AWS::S3::Bucket", func(t *testing.T, id string, p map[string]any) {
		if id != "LakeBucket" {
			return
		}
		for _, rule := range list(at(t, p, "LifecycleConfiguration", "Rules")) {
			r := rule.(map[string]any)
			prefix := strings.TrimPrefix(fmt.Sprint(r["Prefix"]), map[bool]string{true: "raw/lake/"}[p["BucketName"] == "shop-lake"])
			if r["Transitions"] != nil && prefix != "bronze/" || r["ExpirationInDays"] != nil && prefix != "athena-results/" {
				t.Errorf("%s: %s", prefix, text(r))
			}
			for _, transition := range list(r["Transitions"]) {
				if class := text(transition); r["Transitions"] != nil && !strings.Contains(class, `"STANDARD_IA"`) && !strings.Contains(class, `"GLACIER_IR"`) {
					t.Errorf("Athena does not read %s", class)
				}
			}
		}
	})
}

// Who may send to the topic and use the key is bound to this account.
func TestServicesAreBoundToTheAccount(t *testing.T) {
	bound := func(t *testing.T, id string, s map[string]any) {
		t.Helper()
		if s["Effect"] == "Allow" && strings.Contains(text(s["Principal"]), "Service") &&
			!strings.Contains(text(s["Condition"]), account) {
			t.Errorf("%s: %s", id, text(s))
		}
		if s["Effect"] == "Allow" && strings.Contains(text(s["Principal"]), `"*"`) {
			t.Errorf("%s is open: %s", id, text(s))
		}
	}
	of(t, "AWS::SNS::TopicPolicy", func(t *testing.T, id string, p map[string]any) {
		for _, s := range statements(t, p["PolicyDocument"]) {
			bound(t, id, s)
		}
	})
	of(t, "AWS::KMS::Key", func(t *testing.T, id string, p map[string]any) {
		if p["EnableKeyRotation"] != true {
			t.Errorf("%s does not rotate", id)
		}
		for _, s := range statements(t, p["KeyPolicy"]) {
			bound(t, id, s)
		}
	})
}

func TestWorkgroup(t *testing.T) {
	of(t, "AWS::Athena::WorkGroup", func(t *testing.T, id string, p map[string]any) {
		c := at(t, p, "WorkGroupConfiguration").(map[string]any)
		if c["EnforceWorkGroupConfiguration"] != true || at(t, c, "EngineVersion", "SelectedEngineVersion") != "Athena engine version 3" ||
			at(t, c, "ResultConfiguration", "ExpectedBucketOwner") != account || c["BytesScannedCutoffPerQuery"] == nil {
			t.Errorf("%s: %s", id, text(c))
		}
	})
}

// A limit of 0 is none, and a key encrypts all there is.
func TestLimitAndKey(t *testing.T) {
	cfg, n := load(t, environments[0].text)
	s := stack(t, cfg, n, map[string]string{"ScanLimitBytes": "0"})
	if c := at(t, s, "Resources", "Workgroup", "Properties", "WorkGroupConfiguration").(map[string]any); c["BytesScannedCutoffPerQuery"] != nil {
		t.Errorf("without a limit: %v", c["BytesScannedCutoffPerQuery"])
	}
	cfg, n = load(t, environments[3].text)
	s = stack(t, cfg, n, snowflake)
	for id, field := range map[string]string{"LakeBucket": "KMSMasterKeyID", "Workgroup": "KmsKey", "Topic": "KmsMasterKeyId", "SecurityConfiguration": "KmsKeyArn",
		"JobOutputLogs": "KmsKeyId", "JobErrorLogs": "KmsKeyId", "CrawlerLogs": "KmsKeyId", "PipelineLogs": "KmsKeyId"} {
		if got := text(at(t, s, "Resources", id)); !strings.Contains(got, `"`+field+`":"`) {
			t.Errorf("%s is not encrypted with the key: %s", id, got)
		}
	}
}
