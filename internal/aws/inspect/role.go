package inspect

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lakectl/lakectl/internal/diag"
)

type simulatorAPI interface {
	SimulatePrincipalPolicy(context.Context, *iam.SimulatePrincipalPolicyInput, ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error)
}

// RoleOptions say what a role is for.
type RoleOptions struct {
	Kind    string   // that of names.Names.Role
	Policy  string   // that of template.Policies
	KMS     bool     // the project has a key of its own
	Sources []string // raw files on S3 that it reads
}

// Role asks IAM whether a role may do all that its policy is there for.
func (i *Inspector) Role(ctx context.Context, o RoleOptions) diag.Finding {
	wanted, err := permissions(o.Policy, i.names, o.KMS)
	if err != nil {
		return i.unchecked("read the policy "+o.Policy, err)
	}
	f := i.simulate(ctx, i.names.RoleARN(o.Kind), append(wanted, reader(i.names, o.Sources)...))
	if f.Level == diag.Suspect { // at least it can be said whether there is one
		name := i.names.Role(o.Kind)
		if _, err := i.roles.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(name)}); absent(err) {
			return noRole(name)
		}
	}
	return f
}

func noRole(name string) diag.Finding {
	return diag.Findf(diag.Bad, "there is no role %s", name).WithRemedy(deploy)
}

// Writer asks IAM whether whoever runs lakectl may write to the lake; arn is
// what AWS calls us.
func (i *Inspector) Writer(ctx context.Context, arn string) diag.Finding {
	return i.caller(ctx, arn, func(principal string) diag.Finding {
		f := i.simulate(ctx, principal, writer(i.names))
		if f.Level == diag.Bad {
			f.Remedy = "have " + principal + " be allowed it, or choose another profile (AWS_PROFILE)"
		}
		return f
	})
}

// Analyst asks IAM whether whoever runs lakectl may ask in Athena. Not everybody
// has to.
func (i *Inspector) Analyst(ctx context.Context, arn string, kms bool) diag.Finding {
	const policy = "athena-query"
	wanted, err := permissions(policy, i.names, kms)
	if err != nil {
		return i.unchecked("read the policy "+policy, err)
	}
	return i.caller(ctx, arn, func(principal string) diag.Finding {
		f := i.simulate(ctx, principal, wanted)
		if f.Level == diag.Bad {
			f.Level, f.Remedy = diag.Suspect, "whoever asks in Athena needs the policy that `lakectl policy show "+policy+"` prints"
		}
		return f
	})
}

// caller finds out which principal we are to IAM, and lets it be judged.
func (i *Inspector) caller(ctx context.Context, arn string, judge func(principal string) diag.Finding) diag.Finding {
	_, name, _ := strings.Cut(arn, ":assumed-role/")
	switch {
	case name != "":
		role, _, _ := strings.Cut(name, "/")
		out, err := i.roles.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(role)}) // its path is not in our name
		if err == nil && out.Role == nil {
			err = errors.New("the answer has none")
		}
		if err != nil {
			return i.unchecked("read the role "+role, err)
		}
		return judge(aws.ToString(out.Role.Arn))
	case strings.HasSuffix(arn, ":root"):
		return diag.Findf(diag.Suspect, "you are root, who may do everything").WithRemedy("use a role that may do less (AWS_PROFILE)")
	case !strings.Contains(arn, ":iam:"):
		return diag.Findf(diag.Suspect, "could not be checked: IAM does not simulate %s", arn)
	}
	return judge(arn)
}

// simulate asks IAM whether a principal has permissions. The policies of buckets
// and keys are not part of what IAM looks at.
func (i *Inspector) simulate(ctx context.Context, principal string, wanted []permission) diag.Finding {
	name := principal[strings.LastIndexByte(principal, '/')+1:]
	var denied []string
	explicit, asked := false, 0
	for _, p := range wanted {
		results, err := i.decisions(ctx, principal, p)
		switch {
		case absent(err):
			return noRole(name)
		case err != nil:
			return i.unchecked("simulate what "+name+" may do", err)
		}
		for _, r := range results {
			asked++
			if r.EvalDecision == types.PolicyEvaluationDecisionTypeAllowed {
				continue
			}
			denied = append(denied, aws.ToString(r.EvalActionName)+" on "+where(r))
			explicit = explicit || r.EvalDecision == types.PolicyEvaluationDecisionTypeExplicitDeny
		}
	}
	switch {
	case explicit:
		return refused(name, denied).WithRemedy("a policy denies it: look at those of the organisation (SCP), at the permissions boundary, and at what was attached to %s", name)
	case len(denied) > 0:
		return refused(name, denied).WithRemedy("`lakectl drift` says what was changed, and %s puts it right", deploy)
	case asked == 0:
		return diag.Findf(diag.Suspect, "could not be checked: IAM gave no answer for %s", name)
	}
	return diag.Findf(diag.Good, "%s may do what it has to (%d questions asked)", name, asked)
}

// where is the resource on which an action is not allowed: IAM has a result for
// each, or one for all with what comes to each below it.
func where(r types.EvaluationResult) string {
	for _, each := range r.ResourceSpecificResults {
		if each.EvalResourceDecision != types.PolicyEvaluationDecisionTypeAllowed {
			return aws.ToString(each.EvalResourceName)
		}
	}
	return aws.ToString(r.EvalResourceName)
}

// refused is the finding of what a principal may not do.
func refused(name string, denied []string) diag.Finding {
	const shown = 3
	more := ""
	if n := len(denied); n > shown {
		more = fmt.Sprintf(", and %d more", n-shown)
	}
	return diag.Findf(diag.Bad, "%s may not do %s%s", name, strings.Join(denied[:min(len(denied), shown)], ", "), more)
}

// decisions asks IAM about one permission.
func (i *Inspector) decisions(ctx context.Context, principal string, p permission) ([]types.EvaluationResult, error) {
	var all []types.EvaluationResult
	pages := iam.NewSimulatePrincipalPolicyPaginator(i.simulator, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(principal),
		ActionNames: p.actions, ResourceArns: p.resources, ContextEntries: p.context})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, page.EvaluationResults...)
	}
	return all, nil
}
