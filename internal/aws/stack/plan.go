package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// MaxBody is how large a template may be that is sent with a request. A larger
// one is read from S3.
const MaxBody = 51_200

// Request is what a stack should be.
type Request struct {
	Template string
	URL      string // of the template in S3; needed if it is larger than MaxBody
	// Parameters are the values that are known. A stack keeps its values of the
	// others.
	Parameters map[string]string
	Tags       map[string]string
	// DryRun ends before anything is changed.
	DryRun bool
	// Detach ends when the change is begun.
	Detach bool
}

const (
	pollPlan    = time.Second
	discardTime = 30 * time.Second
)

// plan makes a change set and reads it. Whatever goes wrong after it was asked
// for, it is deleted again.
func (e *Engine) plan(ctx context.Context, current *Stack, r Request) (*Plan, error) {
	p := &Plan{Create: current == nil || phaseOf(current.Status) == creatable, Stack: current}
	name := e.o.NewID()
	in := &cfn.CreateChangeSetInput{
		StackName: &e.o.Name, ChangeSetName: &name, ClientToken: &name, ChangeSetType: types.ChangeSetTypeUpdate, RoleARN: optional(e.o.RoleARN),
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}, Parameters: parameters(current, p.Create, r),
		// A bucket that an earlier stack left behind is taken over, not stumbled on.
		ImportExistingResources: aws.Bool(true),
		Description:             aws.String("made by lakectl deploy"),
	}
	if p.Create {
		in.ChangeSetType = types.ChangeSetTypeCreate
	}
	if r.URL != "" {
		in.TemplateURL = &r.URL
	} else {
		in.TemplateBody = &r.Template
	}
	for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(key), Value: aws.String(r.Tags[key])})
	}
	out, err := e.api.CreateChangeSet(ctx, in)
	if err != nil && nothing(err.Error()) {
		p.Nothing = true
		return p, nil
	}
	if err != nil {
		p.ChangeSetID, p.StackID = name, e.o.Name // it may be there although no answer came
		return nil, errors.Join(session.Explain(fmt.Errorf("preview the changes of the stack %s: %w", e.o.Name, err)), e.discardIfLost(ctx, p))
	}
	p.ChangeSetID, p.StackID = aws.ToString(out.Id), aws.ToString(out.StackId)
	err = e.readPlan(ctx, p)
	if err == nil && !p.Nothing && !p.Create && len(p.Changes) == 0 {
		p.Nothing, err = e.same(ctx, current, r)
	}
	if err != nil {
		return nil, errors.Join(err, e.discard(ctx, p))
	}
	if p.Nothing {
		return p, e.discard(ctx, p)
	}
	return p, nil
}

// discardIfLost discards what may have been made by a request whose answer was
// not waited for. An answer that says no has made nothing.
func (e *Engine) discardIfLost(ctx context.Context, p *Plan) error {
	if ctx.Err() == nil {
		return nil
	}
	return e.discard(ctx, p)
}

// parameters returns the values of those parameters that the template has.
func parameters(current *Stack, create bool, r Request) []types.Parameter {
	var list []types.Parameter
	for _, key := range declared(r.Template) {
		value, known := r.Parameters[key]
		switch {
		case known:
			list = append(list, types.Parameter{ParameterKey: aws.String(key), ParameterValue: aws.String(value)})
		case !create && has(current.Parameters, key):
			list = append(list, types.Parameter{ParameterKey: aws.String(key), UsePreviousValue: aws.Bool(true)})
		}
	}
	return list
}

func has(m map[string]string, key string) bool {
	_, ok := m[key]
	return ok
}

// declared returns the names of the parameters of a template in YAML: those
// indented by two blanks below the line of Parameters.
func declared(template string) []string {
	var names []string
	in := false
	for line := range strings.Lines(template) {
		line = strings.TrimRight(line, " \r\n")
		switch {
		case line == "Parameters:":
			in = true
		case in && line != "" && line[0] != ' ' && line[0] != '#':
			return names
		case in && strings.HasPrefix(line, "  ") && len(line) > 2 && line[2] != ' ' && line[2] != '#':
			name, _, _ := strings.Cut(line[2:], ":")
			names = append(names, name)
		}
	}
	return names
}

// readPlan waits until the change set is worked out, and reads all its pages.
func (e *Engine) readPlan(ctx context.Context, p *Plan) error {
	in := &cfn.DescribeChangeSetInput{ChangeSetName: &p.ChangeSetID, StackName: &p.StackID, IncludePropertyValues: aws.Bool(true)}
	for {
		out, err := e.api.DescribeChangeSet(ctx, in)
		if err != nil {
			return session.Explain(fmt.Errorf("read the changes of the stack %s: %w", e.o.Name, err))
		}
		switch out.Status {
		case types.ChangeSetStatusCreatePending, types.ChangeSetStatusCreateInProgress:
			if err := e.o.Sleep(ctx, pollPlan); err != nil {
				return err
			}
			continue
		case types.ChangeSetStatusFailed:
			reason := aws.ToString(out.StatusReason)
			if nothing(reason) {
				p.Nothing = true
				return nil
			}
			return e.planFailed(ctx, p, reason)
		}
		for _, change := range out.Changes {
			if change.ResourceChange != nil {
				p.Changes = append(p.Changes, changeOf(change.ResourceChange))
			}
		}
		if aws.ToString(out.NextToken) == "" {
			order(p.Changes)
			return nil
		}
		in.NextToken = out.NextToken
	}
}

// nothing says whether a refusal means that there is nothing to do.
func nothing(reason string) bool {
	return strings.Contains(reason, "didn't contain changes") || strings.Contains(reason, "No updates are to be performed")
}

// same says whether a stack is already what is asked for. CloudFormation refuses
// a change set then; some that imitate it make one that changes nothing.
func (e *Engine) same(ctx context.Context, current *Stack, r Request) (bool, error) {
	template, err := e.Template(ctx, current)
	if err != nil {
		return false, err
	}
	for _, key := range declared(r.Template) {
		if value, known := r.Parameters[key]; known && current.Parameters[key] != value {
			return false, nil
		}
	}
	return template == r.Template && maps.Equal(current.Tags, r.Tags), nil
}

// Template returns the template that a stack was last deployed with. A Request
// with it and with the stack's tags changes the parameters that it names, and
// nothing else.
func (e *Engine) Template(ctx context.Context, s *Stack) (string, error) {
	out, err := e.api.GetTemplate(ctx, &cfn.GetTemplateInput{StackName: &s.ID})
	if err != nil {
		return "", session.Explain(fmt.Errorf("read the template of the stack %s: %w", e.o.Name, err))
	}
	return aws.ToString(out.TemplateBody), nil
}

// planFailed says why there can be no change set: CloudFormation checks some
// properties, and whether names are free, before anything is made.
func (e *Engine) planFailed(ctx context.Context, p *Plan, reason string) error {
	causes := e.failedEvents(ctx, &cfn.DescribeEventsInput{ChangeSetName: &p.ChangeSetID, StackName: &p.StackID})
	if len(causes) > 0 {
		reason = causes[0].String()
	}
	return diag.Errorf(diag.Usage, "the stack %s cannot be changed like this: %s", e.o.Name, reason).
		WithNext("nothing was changed; correct what the message names, and deploy again")
}

// discard deletes a change set and, if that is all there is of it, the stack. It
// works after ctx has ended, for a bounded time.
func (e *Engine) discard(ctx context.Context, p *Plan) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTime)
	defer cancel()
	for {
		_, err := e.api.DeleteChangeSet(ctx, &cfn.DeleteChangeSetInput{ChangeSetName: &p.ChangeSetID, StackName: &p.StackID})
		code := session.Code(err)
		if err == nil || absent(err) || code == "ChangeSetNotFound" || code == "ChangeSetNotFoundException" {
			break
		}
		if code != "InvalidChangeSetStatus" { // it is still being worked out
			return session.Explain(fmt.Errorf("delete the change set %s, which is not needed any more: %w", p.ChangeSetID, err))
		}
		if err := e.o.Sleep(ctx, pollPlan); err != nil {
			return session.Explain(fmt.Errorf("delete the change set %s, which is not needed any more: %w", p.ChangeSetID, err))
		}
	}
	if !p.Create {
		return nil
	}
	return e.discardEmpty(ctx)
}

// discardEmpty deletes a stack that has nothing in it, unless somebody else's
// change set waits there.
func (e *Engine) discardEmpty(ctx context.Context) error {
	s, err := e.Describe(ctx)
	if err != nil || s == nil || types.StackStatus(s.Status) != types.StackStatusReviewInProgress {
		return err
	}
	sets, err := e.api.ListChangeSets(ctx, &cfn.ListChangeSetsInput{StackName: &s.ID})
	if err != nil {
		return session.Explain(fmt.Errorf("list the change sets of the stack %s: %w", e.o.Name, err))
	}
	for _, set := range sets.Summaries {
		here := set.StackId == nil || *set.StackId == s.ID
		if here && set.Status != types.ChangeSetStatusFailed && set.Status != types.ChangeSetStatusDeleteComplete {
			return nil
		}
	}
	if _, err := e.api.DeleteStack(ctx, &cfn.DeleteStackInput{StackName: &s.ID}); err != nil {
		return session.Explain(fmt.Errorf("delete the stack %s, which is empty: %w", e.o.Name, err))
	}
	return nil
}
