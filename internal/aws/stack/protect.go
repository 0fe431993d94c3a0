package stack

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/lakectl/lakectl/internal/aws/session"
)

// openPolicy lets an update do anything.
const openPolicy = `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"Update:*","Resource":"*"}]}`

// guardPolicy lets an update do anything but replace or delete what holds data.
func guardPolicy() string {
	type statement struct {
		Effect    string
		Principal string
		Action    []string
		Resource  string
		Condition map[string]map[string][]string `json:",omitempty"`
	}
	text, err := json.Marshal(map[string][]statement{"Statement": {
		{Effect: "Allow", Principal: "*", Action: []string{"Update:*"}, Resource: "*"},
		{Effect: "Deny", Principal: "*", Action: []string{"Update:Replace", "Update:Delete"}, Resource: "*",
			Condition: map[string]map[string][]string{"StringEquals": {"ResourceType": dataTypes}}},
	}})
	if err != nil {
		panic("stack: a policy does not marshal: " + err.Error())
	}
	return string(text)
}

// protect guards a stack of production. It is done after each deployment, so
// that what one left open is closed by the next.
func (e *Engine) protect(ctx context.Context, s *Stack) error {
	if !e.o.Production || s == nil {
		return nil
	}
	if !s.Protected {
		if err := e.setProtection(ctx, s.ID, true); err != nil {
			return err
		}
		s.Protected = true
	}
	return e.setPolicy(ctx, s.ID, guardPolicy())
}

// Unprotect lets a stack be deleted.
func (e *Engine) Unprotect(ctx context.Context, s *Stack) error {
	return e.setProtection(ctx, s.ID, false)
}

func (e *Engine) setProtection(ctx context.Context, stackID string, on bool) error {
	_, err := e.api.UpdateTerminationProtection(ctx, &cfn.UpdateTerminationProtectionInput{StackName: &stackID, EnableTerminationProtection: aws.Bool(on)})
	if err != nil {
		return session.Explain(fmt.Errorf("set the protection of the stack %s against deletion: %w", e.o.Name, err))
	}
	return nil
}

func (e *Engine) setPolicy(ctx context.Context, stackID, policy string) error {
	if _, err := e.api.SetStackPolicy(ctx, &cfn.SetStackPolicyInput{StackName: &stackID, StackPolicyBody: &policy}); err != nil {
		return session.Explain(fmt.Errorf("set the policy of the stack %s, which guards its data: %w", e.o.Name, err))
	}
	return nil
}
