package stack

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/lakectl/lakectl/internal/aws/stack/stacktest"
)

// early is CloudFormation where it found that a template cannot be made before it
// made anything: the events of the stack say how many errors there are, but not
// which, and not the operation.
type early struct {
	*stacktest.Cloud
	failed []types.OperationEvent
	asked  cfn.DescribeEventsInput
}

func (c *early) DescribeEvents(_ context.Context, in *cfn.DescribeEventsInput, _ ...func(*cfn.Options)) (*cfn.DescribeEventsOutput, error) {
	c.asked = *in
	return &cfn.DescribeEventsOutput{OperationEvents: c.failed}, nil
}

func TestCauseThatIsNoEventOfTheStack(t *testing.T) {
	begin := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	failed := func(id, kind, reason string, at time.Time) types.OperationEvent {
		return types.OperationEvent{LogicalResourceId: &id, ResourceType: &kind, ValidationStatusReason: &reason, ValidationPath: aws.String("/Resources/" + id), Timestamp: &at}
	}
	events := []Event{
		{Time: begin.Add(300 * time.Millisecond), Resource: "lake-dev", Type: stackType, Physical: "arn", stackID: "arn", Status: "CREATE_IN_PROGRESS"},
		{Time: begin.Add(time.Second), Resource: "lake-dev", Type: stackType, Physical: "arn", stackID: "arn", Status: "CREATE_FAILED", Reason: "Validation failed with 1 error(s)."},
	}
	bucket := failed("Bucket", "AWS::S3::Bucket", "it exists", begin)
	for _, test := range []struct {
		name, operation, want string
		failed                []types.OperationEvent
	}{
		{"told", "", "Bucket (AWS::S3::Bucket): it exists (at /Resources/Bucket)", []types.OperationEvent{
			failed("lake-dev", stackType, "Validation failed with 1 error(s).", begin), bucket}},
		{"of an earlier operation", "", "lake-dev (AWS::CloudFormation::Stack): Validation failed with 1 error(s).", []types.OperationEvent{
			failed("Role", "AWS::IAM::Role", "no such principal", begin.Add(-time.Hour))}},
		{"of the operation", "op-1", "Bucket (AWS::S3::Bucket): it exists (at /Resources/Bucket)", []types.OperationEvent{bucket}},
	} {
		c := &early{Cloud: stacktest.New(), failed: test.failed}
		e := engineOn(c.Cloud, nil)
		e.api = c
		for i := range events {
			events[i].operation = test.operation
		}
		got, ok := e.cause(t.Context(), "arn", events)
		if !ok || got.String() != test.want {
			t.Errorf("%s: %q, %v; want %q", test.name, got, ok, test.want)
		}
		if aws.ToString(c.asked.StackName) != "arn" || aws.ToString(c.asked.OperationId) != test.operation || !aws.ToBool(c.asked.Filters.FailedEvents) {
			t.Errorf("%s: asked for %+v", test.name, c.asked)
		}
	}
	if _, ok := engineOn(stacktest.New(), nil).cause(t.Context(), "arn", nil); ok {
		t.Error("without events there is a cause")
	}
}
