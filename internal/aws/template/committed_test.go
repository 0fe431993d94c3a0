package template

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/cloudformation"
)

var update = flag.Bool("update", false, "write the committed template's policies and named queries, and the golden files")

const committedFile = "../../../cloudformation/lakehouse.yaml"

// TestCommittedTemplate proves that the template's policies are those of the
// package policies, and its named queries those of the package queries.
func TestCommittedTemplate(t *testing.T) {
	want, err := Render(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Policies() {
		doc, err := readPolicy(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		file := "policies/" + p.Name + ".json"
		if want, err = splice(want, section{"made from " + file, "end of " + file}, policyYAML(doc)); err != nil {
			t.Fatal(err)
		}
	}
	if *update {
		if err := os.WriteFile(committedFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != cloudformation.Template() {
		t.Errorf("cloudformation/lakehouse.yaml is not made from policies/ and queries/ as they are; run go test ./internal/aws/template -update, twice")
	}
}

// policyYAML returns a policy as it stands in the template: with the statement
// on the key, and without. A condition on that statement alone would be shorter,
// but moto leaves a null in a list where CloudFormation takes AWS::NoValue out.
func policyYAML(doc *document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "      PolicyDocument:\n        Version: %q\n        Statement: !If\n          - HasKey\n", doc.Version)
	for _, kms := range []bool{true, false} {
		indent := "          - "
		for _, s := range doc.Statement {
			if s.Sid != keySid || kms {
				s = s.fill(func(name string) string { return placeholders[name] })
				b.WriteString(indent + strings.ReplaceAll(strings.TrimSuffix(statementYAML(s), "\n"), "\n", "\n            ") + "\n")
				indent = "            "
			}
		}
	}
	return b.String()
}

// statementYAML returns a statement as an element of a list.
func statementYAML(s Statement) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- Sid: %s\n  Effect: %s\n  Action: [%s]\n  Resource:\n", s.Sid, s.Effect, strings.Join(s.Action, ", "))
	for _, r := range s.Resource {
		fmt.Fprintf(&b, "    - %s\n", subYAML(r))
	}
	if s.Condition != nil {
		b.WriteString("  Condition:\n")
	}
	for _, operator := range slices.Sorted(maps.Keys(s.Condition)) {
		fmt.Fprintf(&b, "    %s:\n", operator)
		for _, key := range slices.Sorted(maps.Keys(s.Condition[operator])) {
			fmt.Fprintf(&b, "      %s:\n", key)
			for _, text := range s.Condition[operator][key] {
				fmt.Fprintf(&b, "        - %s\n", subYAML(text))
			}
		}
	}
	return b.String()
}

func subYAML(text string) string {
	quoted, _ := json.Marshal(text)
	if strings.Contains(text, "${") {
		return "!Sub " + string(quoted)
	}
	return string(quoted)
}
