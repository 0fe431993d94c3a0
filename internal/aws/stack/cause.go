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
)

// Cause is why something failed, in the words of who refused it.
type Cause struct {
	Resource string `json:"resource"`
	Type     string `json:"type"`
	Reason   string `json:"reason"`

	at    time.Time
	stack bool // it says only that something in a stack failed
}

// String says which resource it is and what was said of it.
func (c Cause) String() string {
	switch {
	case c.Resource == "":
		return c.Reason
	case c.Type == "":
		return c.Resource + ": " + c.Reason
	}
	return fmt.Sprintf("%s (%s): %s", c.Resource, c.Type, c.Reason)
}

// cause returns the root cause of a failure: what CloudFormation itself calls
// the failed events of the operation, or else the earliest failure that was not
// brought about by another one; of nested stacks what failed in them.
func (e *Engine) cause(ctx context.Context, stackID string, events []Event) (Cause, bool) {
	if list := e.operationFailures(ctx, stackID, events); len(list) > 0 && !list[0].stack {
		return list[0], true
	}
	var list []Cause
	for _, event := range events {
		if event.Failed() {
			list = append(list, Cause{Resource: event.Resource, Type: event.Type, Reason: event.Reason, at: event.Time, stack: event.own() || event.Type == stackType})
		}
	}
	if list = rooted(list); len(list) == 0 {
		return Cause{}, false
	}
	return list[0], true
}

// operationFailures returns what CloudFormation calls the failed events of the
// operation that events belong to. Where they do not name it, these are the failed
// events of the stack since then: what is found before anything is made (names
// that are taken, values that are not allowed) is told nowhere else.
func (e *Engine) operationFailures(ctx context.Context, stackID string, events []Event) []Cause {
	if len(events) == 0 {
		return nil
	}
	in := &cfn.DescribeEventsInput{StackName: &stackID}
	if operation := operationOf(events); operation != "" {
		in.OperationId = &operation
		return e.failedEvents(ctx, in)
	}
	begin := events[0].Time.Truncate(time.Second)
	return slices.DeleteFunc(e.failedEvents(ctx, in), func(c Cause) bool { return c.at.Before(begin) })
}

// operationOf returns the id of the operation that events belong to, if
// CloudFormation gives it.
func operationOf(events []Event) string {
	for _, event := range slices.Backward(events) {
		if event.operation != "" && !event.Nested {
			return event.operation
		}
	}
	return ""
}

// failedEvents asks for failed events. Older endpoints do not know the question,
// and the events of the stack tell, too: an error is no answer.
func (e *Engine) failedEvents(ctx context.Context, in *cfn.DescribeEventsInput) []Cause {
	in.Filters = &types.EventFilter{FailedEvents: aws.Bool(true)}
	var list []Cause
	for {
		out, err := e.api.DescribeEvents(ctx, in)
		if err != nil {
			break
		}
		for _, event := range out.OperationEvents {
			list = append(list, causeOf(event))
		}
		if aws.ToString(out.NextToken) == "" {
			break
		}
		in.NextToken = out.NextToken
	}
	return rooted(list)
}

func causeOf(e types.OperationEvent) Cause {
	c := Cause{Resource: aws.ToString(e.LogicalResourceId), Type: aws.ToString(e.ResourceType), at: aws.ToTime(e.Timestamp)}
	c.stack = c.Type == stackType
	for _, reason := range []*string{e.ValidationStatusReason, e.HookStatusReason, e.ResourceStatusReason} {
		if c.Reason == "" {
			c.Reason = aws.ToString(reason)
		}
	}
	if path := aws.ToString(e.ValidationPath); path != "" && c.Reason != "" {
		c.Reason += " (at " + path + ")"
	}
	return c
}

// rooted leaves out what was brought about by another failure, and puts the
// earliest first; that a stack failed comes last, because it says only that
// something in it did.
func rooted(list []Cause) []Cause {
	list = slices.DeleteFunc(list, func(c Cause) bool {
		return c.Reason == "" || strings.Contains(strings.ToLower(c.Reason), "cancelled")
	})
	slices.SortStableFunc(list, func(a, b Cause) int {
		if a.stack != b.stack {
			if a.stack {
				return 1
			}
			return -1
		}
		return a.at.Compare(b.at)
	})
	return list
}
