package stack

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// Watcher is who is told what happens.
type Watcher interface {
	Event(Event)
	// Note says something that is no event.
	Note(text string)
}

// UI is who is asked, and told.
type UI interface {
	Watcher
	// Mend asks whether a stack may be brought back to where it can be deployed.
	Mend(context.Context, Mending) (bool, error)
	// Approve shows what would change, and asks whether it may.
	Approve(context.Context, *Plan) (bool, error)
}

// Result is what became of a deployment.
type Result struct {
	Stack    *Stack // as it is now; nil if there is none
	Plan     *Plan  // nil if it did not come to one
	Executed bool   // the changes were begun
	Done     bool   // the stack is as it should be
}

// Deploy makes the stack what is asked for. With an error or without, it leaves
// a state that the next Deploy goes on from: until a change set is executed it
// is deleted again, and from then on AWS does the work, with us or without.
func (e *Engine) Deploy(ctx context.Context, r Request, ui UI) (*Result, error) {
	current, err := e.settle(ctx, r, ui)
	if err != nil {
		return &Result{Stack: current}, err
	}
	plan, err := e.plan(ctx, current, r)
	if err != nil {
		return &Result{Stack: current}, err
	}
	result := &Result{Stack: current, Plan: plan}
	if plan.Nothing {
		result.Done = true
		if !r.DryRun {
			err = e.protect(ctx, current)
		}
		return result, err
	}
	yes, err := ui.Approve(ctx, plan)
	if err != nil || !yes || r.DryRun {
		return result, errors.Join(err, e.discard(ctx, plan))
	}
	from, err := e.prepare(ctx, plan)
	if err != nil {
		return result, errors.Join(err, e.discard(ctx, plan))
	}
	if result.Executed, err = e.execute(ctx, plan); err != nil || r.Detach {
		return result, err
	}
	return e.finish(ctx, result, from, ui)
}

// prepare does what comes right before a change: it notes which events are old,
// and lifts the policy that guards the data of production if data is meant.
func (e *Engine) prepare(ctx context.Context, p *Plan) (mark, error) {
	if e.o.Production && !p.Create && len(p.Dangerous()) > 0 {
		if err := e.setPolicy(ctx, p.StackID, openPolicy); err != nil {
			return mark{}, err
		}
	}
	return e.latest(ctx, p.StackID)
}

// execute begins the changes. Where no answer came it finds out whether they
// have begun.
func (e *Engine) execute(ctx context.Context, p *Plan) (begun bool, err error) {
	token := e.o.NewID()
	_, err = e.api.ExecuteChangeSet(ctx, &cfn.ExecuteChangeSetInput{ChangeSetName: &p.ChangeSetID, StackName: &p.StackID, ClientRequestToken: &token,
		// What a failed creation has made is deleted again, buckets too, which
		// would otherwise be in the way of the next one.
		RetainExceptOnCreate: aws.Bool(true)})
	if err == nil {
		return true, nil
	}
	err = session.Explain(fmt.Errorf("begin the changes of the stack %s: %w", e.o.Name, err))
	asked, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTime)
	defer cancel()
	out, lookErr := e.api.DescribeChangeSet(asked, &cfn.DescribeChangeSetInput{ChangeSetName: &p.ChangeSetID, StackName: &p.StackID})
	if lookErr != nil {
		return false, errors.Join(err, session.Explain(fmt.Errorf("see whether the changes have begun: %w", lookErr)))
	}
	switch out.ExecutionStatus {
	case types.ExecutionStatusExecuteInProgress, types.ExecutionStatusExecuteComplete, types.ExecutionStatusExecuteFailed:
		if ctx.Err() != nil {
			return true, e.detached()
		}
		return true, nil
	}
	return false, errors.Join(err, e.discard(ctx, p))
}

// finish follows the changes to their end.
func (e *Engine) finish(ctx context.Context, result *Result, from mark, ui UI) (*Result, error) {
	s, events, err := e.follow(ctx, result.Plan.StackID, from, ui.Event)
	if ctx.Err() != nil {
		return result, e.detached()
	}
	if err != nil {
		return result, err
	}
	result.Stack = s
	if s == nil || !succeeded(s.Status) {
		return result, e.failed(ctx, result.Plan.StackID, s, events)
	}
	result.Done = true
	return result, e.protect(ctx, s)
}

// succeeded says whether a change ended well.
func succeeded(status string) bool {
	switch types.StackStatus(status) {
	case types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusImportComplete:
		return true
	}
	return false
}

// detached is the error of who leaves while AWS goes on.
func (e *Engine) detached() error {
	return diag.Errorf(diag.Interrupted, "interrupted; AWS goes on with the stack %s", e.o.Name).
		WithNext("`lakectl deploy` attaches to it again, and does the rest")
}

// failed is the error of a change that ended badly: why comes first.
func (e *Engine) failed(ctx context.Context, stackID string, s *Stack, events []Event) error {
	status, became := "DELETE_COMPLETE", "the stack is gone"
	if s != nil {
		status = s.Status
	}
	next := "correct what the message names, and run `lakectl deploy` again"
	switch types.StackStatus(status) {
	case types.StackStatusRollbackComplete:
		became = "the creation was undone"
	case types.StackStatusUpdateRollbackComplete, types.StackStatusImportRollbackComplete:
		became = "the stack is as it was before"
	case types.StackStatusUpdateRollbackFailed:
		became = "undoing it failed, too"
		next = "correct what the message names, and run `lakectl deploy` again: it goes on with undoing first"
	default:
		if s != nil {
			became = "the stack is in " + status
		}
	}
	why := "CloudFormation does not say why"
	if cause, ok := e.cause(ctx, stackID, events); ok {
		why = cause.String()
	} else if s != nil && s.Reason != "" {
		why = s.Reason
	}
	return diag.Errorf(diag.Unexpected, "%s\nthe stack %s: %s (%s)", why, e.o.Name, became, status).WithNext("%s", next)
}
