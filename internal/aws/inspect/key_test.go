package inspect

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/lakectl/lakectl/internal/diag"
)

type keyFake struct {
	state     types.KeyState
	policy    string
	policyErr error
	still     bool // it is never changed
	stillErr  error
}

func (f keyFake) DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	if f.state == "" {
		return &kms.DescribeKeyOutput{}, nil
	}
	return &kms.DescribeKeyOutput{KeyMetadata: &types.KeyMetadata{KeyId: aws.String("k-1"), KeyState: f.state}}, nil
}

func (f keyFake) GetKeyPolicy(context.Context, *kms.GetKeyPolicyInput, ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error) {
	return &kms.GetKeyPolicyOutput{Policy: aws.String(f.policy)}, f.policyErr
}

func (f keyFake) GetKeyRotationStatus(context.Context, *kms.GetKeyRotationStatusInput, ...func(*kms.Options)) (*kms.GetKeyRotationStatusOutput, error) {
	return &kms.GetKeyRotationStatusOutput{KeyRotationEnabled: !f.still}, f.stillErr
}

func TestKey(t *testing.T) {
	const good = `{"Statement": [
		{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"},
		{"Effect": "Allow", "Principal": {"Service": "logs.eu-central-1.amazonaws.com"}, "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"], "Resource": "*"},
		{"Effect": "Allow", "Principal": {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]}, "Action": ["kms:Decrypt", "kms:generatedatakey*"], "Resource": "*"}]}`
	for name, test := range map[string]struct {
		change       func(*keyFake)
		level        diag.Level
		text, remedy string
	}{
		"good":     {func(*keyFake) {}, diag.Good, "alias/shop-dev is enabled", ""},
		"disabled": {func(f *keyFake) { f.state = types.KeyStateDisabled }, diag.Bad, "is disabled", "aws kms enable-key --key-id k-1"},
		"dying":    {func(f *keyFake) { f.state = types.KeyStatePendingDeletion }, diag.Bad, "going to be deleted", "aws kms cancel-key-deletion --key-id k-1"},
		"odd":      {func(f *keyFake) { f.state = types.KeyStateUnavailable }, diag.Bad, "in state Unavailable", "describe-key"},
		"empty":    {func(f *keyFake) { f.state = "" }, diag.Suspect, "could not be checked", ""},
		"other region": {func(f *keyFake) { f.policy = strings.Replace(good, "eu-central-1", "us-east-1", 1) }, diag.Bad,
			"does not let logs.eu-central-1.amazonaws.com use it", "`lakectl deploy`"},
		"root alone": {func(f *keyFake) {
			f.policy = `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "r"}, "Action": "kms:*"}}`
		}, diag.Bad,
			"let logs.eu-central-1.amazonaws.com, cloudwatch.amazonaws.com, events.amazonaws.com use it", "`lakectl deploy`"},
		"denied":      {func(f *keyFake) { f.policy = strings.ReplaceAll(good, "Allow", "Deny") }, diag.Bad, "does not let logs", "`lakectl deploy`"},
		"unreadable":  {func(f *keyFake) { f.policy = "{" }, diag.Suspect, "could not be checked: the policy of the key", ""},
		"still":       {func(f *keyFake) { f.still = true }, diag.Suspect, "never changed", "aws kms enable-key-rotation --key-id k-1"},
		"closed":      {func(f *keyFake) { f.policyErr = coded("AccessDeniedException") }, diag.Suspect, "could not be checked: read the policy", "permission"},
		"half closed": {func(f *keyFake) { f.policyErr, f.still = coded("AccessDeniedException"), true }, diag.Suspect, "never changed", "enable-key-rotation"},
		"no rotation": {func(f *keyFake) { f.stillErr = coded("Throttling") }, diag.Suspect, "could not be checked: read whether the key is changed", "try again"},
	} {
		fake := keyFake{state: types.KeyStateEnabled, policy: good}
		test.change(&fake)
		want(t, name, (&Inspector{names: shop, keys: fake}).Key(context.Background()), test.level, test.text, test.remedy)
	}
}
