package inspect

import (
	"context"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/lakectl/lakectl/internal/diag"
)

type roleAPI interface {
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
}

// setUpSnowflake has the stack make the role: whom it trusts follows from the
// integration in Snowflake.
const setUpSnowflake = "`lakectl snowflake setup`"

// SnowflakeTrust looks whether the role of Snowflake can be taken by one
// principal only, and by it only with an external id: without that, whoever else
// has Snowflake could have it read our lake.
func (i *Inspector) SnowflakeTrust(ctx context.Context) diag.Finding {
	role := i.names.Role("snowflake")
	out, err := i.roles.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(role)})
	switch {
	case absent(err):
		return diag.Findf(diag.Bad, "there is no role %s: Snowflake cannot read the lake", role).WithRemedy(setUpSnowflake)
	case err != nil:
		return i.unchecked("read the role "+role, err)
	case out.Role == nil:
		return diag.Findf(diag.Suspect, "could not be checked: the answer has no role")
	}
	text, err := url.PathUnescape(aws.ToString(out.Role.AssumeRolePolicyDocument))
	if err != nil {
		text = aws.ToString(out.Role.AssumeRolePolicyDocument)
	}
	trust, err := parseDocument(text)
	if err != nil {
		return diag.Findf(diag.Suspect, "could not be checked: the trust of the role %s cannot be read: %v", role, err)
	}
	return judgeTrust(role, trust)
}

func judgeTrust(role string, trust document) diag.Finding {
	trusted := 0
	for _, s := range trust.Statement {
		if s.Effect != "Allow" || !s.does("sts:AssumeRole") {
			continue
		}
		who, ids := s.Principal["AWS"], s.values("StringEquals", "sts:ExternalId")
		switch {
		case slices.Contains(who, "*"):
			return diag.Findf(diag.Bad, "the role %s trusts everybody", role).WithRemedy(deploy)
		case len(who) > 0 && (len(ids) == 0 || slices.Contains(ids, "")):
			return diag.Findf(diag.Bad, "the role %s trusts %s without an external id, so that any customer of Snowflake could use it", role, who[0]).WithRemedy(deploy)
		}
		trusted += len(who)
	}
	if trusted == 0 {
		return diag.Findf(diag.Bad, "the role %s trusts nobody: Snowflake cannot read the lake", role).WithRemedy(deploy)
	}
	return diag.Findf(diag.Good, "%s trusts Snowflake's user, with an external id", role)
}
