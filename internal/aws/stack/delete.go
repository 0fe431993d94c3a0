package stack

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// Delete deletes a stack and follows that to its end. What is retained stays.
// Whoever calls it has asked.
func (e *Engine) Delete(ctx context.Context, ui Watcher) error {
	s, err := e.Describe(ctx)
	if err != nil || s == nil {
		return err
	}
	if s.Protected {
		return diag.Errorf(diag.Usage, "the stack %s is protected against deletion", e.o.Name).
			WithNext("if it is really meant: lakectl destroy --unprotect")
	}
	var from mark
	if types.StackStatus(s.Status) == types.StackStatusDeleteInProgress {
		from, err = e.begun(ctx, s.ID)
	} else {
		from, err = e.beginDelete(ctx, s)
	}
	if err != nil {
		return err
	}
	after, events, err := e.follow(ctx, s.ID, from, ui.Event)
	switch {
	case ctx.Err() != nil:
		return diag.Errorf(diag.Interrupted, "interrupted; AWS goes on deleting the stack %s", e.o.Name).
			WithNext("`lakectl destroy` attaches to it again")
	case err != nil:
		return err
	case after != nil && types.StackStatus(after.Status) != types.StackStatusDeleteComplete:
		return e.undeleted(ctx, after, events)
	}
	return nil
}

// beginDelete begins the deletion, after what is in progress has ended: a stack
// that is deleted while it is made may leave things behind.
func (e *Engine) beginDelete(ctx context.Context, s *Stack) (mark, error) {
	if phaseOf(s.Status) == moving {
		return mark{}, diag.Errorf(diag.Locked, "something is going on with the stack %s (%s)", e.o.Name, s.Status).
			WithNext("wait until it is over: `lakectl deploy` attaches to it")
	}
	from, err := e.latest(ctx, s.ID)
	if err != nil {
		return from, err
	}
	_, err = e.api.DeleteStack(ctx, &cfn.DeleteStackInput{StackName: &s.ID, ClientRequestToken: aws.String(e.o.NewID()), RoleARN: optional(e.o.RoleARN)})
	if err != nil {
		return from, session.Explain(fmt.Errorf("delete the stack %s: %w", e.o.Name, err))
	}
	return from, nil
}

func (e *Engine) undeleted(ctx context.Context, s *Stack, events []Event) error {
	why := s.Reason
	if cause, ok := e.cause(ctx, s.ID, events); ok {
		why = cause.String()
	}
	return diag.Errorf(diag.Unexpected, "%s\nthe stack %s could not be deleted (%s)", why, e.o.Name, s.Status).
		WithNext("correct what the message names, and run `lakectl destroy` again")
}
