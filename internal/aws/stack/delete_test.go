package stack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
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
