package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/lakectl/lakectl/internal/aws/stack/stacktest"
	"github.com/lakectl/lakectl/internal/diag"
)

// screen is a UI that agrees to everything and notes what it sees.
type screen struct {
	mendings []Mending
	plans    []*Plan
	events   []Event
	notes    []string
	refuse   bool
}

func (s *screen) Mend(_ context.Context, m Mending) (bool, error) {
	s.mendings = append(s.mendings, m)
	return !s.refuse, nil
}

func (s *screen) Approve(_ context.Context, p *Plan) (bool, error) {
	s.plans = append(s.plans, p)
	return !s.refuse, nil
}

func (s *screen) Event(e Event) { s.events = append(s.events, e) }

func (s *screen) Note(text string) { s.notes = append(s.notes, text) }

func engineOn(c *stacktest.Cloud, change func(*Options)) *Engine {
	n := 0
	o := Options{Name: "lake-dev", Sleep: c.Sleep, NewID: func() string { n++; return fmt.Sprintf("id-%d-%d", len(c.Calls()), n) }}
	if change != nil {
		change(&o)
	}
	return New(c, o)
}

const (
	small = "Parameters:\n  Project:\nResources:\n  Bucket: AWS::S3::Bucket one\n"
	large = "Parameters:\n  Project:\n  Size:\nResources:\n  Bucket: AWS::S3::Bucket one\n  Key: AWS::KMS::Key k\n  Nested: AWS::CloudFormation::Stack n\n  Role: AWS::IAM::Role r\n  Topic: AWS::SNS::Topic t\n"
)

var values = map[string]string{"Project": "lake", "NotInTheTemplate": "x"}

func request(template string) Request {
	return Request{Template: template, Parameters: values, Tags: map[string]string{"Project": "lake"}}
}

func deploy(t *testing.T, c *stacktest.Cloud, template string) (*Result, *screen) {
	t.Helper()
	ui := &screen{}
	result, err := engineOn(c, nil).Deploy(t.Context(), request(template), ui)
	if err != nil {
		t.Fatal(err)
	}
	return result, ui
}

func TestCreateUpdateNothing(t *testing.T) {
	c := stacktest.New()
	result, ui := deploy(t, c, large)
	if !result.Done || !result.Executed || result.Stack.Status != "CREATE_COMPLETE" || result.Stack.Outputs["Name"] != "lake-dev" {
		t.Errorf("creating: %+v", result)
	}
	if p := ui.plans[0]; !p.Create || len(p.Changes) != 5 || p.Summary() != "5 to add" {
		t.Errorf("the plan: %+v", p) // of two pages
	}
	seen := map[string]bool{}
	for _, e := range ui.events {
		if seen[e.id] {
			t.Errorf("%+v is shown twice", e)
		}
		seen[e.id] = true
	}
	first, last := ui.events[0], ui.events[len(ui.events)-1]
	if first.Status != "CREATE_IN_PROGRESS" || last.Status != "CREATE_COMPLETE" || !last.own() {
		t.Errorf("from %+v to %+v", first, last)
	}
	if !slices.ContainsFunc(ui.events, func(e Event) bool { return e.Nested && e.Stack == "lake-dev-Nested" && e.Status == "CREATE_COMPLETE" }) {
		t.Error("nothing is said of the nested stack")
	}

	result, ui = deploy(t, c, large)
	if !result.Done || result.Executed || !result.Plan.Nothing || len(ui.plans) != 0 || c.Stack("lake-dev").ChangeSets() != 0 {
		t.Errorf("again: %+v", result)
	}
	result, ui = deploy(t, c, strings.Replace(large, "Topic t", "Topic u", 1))
	if result.Stack.Status != "UPDATE_COMPLETE" || ui.plans[0].Summary() != "1 to modify" || ui.events[0].Status != "UPDATE_IN_PROGRESS" {
		t.Errorf("updating: %+v, from %+v", result.Stack, ui.events[0])
	}
	want := Change{Effect: Modify, ID: "Topic", Type: "AWS::SNS::Topic", Data: true, Properties: []Property{{Path: "Text.0", Before: "t", After: "u"}}}
	if got := ui.plans[0].Changes[0]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the change is %+v, want %+v", got, want)
	}
	if s := c.Stack("lake-dev"); s.Tags["Project"] != "lake" || s.Values["Project"] != "lake" {
		t.Errorf("tags %v, values %v", s.Tags, s.Values)
	}
	deploy(t, c, small)
	if result, _ = deploy(t, c, small); !result.Plan.Nothing { // said by the other text
		t.Errorf("again: %+v", result)
	}
}

// What imitates CloudFormation, and what is older, says in other ways that there
// is nothing to do.
func TestNothingSaidOtherwise(t *testing.T) {
	for _, refusing := range []bool{false, true} {
		c := stacktest.New()
		deploy(t, c, large)
		c.Obliging, c.Refusing = !refusing, refusing
		if result, _ := deploy(t, c, large); !result.Done || !result.Plan.Nothing || c.Stack("lake-dev").ChangeSets() != 0 {
			t.Errorf("refusing %v: %+v", refusing, result)
		}
		r := request(large)
		r.Tags = map[string]string{"Project": "lake", "team": "data"}
		result, err := engineOn(c, nil).Deploy(t.Context(), r, &screen{})
		if err != nil || !result.Executed || c.Stack("lake-dev").Tags["team"] != "data" {
			t.Errorf("refusing %v: other tags: %+v, %v", refusing, result, err)
		}
	}
}

func TestPreviousValuesAreKept(t *testing.T) {
	c := stacktest.New()
	r := request(large)
	r.Parameters = map[string]string{"Project": "lake", "Size": "7"}
	ui := &screen{}
	if _, err := engineOn(c, nil).Deploy(t.Context(), r, ui); err != nil {
		t.Fatal(err)
	}
	deploy(t, c, strings.Replace(large, "Role r", "Role q", 1))
	if got := c.Stack("lake-dev").Values["Size"]; got != "7" {
		t.Errorf("Size is %q", got)
	}
}

func TestDanger(t *testing.T) {
	c := stacktest.New()
	deploy(t, c, large)
	ui := &screen{refuse: true}
	template := "Parameters:\n  Project:\nResources:\n  Bucket: AWS::S3::Bucket replace\n  Key: AWS::KMS::Key conditional\n  New: AWS::S3::Bucket exists\n  Role: AWS::IAM::Role replace\n"
	result, err := engineOn(c, nil).Deploy(t.Context(), request(template), ui)
	if err != nil || result.Executed || result.Done {
		t.Fatalf("%+v, %v", result, err)
	}
	var got []string
	for _, change := range ui.plans[0].Changes {
		got = append(got, fmt.Sprintf("%s %s %v", change.Effect, change.ID, change.Dangerous()))
	}
	want := []string{"remove Topic true", "replace Bucket true", "may-replace Key true", "remove Nested false", "replace Role false", "import New false"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if text := ui.plans[0].Summary(); text != "1 to take over, 1 perhaps to replace, 2 to replace, 2 to remove" {
		t.Error(text)
	}
	if s := c.Stack("lake-dev"); s.ChangeSets() != 0 || s.Status != types.StackStatusCreateComplete {
		t.Errorf("after a refusal: %d change sets, %s", s.ChangeSets(), s.Status)
	}
}

// A refusal, and a preview, leave nothing behind.
func TestNothingIsLeft(t *testing.T) {
	for _, dry := range []bool{true, false} {
		c := stacktest.New()
		r := request(large)
		r.DryRun = dry
		result, err := engineOn(c, nil).Deploy(t.Context(), r, &screen{refuse: !dry})
		if err != nil || result.Executed {
			t.Errorf("%+v, %v", result, err)
		}
		_ = c.Sleep(t.Context(), 1)
		if s := c.Stack("lake-dev"); s != nil {
			t.Errorf("dry run %v: a stack is left in %s", dry, s.Status)
		}
	}
}

func TestFailures(t *testing.T) {
	broken := strings.Replace(large, "Role r", "Role fails=no such principal", 1)
	nested := strings.Replace(large, "Stack n", "Stack fails=the bucket belongs to somebody else", 1)
	for _, test := range []struct {
		name     string
		prepare  func(*stacktest.Cloud)
		template string
		want     []string
		status   types.StackStatus
	}{
		{"creation", nil, broken, []string{"Role (AWS::IAM::Role): no such principal\n", "the creation was undone"}, "ROLLBACK_COMPLETE"},
		{"creation, nested", nil, nested, []string{"Inner (AWS::S3::Bucket): the bucket belongs to somebody else\n"}, "ROLLBACK_COMPLETE"},
		{"creation without rollback", func(c *stacktest.Cloud) { c.NoRollback = true }, broken, []string{"no such principal", "CREATE_FAILED"}, "CREATE_FAILED"},
		{"update", func(c *stacktest.Cloud) { c.Put("lake-dev", "CREATE_COMPLETE", small) }, broken, []string{"no such principal", "as it was before"}, "UPDATE_ROLLBACK_COMPLETE"},
		{"update and rollback", func(c *stacktest.Cloud) { c.Put("lake-dev", "CREATE_COMPLETE", small); c.RollbackFails = true }, broken,
			[]string{"no such principal", "undoing it failed, too"}, "UPDATE_ROLLBACK_FAILED"},
	} {
		for _, old := range []bool{false, true} {
			c := stacktest.New()
			c.NoFailedEvents = old
			if test.prepare != nil {
				test.prepare(c)
			}
			_, err := engineOn(c, nil).Deploy(t.Context(), request(test.template), &screen{})
			if err == nil || diag.ClassOf(err) != diag.Unexpected {
				t.Errorf("%s: %v", test.name, err)
				continue
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s (old %v): %q does not have %q", test.name, old, err, want)
				}
			}
			if got := c.Stack("lake-dev").Status; got != test.status {
				t.Errorf("%s: %s, want %s", test.name, got, test.status)
			}
			c.NoRollback = false
			deploy(t, c, large) // mends it
			if got := c.Stack("lake-dev"); len(got.Resources) != 5 || phaseOf(string(got.Status)) != ready {
				t.Errorf("%s: after the next deployment %s, %v", test.name, got.Status, got.Resources)
			}
		}
	}
}

func TestInvalidTemplate(t *testing.T) {
	c := stacktest.New()
	_, err := engineOn(c, nil).Deploy(t.Context(), request(strings.Replace(large, "Role r", "Role invalid", 1)), &screen{})
	if diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "Bucket (AWS::S3::Bucket): the name is not free (at /Resources/Bucket)") {
		t.Errorf("%v", err)
	}
	c = stacktest.New()
	c.NoFailedEvents = true
	_, err = engineOn(c, nil).Deploy(t.Context(), request(strings.Replace(large, "Role r", "Role invalid", 1)), &screen{})
	if diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "an early check found errors") {
		t.Errorf("%v", err)
	}
}

// Whatever state a stack is in, it is deployed in the end.
func TestStates(t *testing.T) {
	for status, actions := range map[types.StackStatus][]string{
		"REVIEW_IN_PROGRESS": nil, "ROLLBACK_COMPLETE": {"delete the stack"}, "ROLLBACK_FAILED": {"delete the stack"}, "DELETE_FAILED": {"delete the stack"},
		"UPDATE_ROLLBACK_FAILED": {"go on with undoing the update"}, "UPDATE_FAILED": {"undo what failed"}, "CREATE_FAILED": {"undo what failed", "delete the stack"},
		"UPDATE_ROLLBACK_COMPLETE": nil, "IMPORT_COMPLETE": nil,
	} {
		c := stacktest.New()
		c.Put("lake-dev", status, small)
		if status == "REVIEW_IN_PROGRESS" {
			c.Stack("lake-dev").Resources = nil
		}
		dry := request(large)
		dry.DryRun = true
		if _, err := engineOn(c, nil).Deploy(t.Context(), dry, &screen{}); (err != nil) != (len(actions) > 0) {
			t.Errorf("%s: previewing: %v", status, err)
		}
		_ = c.Sleep(t.Context(), 1)
		if c.Called("ExecuteChangeSet")+c.Called("ContinueUpdateRollback")+c.Called("RollbackStack") > 0 {
			t.Errorf("%s: a preview calls %v", status, c.Calls())
		}
		result, ui := deploy(t, c, large)
		var got []string
		for _, m := range ui.mendings {
			got = append(got, m.Action)
			if m.Action == "delete the stack" && (len(m.Keeps) != 1 || m.Keeps[0].Type != "AWS::S3::Bucket") {
				t.Errorf("%s: it keeps %+v", status, m.Keeps)
			}
		}
		if !result.Done || !slices.Equal(got, actions) {
			t.Errorf("%s: %q, want %q", status, got, actions)
		}
		if c.Put("other", status, small); len(actions) > 0 {
			refused := &screen{refuse: true}
			_, err := engineOn(c, func(o *Options) { o.Name = "other" }).Deploy(t.Context(), request(large), refused)
			if diag.ClassOf(err) != diag.Usage || c.Stack("other").Status != status {
				t.Errorf("%s: refused: %v", status, err)
			}
		}
	}
}

func TestStuck(t *testing.T) {
	c := stacktest.New()
	c.Put("lake-dev", "IMPORT_ROLLBACK_FAILED", small)
	if _, err := engineOn(c, nil).Deploy(t.Context(), request(large), &screen{}); err == nil || !strings.Contains(err.Error(), "only a person") {
		t.Error(err)
	}
	c = stacktest.New()
	c.Put("lake-dev", "UPDATE_ROLLBACK_FAILED", small)
	c.RollbackFails = true
	if _, err := engineOn(c, nil).Deploy(t.Context(), request(large), &screen{}); err == nil || !strings.Contains(err.Error(), "it cannot be brought back") {
		t.Error(err)
	}
}

func TestAttach(t *testing.T) {
	c := stacktest.New()
	c.Moving("lake-dev", small, large)
	result, ui := deploy(t, c, large)
	if !result.Done || len(ui.notes) != 1 || ui.events[0].Status != "UPDATE_IN_PROGRESS" || ui.events[0].Reason != "User Initiated" {
		t.Errorf("%+v, %q, from %+v", result, ui.notes, ui.events[0])
	}
	c.Moving("second", small, large)
	r := request(large)
	r.DryRun = true
	if _, err := engineOn(c, func(o *Options) { o.Name = "second" }).Deploy(t.Context(), r, ui); diag.ClassOf(err) != diag.Locked {
		t.Errorf("previewing: %v", err)
	}
}

func TestDetach(t *testing.T) {
	c := stacktest.New()
	r := request(large)
	r.Detach = true
	result, err := engineOn(c, nil).Deploy(t.Context(), r, &screen{})
	if err != nil || !result.Executed || result.Done {
		t.Errorf("%+v, %v", result, err)
	}
	if result, _ = deploy(t, c, large); !result.Done {
		t.Errorf("%+v", result)
	}
}

// Only words say that there is no stack.
func TestOtherErrorsAreNotAbsence(t *testing.T) {
	for _, fault := range []error{stacktest.Fault("AccessDenied", "not authorized to perform: cloudformation:DescribeStacks"), stacktest.Fault("ValidationError", "1 validation error detected")} {
		c := stacktest.New()
		c.Before = func(int, string) error { return fault }
		result, err := engineOn(c, nil).Deploy(t.Context(), request(small), &screen{})
		if err == nil || result.Plan != nil || c.Called("CreateChangeSet") > 0 {
			t.Errorf("%v: %+v, %v", fault, result, err)
		}
	}
}

// Throttling while it follows passes; more of it than there is patience does not.
func TestThrottling(t *testing.T) {
	for storm, fine := range map[int]bool{patience: true, patience + 1: false} {
		c := stacktest.New()
		left, executed := storm, false
		c.Before = func(_ int, operation string) error {
			executed = executed || operation == "ExecuteChangeSet"
			if executed && operation == "DescribeStacks" && left > 0 {
				left--
				return stacktest.Fault("Throttling", "Rate exceeded")
			}
			return nil
		}
		result, err := engineOn(c, nil).Deploy(t.Context(), request(large), &screen{})
		if fine != (err == nil && result.Done) || !fine && diag.ClassOf(err) != diag.Transient {
			t.Errorf("%d times: %+v, %v", storm, result, err)
		}
	}
}

// A process that is killed by Ctrl-C at any call, before it is carried out or
// after, leaves a state from which the next deployment ends well.
func TestInterruptedAnywhere(t *testing.T) {
	for name, prepare := range map[string]func(*stacktest.Cloud){
		"creation": func(*stacktest.Cloud) {},
		"update":   func(c *stacktest.Cloud) { c.Put("lake-dev", "CREATE_COMPLETE", small) },
		"rollback": func(c *stacktest.Cloud) { c.Put("lake-dev", "ROLLBACK_COMPLETE", small) },
		"halted":   func(c *stacktest.Cloud) { c.Put("lake-dev", "UPDATE_FAILED", small) },
		"halfway":  func(c *stacktest.Cloud) { c.Put("lake-dev", "UPDATE_ROLLBACK_FAILED", small) },
		"moving":   func(c *stacktest.Cloud) { c.Moving("lake-dev", small, strings.Replace(large, "one", "two", 1)) },
	} {
		for _, after := range []bool{false, true} {
			n := 1
			for interruptAt(t, fmt.Sprint(name, " ", n, " ", after), n, after, prepare) {
				n++
			}
			if n < 20 {
				t.Errorf("%s: %d calls", name, n)
			}
		}
	}
}

// interruptAt returns whether there was an n-th call to interrupt.
func interruptAt(t *testing.T, name string, n int, after bool, prepare func(*stacktest.Cloud)) bool {
	t.Helper()
	c := stacktest.New()
	prepare(c)
	production := func(o *Options) { o.Production = true }
	var result *Result
	if !interrupted(t, c, n, after, func(ctx context.Context) (err error) {
		result, err = engineOn(c, production).Deploy(ctx, request(large), &screen{})
		return err
	}) {
		return false
	}
	if s := c.Stack("lake-dev"); s != nil && s.ChangeSets() > 0 {
		t.Errorf("%s: %d change sets are left", name, s.ChangeSets())
	}
	if s := c.Stack("lake-dev"); !result.Executed && s != nil && s.Status == types.StackStatusReviewInProgress {
		t.Errorf("%s: an empty stack is left", name)
	}
	result, err := engineOn(c, production).Deploy(t.Context(), request(large), &screen{})
	if err != nil || !result.Done {
		t.Errorf("%s: the next one: %+v, %v, %v", name, result, err, c.Calls())
		return true
	}
	if s := c.Stack("lake-dev"); len(s.Resources) != 5 || !s.Protected || !strings.Contains(s.Policy, "Deny") {
		t.Errorf("%s: in the end %+v", name, s)
	}
	return true
}

func TestProduction(t *testing.T) {
	c := stacktest.New()
	production := func(o *Options) { o.Production = true }
	if _, err := engineOn(c, production).Deploy(t.Context(), request(large), &screen{}); err != nil {
		t.Fatal(err)
	}
	s := c.Stack("lake-dev")
	if !s.Protected || !strings.Contains(s.Policy, `"Update:Replace"`) {
		t.Errorf("%v, %s", s.Protected, s.Policy)
	}
	policies := []string{}
	c.Before = func(_ int, operation string) error {
		if operation == "ExecuteChangeSet" {
			policies = append(policies, s.Policy)
		}
		return nil
	}
	for _, template := range []string{strings.Replace(large, "Role r", "Role s", 1), strings.Replace(large, "one", "replace", 1)} {
		if _, err := engineOn(c, production).Deploy(t.Context(), request(template), &screen{}); err != nil {
			t.Fatal(err)
		}
		policies = append(policies, s.Policy)
	}
	if want := []string{guardPolicy(), guardPolicy(), openPolicy, guardPolicy()}; !slices.Equal(policies, want) {
		t.Errorf("policies %q", policies)
	}
	if err := engineOn(c, production).Delete(t.Context(), &screen{}); diag.ClassOf(err) != diag.Usage {
		t.Errorf("deleting what is protected: %v", err)
	}
}

// An answer that was lost on the way is not a failure.
func TestLostAnswerOfExecute(t *testing.T) {
	c := stacktest.New()
	c.After = func(_ int, operation string) error {
		if operation == "ExecuteChangeSet" {
			return stacktest.Fault("RequestTimeout", "no answer")
		}
		return nil
	}
	if result, err := engineOn(c, nil).Deploy(t.Context(), request(large), &screen{}); err != nil || !result.Done {
		t.Errorf("%+v, %v", result, err)
	}
	c = stacktest.New()
	c.Before = func(_ int, operation string) error {
		if operation == "ExecuteChangeSet" {
			return stacktest.Fault("AccessDenied", "not you")
		}
		return nil
	}
	result, err := engineOn(c, nil).Deploy(t.Context(), request(large), &screen{})
	if err == nil || result.Executed || !strings.Contains(err.Error(), "not you") {
		t.Errorf("%+v, %v", result, err)
	}
	_ = c.Sleep(t.Context(), 1)
	if s := c.Stack("lake-dev"); s != nil {
		t.Errorf("left in %s", s.Status)
	}
}

// A stack in which somebody else's change set waits is not ours to delete.
func TestOthersChangeSets(t *testing.T) {
	c := stacktest.New()
	other, err := engineOn(c, func(o *Options) { o.NewID = func() string { return "theirs" } }).plan(t.Context(), nil, request(small))
	if err != nil || other == nil {
		t.Fatal(err)
	}
	if _, err := engineOn(c, nil).Deploy(t.Context(), request(large), &screen{refuse: true}); err != nil {
		t.Fatal(err)
	}
	if s := c.Stack("lake-dev"); s == nil || s.Status != types.StackStatusReviewInProgress || s.ChangeSets() != 1 {
		t.Errorf("%+v", s)
	}
}

// One parameter can be changed without another template.
func TestTemplateOfAStack(t *testing.T) {
	c := stacktest.New()
	result, _ := deploy(t, c, small)
	e := engineOn(c, nil)
	text, err := e.Template(t.Context(), result.Stack)
	if err != nil || text != small {
		t.Fatalf("%q, %v", text, err)
	}
	ui := &screen{}
	again, err := e.Deploy(t.Context(), Request{Template: text, Tags: result.Stack.Tags, Parameters: map[string]string{"Project": "other"}}, ui)
	if err != nil || !again.Done || c.Stack("lake-dev").Values["Project"] != "other" {
		t.Errorf("%+v, %v", again, err)
	}
}
