package inspect

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/lakectl/lakectl/internal/diag"
)

type stackFake struct{ stacks []types.Stack }

func (f stackFake) DescribeStacks(_ context.Context, in *cloudformation.DescribeStacksInput, _ ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error) {
	if aws.ToString(in.StackName) != "shop-dev" {
		return nil, coded("ValidationError")
	}
	return &cloudformation.DescribeStacksOutput{Stacks: f.stacks}, nil
}

// Every state that CloudFormation knows has a meaning, and what is not in order
// has a remedy.
func TestStackStates(t *testing.T) {
	levels := map[types.StackStatus]diag.Level{}
	for _, state := range types.StackStatus("").Values() {
		i := &Inspector{names: shop, stacks: stackFake{[]types.Stack{{StackName: aws.String("shop-dev"), StackStatus: state, StackStatusReason: aws.String("why\nnot")}}}}
		f, none := i.Stack(context.Background())
		if none {
			t.Errorf("%s: there is a stack", state)
		}
		if levels[state] = f.Level; f.Level != diag.Good && f.Remedy == "" {
			t.Errorf("%s has no remedy", state)
		}
		want(t, string(state), f, f.Level, "shop-dev is in state "+string(state)+" (why not)", "")
	}
	for state, level := range map[types.StackStatus]diag.Level{
		types.StackStatusCreateComplete: diag.Good, types.StackStatusUpdateComplete: diag.Good, types.StackStatusUpdateRollbackComplete: diag.Suspect,
		types.StackStatusReviewInProgress: diag.Suspect, types.StackStatusUpdateInProgress: diag.Suspect, types.StackStatusRollbackComplete: diag.Bad,
		types.StackStatusCreateFailed: diag.Bad, types.StackStatusUpdateRollbackFailed: diag.Bad, types.StackStatusDeleteFailed: diag.Bad,
		types.StackStatusUpdateCompleteCleanupInProgress: diag.Suspect, types.StackStatusRollbackFailed: diag.Bad,
	} {
		if levels[state] != level {
			t.Errorf("%s is %s, want %s", state, levels[state], level)
		}
	}
	f, _ := (&Inspector{names: shop, stacks: stackFake{}}).Stack(context.Background())
	want(t, "an empty answer", f, diag.Suspect, "could not be checked", "")
}
