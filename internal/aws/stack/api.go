package stack

import (
	"context"
	"crypto/rand"
	"time"

	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/lakectl/lakectl/internal/aws/session"
)

// Reader is what is asked about stacks.
type Reader interface {
	DescribeStacks(context.Context, *cfn.DescribeStacksInput, ...func(*cfn.Options)) (*cfn.DescribeStacksOutput, error)
	DescribeStackEvents(context.Context, *cfn.DescribeStackEventsInput, ...func(*cfn.Options)) (*cfn.DescribeStackEventsOutput, error)
	DescribeEvents(context.Context, *cfn.DescribeEventsInput, ...func(*cfn.Options)) (*cfn.DescribeEventsOutput, error)
	GetTemplate(context.Context, *cfn.GetTemplateInput, ...func(*cfn.Options)) (*cfn.GetTemplateOutput, error)
	ListStackResources(context.Context, *cfn.ListStackResourcesInput, ...func(*cfn.Options)) (*cfn.ListStackResourcesOutput, error)
}

// Changer is what is done with change sets.
type Changer interface {
	CreateChangeSet(context.Context, *cfn.CreateChangeSetInput, ...func(*cfn.Options)) (*cfn.CreateChangeSetOutput, error)
	DescribeChangeSet(context.Context, *cfn.DescribeChangeSetInput, ...func(*cfn.Options)) (*cfn.DescribeChangeSetOutput, error)
	ExecuteChangeSet(context.Context, *cfn.ExecuteChangeSetInput, ...func(*cfn.Options)) (*cfn.ExecuteChangeSetOutput, error)
	DeleteChangeSet(context.Context, *cfn.DeleteChangeSetInput, ...func(*cfn.Options)) (*cfn.DeleteChangeSetOutput, error)
	ListChangeSets(context.Context, *cfn.ListChangeSetsInput, ...func(*cfn.Options)) (*cfn.ListChangeSetsOutput, error)
}

// Mender is what brings stacks out of states in which they cannot be updated.
type Mender interface {
	DeleteStack(context.Context, *cfn.DeleteStackInput, ...func(*cfn.Options)) (*cfn.DeleteStackOutput, error)
	ContinueUpdateRollback(context.Context, *cfn.ContinueUpdateRollbackInput, ...func(*cfn.Options)) (*cfn.ContinueUpdateRollbackOutput, error)
	RollbackStack(context.Context, *cfn.RollbackStackInput, ...func(*cfn.Options)) (*cfn.RollbackStackOutput, error)
}

// Protector is what guards stacks against accidents.
type Protector interface {
	UpdateTerminationProtection(context.Context, *cfn.UpdateTerminationProtectionInput, ...func(*cfn.Options)) (*cfn.UpdateTerminationProtectionOutput, error)
	SetStackPolicy(context.Context, *cfn.SetStackPolicyInput, ...func(*cfn.Options)) (*cfn.SetStackPolicyOutput, error)
}

// Drifter is what compares stacks with what is really there.
type Drifter interface {
	DetectStackDrift(context.Context, *cfn.DetectStackDriftInput, ...func(*cfn.Options)) (*cfn.DetectStackDriftOutput, error)
	DescribeStackDriftDetectionStatus(context.Context, *cfn.DescribeStackDriftDetectionStatusInput, ...func(*cfn.Options)) (*cfn.DescribeStackDriftDetectionStatusOutput, error)
	DescribeStackResourceDrifts(context.Context, *cfn.DescribeStackResourceDriftsInput, ...func(*cfn.Options)) (*cfn.DescribeStackResourceDriftsOutput, error)
}

// API is the part of CloudFormation that is used.
type API interface {
	Reader
	Changer
	Mender
	Protector
	Drifter
}

// Client returns CloudFormation itself.
func Client(s *session.Session) API { return cfn.NewFromConfig(s.Config) }

// Options are the settings of an Engine.
type Options struct {
	Name    string
	RoleARN string // the role that CloudFormation acts in; empty: the caller's own rights
	// Production stacks are protected against deletion, and their data against
	// replacement.
	Production bool
	// Sleep waits; nil is the real one.
	Sleep func(context.Context, time.Duration) error
	// NewID returns a name that was never used; nil makes random ones.
	NewID func() string
}

// Engine deploys one stack. It is not for use by several goroutines.
type Engine struct {
	api API
	o   Options
}

// New returns an engine for the stack of that name.
func New(api API, o Options) *Engine {
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.NewID == nil {
		o.NewID = func() string { return "lakectl-" + rand.Text() }
	}
	return &Engine{api: api, o: o}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// optional returns nil for an empty text: what is not to be sent.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
