package inspect

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

type stackAPI interface {
	DescribeStacks(context.Context, *cloudformation.DescribeStacksInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error)
}

// Stack looks at the state of the stack, and says whether there is none.
func (i *Inspector) Stack(ctx context.Context) (found diag.Finding, none bool) {
	name := i.names.Stack()
	out, err := i.stacks.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
	switch {
	case session.Code(err) == "ValidationError" && strings.Contains(err.Error(), "does not exist"):
		return diag.Findf(diag.Bad, "there is no stack %s: nothing is deployed", name).WithRemedy(deploy), true
	case err != nil:
		return i.unchecked("read the stack "+name, err), false
	case len(out.Stacks) == 0:
		return diag.Findf(diag.Suspect, "could not be checked: the answer has no stack %s", name), false
	}
	return judgeStack(out.Stacks[0]), false
}

// judgeStack says what the state of a stack means.
func judgeStack(s types.Stack) diag.Finding {
	state := string(s.StackStatus)
	text := aws.ToString(s.StackName) + " is in state " + state
	if why := oneLine(aws.ToString(s.StackStatusReason)); why != "" {
		text += " (" + why + ")"
	}
	find := func(level diag.Level, remedy string) diag.Finding {
		return diag.Findf(level, "%s", text).WithRemedy("%s", remedy)
	}
	switch s.StackStatus {
	case types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusImportComplete:
		return find(diag.Good, "")
	case types.StackStatusUpdateRollbackComplete, types.StackStatusImportRollbackComplete:
		return find(diag.Suspect, deploy+" makes the change again, that was taken back, and says why it fails")
	case types.StackStatusReviewInProgress:
		return find(diag.Suspect, deploy+" makes the stack, of which there is but a plan")
	case types.StackStatusRollbackComplete:
		return find(diag.Bad, deploy+" deletes what is left of the stack, after it has asked, and makes it anew")
	case types.StackStatusUpdateRollbackFailed:
		return find(diag.Bad, deploy+" goes on taking the change back")
	case types.StackStatusDeleteFailed:
		return find(diag.Bad, "`lakectl destroy` goes on deleting it, and says what is in the way")
	}
	if strings.HasSuffix(state, "_IN_PROGRESS") {
		return find(diag.Suspect, deploy+" follows what is going on")
	}
	return find(diag.Bad, deploy+" mends the stack, or says why it cannot")
}
