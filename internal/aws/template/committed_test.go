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

// policyYAML returns a policy as it stands in the template.
func policyYAML(doc *document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "      PolicyDocument:\n        Version: %q\n        Statement:\n", doc.Version)
	for _, s := range doc.Statement {
		s = s.fill(func(name string) string { return placeholders[name] })
		indent, first := "          ", "- "
		line := func(format string, args ...any) {
			fmt.Fprintf(&b, indent+first+format+"\n", args...)
			first = "  "
		}
		if s.Sid == keySid {
			b.WriteString(indent + "- !If\n" + indent + "  - HasKey\n")
			indent += "  "
		}
		line("Sid: %s", s.Sid)
		line("Effect: %s", s.Effect)
		line("Action: [%s]", strings.Join(s.Action, ", "))
		line("Resource:")
		for _, r := range s.Resource {
			line("  - %s", subYAML(r))
		}
		if s.Condition != nil {
			line("Condition:")
		}
		for _, operator := range slices.Sorted(maps.Keys(s.Condition)) {
			line("  %s:", operator)
			for _, key := range slices.Sorted(maps.Keys(s.Condition[operator])) {
				line("    %s:", key)
				for _, text := range s.Condition[operator][key] {
					line("      - %s", subYAML(text))
				}
			}
		}
		if s.Sid == keySid {
			b.WriteString(indent + "- !Ref AWS::NoValue\n")
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
