package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/lakectl/lakectl/internal/aws/session"
)

// Stack is what CloudFormation knows of a stack.
type Stack struct {
	ID         string
	Name       string
	Status     string
	Reason     string
	Protected  bool // against deletion
	Parameters map[string]string
	Outputs    map[string]string
	Tags       map[string]string
}

// Resource is one resource of a stack.
type Resource struct {
	ID       string `json:"id"` // in the template
	Type     string `json:"type"`
	Physical string `json:"name"` // what it is called in AWS; empty if it was never made
	Status   string `json:"status"`
}

// phase is what can be done with a stack.
type phase int

const (
	creatable phase = iota // there is none, or none but a preview
	ready                  // it can be updated
	moving                 // something is in progress
	dead                   // it can only be deleted
	halfBack               // its rollback stopped
	halted                 // it failed, and was not rolled back
	stuck                  // only a person can tell
)

// phaseOf returns the phase of a status. The empty one is that of no stack.
func phaseOf(status string) phase {
	switch types.StackStatus(status) {
	case "", types.StackStatusReviewInProgress, types.StackStatusDeleteComplete:
		return creatable
	case types.StackStatusRollbackComplete, types.StackStatusRollbackFailed, types.StackStatusDeleteFailed:
		return dead
	case types.StackStatusUpdateRollbackFailed:
		return halfBack
	case types.StackStatusCreateFailed, types.StackStatusUpdateFailed:
		return halted
	case types.StackStatusImportRollbackFailed:
		return stuck
	}
	if strings.HasSuffix(status, "_IN_PROGRESS") {
		return moving
	}
	return ready
}

// Describe returns the stack, or nil if there is none.
func (e *Engine) Describe(ctx context.Context) (*Stack, error) { return e.describe(ctx, e.o.Name) }

// describe returns the stack of a name or an id. A stack that was deleted is
// found by its id alone.
func (e *Engine) describe(ctx context.Context, name string) (*Stack, error) {
	out, err := e.api.DescribeStacks(ctx, &cfn.DescribeStacksInput{StackName: &name})
	if absent(err) || err == nil && len(out.Stacks) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, session.Explain(fmt.Errorf("look for the stack %s: %w", e.o.Name, err))
	}
	s := out.Stacks[0]
	found := &Stack{ID: aws.ToString(s.StackId), Name: aws.ToString(s.StackName), Status: string(s.StackStatus), Reason: aws.ToString(s.StackStatusReason),
		Protected: aws.ToBool(s.EnableTerminationProtection), Parameters: map[string]string{}, Outputs: map[string]string{}, Tags: map[string]string{}}
	for _, p := range s.Parameters {
		found.Parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	for _, t := range s.Tags {
		found.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	for _, o := range s.Outputs {
		found.Outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	return found, nil
}

// absent says whether an error means that there is no such stack. Only the words
// tell: the code is that of anything that is not valid, and an error for lack of
// rights says nothing about the stack.
func absent(err error) bool {
	return err != nil && session.Code(err) == "ValidationError" && strings.Contains(err.Error(), "does not exist")
}

// Resources returns the resources that the stack has, in the order of their ids.
// Those that were deleted are left out; of a stack that is none yet there are none.
func (e *Engine) Resources(ctx context.Context) ([]Resource, error) {
	s, err := e.Describe(ctx)
	if err != nil || s == nil || phaseOf(s.Status) == creatable {
		return nil, err
	}
	return e.resources(ctx, s.ID)
}

func (e *Engine) resources(ctx context.Context, stack string) ([]Resource, error) {
	var list []Resource
	in := &cfn.ListStackResourcesInput{StackName: &stack}
	for {
		out, err := e.api.ListStackResources(ctx, in)
		if absent(err) {
			return nil, nil
		}
		if err != nil {
			return nil, session.Explain(fmt.Errorf("list the resources of the stack %s: %w", e.o.Name, err))
		}
		for _, r := range out.StackResourceSummaries {
			if r.ResourceStatus != types.ResourceStatusDeleteComplete {
				list = append(list, Resource{ID: aws.ToString(r.LogicalResourceId), Type: aws.ToString(r.ResourceType),
					Physical: aws.ToString(r.PhysicalResourceId), Status: string(r.ResourceStatus)})
			}
		}
		if aws.ToString(out.NextToken) == "" {
			break
		}
		in.NextToken = out.NextToken
	}
	slices.SortFunc(list, func(a, b Resource) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// dataTypes are the types of what holds data, or what data cannot be read
// without.
var dataTypes = []string{"AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Glue::Database", "AWS::Glue::Table", "AWS::Logs::LogGroup", "AWS::SNS::Topic",
	"AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::SecretsManager::Secret", "AWS::RDS::DBInstance", "AWS::EFS::FileSystem"}

// HoldsData says whether resources of a type hold data, so that none may be
// replaced or removed by accident.
func HoldsData(resourceType string) bool { return slices.Contains(dataTypes, resourceType) }

// retainedTypes are the types of which the template says that they stay when
// they leave the stack.
var retainedTypes = []string{"AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::KMS::Key", "AWS::Glue::Database", "AWS::Logs::LogGroup"}

// Retained returns those resources that stay when their stack is deleted.
func Retained(list []Resource) []Resource {
	var kept []Resource
	for _, r := range list {
		if slices.Contains(retainedTypes, r.Type) && r.Physical != "" {
			kept = append(kept, r)
		}
	}
	return kept
}

// Production says whether an environment is one of production: prod, or a name
// that begins so.
func Production(environment string) bool {
	return strings.HasPrefix(strings.ToLower(environment), "prod")
}
