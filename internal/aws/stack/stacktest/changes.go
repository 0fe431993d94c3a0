package stacktest

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// changeSet is a change set.
type changeSet struct {
	id, name  string
	kind      types.ChangeSetType
	resources map[string]Resource
	changes   []*types.ResourceChange
	values    map[string]string
	tags      map[string]string
	role      string
	template  string
	wait      int
	reason    string // why it failed
	execution types.ExecutionStatus
}

// CreateChangeSet implements stack.Changer.
func (c *Cloud) CreateChangeSet(ctx context.Context, in *cfn.CreateChangeSetInput, _ ...func(*cfn.Options)) (*cfn.CreateChangeSetOutput, error) {
	done, err := c.call(ctx, "CreateChangeSet")
	if err != nil {
		return nil, err
	}
	out, err := c.createChangeSet(in)
	return out, done(err)
}

func (c *Cloud) createChangeSet(in *cfn.CreateChangeSetInput) (*cfn.CreateChangeSetOutput, error) {
	s := c.live(*in.StackName)
	create := in.ChangeSetType == types.ChangeSetTypeCreate
	switch {
	case s == nil && !create:
		return nil, missing(*in.StackName)
	case s == nil:
		s = c.newStack(*in.StackName, types.StackStatusReviewInProgress)
		c.event(s, s.own(), types.StackStatusReviewInProgress, "User Initiated")
	case create != (s.Status == types.StackStatusReviewInProgress):
		return nil, Fault("ValidationError", "Stack:%s is in %s state and can not be updated.", s.ID, s.Status)
	}
	c.made++
	set := &changeSet{id: fmt.Sprint("arn:changeSet/", *in.ChangeSetName, "/", c.made), name: *in.ChangeSetName, kind: in.ChangeSetType, wait: c.Wait,
		values: map[string]string{}, tags: map[string]string{}, role: aws.ToString(in.RoleARN), execution: types.ExecutionStatusAvailable}
	set.fill(s, in)
	if nothing := strings.Contains(set.reason, "updates") || strings.Contains(set.reason, "changes"); nothing && c.Refusing {
		return nil, Fault("ValidationError", "No updates are to be performed.")
	} else if nothing && c.Obliging {
		set.reason = ""
	}
	s.sets = append(s.sets, set)
	return &cfn.CreateChangeSetOutput{Id: &set.id, StackId: &s.ID}, nil
}

// fill works out what a change set changes.
func (set *changeSet) fill(s *Stack, in *cfn.CreateChangeSetInput) {
	resources, parameters := parse(aws.ToString(in.TemplateBody))
	set.template = aws.ToString(in.TemplateBody)
	known := map[string]bool{}
	for _, name := range parameters {
		known[name] = true
	}
	for _, p := range in.Parameters {
		if !known[*p.ParameterKey] {
			set.reason = "Parameters: [" + *p.ParameterKey + "] do not exist in the template"
		}
		set.values[*p.ParameterKey] = aws.ToString(p.ParameterValue)
		if aws.ToBool(p.UsePreviousValue) {
			set.values[*p.ParameterKey] = s.Values[*p.ParameterKey]
		}
	}
	for _, tag := range in.Tags {
		set.tags[*tag.Key] = *tag.Value
	}
	set.resources, set.changes = resources, changesOf(s.Resources, resources)
	for _, r := range resources {
		if r.Text == "invalid" {
			set.reason = "an early check found errors"
		}
	}
	if set.reason == "" && len(set.changes) == 0 && fmt.Sprint(set.tags, set.values) == fmt.Sprint(s.Tags, s.Values) {
		set.reason = "The submitted information didn't contain changes. Submit different information to create a change set."
		if len(resources) > 1 {
			set.reason = "No updates are to be performed."
		}
	}
}

// find returns a change set by its id, or by its name and its stack's.
func (c *Cloud) find(stack, name *string) (*Stack, *changeSet) {
	for _, s := range c.stacks {
		for _, set := range s.sets {
			if set.id == *name || set.name == *name && (aws.ToString(stack) == s.Name || aws.ToString(stack) == s.ID) {
				return s, set
			}
		}
	}
	return nil, nil
}

// DescribeChangeSet implements stack.Changer.
func (c *Cloud) DescribeChangeSet(ctx context.Context, in *cfn.DescribeChangeSetInput, _ ...func(*cfn.Options)) (*cfn.DescribeChangeSetOutput, error) {
	done, err := c.call(ctx, "DescribeChangeSet")
	if err != nil {
		return nil, err
	}
	s, set := c.find(in.StackName, in.ChangeSetName)
	if set == nil {
		return nil, done(Fault("ChangeSetNotFound", "ChangeSet [%s] does not exist", *in.ChangeSetName))
	}
	out := &cfn.DescribeChangeSetOutput{ChangeSetId: &set.id, StackId: &s.ID, Status: types.ChangeSetStatusCreateComplete, ExecutionStatus: set.execution}
	switch {
	case set.wait > 0:
		set.wait--
		out.Status, out.ExecutionStatus = types.ChangeSetStatusCreateInProgress, types.ExecutionStatusUnavailable
		return out, done(nil)
	case set.reason != "":
		out.Status, out.ExecutionStatus, out.StatusReason = types.ChangeSetStatusFailed, types.ExecutionStatusUnavailable, &set.reason
		return out, done(nil)
	}
	from, to, next := c.page(in.NextToken, len(set.changes))
	for _, change := range set.changes[from:to] {
		out.Changes = append(out.Changes, types.Change{ResourceChange: change, Type: types.ChangeTypeResource})
	}
	out.NextToken = next
	return out, done(nil)
}

// page returns which of n things are on a page.
func (c *Cloud) page(token *string, n int) (from, to int, next *string) {
	from, _ = strconv.Atoi(aws.ToString(token))
	to = min(from+c.PageSize, n)
	if to < n {
		next = aws.String(strconv.Itoa(to))
	}
	return from, to, next
}

// ExecuteChangeSet implements stack.Changer.
func (c *Cloud) ExecuteChangeSet(ctx context.Context, in *cfn.ExecuteChangeSetInput, _ ...func(*cfn.Options)) (*cfn.ExecuteChangeSetOutput, error) {
	done, err := c.call(ctx, "ExecuteChangeSet")
	if err != nil {
		return nil, err
	}
	s, set := c.find(in.StackName, in.ChangeSetName)
	switch {
	case set == nil:
		return nil, done(Fault("ChangeSetNotFound", "ChangeSet [%s] does not exist", *in.ChangeSetName))
	case set.execution != types.ExecutionStatusAvailable || set.reason != "" || set.wait > 0:
		return nil, done(Fault("InvalidChangeSetStatus", "ChangeSet [%s] cannot be executed", set.id))
	case !aws.ToBool(in.RetainExceptOnCreate):
		return nil, done(Fault("ValidationError", "a failed creation would leave its buckets behind"))
	}
	set.execution = types.ExecutionStatusExecuteInProgress
	s.Token, s.Values, s.Tags, s.Template, s.Role = aws.ToString(in.ClientRequestToken), set.values, set.tags, set.template, set.role
	c.operate(s, set)
	return &cfn.ExecuteChangeSetOutput{}, done(nil)
}

// DeleteChangeSet implements stack.Changer.
func (c *Cloud) DeleteChangeSet(ctx context.Context, in *cfn.DeleteChangeSetInput, _ ...func(*cfn.Options)) (*cfn.DeleteChangeSetOutput, error) {
	done, err := c.call(ctx, "DeleteChangeSet")
	if err != nil {
		return nil, err
	}
	s, set := c.find(in.StackName, in.ChangeSetName)
	switch {
	case set == nil && c.live(aws.ToString(in.StackName)) == nil:
		return nil, done(missing(aws.ToString(in.StackName)))
	case set == nil:
		return &cfn.DeleteChangeSetOutput{}, done(nil)
	case set.wait > 0:
		set.wait--
		return nil, done(Fault("InvalidChangeSetStatus", "ChangeSet [%s] is in CREATE_IN_PROGRESS", set.id))
	}
	for i, have := range s.sets {
		if have == set {
			s.sets = append(s.sets[:i:i], s.sets[i+1:]...)
		}
	}
	return &cfn.DeleteChangeSetOutput{}, done(nil)
}

// ListChangeSets implements stack.Changer.
func (c *Cloud) ListChangeSets(ctx context.Context, in *cfn.ListChangeSetsInput, _ ...func(*cfn.Options)) (*cfn.ListChangeSetsOutput, error) {
	done, err := c.call(ctx, "ListChangeSets")
	if err != nil {
		return nil, err
	}
	s := c.live(*in.StackName)
	if s == nil {
		return nil, done(missing(*in.StackName))
	}
	out := &cfn.ListChangeSetsOutput{}
	for _, set := range s.sets {
		status := types.ChangeSetStatusCreateComplete
		if set.reason != "" {
			status = types.ChangeSetStatusFailed
		}
		out.Summaries = append(out.Summaries, types.ChangeSetSummary{ChangeSetId: &set.id, StackId: &s.ID, Status: status})
	}
	return out, done(nil)
}
