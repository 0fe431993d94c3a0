package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// Event is something that happened to a stack or to a resource in it.
type Event struct {
	Time     time.Time `json:"time"`
	Stack    string    `json:"stack"` // its name, which is that of a nested one in a nested one
	Nested   bool      `json:"nested,omitempty"`
	Resource string    `json:"resource"`
	Type     string    `json:"type"`
	Physical string    `json:"name,omitempty"`
	Status   string    `json:"status"`
	Reason   string    `json:"reason,omitempty"`

	id, stackID, operation string
}

// own says whether an event is of a stack itself, not of a resource in it.
func (e Event) own() bool { return e.Physical != "" && e.Physical == e.stackID }

// Failed says whether something failed.
func (e Event) Failed() bool { return strings.HasSuffix(e.Status, "_FAILED") }

const (
	pollEvents = 2 * time.Second
	// patience is how many answers in a row may be errors that pass.
	patience = 10
	// quietPolls is how often a stack is seen at rest, without any event, before
	// it is believed: answers may be older than what was asked for.
	quietPolls = 5
)

const stackType = "AWS::CloudFormation::Stack"

// mark is a place in the events of a stack: what follows is new.
type mark struct {
	id string
	at time.Time
}

// follower follows one operation.
type follower struct {
	e      *Engine
	stack  string // its id
	from   mark
	show   func(Event)
	seen   map[string]bool
	nested []string // ids of stacks in the stack
	events []Event
	ended  bool // the last event of the stack itself is an end
}

// latest returns the place after the newest event.
func (e *Engine) latest(ctx context.Context, stackID string) (mark, error) {
	out, err := e.api.DescribeStackEvents(ctx, &cfn.DescribeStackEventsInput{StackName: &stackID})
	if absent(err) {
		return mark{}, nil
	}
	if err != nil {
		return mark{}, session.Explain(fmt.Errorf("read the events of the stack %s: %w", e.o.Name, err))
	}
	if len(out.StackEvents) == 0 {
		return mark{}, nil
	}
	first := out.StackEvents[0]
	return mark{aws.ToString(first.EventId), aws.ToTime(first.Timestamp)}, nil
}

// begun returns the place before the operation that is in progress.
func (e *Engine) begun(ctx context.Context, stackID string) (mark, error) {
	in := &cfn.DescribeStackEventsInput{StackName: &stackID}
	found := false
	for {
		out, err := e.api.DescribeStackEvents(ctx, in)
		if err != nil {
			return mark{}, session.Explain(fmt.Errorf("read the events of the stack %s: %w", e.o.Name, err))
		}
		for _, raw := range out.StackEvents {
			if found {
				return mark{aws.ToString(raw.EventId), aws.ToTime(raw.Timestamp)}, nil
			}
			found = begins(eventOf(raw))
		}
		if aws.ToString(out.NextToken) == "" {
			return mark{}, nil
		}
		in.NextToken = out.NextToken
	}
}

// begins says whether an event is the first of an operation.
func begins(e Event) bool {
	switch types.StackStatus(e.Status) {
	case types.StackStatusCreateInProgress, types.StackStatusUpdateInProgress, types.StackStatusDeleteInProgress, types.StackStatusImportInProgress:
		return e.own()
	}
	return e.own() && e.Reason == "User Initiated"
}

// follow shows what happens from a mark on until the stack is at rest, and
// returns how it is then, nil if it is gone, and all events.
func (e *Engine) follow(ctx context.Context, stackID string, from mark, show func(Event)) (*Stack, []Event, error) {
	f := &follower{e: e, stack: stackID, from: from, show: show, seen: map[string]bool{}}
	failures, quiet := 0, 0
	for {
		s, fresh, err := f.poll(ctx)
		switch {
		case err != nil && (ctx.Err() != nil || diag.ClassOf(err) != diag.Transient || failures == patience):
			return s, f.events, err
		case err != nil:
			failures++
		default:
			failures = 0
			resting := s == nil || phaseOf(s.Status) != moving
			quiet++
			if fresh > 0 || !resting {
				quiet = 0
			}
			gone := s == nil || types.StackStatus(s.Status) == types.StackStatusDeleteComplete
			if resting && (f.ended || gone || quiet >= quietPolls) {
				return s, f.events, nil
			}
		}
		if err := e.o.Sleep(ctx, pollEvents); err != nil {
			return nil, f.events, err
		}
	}
}

// poll asks how the stack is and then for its new events, so that the last ones
// are seen when it is at rest.
func (f *follower) poll(ctx context.Context) (*Stack, int, error) {
	s, err := f.e.describe(ctx, f.stack)
	if err != nil {
		return s, 0, err
	}
	batch, err := f.read(ctx, f.stack)
	if err != nil {
		return s, 0, err
	}
	for i := 0; i < len(f.nested); i++ { // which grows by what is read
		more, err := f.read(ctx, f.nested[i])
		if err != nil {
			return s, 0, err
		}
		batch = append(batch, more...)
	}
	slices.SortStableFunc(batch, func(a, b Event) int { return a.Time.Compare(b.Time) })
	for _, event := range batch {
		f.seen[event.id] = true
		f.events = append(f.events, event)
		if event.own() && !event.Nested {
			f.ended = !strings.HasSuffix(event.Status, "_IN_PROGRESS")
		}
		f.show(event)
	}
	return s, len(batch), nil
}

// read returns the new events of a stack, oldest first.
func (f *follower) read(ctx context.Context, stackID string) ([]Event, error) {
	var list []Event
	in := &cfn.DescribeStackEventsInput{StackName: &stackID}
	for {
		out, err := f.e.api.DescribeStackEvents(ctx, in)
		if absent(err) {
			break
		}
		if err != nil {
			return nil, session.Explain(fmt.Errorf("read the events of the stack %s: %w", f.e.o.Name, err))
		}
		known := false
		for _, raw := range out.StackEvents {
			event := eventOf(raw)
			event.Nested = stackID != f.stack
			if known = f.known(event); known {
				break
			}
			f.enter(event)
			list = append(list, event)
		}
		if known || aws.ToString(out.NextToken) == "" {
			break
		}
		in.NextToken = out.NextToken
	}
	slices.Reverse(list)
	return list, nil
}

// known says whether an event, and so all before it, are not new.
func (f *follower) known(e Event) bool {
	if e.Nested {
		return f.seen[e.id] || e.Time.Before(f.from.at)
	}
	return f.seen[e.id] || e.id == f.from.id
}

// enter remembers a stack in the stack, whose events are shown, too.
func (f *follower) enter(e Event) {
	if e.Type == stackType && !e.own() && e.Physical != "" && e.Physical != f.stack && !slices.Contains(f.nested, e.Physical) {
		f.nested = append(f.nested, e.Physical)
	}
}

func eventOf(raw types.StackEvent) Event {
	return Event{Time: aws.ToTime(raw.Timestamp), Stack: aws.ToString(raw.StackName), Resource: aws.ToString(raw.LogicalResourceId),
		Type: aws.ToString(raw.ResourceType), Physical: aws.ToString(raw.PhysicalResourceId), Status: string(raw.ResourceStatus),
		Reason: aws.ToString(raw.ResourceStatusReason), id: aws.ToString(raw.EventId), stackID: aws.ToString(raw.StackId),
		operation: aws.ToString(raw.OperationId)}
}
