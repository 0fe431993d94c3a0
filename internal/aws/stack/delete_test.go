package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/lakectl/lakectl/internal/aws/stack/stacktest"
	"github.com/lakectl/lakectl/internal/diag"
)

func TestDelete(t *testing.T) {
	c := stacktest.New()
	e := engineOn(c, nil)
	if err := e.Delete(t.Context(), &screen{}); err != nil {
		t.Errorf("what is not there: %v", err)
	}
	deploy(t, c, large)
	list, err := e.Resources(t.Context())
	if err != nil || len(list) != 5 || len(Retained(list)) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	ui := &screen{}
	if err := e.Delete(t.Context(), ui); err != nil || c.Stack("lake-dev") != nil || ui.events[0].Status != "DELETE_IN_PROGRESS" {
		t.Errorf("%v, %+v", err, ui.events)
	}
	c.Put("lake-dev", "CREATE_COMPLETE", "Resources:\n  Bucket: AWS::S3::Bucket fails=it is not empty\n")
	if err := e.Delete(t.Context(), ui); err == nil || !strings.Contains(err.Error(), "Bucket (AWS::S3::Bucket): it is not empty") {
		t.Errorf("%v", err)
	}
	if err := e.Delete(t.Context(), ui); err != nil || c.Stack("lake-dev") != nil {
		t.Errorf("again: %v", err)
	}
	c.Moving("lake-dev", small, large)
	if err := e.Delete(t.Context(), ui); diag.ClassOf(err) != diag.Locked {
		t.Errorf("while it is updated: %v", err)
	}
}

func TestDeleteAttaches(t *testing.T) {
	c := stacktest.New()
	c.Put("lake-dev", "CREATE_COMPLETE", small)
	e := engineOn(c, nil)
	c.After = func(_ int, operation string) error {
		if operation == "DeleteStack" {
			return stacktest.Fault("InternalFailure", "who knows")
		}
		return nil
	}
	if err := e.Delete(t.Context(), &screen{}); diag.ClassOf(err) != diag.Transient {
		t.Fatal(err)
	}
	ui := &screen{}
	if err := e.Delete(t.Context(), ui); err != nil || c.Called("DeleteStack") != 1 || ui.events[0].Status != "DELETE_IN_PROGRESS" {
		t.Errorf("%v, %+v", err, ui.events)
	}
}

func TestUnprotect(t *testing.T) {
	c := stacktest.New()
	s := c.Put("lake-dev", "CREATE_COMPLETE", small)
	s.Protected = true
	e := engineOn(c, nil)
	found, err := e.Describe(t.Context())
	if err != nil || !found.Protected {
		t.Fatal(found, err)
	}
	if err := e.Unprotect(t.Context(), found); err != nil || s.Protected {
		t.Error(err)
	}
}

func TestDrift(t *testing.T) {
	c := stacktest.New()
	e := engineOn(c, nil)
	if _, err := e.Drift(t.Context()); diag.ClassOf(err) != diag.Usage {
		t.Errorf("without a stack: %v", err)
	}
	c.Put("lake-dev", "CREATE_COMPLETE", large)
	for i, status := range []types.StackResourceDriftStatus{"IN_SYNC", "NOT_CHECKED", "MODIFIED", "IN_SYNC", "DELETED"} {
		d := types.StackResourceDrift{LogicalResourceId: aws.String(fmt.Sprint("R", 9-i)), ResourceType: aws.String("AWS::S3::Bucket"), StackResourceDriftStatus: status}
		if status == "MODIFIED" {
			d.PropertyDifferences = []types.PropertyDifference{{PropertyPath: aws.String("/Tags/0/Value"), DifferenceType: types.DifferenceTypeNotEqual, ExpectedValue: aws.String("a"), ActualValue: aws.String("b")}}
		}
		c.Drifts = append(c.Drifts, d)
	}
	got, err := e.Drift(t.Context())
	if err != nil || got.Checked != 4 || len(got.Resources) != 2 || !got.Resources[0].Deleted || got.Resources[1].Properties[0] != (Difference{"Tags.0.Value", "NOT_EQUAL", "a", "b"}) {
		t.Errorf("%+v, %v", got, err)
	}
	c.DriftFailure = "Failed to detect drift on resource [Key]"
	if got, err = e.Drift(t.Context()); err != nil || got.Incomplete != c.DriftFailure || len(got.Resources) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Somebody else's comparison is waited for, but not for ever.
func TestDriftUnderWay(t *testing.T) {
	c := stacktest.New()
	c.Put("lake-dev", "CREATE_COMPLETE", small)
	e := engineOn(c, nil)
	c.Before = func(_ int, operation string) error {
		if operation == "DetectStackDrift" {
			return stacktest.Fault("ValidationError", "Drift detection is already in progress for stack [lake-dev]")
		}
		return nil
	}
	if _, err := e.Drift(t.Context()); diag.ClassOf(err) != diag.Locked || c.Called("DetectStackDrift") < 10 {
		t.Errorf("%v after %d calls", err, c.Called("DetectStackDrift"))
	}
}

// interrupted does something that is killed by Ctrl-C at the n-th call, before it
// is carried out or after, and returns false if there was no n-th call.
func interrupted(t *testing.T, c *stacktest.Cloud, n int, after bool, do func(context.Context) error) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := len(c.Calls())
	stop := func(at int, _ string) error {
		if at == before+n {
			cancel()
			return context.Canceled
		}
		return nil
	}
	if after {
		c.After = stop
	} else {
		c.Before = stop
	}
	err := do(ctx)
	c.Before, c.After = nil, nil
	if ctx.Err() == nil {
		return false
	}
	if !errors.Is(err, context.Canceled) && diag.ClassOf(err) != diag.Interrupted {
		t.Errorf("call %d, after %v: %v", n, after, err)
	}
	return true
}

// A deletion that is interrupted at any call is ended by the next one, and the
// next deployment makes the stack anew.
func TestDeleteInterruptedAnywhere(t *testing.T) {
	for name, prepare := range map[string]func(*stacktest.Cloud){
		"whole":    func(c *stacktest.Cloud) { c.Put("lake-dev", "CREATE_COMPLETE", large) },
		"rollback": func(c *stacktest.Cloud) { c.Put("lake-dev", "ROLLBACK_COMPLETE", small) },
		"undone":   func(c *stacktest.Cloud) { c.Put("lake-dev", "DELETE_FAILED", small) },
		"going": func(c *stacktest.Cloud) {
			s := c.Put("lake-dev", "CREATE_COMPLETE", small)
			if _, err := c.DeleteStack(t.Context(), &cfn.DeleteStackInput{StackName: &s.ID}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		for _, after := range []bool{false, true} {
			for _, deploys := range []bool{false, true} {
				n := 1
				for deleteInterrupted(t, fmt.Sprint(name, " ", n, " ", after), interruption{n, after, deploys}, prepare) {
					n++
				}
				if n < 5 {
					t.Errorf("%s: %d calls", name, n)
				}
			}
		}
	}
}

// interruption says where a deletion is interrupted, and what comes next.
type interruption struct {
	n       int
	after   bool
	deploys bool // else it is deleted again
}

func deleteInterrupted(t *testing.T, name string, i interruption, prepare func(*stacktest.Cloud)) bool {
	t.Helper()
	c := stacktest.New()
	prepare(c)
	if !interrupted(t, c, i.n, i.after, func(ctx context.Context) error { return engineOn(c, nil).Delete(ctx, &screen{}) }) {
		return false
	}
	if i.deploys {
		result, err := engineOn(c, nil).Deploy(t.Context(), request(large), &screen{})
		if s := c.Stack("lake-dev"); err != nil || !result.Done || s == nil || len(s.Resources) != 5 {
			t.Errorf("%s: the next deployment: %+v, %v, %v", name, result, err, c.Calls())
		}
		return true
	}
	if err := engineOn(c, nil).Delete(t.Context(), &screen{}); err != nil || c.Stack("lake-dev") != nil {
		t.Errorf("%s: the next deletion: %v, %v", name, err, c.Calls())
	}
	if most := 3; c.Called("DeleteStack") > most {
		t.Errorf("%s: it was deleted %d times", name, c.Called("DeleteStack"))
	}
	return true
}

// A comparison that is interrupted at any call is in nobody's way.
func TestDriftInterruptedAnywhere(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			c := stacktest.New()
			c.Put("lake-dev", "CREATE_COMPLETE", small)
			c.Drifts = []types.StackResourceDrift{{LogicalResourceId: aws.String("Bucket"), StackResourceDriftStatus: "IN_SYNC"}}
			drift := func(ctx context.Context) error {
				found, err := engineOn(c, nil).Drift(ctx)
				if err == nil && found.Checked != 1 {
					t.Errorf("call %d: %+v", n, found)
				}
				return err
			}
			if !interrupted(t, c, n, after, drift) {
				if n < 5 {
					t.Errorf("%d calls", n)
				}
				break
			}
			if err := drift(t.Context()); err != nil {
				t.Errorf("call %d, after %v: the next one: %v", n, after, err)
			}
		}
	}
}

func TestDeclared(t *testing.T) {
	template := "Parameters:\n  # a note\n  One:\n    Type: String\n\n  Two: {Type: String}\nConditions:\n  Three: x\n"
	if got := fmt.Sprint(declared(template)); got != "[One Two]" {
		t.Error(got)
	}
	if got := declared("Resources:\n  A: x\n"); got != nil {
		t.Error(got)
	}
}

func TestProductionNames(t *testing.T) {
	for name, want := range map[string]bool{"prod": true, "production": true, "prod-eu": true, "dev": false, "preprod": false} {
		if Production(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
