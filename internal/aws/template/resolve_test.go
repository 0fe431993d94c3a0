package template

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// resolver does with a template what CloudFormation does, as far as ours needs
// it: it resolves conditions and functions and names what things are called.
type resolver struct {
	t          *testing.T
	template   map[string]any
	parameters map[string]string
}

// noValue is what AWS::NoValue resolves to; it takes its key or element away.
type noValue struct{}

// resolve returns the template with all functions resolved, without what its
// conditions leave out.
func resolve(t *testing.T, text string, parameters map[string]string) map[string]any {
	t.Helper()
	r := &resolver{t: t, template: parseYAML(t, text), parameters: map[string]string{}}
	declared := r.section("Parameters")
	for name, p := range declared {
		if value, ok := p.(map[string]any)["Default"]; ok {
			r.parameters[name] = fmt.Sprint(value)
		}
	}
	for name, value := range parameters {
		if declared[name] == nil && !strings.HasPrefix(name, "AWS::") {
			t.Fatalf("the template has no parameter %s", name)
		}
		r.parameters[name] = value
	}
	for name := range declared {
		if _, ok := r.parameters[name]; !ok {
			t.Fatalf("the parameter %s has no value", name)
		}
	}
	out := map[string]any{"AWSTemplateFormatVersion": "2010-09-09"}
	for _, section := range []string{"Resources", "Outputs"} {
		kept := map[string]any{}
		for id, value := range r.section(section) {
			m := value.(map[string]any)
			if condition, ok := m["Condition"].(string); ok && !r.condition(condition) {
				continue
			}
			resolved := r.value(m).(map[string]any)
			delete(resolved, "Condition")
			kept[id] = resolved
		}
		out[section] = kept
	}
	return out
}

func (r *resolver) section(name string) map[string]any {
	m, ok := r.template[name].(map[string]any)
	if !ok {
		r.t.Fatalf("the template has no %s", name)
	}
	return m
}

func (r *resolver) condition(name string) bool {
	value, ok := r.section("Conditions")[name]
	if !ok {
		r.t.Fatalf("there is no condition %s", name)
	}
	return r.value(value).(bool)
}

func (r *resolver) value(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return r.function(name, argument)
				}
			}
		}
		out := map[string]any{}
		for key, element := range v {
			if resolved := r.value(element); resolved != (noValue{}) {
				out[key] = resolved
			}
		}
		return out
	case []any:
		out := []any{}
		for _, element := range v {
			if resolved := r.value(element); resolved != (noValue{}) {
				out = append(out, resolved)
			}
		}
		return out
	}
	return v
}

func (r *resolver) function(name string, argument any) any {
	list, _ := argument.([]any)
	if name == "Fn::If" {
		if r.condition(list[0].(string)) {
			return r.value(list[1])
		}
		return r.value(list[2])
	}
	if name == "Fn::Condition" {
		return r.condition(argument.(string))
	}
	list = slices.Clone(list)
	for i := range list {
		list[i] = r.value(list[i])
	}
	switch name {
	case "Ref":
		return r.ref(argument.(string))
	case "Fn::GetAtt":
		return r.attribute(argument.(string))
	case "Fn::Equals":
		return fmt.Sprint(list[0]) == fmt.Sprint(list[1])
	case "Fn::And":
		return list[0].(bool) && list[1].(bool)
	case "Fn::Not":
		return !list[0].(bool)
	case "Fn::Split":
		var parts []any
		for _, part := range strings.Split(list[1].(string), list[0].(string)) {
			parts = append(parts, part)
		}
		return parts
	case "Fn::Join":
		var parts []string
		for _, part := range list[1].([]any) {
			parts = append(parts, part.(string))
		}
		return strings.Join(parts, list[0].(string))
	case "Fn::FindInMap":
		return r.section("Mappings")[list[0].(string)].(map[string]any)[list[1].(string)].(map[string]any)[list[2].(string)]
	case "Fn::Sub":
		if list != nil {
			return r.sub(list[0].(string), list[1].(map[string]any))
		}
		return r.sub(argument.(string), nil)
	}
	r.t.Fatalf("the function %s is not known here", name)
	return nil
}

func (r *resolver) sub(text string, local map[string]any) string {
	out := expand(strings.ReplaceAll(text, "${!", "$\x00{"), func(name string) string {
		if value, ok := local[name]; ok {
			return fmt.Sprint(value)
		}
		if strings.Contains(name, ".") {
			return r.attribute(name)
		}
		return fmt.Sprint(r.ref(name))
	})
	return strings.ReplaceAll(out, "$\x00{", "${")
}

func (r *resolver) ref(name string) any {
	switch name {
	case "AWS::NoValue":
		return noValue{}
	case "AWS::URLSuffix":
		if r.parameters["AWS::Partition"] == "aws-cn" {
			return "amazonaws.com.cn"
		}
		return "amazonaws.com"
	}
	if value, ok := r.parameters[name]; ok {
		if p, ok := r.section("Parameters")[name].(map[string]any); ok && p["Type"] == "Number" {
			return json.Number(value)
		}
		return value
	}
	kind, physical := r.named(name)
	switch kind {
	case "AWS::SNS::Topic", "AWS::IAM::ManagedPolicy", "AWS::StepFunctions::StateMachine":
		return r.attribute(name + ".Arn")
	}
	return physical
}

// named returns the type and the name of a resource.
func (r *resolver) named(id string) (kind, name string) {
	resource, ok := r.section("Resources")[id].(map[string]any)
	if !ok {
		r.t.Fatalf("there is no resource %s", id)
	}
	if condition, ok := resource["Condition"].(string); ok && !r.condition(condition) {
		r.t.Fatalf("the resource %s is left out and still referred to", id)
	}
	kind = resource["Type"].(string)
	properties := resource["Properties"].(map[string]any)
	if kind == "AWS::Glue::Database" {
		properties = properties["DatabaseInput"].(map[string]any)
	}
	property := map[string]string{
		"AWS::S3::Bucket": "BucketName", "AWS::Glue::Database": "Name", "AWS::Glue::SecurityConfiguration": "Name", "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
		"AWS::IAM::Role": "RoleName", "AWS::Athena::WorkGroup": "Name", "AWS::Athena::NamedQuery": "Name", "AWS::Logs::LogGroup": "LogGroupName", "AWS::SNS::Topic": "TopicName",
		"AWS::CloudWatch::Alarm": "AlarmName", "AWS::CloudWatch::Dashboard": "DashboardName", "AWS::Events::Rule": "Name",
		"AWS::StepFunctions::StateMachine": "StateMachineName", "AWS::Scheduler::Schedule": "Name", "AWS::KMS::Alias": "AliasName",
	}[kind]
	if kind == "AWS::KMS::Key" {
		return kind, "11111111-2222-3333-4444-555555555555"
	}
	if property == "" {
		r.t.Fatalf("how a %s is called is not known here", kind)
	}
	return kind, r.value(properties[property]).(string)
}

func (r *resolver) attribute(path string) string {
	id, attribute, _ := strings.Cut(path, ".")
	if attribute != "Arn" {
		r.t.Fatalf("the attribute %s is not known here", path)
	}
	kind, name := r.named(id)
	pattern, ok := map[string]string{
		"AWS::S3::Bucket": "s3:::%s", "AWS::IAM::Role": "iam::ACCOUNT:role/%s", "AWS::IAM::ManagedPolicy": "iam::ACCOUNT:policy/%s",
		"AWS::SNS::Topic": "sns:REGION:ACCOUNT:%s", "AWS::KMS::Key": "kms:REGION:ACCOUNT:key/%s", "AWS::Logs::LogGroup": "logs:REGION:ACCOUNT:log-group:%s:*",
		"AWS::CloudWatch::Alarm": "cloudwatch:REGION:ACCOUNT:alarm:%s", "AWS::Events::Rule": "events:REGION:ACCOUNT:rule/%s",
		"AWS::StepFunctions::StateMachine": "states:REGION:ACCOUNT:stateMachine:%s",
	}[kind]
	if !ok {
		r.t.Fatalf("the ARN of a %s is not known here", kind)
	}
	place := strings.NewReplacer("REGION", r.parameters["AWS::Region"], "ACCOUNT", r.parameters["AWS::AccountId"])
	return "arn:" + r.parameters["AWS::Partition"] + ":" + fmt.Sprintf(place.Replace(pattern), name)
}

// parseYAML reads a template; !Name is the function Fn::Name. It is read by
// another library than lakehouse.yaml, whose parser knows no tags within flow
// collections.
func parseYAML(t *testing.T, text string) map[string]any {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return plain(t, doc.Content[0]).(map[string]any)
}

func plain(t *testing.T, node *yaml.Node) any {
	t.Helper()
	if name, ok := strings.CutPrefix(node.Tag, "!"); ok && !strings.HasPrefix(name, "!") {
		if name != "Ref" {
			name = "Fn::" + name
		}
		untagged := *node
		untagged.Tag = ""
		return map[string]any{name: plain(t, &untagged)}
	}
	switch node.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i < len(node.Content); i += 2 {
			key := node.Content[i].Value
			if _, twice := out[key]; twice {
				t.Fatalf("line %d: the key %s is there twice", node.Content[i].Line, key)
			}
			out[key] = plain(t, node.Content[i+1])
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, element := range node.Content {
			out = append(out, plain(t, element))
		}
		return out
	case yaml.ScalarNode:
		var value any
		if err := node.Decode(&value); err != nil {
			t.Fatalf("line %d: %v", node.Line, err)
		}
		return value
	}
	t.Fatalf("line %d: an alias: CloudFormation knows none", node.Line)
	return nil
}
