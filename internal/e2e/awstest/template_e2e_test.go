//go:build e2e

package awstest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/aws/template"
	"github.com/lakectl/lakectl/internal/config"
)

// moto makes a stack of the template, and its outputs are what names says. It
// passes over what it does not know (Glue, Athena, alarms, bucket policies), and
// has no keys with tags, so this is without one.
func TestTemplateMakesAStack(t *testing.T) {
	s := moto(t)
	who, err := s.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("project: t%d\nlake: s3://lake-%[1]d/top\nbronze: {orders: {source: 's3://landing/*.csv'}}\naws: {schedule: rate(1 day)}\nmonitoring: {alert_email: ops@example.com}", time.Now().UnixNano())
	cfg, problems := config.Parse("lakehouse.yaml", []byte(text), config.Options{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	n, err := names.Of(cfg, who.Account, who.Region)
	if err != nil {
		t.Fatal(err)
	}
	stack := createStack(t, s, cfg, n)
	if stack.StackStatus != types.StackStatusCreateComplete {
		t.Fatalf("the stack is %s: %s", stack.StackStatus, aws.ToString(stack.StackStatusReason))
	}
	got := map[string]string{}
	for _, o := range stack.Outputs {
		got[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	for name, want := range map[string]string{"LakeBucket": n.LakeBucket, "LogsBucket": n.LogsBucket(), "TopicArn": n.TopicARN(),
		"GlueJobRoleArn": n.RoleARN("glue-job"), "GlueCrawlerRoleArn": n.RoleARN("glue-crawler"), "SnowflakeRoleArn": n.RoleARN("snowflake")} {
		if got[name] != want {
			t.Errorf("the output %s is %q, want %q", name, got[name], want)
		}
	}
}

// createStack makes the stack of a project from a template in S3: it is too long
// for a request.
func createStack(t *testing.T, s *session.Session, cfg *config.Config, n names.Names) types.Stack {
	t.Helper()
	ctx := t.Context()
	body, err := template.Render(template.Options{Sources: template.Sources(cfg)})
	if err != nil {
		t.Fatal(err)
	}
	store := s3.NewFromConfig(s.Config, func(o *s3.Options) { o.UsePathStyle = true })
	bucket := aws.String(n.ScriptsBucket())
	if _, err := store.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(n.Region)}}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("template.yaml"), Body: strings.NewReader(body)}); err != nil {
		t.Fatal(err)
	}
	parameters := template.Parameters(cfg, n)
	parameters[template.SnowflakePrincipal], parameters[template.SnowflakeExternalID] = "arn:aws:iam::999988887777:user/x", "LAKE_1"
	var list []types.Parameter
	for name, value := range parameters {
		list = append(list, types.Parameter{ParameterKey: aws.String(name), ParameterValue: aws.String(value)})
	}
	stacks := cloudformation.NewFromConfig(s.Config)
	if _, err := stacks.CreateStack(ctx, &cloudformation.CreateStackInput{StackName: aws.String(n.Stack()), Parameters: list,
		TemplateURL:  aws.String("https://" + n.ScriptsBucket() + ".s3." + n.Region + ".amazonaws.com/template.yaml"),
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}}); err != nil {
		t.Fatal(err)
	}
	out, err := stacks.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(n.Stack())})
	if err != nil {
		t.Fatal(err)
	}
	return out.Stacks[0]
}
