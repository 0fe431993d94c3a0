package template

import (
	"encoding/json"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/policies"
)

func reasons(t *testing.T) map[string]string {
	t.Helper()
	data, err := fs.ReadFile(policies.Files(), "reasons.json")
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]string
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// ours are the beginnings of what is the lakehouse's own alone, below which a
// wildcard says nothing of others.
var ours = regexp.MustCompile(`^arn:\$\{Partition\}:(` +
	`s3:::\$\{LakeBucket\}/\$\{LakePrefix\}(bronze|silver|gold|quarantine|_lakectl|athena-results)/` +
	`|s3:::\$\{OpsBucket\}/scripts/` +
	`|glue:\$\{Region\}:\$\{Account\}:table/\$\{(Bronze|Silver|Gold)Database\}/` +
	`|logs:\$\{Region\}:\$\{Account\}:log-group:(/\$\{Project\}/\$\{Environment\}/jobs/|/aws-glue/crawlers:|/aws-glue/crawlers-role/\$\{CrawlerRole\}-)` +
	`)\*$`)

// broken returns what a statement has that no policy of ours may have, and the
// key of the reason that each needs.
func broken(policy string, s Statement, reasons map[string]string) (problems, used []string) {
	if s.Effect != "Allow" || s.Sid == "" || len(s.Action) == 0 || len(s.Resource) == 0 {
		problems = append(problems, "it is not complete")
	}
	for _, action := range s.Action {
		if !regexp.MustCompile(`^[a-z0-9]+:[A-Za-z]+$`).MatchString(action) {
			problems = append(problems, "the action "+action)
		}
		if action == "iam:PassRole" || strings.HasPrefix(action, "iam:") || action == "sts:AssumeRole" {
			problems = append(problems, "the action "+action+" is not for a policy of data")
		}
		if action == "cloudwatch:PutMetricData" && len(s.Condition["StringEquals"]["cloudwatch:namespace"]) == 0 {
			problems = append(problems, action+" is not bound to a namespace")
		}
		if service, _, _ := strings.Cut(action, ":"); service == "kms" && (s.Sid != keySid || len(s.Condition["ForAnyValue:StringEquals"]["kms:ResourceAliases"]) != 1) {
			problems = append(problems, action+" is not bound to the key of the lakehouse")
		}
	}
	for _, resource := range s.Resource {
		if !strings.Contains(resource, "*") || ours.MatchString(resource) {
			continue
		}
		key := policy + " " + s.Sid + " " + resource
		used = append(used, key)
		if len(reasons[key]) < 20 {
			problems = append(problems, "the wildcard "+resource+" has no reason in reasons.json, as "+key)
		}
	}
	return problems, used
}

func TestPoliciesAreNarrow(t *testing.T) {
	reasons := reasons(t)
	var used []string
	for _, p := range Policies() {
		doc, err := readPolicy(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		if doc.Version != "2012-10-17" || len(doc.Statement) < 3 || p.Description == "" {
			t.Errorf("%s: %+v", p.Name, doc)
		}
		var sids []string
		for _, s := range doc.Statement {
			problems, keys := broken(p.Name, s, reasons)
			for _, problem := range problems {
				t.Errorf("policies/%s.json: %s: %s", p.Name, s.Sid, problem)
			}
			used = append(used, keys...)
			if slices.Contains(sids, s.Sid) {
				t.Errorf("policies/%s.json has two statements %s", p.Name, s.Sid)
			}
			sids = append(sids, s.Sid)
		}
		if strings.HasPrefix(p.Name, "glue-") {
			i := slices.IndexFunc(doc.Statement, func(s Statement) bool { return strings.HasSuffix(strings.Join(s.Resource, " "), ":database/default") })
			if i < 0 || !slices.Contains(doc.Statement[i].Action, "glue:GetDatabase") {
				t.Errorf("policies/%s.json does not let Glue look at the database default", p.Name)
			}
		}
	}
	for key := range reasons {
		if !slices.Contains(used, key) {
			t.Errorf("policies/reasons.json has a reason for what is not there: %s", key)
		}
	}
}

// The rules find what they are for.
func TestNarrowFindsWideStatements(t *testing.T) {
	base := Statement{Sid: "S", Effect: "Allow", Action: []string{"s3:GetObject"}, Resource: []string{"arn:${Partition}:s3:::${LakeBucket}/${LakePrefix}gold/*"}}
	for want, change := range map[string]func(*Statement){
		"":                                func(*Statement) {},
		"not complete":                    func(s *Statement) { s.Sid = "" },
		"the action s3:*":                 func(s *Statement) { s.Action = []string{"s3:*"} },
		"the action s3:Get*":              func(s *Statement) { s.Action = []string{"s3:Get*"} },
		"not for a policy of data":        func(s *Statement) { s.Action = []string{"iam:PassRole"} },
		"not bound to a namespace":        func(s *Statement) { s.Action = []string{"cloudwatch:PutMetricData"} },
		"not bound to the key":            func(s *Statement) { s.Action = []string{"kms:Decrypt"} },
		"the wildcard * has no reason":    func(s *Statement) { s.Resource = []string{"*"} },
		"bucket}/* has no reason":         func(s *Statement) { s.Resource = []string{"arn:${Partition}:s3:::${bucket}/*"} },
		"LakePrefix}* has no reason":      func(s *Statement) { s.Resource = []string{"arn:${Partition}:s3:::${LakeBucket}/${LakePrefix}*"} },
		"database/shop* has no reason in": func(s *Statement) { s.Resource = []string{"arn:${Partition}:glue:${Region}:${Account}:database/shop*"} },
	} {
		s := base
		change(&s)
		problems, _ := broken("p", s, nil)
		if all := strings.Join(problems, "; "); (want == "") != (all == "") || !strings.Contains(all, want) {
			t.Errorf("%q: %s", want, all)
		}
	}
}

// A policy as it is shown is the one that the stack has, word for word.
func TestShownPoliciesAreThoseOfTheStack(t *testing.T) {
	for _, e := range environments {
		cfg, n := load(t, e.text)
		s := stack(t, cfg, n, snowflake)
		for id, name := range map[string]string{"GlueJobPolicy": "glue-job", "GlueCrawlerPolicy": "glue-crawler", "AthenaQueryPolicy": "athena-query", "SnowflakePolicy": "snowflake-s3"} {
			text, err := Policy(name, n, cfg.AWS.KMS.Value)
			if err != nil {
				t.Fatal(err)
			}
			var shown any
			if err := json.Unmarshal([]byte(text), &shown); err != nil {
				t.Fatal(err)
			}
			a, _ := json.Marshal(shown)
			b, _ := json.Marshal(at(t, s, "Resources", id, "Properties", "PolicyDocument"))
			if string(a) != string(b) {
				t.Errorf("%s of %s is shown as\n%s\nand is\n%s", name, e.name, a, b)
			}
			if strings.Contains(text, "${") || strings.Contains(text, `"UseKey"`) != cfg.AWS.KMS.Value {
				t.Errorf("%s of %s: %s", name, e.name, text)
			}
			if size := len(strings.Join(strings.Fields(text), "")); size > 6144 {
				t.Errorf("%s of %s has %d characters; IAM takes 6,144", name, e.name, size)
			}
		}
	}
}

// The policies of the longest names that there can be fit, too.
func TestLongestPoliciesFit(t *testing.T) {
	_, n := load(t, "project: abcdefghijklmnopqrstuvwxyzabcd\nenvironment: produ\nlake: s3://"+strings.Repeat("b", 63)+"/some/prefix")
	for _, p := range Policies() {
		text, err := Policy(p.Name, n, true)
		if size := len(strings.Join(strings.Fields(text), "")); err != nil || size > 6144 {
			t.Errorf("%s has %d characters, %v; IAM takes 6,144", p.Name, size, err)
		}
	}
}

func TestPolicyPlaceholders(t *testing.T) {
	_, n := load(t, environments[0].text)
	if a, b := slices.Sorted(maps.Keys(placeholders)), slices.Sorted(maps.Keys(values(n))); !slices.Equal(a, b) {
		t.Errorf("the template knows %v, names %v", a, b)
	}
	for _, p := range Policies() {
		data, err := fs.ReadFile(policies.Files(), p.Name+".json")
		if err != nil {
			t.Fatal(err)
		}
		expand(string(data), func(name string) string {
			if placeholders[name] == "" {
				t.Errorf("policies/%s.json has ${%s}, which is not known", p.Name, name)
			}
			return ""
		})
	}
}

func TestUnknownPolicy(t *testing.T) {
	_, n := load(t, environments[0].text)
	for _, name := range []string{"glue-jbo", "reasons", "", "../policies/glue-job"} {
		if _, err := Policy(name, n, false); diag.ClassOf(err) != diag.Usage {
			t.Errorf("%q: %v", name, err)
		}
	}
}
