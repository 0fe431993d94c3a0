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

// Drift is how a stack differs from what was deployed.
type Drift struct {
	Resources []Drifted `json:"resources"` // those that differ
	Checked   int       `json:"checked"`   // how many could be compared
	// Incomplete is why not all could be compared; empty if they were.
	Incomplete string `json:"incomplete,omitempty"`
}

// Drifted is a resource that is not as it was deployed.
type Drifted struct {
	ID         string       `json:"id"`
	Type       string       `json:"type"`
	Physical   string       `json:"name"`
	Deleted    bool         `json:"deleted"`
	Properties []Difference `json:"properties,omitempty"`
}

// Difference is a property that is not as it was deployed.
type Difference struct {
	Path     string `json:"path"`
	Kind     string `json:"kind"` // ADD, REMOVE or NOT_EQUAL
	Expected string `json:"expected"`
	Actual   string `json:"actual"`
}

// How often a comparison is looked at, and how long another one is waited for.
const (
	pollDrift    = 3 * time.Second
	patientDrift = 5 * time.Minute
)

// Drift has CloudFormation compare the stack with what is really there.
func (e *Engine) Drift(ctx context.Context) (*Drift, error) {
	s, err := e.Describe(ctx)
	if err != nil {
		return nil, err
	}
	if s == nil || types.StackStatus(s.Status) == types.StackStatusReviewInProgress {
		return nil, diag.Errorf(diag.Usage, "there is no stack %s", e.o.Name).WithNext("`lakectl deploy` makes it")
	}
	id, err := e.beginDrift(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	result := &Drift{}
	if err := e.awaitDrift(ctx, id, result); err != nil {
		return nil, err
	}
	return result, e.readDrift(ctx, s.ID, result)
}

// beginDrift begins the comparison and returns its id. One that is under way,
// such as that of a process that was interrupted, cannot be asked for its id: its
// end is waited for.
func (e *Engine) beginDrift(ctx context.Context, stackID string) (*string, error) {
	for waited := time.Duration(0); ; waited += pollDrift {
		out, err := e.api.DetectStackDrift(ctx, &cfn.DetectStackDriftInput{StackName: &stackID})
		switch {
		case err == nil:
			return out.StackDriftDetectionId, nil
		case !strings.Contains(err.Error(), "rift detection is already in progress"):
			return nil, session.Explain(fmt.Errorf("begin to compare the stack %s: %w", e.o.Name, err))
		case waited >= patientDrift:
			return nil, diag.Errorf(diag.Locked, "another comparison of the stack %s is under way", e.o.Name).WithNext("try again when it has ended")
		}
		if err := e.o.Sleep(ctx, pollDrift); err != nil {
			return nil, err
		}
	}
}

func (e *Engine) awaitDrift(ctx context.Context, id *string, result *Drift) error {
	for {
		out, err := e.api.DescribeStackDriftDetectionStatus(ctx, &cfn.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: id})
		if err != nil {
			return session.Explain(fmt.Errorf("wait for the comparison of the stack %s: %w", e.o.Name, err))
		}
		switch out.DetectionStatus {
		case types.StackDriftDetectionStatusDetectionComplete:
			return nil
		case types.StackDriftDetectionStatusDetectionFailed: // what could be compared can still be read
			if result.Incomplete = aws.ToString(out.DetectionStatusReason); result.Incomplete == "" {
				result.Incomplete = "CloudFormation does not say why"
			}
			return nil
		}
		if err := e.o.Sleep(ctx, pollDrift); err != nil {
			return err
		}
	}
}

func (e *Engine) readDrift(ctx context.Context, stackID string, result *Drift) error {
	in := &cfn.DescribeStackResourceDriftsInput{StackName: &stackID}
	for {
		out, err := e.api.DescribeStackResourceDrifts(ctx, in)
		if err != nil {
			return session.Explain(fmt.Errorf("read how the stack %s differs: %w", e.o.Name, err))
		}
		for _, d := range out.StackResourceDrifts {
			switch d.StackResourceDriftStatus {
			case types.StackResourceDriftStatusModified, types.StackResourceDriftStatusDeleted:
				result.Checked++
				result.Resources = append(result.Resources, drifted(d))
			case types.StackResourceDriftStatusInSync:
				result.Checked++
			}
		}
		if aws.ToString(out.NextToken) == "" {
			break
		}
		in.NextToken = out.NextToken
	}
	slices.SortFunc(result.Resources, func(a, b Drifted) int { return strings.Compare(a.ID, b.ID) })
	return nil
}

func drifted(d types.StackResourceDrift) Drifted {
	r := Drifted{ID: aws.ToString(d.LogicalResourceId), Type: aws.ToString(d.ResourceType), Physical: aws.ToString(d.PhysicalResourceId),
		Deleted: d.StackResourceDriftStatus == types.StackResourceDriftStatusDeleted}
	for _, p := range d.PropertyDifferences {
		r.Properties = append(r.Properties, Difference{Path: strings.ReplaceAll(strings.TrimPrefix(aws.ToString(p.PropertyPath), "/"), "/", "."),
			Kind: string(p.DifferenceType), Expected: aws.ToString(p.ExpectedValue), Actual: aws.ToString(p.ActualValue)})
	}
	return r
}
