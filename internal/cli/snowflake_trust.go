package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/aws/ops"
	"github.com/lakectl/lakectl/internal/aws/stack"
	"github.com/lakectl/lakectl/internal/aws/template"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/snowflake/setup"
)

// snowflakeTrust is the role of a stack that Snowflake takes.
type snowflakeTrust struct {
	app    *App
	engine *stack.Engine
	name   string // of the stack
	// put writes a template that is too large for a request, and returns where
	// CloudFormation finds it.
	put func(ctx context.Context, text string) (address string, err error)
}

func (app *App) openTrust(c *cloud, role string) *snowflakeTrust {
	bucket := ops.New(ops.Client(c.Session), ops.Options{Names: c.Names, Plain: strings.HasPrefix(c.Session.Endpoint(), "http://")})
	return &snowflakeTrust{app: app, engine: openStack(c, role), name: c.Names.Stack(), put: bucket.PutTemplate}
}

// current returns whom the stack trusts, if it is there.
func (t *snowflakeTrust) current(ctx context.Context) (*stack.Stack, setup.Trust, error) {
	s, err := t.engine.Describe(ctx)
	if err != nil || s == nil {
		return nil, setup.Trust{}, err
	}
	return s, setup.Trust{Principal: s.Parameters[template.SnowflakePrincipal], ExternalID: s.Parameters[template.SnowflakeExternalID]}, nil
}

// need is current for a stack that must be there.
func (t *snowflakeTrust) need(ctx context.Context) (*stack.Stack, setup.Trust, error) {
	s, trust, err := t.current(ctx)
	if err == nil && s == nil {
		err = diag.Errorf(diag.Usage, "there is no stack %s in AWS: its role is what Snowflake reads the lake with", t.name).WithNext("`lakectl deploy` makes it; then set up Snowflake")
	}
	return s, trust, err
}

// set makes the stack trust somebody, or nobody: its template stays, two of its
// parameters change. Where they are so already nothing is sent.
func (t *snowflakeTrust) set(ctx context.Context, want setup.Trust) (changed bool, err error) {
	s, have, err := t.need(ctx)
	if err != nil || have == want {
		return false, err
	}
	text, err := t.engine.Template(ctx, s)
	if err != nil {
		return false, err
	}
	r := stack.Request{Template: text, Tags: s.Tags, Parameters: map[string]string{template.SnowflakePrincipal: want.Principal, template.SnowflakeExternalID: want.ExternalID}}
	if len(text) > stack.MaxBody {
		if r.URL, err = t.put(ctx, text); err != nil {
			return false, err
		}
	}
	events := newStackEvents(t.app, t.name)
	defer events.close()
	result, err := t.engine.Deploy(ctx, r, &trustUI{events, t.name})
	if err != nil {
		return false, err
	}
	return result.Executed, nil
}

// trustUI answers for who has agreed to the trust, and to nothing else.
type trustUI struct {
	*stackEvents
	name string
}

// Mend implements stack.UI.
func (u *trustUI) Mend(_ context.Context, m stack.Mending) (bool, error) {
	return false, diag.Errorf(diag.Usage, "the stack %s is in %s: %s", u.name, m.Stack.Status, m.Why).WithNext("`lakectl deploy` brings it back; then run this again")
}

// Approve implements stack.UI.
func (u *trustUI) Approve(_ context.Context, p *stack.Plan) (bool, error) {
	for _, c := range p.Changes {
		if !slices.Contains([]string{"SnowflakeRole", "SnowflakePolicy"}, c.ID) {
			return false, diag.Errorf(diag.Usage, "the stack %s would change in %s (%s), too", u.name, c.ID, c.Type).
				WithNext("`lakectl deploy` shows all of it, and asks; then run this again")
		}
	}
	return true, nil
}
