package stacktest

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// on begins an operation on a stack that has to be there.
func (c *Cloud) on(ctx context.Context, operation string, name *string) (*Stack, func(error) error, error) {
	done, err := c.call(ctx, operation)
	if err != nil {
		return nil, nil, err
	}
	s := c.live(aws.ToString(name))
	if s == nil {
		return nil, nil, done(missing(aws.ToString(name)))
	}
	return s, done, nil
}

// DescribeStacks implements stack.Reader.
func (c *Cloud) DescribeStacks(ctx context.Context, in *cfn.DescribeStacksInput, _ ...func(*cfn.Options)) (*cfn.DescribeStacksOutput, error) {
	s, done, err := c.on(ctx, "DescribeStacks", in.StackName)
	if err != nil {
		return nil, err
	}
	found := types.Stack{StackId: &s.ID, StackName: &s.Name, StackStatus: s.Status, StackStatusReason: text(s.Reason), EnableTerminationProtection: &s.Protected}
	for _, key := range slices.Sorted(maps.Keys(s.Values)) {
		found.Parameters = append(found.Parameters, types.Parameter{ParameterKey: &key, ParameterValue: aws.String(s.Values[key])})
	}
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		found.Tags = append(found.Tags, types.Tag{Key: &key, Value: aws.String(s.Tags[key])})
	}
	found.Outputs = []types.Output{{OutputKey: aws.String("Name"), OutputValue: &s.Name}}
	return &cfn.DescribeStacksOutput{Stacks: []types.Stack{found}}, done(nil)
}

// DescribeStackEvents implements stack.Reader.
func (c *Cloud) DescribeStackEvents(ctx context.Context, in *cfn.DescribeStackEventsInput, _ ...func(*cfn.Options)) (*cfn.DescribeStackEventsOutput, error) {
	s, done, err := c.on(ctx, "DescribeStackEvents", in.StackName)
	if err != nil {
		return nil, err
	}
	newest := slices.Clone(s.events)
	slices.Reverse(newest)
	from, to, next := c.page(in.NextToken, len(newest))
	return &cfn.DescribeStackEventsOutput{StackEvents: newest[from:to], NextToken: next}, done(nil)
}

// DescribeEvents implements stack.Reader.
func (c *Cloud) DescribeEvents(ctx context.Context, in *cfn.DescribeEventsInput, _ ...func(*cfn.Options)) (*cfn.DescribeEventsOutput, error) {
	s, done, err := c.on(ctx, "DescribeEvents", in.StackName)
	if err != nil {
		return nil, err
	}
	if c.NoFailedEvents {
		return nil, done(Fault("InvalidAction", "Could not find operation DescribeEvents for version 2010-05-15"))
	}
	list := s.failed
	if in.ChangeSetName != nil {
		list = []types.OperationEvent{{LogicalResourceId: aws.String("Bucket"), ResourceType: aws.String("AWS::S3::Bucket"), ValidationPath: aws.String("/Resources/Bucket"),
			ValidationStatusReason: aws.String("the name is not free"), Timestamp: aws.Time(c.now)}}
	}
	from, to, next := c.page(in.NextToken, len(list))
	return &cfn.DescribeEventsOutput{OperationEvents: list[from:to], NextToken: next}, done(nil)
}

// GetTemplate implements stack.Reader.
func (c *Cloud) GetTemplate(ctx context.Context, in *cfn.GetTemplateInput, _ ...func(*cfn.Options)) (*cfn.GetTemplateOutput, error) {
	s, done, err := c.on(ctx, "GetTemplate", in.StackName)
	if err != nil {
		return nil, err
	}
	return &cfn.GetTemplateOutput{TemplateBody: &s.Template}, done(nil)
}

// ListStackResources implements stack.Reader.
func (c *Cloud) ListStackResources(ctx context.Context, in *cfn.ListStackResourcesInput, _ ...func(*cfn.Options)) (*cfn.ListStackResourcesOutput, error) {
	s, done, err := c.on(ctx, "ListStackResources", in.StackName)
	if err != nil {
		return nil, err
	}
	ids := slices.Sorted(maps.Keys(s.Resources))
	from, to, next := c.page(in.NextToken, len(ids))
	out := &cfn.ListStackResourcesOutput{NextToken: next}
	for _, id := range ids[from:to] {
		about := s.resource(id, s.Resources[id].Type)
		out.StackResourceSummaries = append(out.StackResourceSummaries, types.StackResourceSummary{LogicalResourceId: &id, ResourceType: &about.kind,
			PhysicalResourceId: &about.physical, ResourceStatus: types.ResourceStatusCreateComplete})
	}
	return out, done(nil)
}

// DeleteStack implements stack.Mender.
func (c *Cloud) DeleteStack(ctx context.Context, in *cfn.DeleteStackInput, _ ...func(*cfn.Options)) (*cfn.DeleteStackOutput, error) {
	s, done, err := c.on(ctx, "DeleteStack", in.StackName)
	if err != nil {
		return nil, err
	}
	if s.Protected {
		return nil, done(Fault("ValidationError", "Stack [%s] cannot be deleted while TerminationProtection is enabled", s.Name))
	}
	s.Token = aws.ToString(in.ClientRequestToken)
	fails := ""
	for _, r := range s.Resources {
		if reason := failure(r); reason != "" && s.Status != types.StackStatusDeleteFailed && s.Status != types.StackStatusRollbackComplete {
			fails = reason
		}
	}
	c.event(s, s.own(), types.StackStatusDeleteInProgress, "User Initiated")
	s.steps = []func(){func() {
		if fails != "" {
			c.event(s, s.resource("Bucket", "AWS::S3::Bucket"), types.StackStatusDeleteFailed, fails)
			c.event(s, s.own(), types.StackStatusDeleteFailed, "The following resource(s) failed to delete: [Bucket].")
			return
		}
		s.Resources = map[string]Resource{}
		c.event(s, s.own(), types.StackStatusDeleteComplete, "")
	}}
	return &cfn.DeleteStackOutput{}, done(nil)
}

// ContinueUpdateRollback implements stack.Mender.
func (c *Cloud) ContinueUpdateRollback(ctx context.Context, in *cfn.ContinueUpdateRollbackInput, _ ...func(*cfn.Options)) (*cfn.ContinueUpdateRollbackOutput, error) {
	s, done, err := c.on(ctx, "ContinueUpdateRollback", in.StackName)
	if err != nil {
		return nil, err
	}
	if s.Status != types.StackStatusUpdateRollbackFailed {
		return nil, done(Fault("ValidationError", "Stack:%s is in %s state and can not be updated.", s.ID, s.Status))
	}
	s.Token = aws.ToString(in.ClientRequestToken)
	c.event(s, s.own(), types.StackStatusUpdateRollbackInProgress, "User Initiated")
	c.rollback(s, "UPDATE_ROLLBACK")
	return &cfn.ContinueUpdateRollbackOutput{}, done(nil)
}

// RollbackStack implements stack.Mender.
func (c *Cloud) RollbackStack(ctx context.Context, in *cfn.RollbackStackInput, _ ...func(*cfn.Options)) (*cfn.RollbackStackOutput, error) {
	s, done, err := c.on(ctx, "RollbackStack", in.StackName)
	if err != nil {
		return nil, err
	}
	rollback := map[types.StackStatus]string{types.StackStatusCreateFailed: "ROLLBACK", types.StackStatusUpdateFailed: "UPDATE_ROLLBACK"}[s.Status]
	if rollback == "" {
		return nil, done(Fault("ValidationError", "Stack:%s is in %s state", s.ID, s.Status))
	}
	s.Token = aws.ToString(in.ClientRequestToken)
	c.event(s, s.own(), types.StackStatus(rollback+"_IN_PROGRESS"), "User Initiated")
	c.rollback(s, rollback)
	return &cfn.RollbackStackOutput{StackId: &s.ID}, done(nil)
}

// UpdateTerminationProtection implements stack.Protector.
func (c *Cloud) UpdateTerminationProtection(ctx context.Context, in *cfn.UpdateTerminationProtectionInput, _ ...func(*cfn.Options)) (*cfn.UpdateTerminationProtectionOutput, error) {
	s, done, err := c.on(ctx, "UpdateTerminationProtection", in.StackName)
	if err != nil {
		return nil, err
	}
	s.Protected = aws.ToBool(in.EnableTerminationProtection)
	return &cfn.UpdateTerminationProtectionOutput{StackId: &s.ID}, done(nil)
}

// SetStackPolicy implements stack.Protector.
func (c *Cloud) SetStackPolicy(ctx context.Context, in *cfn.SetStackPolicyInput, _ ...func(*cfn.Options)) (*cfn.SetStackPolicyOutput, error) {
	s, done, err := c.on(ctx, "SetStackPolicy", in.StackName)
	if err != nil {
		return nil, err
	}
	s.Policy = aws.ToString(in.StackPolicyBody)
	return &cfn.SetStackPolicyOutput{}, done(nil)
}

// DetectStackDrift implements stack.Drifter.
func (c *Cloud) DetectStackDrift(ctx context.Context, in *cfn.DetectStackDriftInput, _ ...func(*cfn.Options)) (*cfn.DetectStackDriftOutput, error) {
	s, done, err := c.on(ctx, "DetectStackDrift", in.StackName)
	if err != nil {
		return nil, err
	}
	if c.drift > 0 { // one that nobody waited for
		c.drift--
		return nil, done(Fault("ValidationError", "Drift detection is already in progress for stack [%s]", s.Name))
	}
	c.drift = 2
	return &cfn.DetectStackDriftOutput{StackDriftDetectionId: aws.String("detection")}, done(nil)
}

// DescribeStackDriftDetectionStatus implements stack.Drifter.
func (c *Cloud) DescribeStackDriftDetectionStatus(ctx context.Context, _ *cfn.DescribeStackDriftDetectionStatusInput, _ ...func(*cfn.Options)) (*cfn.DescribeStackDriftDetectionStatusOutput, error) {
	done, err := c.call(ctx, "DescribeStackDriftDetectionStatus")
	if err != nil {
		return nil, err
	}
	out := &cfn.DescribeStackDriftDetectionStatusOutput{DetectionStatus: types.StackDriftDetectionStatusDetectionComplete}
	if c.drift--; c.drift > 0 {
		out.DetectionStatus = types.StackDriftDetectionStatusDetectionInProgress
	} else if c.DriftFailure != "" {
		out.DetectionStatus, out.DetectionStatusReason = types.StackDriftDetectionStatusDetectionFailed, &c.DriftFailure
	}
	return out, done(nil)
}

// DescribeStackResourceDrifts implements stack.Drifter.
func (c *Cloud) DescribeStackResourceDrifts(ctx context.Context, in *cfn.DescribeStackResourceDriftsInput, _ ...func(*cfn.Options)) (*cfn.DescribeStackResourceDriftsOutput, error) {
	_, done, err := c.on(ctx, "DescribeStackResourceDrifts", in.StackName)
	if err != nil {
		return nil, err
	}
	from, to, next := c.page(in.NextToken, len(c.Drifts))
	return &cfn.DescribeStackResourceDriftsOutput{StackResourceDrifts: c.Drifts[from:to], NextToken: next}, done(nil)
}
