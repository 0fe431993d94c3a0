package stacktest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
)

// Cloud is CloudFormation. Make one with New. It implements stack.API.
type Cloud struct {
	// Before, if set, sees each call before it is carried out; with an error it
	// is not. After sees it when it has been, and its error takes the place of
	// the answer. n counts calls from 1.
	Before, After func(n int, operation string) error
	// PageSize is how many things are on a page.
	PageSize int
	// NoFailedEvents makes DescribeEvents unknown, as older endpoints have it.
	NoFailedEvents bool
	// RollbackFails makes the next rollback stop half-way.
	RollbackFails bool
	// NoRollback leaves what failed as it is.
	NoRollback bool
	// Obliging makes change sets that change nothing, in place of a refusal.
	Obliging bool
	// Refusing makes CreateChangeSet itself refuse what changes nothing.
	Refusing bool
	// Wait is how many questions a change set takes to be worked out.
	Wait int
	// Drifts is what DescribeStackResourceDrifts says, DriftFailure why it is not
	// all; empty if it is.
	Drifts       []types.StackResourceDrift
	DriftFailure string

	mu     sync.Mutex
	calls  []string
	now    time.Time
	made   int
	stacks []*Stack // the newest last
	drift  int      // questions until it is detected
}

// Stack is a stack as it is now.
type Stack struct {
	ID, Name  string
	Status    types.StackStatus
	Reason    string
	Protected bool
	Policy    string
	Template  string
	Resources map[string]Resource
	Tags      map[string]string
	Values    map[string]string // of parameters
	Role      string
	Token     string // of the last operation

	events []types.StackEvent // oldest first
	nested map[string]*Stack  // by the id of the resource
	steps  []func()           // what is yet to happen
	sets   []*changeSet
	failed []types.OperationEvent
}

// Resource is a resource in a stack.
type Resource struct{ Type, Text string }

// New returns a cloud without stacks.
func New() *Cloud {
	return &Cloud{PageSize: 3, Wait: 1, now: time.Date(2026, 11, 23, 9, 45, 0, 0, time.UTC)}
}

// Sleep is time that passes: each call takes one step of each stack.
func (c *Cloud) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for _, s := range c.stacks {
		if len(s.steps) > 0 {
			step := s.steps[0]
			s.steps = s.steps[1:]
			step()
		}
	}
	return nil
}

// Calls returns the operations that were called, in their order.
func (c *Cloud) Calls() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.calls...)
}

// Called returns how often an operation was called.
func (c *Cloud) Called(operation string) int {
	n := 0
	for _, call := range c.Calls() {
		if call == operation {
			n++
		}
	}
	return n
}

// Stack returns the stack of a name that is not deleted, or nil.
func (c *Cloud) Stack(name string) *Stack {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live(name)
}

// ChangeSets returns how many change sets a stack has that were not executed.
func (s *Stack) ChangeSets() int {
	n := 0
	for _, set := range s.sets {
		if set.execution == types.ExecutionStatusAvailable {
			n++
		}
	}
	return n
}

// Put makes a stack as it may be found.
func (c *Cloud) Put(name string, status types.StackStatus, template string) *Stack {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.newStack(name, status)
	s.Resources, _ = parse(template)
	c.event(s, s.own(), status, "User Initiated")
	return s
}

// Moving makes a stack that is being updated, to a template.
func (c *Cloud) Moving(name, from, to string) *Stack {
	s := c.Put(name, types.StackStatusCreateComplete, from)
	c.mu.Lock()
	defer c.mu.Unlock()
	resources, _ := parse(to)
	c.operate(s, &changeSet{kind: types.ChangeSetTypeUpdate, resources: resources, changes: changesOf(s.Resources, resources)})
	s.Status = types.StackStatusUpdateInProgress
	s.steps[0]()
	s.steps = s.steps[1:]
	return s
}

func (c *Cloud) newStack(name string, status types.StackStatus) *Stack {
	c.made++
	s := &Stack{ID: fmt.Sprintf("arn:aws:cloudformation:eu-central-1:123456789012:stack/%s/%d", name, c.made), Name: name, Status: status,
		Resources: map[string]Resource{}, nested: map[string]*Stack{}}
	c.stacks = append(c.stacks, s)
	return s
}

// live returns the stack of a name or id; a deleted one by its id alone.
func (c *Cloud) live(name string) *Stack {
	for i := len(c.stacks) - 1; i >= 0; i-- {
		s := c.stacks[i]
		if s.ID == name || s.Name == name && s.Status != types.StackStatusDeleteComplete {
			return s
		}
	}
	return nil
}

// call notes a call, and is what every operation begins with. done is to be
// called with the answer.
func (c *Cloud) call(ctx context.Context, operation string) (done func(error) error, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.calls = append(c.calls, operation)
	n := len(c.calls)
	c.mu.Unlock()
	if c.Before != nil {
		if err := c.Before(n, operation); err != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	return func(err error) error {
		c.mu.Unlock()
		if c.After != nil {
			if lost := c.After(n, operation); lost != nil {
				return lost
			}
		}
		return err
	}, nil
}

// Fault returns an error as CloudFormation gives it.
func Fault(code, format string, args ...any) error {
	return &smithy.OperationError{ServiceID: "CloudFormation", OperationName: "Test", Err: &smithy.GenericAPIError{Code: code, Message: fmt.Sprintf(format, args...)}}
}

func missing(name string) error {
	return Fault("ValidationError", "Stack with id %s does not exist", name)
}

// parse reads a template.
func parse(template string) (resources map[string]Resource, parameters []string) {
	resources = map[string]Resource{}
	section := ""
	for line := range strings.Lines(template) {
		line = strings.TrimRight(line, "\n")
		if !strings.HasPrefix(line, "  ") {
			section = strings.TrimSuffix(line, ":")
			continue
		}
		id, text, _ := strings.Cut(strings.TrimSpace(line), ":")
		if section == "Parameters" {
			parameters = append(parameters, id)
			continue
		}
		kind, text, _ := strings.Cut(strings.TrimSpace(text), " ")
		resources[id] = Resource{Type: kind, Text: text}
	}
	return resources, parameters
}
