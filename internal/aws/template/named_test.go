package template

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// CloudFormation takes in again only what has a plain text for a name. Whatever
// outlives the stack has one, the same that the functions of the template give.
func TestRetainedIsNamed(t *testing.T) {
	for _, e := range environments {
		t.Run(e.name, func(t *testing.T) {
			cfg, n := load(t, e.text)
			text, err := Render(Options{})
			if err != nil {
				t.Fatal(err)
			}
			named, err := Named(text, n, cfg.AWS.KMS.Value)
			if err != nil {
				t.Fatal(err)
			}
			parameters := map[string]string{"AWS::Partition": "aws", "AWS::Region": region, "AWS::AccountId": account}
			maps.Copy(parameters, Parameters(cfg, n))
			before, after := resolve(t, text, parameters), resolve(t, named, parameters)
			for _, v := range retained(n, cfg.AWS.KMS.Value) {
				if !strings.Contains(named, propertyIndent+v.property+": \""+v.value+"\"\n") {
					t.Errorf("%s has no plain text for %s", v.resource, v.property)
				}
				if v.resource == "PipelineLogs" && cfg.AWS.Schedule.Value == "" {
					continue // it is not in this stack
				}
				if got := at(t, after, "Resources", v.resource, "Properties", v.property); got != at(t, before, "Resources", v.resource, "Properties", v.property) {
					t.Errorf("the %s of %s is %v, by the template's functions %v", v.property, v.resource, got, at(t, before, "Resources", v.resource, "Properties", v.property))
				}
			}
		})
	}
}

// A resource that stays, and is not named, would be in the way of the next stack.
func TestAllRetainedAreKnown(t *testing.T) {
	_, n := load(t, environments[0].text)
	var want, got []string
	for _, v := range retained(n, false) {
		want = append(want, v.resource)
	}
	text, err := Render(Options{})
	if err != nil {
		t.Fatal(err)
	}
	id := ""
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, resourceIndent) && !strings.HasPrefix(line, resourceIndent+" ") {
			id = strings.TrimSuffix(strings.TrimSpace(line), ":")
		}
		if strings.TrimSpace(line) == "DeletionPolicy: Retain" && id != "Key" {
			got = append(got, id)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("the template retains %v, named are %v", got, want)
	}
}

// A template that has no such resource or property is not half named.
func TestNothingToName(t *testing.T) {
	_, n := load(t, environments[0].text)
	for _, text := range []string{"", "  LogsBucket:\n", "  LogsBucket:\n    Properties:\n      Tags: []\n  LakeBucket:\n    Properties:\n      BucketName: x\n"} {
		if _, err := Named(text, n, false); err == nil || !strings.Contains(err.Error(), "no BucketName of LogsBucket") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
