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

// Mending is what has to be done to a stack before it can be deployed.
type Mending struct {
	Stack  *Stack
	Action string // what is done, such as "delete the stack"
	Why    string
	// Keeps are the resources that stay in AWS although the stack goes: the next
	// deployment takes them over.
	Keeps []Resource
}

// mostMendings is how many steps a stack may need until it can be deployed: an
// update that stopped is undone, a creation that was undone is deleted.
const mostMendings = 5

// settle brings the stack to where it can be deployed, and returns it, nil if
// there is none.
func (e *Engine) settle(ctx context.Context, r Request, ui UI) (*Stack, error) {
	for range mostMendings {
		s, err := e.Describe(ctx)
		if err != nil || s == nil {
			return nil, err
		}
		at := phaseOf(s.Status)
		if at == creatable || at == ready {
			return s, nil
		}
		if r.DryRun {
			return s, e.notNow(s, at)
		}
		if err := e.mend(ctx, s, at, ui); err != nil {
			return s, err
		}
	}
	return nil, diag.Errorf(diag.Unexpected, "the stack %s does not come to rest", e.o.Name).
		WithNext("look at its events in the console of CloudFormation")
}

// notNow is the error of a preview that is not possible in a state.
func (e *Engine) notNow(s *Stack, at phase) error {
	if at == moving {
		return diag.Errorf(diag.Locked, "something is going on with the stack %s (%s)", e.o.Name, s.Status).
			WithNext("wait until it is over, or attach to it with `lakectl deploy`")
	}
	return diag.Errorf(diag.Usage, "the stack %s is in %s: nothing can be previewed", e.o.Name, s.Status).
		WithNext("`lakectl deploy` repairs it first")
}

// mend does one step.
func (e *Engine) mend(ctx context.Context, s *Stack, at phase, ui UI) error {
	switch at {
	case moving:
		return e.attach(ctx, s, ui)
	case dead:
		return e.remove(ctx, s, ui)
	case halfBack:
		return e.mendWith(ctx, s, ui, Mending{Action: "go on with undoing the update", Why: "undoing an update stopped half-way"}, func(ctx context.Context, token *string) error {
			_, err := e.api.ContinueUpdateRollback(ctx, &cfn.ContinueUpdateRollbackInput{StackName: &s.ID, ClientRequestToken: token, RoleARN: optional(e.o.RoleARN)})
			return err
		})
	case halted:
		return e.mendWith(ctx, s, ui, Mending{Action: "undo what failed", Why: "a deployment failed and was not undone"}, func(ctx context.Context, token *string) error {
			_, err := e.api.RollbackStack(ctx, &cfn.RollbackStackInput{StackName: &s.ID, ClientRequestToken: token, RoleARN: optional(e.o.RoleARN), RetainExceptOnCreate: aws.Bool(true)})
			return err
		})
	}
	return diag.Errorf(diag.Unexpected, "the stack %s is in %s, out of which only a person can bring it", e.o.Name, s.Status).
		WithNext("look at the stack in the console of CloudFormation: %s", s.Reason)
}

// attach follows what is in progress. How it ends is for the next step to see.
func (e *Engine) attach(ctx context.Context, s *Stack, ui UI) error {
	ui.Note(fmt.Sprintf("The stack %s is in %s: attached to it", e.o.Name, s.Status))
	from, err := e.begun(ctx, s.ID)
	if err == nil {
		_, _, err = e.follow(ctx, s.ID, from, ui.Event)
	}
	if ctx.Err() != nil {
		return e.detached()
	}
	return err
}

// remove deletes a stack that can never be updated.
func (e *Engine) remove(ctx context.Context, s *Stack, ui UI) error {
	list, err := e.resources(ctx, s.ID)
	if err != nil {
		return err
	}
	m := Mending{Action: "delete the stack", Why: "its creation failed", Keeps: Retained(list)}
	if types.StackStatus(s.Status) == types.StackStatusDeleteFailed {
		m.Why = "its deletion failed"
	}
	return e.mendWith(ctx, s, ui, m, func(ctx context.Context, token *string) error {
		_, err := e.api.DeleteStack(ctx, &cfn.DeleteStackInput{StackName: &s.ID, ClientRequestToken: token, RoleARN: optional(e.o.RoleARN)})
		return err
	})
}

// mendWith asks, begins what mends the stack, and follows it.
func (e *Engine) mendWith(ctx context.Context, s *Stack, ui UI, m Mending, begin func(context.Context, *string) error) error {
	m.Stack = s
	yes, err := ui.Mend(ctx, m)
	if err != nil {
		return err
	}
	if !yes {
		return diag.Errorf(diag.Usage, "the stack %s stays in %s; nothing was changed", e.o.Name, s.Status)
	}
	from, err := e.latest(ctx, s.ID)
	if err != nil {
		return err
	}
	if err := begin(ctx, aws.String(e.o.NewID())); err != nil {
		return session.Explain(fmt.Errorf("%s %s: %w", m.Action, e.o.Name, err))
	}
	after, events, err := e.follow(ctx, s.ID, from, ui.Event)
	switch {
	case ctx.Err() != nil:
		return e.detached()
	case err != nil:
		return err
	case after != nil && after.Status == s.Status:
		return e.failed(ctx, s.ID, after, events) // the next try would end the same way
	}
	return nil
}
