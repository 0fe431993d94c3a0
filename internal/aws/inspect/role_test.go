package inspect

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lakectl/lakectl/internal/diag"
)

// iamFake denies some actions, and answers one action a page.
type iamFake struct {
	denied   []string
	decision types.PolicyEvaluationDecisionType
	silent   bool
	role     *types.Role
	asked    []*iam.SimulatePrincipalPolicyInput
}

func (f *iamFake) SimulatePrincipalPolicy(_ context.Context, in *iam.SimulatePrincipalPolicyInput, _ ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error) {
	f.asked = append(f.asked, in)
	if f.silent {
		return &iam.SimulatePrincipalPolicyOutput{}, nil
	}
	at := len(aws.ToString(in.Marker))
	action := in.ActionNames[at]
	decision := types.PolicyEvaluationDecisionTypeAllowed
	if slices.Contains(f.denied, action) {
		decision = f.decision
	}
	out := &iam.SimulatePrincipalPolicyOutput{EvaluationResults: []types.EvaluationResult{{EvalActionName: aws.String(action), EvalDecision: decision,
		EvalResourceName: aws.String(in.ResourceArns[0])}}}
	if at+1 < len(in.ActionNames) {
		out.IsTruncated, out.Marker = true, aws.String(aws.ToString(in.Marker)+"+")
	}
	return out, nil
}

func (f *iamFake) GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error) {
	return &iam.GetRoleOutput{Role: f.role}, nil
}

func TestRoles(t *testing.T) {
	ctx := context.Background()
	role := func(f *iamFake, kind string) diag.Finding {
		return (&Inspector{names: shop, simulator: f, roles: f}).Role(ctx, RoleOptions{Kind: kind, Policy: kind, KMS: true, Sources: []string{"s3://raw/in/2026-*.csv"}})
	}
	f := &iamFake{}
	want(t, "jobs", role(f, "glue-job"), diag.Good, "shop-dev-eu-central-1-glue-job may do what it has to", "")
	first := f.asked[0]
	if got := aws.ToString(first.PolicySourceArn) + " " + first.ResourceArns[0]; got != "arn:aws:iam::123456789012:role/shop-dev-eu-central-1-glue-job arn:aws:s3:::shop-lake" {
		t.Errorf("asked for %s", got)
	}
	asked := map[string]string{} // contexts, by key
	for _, in := range f.asked {
		for _, e := range in.ContextEntries {
			asked[aws.ToString(e.ContextKeyName)] = string(e.ContextKeyType) + " " + strings.Join(e.ContextKeyValues, ",")
		}
		if slices.ContainsFunc(in.ResourceArns, func(arn string) bool { return arn != "*" && strings.Contains(arn, "*") }) {
			t.Errorf("asked for %v", in.ResourceArns)
		}
	}
	if asked["cloudwatch:namespace"] != "string Lakehouse/shop" || asked["kms:ResourceAliases"] != "stringList alias/shop-dev" {
		t.Errorf("what conditions of the policy ask for is not given: %v", asked)
	}
	last := f.asked[len(f.asked)-1]
	if last.ActionNames[0] != "s3:GetObject" || last.ResourceArns[0] != "arn:aws:s3:::raw/in/2026-any" || asked["s3:prefix"] != "string in/2026-" {
		t.Errorf("of raw files it is asked for %v on %v, with %v", last.ActionNames, last.ResourceArns, asked)
	}
	want(t, "crawlers", role(&iamFake{}, "glue-crawler"), diag.Good, "glue-crawler may do what it has to", "")
	f = &iamFake{denied: []string{"glue:BatchUpdatePartition"}, decision: types.PolicyEvaluationDecisionTypeImplicitDeny}
	want(t, "may not", role(f, "glue-job"), diag.Bad, "glue-job may not do glue:BatchUpdatePartition on arn:aws:glue:eu-central-1:123456789012:", "`lakectl drift`")
	f = &iamFake{denied: []string{"s3:GetBucketLocation"}, decision: types.PolicyEvaluationDecisionTypeExplicitDeny}
	want(t, "must not", role(f, "glue-crawler"), diag.Bad, "s3:GetBucketLocation on arn:aws:s3:::shop-lake", "SCP")
	f = &iamFake{denied: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"}, decision: types.PolicyEvaluationDecisionTypeImplicitDeny}
	want(t, "much", role(f, "glue-job"), diag.Bad, "more", "`lakectl deploy`")
	want(t, "no answer", role(&iamFake{silent: true}, "glue-job"), diag.Suspect, "could not be checked", "")
	want(t, "no policy", role(&iamFake{}, "nothing"), diag.Suspect, "there is no policy", "the policies are")
	specific := types.EvaluationResult{EvalResourceName: aws.String("*"), ResourceSpecificResults: []types.ResourceSpecificResult{
		{EvalResourceName: aws.String("a"), EvalResourceDecision: types.PolicyEvaluationDecisionTypeAllowed}, {EvalResourceName: aws.String("b")}}}
	if where(specific) != "b" {
		t.Errorf("it is denied on %s", where(specific))
	}
}

func TestAnalyst(t *testing.T) {
	ctx := context.Background()
	f := &iamFake{denied: []string{"athena:StartQueryExecution"}, decision: types.PolicyEvaluationDecisionTypeImplicitDeny}
	i := &Inspector{names: shop, simulator: f, roles: f}
	want(t, "may not", i.Analyst(ctx, "arn:aws:iam::1:user/u", false), diag.Suspect, "u may not do athena:StartQueryExecution on ", "`lakectl policy show athena-query`")
	f.denied = nil
	want(t, "may", i.Analyst(ctx, "arn:aws:iam::1:user/u", false), diag.Good, "u may do", "")
}

func TestWriter(t *testing.T) {
	ctx := context.Background()
	role := &types.Role{Arn: aws.String("arn:aws:iam::1:role/a/b/dev")}
	for name, test := range map[string]struct {
		arn          string
		fake         *iamFake
		principal    string
		level        diag.Level
		text, remedy string
	}{
		"user":              {"arn:aws:iam::1:user/u", &iamFake{}, "arn:aws:iam::1:user/u", diag.Good, "u may do what it has to", ""},
		"role":              {"arn:aws:sts::1:assumed-role/dev/me", &iamFake{role: role}, "arn:aws:iam::1:role/a/b/dev", diag.Good, "dev may do", ""},
		"role without path": {"arn:aws:sts::1:assumed-role/dev/me", &iamFake{}, "", diag.Suspect, "could not be checked: read the role dev", ""},
		"may not": {"arn:aws:iam::1:user/u", &iamFake{denied: []string{"s3:DeleteObject"}, decision: types.PolicyEvaluationDecisionTypeImplicitDeny},
			"arn:aws:iam::1:user/u", diag.Bad, "u may not do s3:DeleteObject", "have arn:aws:iam::1:user/u be allowed it"},
		"root":  {"arn:aws:iam::1:root", &iamFake{}, "", diag.Suspect, "you are root", "a role that may do less"},
		"other": {"arn:aws:sts::1:federated-user/x", &iamFake{}, "", diag.Suspect, "IAM does not simulate arn:aws:sts::1:federated-user/x", ""},
	} {
		f := (&Inspector{names: shop, simulator: test.fake, roles: test.fake}).Writer(ctx, test.arn)
		want(t, name, f, test.level, test.text, test.remedy)
		asked := ""
		if len(test.fake.asked) > 0 {
			asked = aws.ToString(test.fake.asked[0].PolicySourceArn)
		}
		if asked != test.principal {
			t.Errorf("%s: asked for %q, want %q", name, asked, test.principal)
		}
	}
}

func TestSnowflakeTrust(t *testing.T) {
	const good = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::7:user/snow"}, "Action": "sts:AssumeRole",
		"Condition": {"StringEquals": {"sts:ExternalId": "x+1"}}}]}`
	for name, test := range map[string]struct {
		policy       string
		level        diag.Level
		text, remedy string
	}{
		"good":       {good, diag.Good, "with an external id", ""},
		"encoded":    {"%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%5B%22a%22%5D%7D%2C%22Action%22%3A%22sts%3A%2A%22%2C%22Condition%22%3A%7B%22StringEquals%22%3A%7B%22sts%3Aexternalid%22%3A%22x%22%7D%7D%7D%7D", diag.Good, "", ""},
		"no id":      {`{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::7:user/snow"}, "Action": "sts:AssumeRole"}}`, diag.Bad, "without an external id", "`lakectl deploy`"},
		"empty id":   {`{"Statement": {"Effect": "Allow", "Principal": {"AWS": "a"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": ""}}}}`, diag.Bad, "without an external id", "`lakectl deploy`"},
		"everybody":  {`{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {"StringEquals": {"sts:ExternalId": "x"}}}}`, diag.Bad, "trusts everybody", "`lakectl deploy`"},
		"nobody":     {`{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}`, diag.Bad, "trusts nobody", "`lakectl deploy`"},
		"unreadable": {"{", diag.Suspect, "could not be checked: the trust", ""},
	} {
		fake := &iamFake{role: &types.Role{AssumeRolePolicyDocument: aws.String(test.policy)}}
		want(t, name, (&Inspector{names: shop, roles: fake}).SnowflakeTrust(context.Background()), test.level, test.text, test.remedy)
	}
	want(t, "an empty answer", (&Inspector{names: shop, roles: &iamFake{}}).SnowflakeTrust(context.Background()), diag.Suspect, "could not be checked", "")
}
