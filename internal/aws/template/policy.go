package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/policies"
)

// PolicyInfo is one of the IAM policies.
type PolicyInfo struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// infos are the policies, in the order in which they are shown.
var infos = []PolicyInfo{
	{"glue-job", "Glue jobs: read and write the lake and its tables, log, send metrics"},
	{"glue-crawler", "Glue crawlers: read the lake, keep its tables"},
	{"athena-query", "analysts: ask in the workgroup, read the lake, keep results"},
	{"snowflake-s3", "Snowflake: read silver and gold"},
}

// Policies returns the IAM policies.
func Policies() []PolicyInfo { return append([]PolicyInfo(nil), infos...) }

// keySid is the statement that a lakehouse without a key of its own leaves out.
const keySid = "UseKey"

// Statement is one of a policy's.
type Statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// document is a policy.
type document struct {
	Version   string
	Statement []Statement
}

// Policy returns an IAM policy with the names of a project, as JSON; kms says
// whether the lakehouse has a key of its own. A name that is not one of a
// policy's is an error of class Usage.
func Policy(name string, n names.Names, kms bool) (string, error) {
	doc, err := readPolicy(name)
	if err != nil {
		return "", err
	}
	values := values(n)
	var out document
	out.Version = doc.Version
	for _, s := range doc.Statement {
		if s.Sid != keySid || kms {
			out.Statement = append(out.Statement, s.fill(func(name string) string { return values[name] }))
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(out)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// readPolicy reads a policy's document.
func readPolicy(name string) (*document, error) {
	var known []string
	for _, p := range infos {
		known = append(known, p.Name)
	}
	data, err := fs.ReadFile(policies.Files(), name+".json")
	if err != nil || name == "reasons" {
		next := "the policies are " + strings.Join(known, ", ")
		if hint := diag.Suggest(name, known); hint != "" {
			next = hint + " " + next
		}
		return nil, diag.Errorf(diag.Usage, "there is no policy %q", name).WithNext("%s", next)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var doc document
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("policies/%s.json: %w", name, err)
	}
	return &doc, nil
}

// placeholders are those of the policies' documents, and what each is in the
// template.
var placeholders = map[string]string{
	"Partition": "${AWS::Partition}", "Region": "${AWS::Region}", "Account": "${AWS::AccountId}",
	"Project": "${Project}", "Environment": "${Environment}",
	"LakeBucket": "${LakeBucketName}", "LakePrefix": "${LakePrefix}", "OpsBucket": "${Project}-${Environment}-ops-${AWS::AccountId}",
	"BronzeDatabase": "${BronzeDatabase}", "SilverDatabase": "${SilverDatabase}", "GoldDatabase": "${GoldDatabase}",
	"Workgroup": "${Project}-${Environment}", "KeyAlias": "alias/${Project}-${Environment}",
	"CrawlerRole": "${Project}-${Environment}-${AWS::Region}-glue-crawler",
}

// values are the values of the placeholders for a project.
func values(n names.Names) map[string]string {
	return map[string]string{
		"Partition": n.Partition, "Region": n.Region, "Account": n.Account, "Project": n.Project, "Environment": n.Environment,
		"LakeBucket": n.LakeBucket, "LakePrefix": n.LakePrefix, "OpsBucket": n.ScriptsBucket(),
		"BronzeDatabase": n.Database("bronze"), "SilverDatabase": n.Database("silver"), "GoldDatabase": n.Database("gold"),
		"Workgroup": n.Workgroup(), "KeyAlias": n.KeyAlias(), "CrawlerRole": n.Role("glue-crawler"),
	}
}

// fill returns the statement with its placeholders ${name} replaced.
func (s Statement) fill(value func(name string) string) Statement {
	s.Resource = expandAll(s.Resource, value)
	if s.Condition == nil {
		return s
	}
	conditions := map[string]map[string][]string{}
	for operator, keys := range s.Condition {
		conditions[operator] = map[string][]string{}
		for key, texts := range keys {
			conditions[operator][key] = expandAll(texts, value)
		}
	}
	s.Condition = conditions
	return s
}

func expandAll(texts []string, value func(name string) string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = expand(text, value)
	}
	return out
}

func expand(text string, value func(name string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return b.String()
		}
		b.WriteString(value(name))
		text = after
	}
}
