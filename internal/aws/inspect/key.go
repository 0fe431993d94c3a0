package inspect

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/lakectl/lakectl/internal/diag"
)

type keyAPI interface {
	DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error)
	GetKeyPolicy(context.Context, *kms.GetKeyPolicyInput, ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error)
	GetKeyRotationStatus(context.Context, *kms.GetKeyRotationStatusInput, ...func(*kms.Options)) (*kms.GetKeyRotationStatusOutput, error)
}

// Key looks whether the project's key is there and enabled, is changed every
// year, and lets those services use it that have to.
func (i *Inspector) Key(ctx context.Context) diag.Finding {
	alias := i.names.KeyAlias()
	out, err := i.keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(alias)})
	switch {
	case absent(err):
		return diag.Findf(diag.Bad, "there is no key %s", alias).WithRemedy(deploy)
	case err != nil:
		return i.unchecked("read the key "+alias, err)
	case out.KeyMetadata == nil:
		return diag.Findf(diag.Suspect, "could not be checked: the answer has no key")
	}
	id := aws.ToString(out.KeyMetadata.KeyId)
	switch state := out.KeyMetadata.KeyState; state {
	case types.KeyStateEnabled:
	case types.KeyStateDisabled:
		return diag.Findf(diag.Bad, "the key %s is disabled: nothing that it encrypts can be read", alias).WithRemedy("`aws kms enable-key --key-id %s`", id)
	case types.KeyStatePendingDeletion:
		return diag.Findf(diag.Bad, "the key %s is going to be deleted, and with it the lake becomes unreadable", alias).
			WithRemedy("`aws kms cancel-key-deletion --key-id %s`, then `aws kms enable-key --key-id %s`", id, id)
	default:
		return diag.Findf(diag.Bad, "the key %s is in state %s", alias, state).WithRemedy("`aws kms describe-key --key-id %s`", id)
	}
	var f faults
	i.keyGrants(ctx, id, &f)
	i.keyRotation(ctx, id, &f)
	return f.finding(alias + " is enabled, changed every year, and open to logs, alarms and events")
}

// keyGrants looks whether the services that encrypt for us may use the key:
// without it alarms, events and logs are lost without an error anywhere.
func (i *Inspector) keyGrants(ctx context.Context, id string, f *faults) {
	out, err := i.keys.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: aws.String(id), PolicyName: aws.String("default")})
	if err != nil {
		f.guesses = append(f.guesses, i.unchecked("read the policy of the key", err))
		return
	}
	policy, err := parseDocument(aws.ToString(out.Policy))
	if err != nil {
		f.guesses = append(f.guesses, diag.Findf(diag.Suspect, "could not be checked: the policy of the key cannot be read: %v", err))
		return
	}
	domain := "amazonaws.com"
	if i.names.Partition == "aws-cn" {
		domain += ".cn"
	}
	var locked []string
	for _, service := range []string{"logs." + i.names.Region + "." + domain, "cloudwatch.amazonaws.com", "events.amazonaws.com"} {
		if !policy.allowsService(service, "kms:Decrypt") || !policy.allowsService(service, "kms:GenerateDataKey") {
			locked = append(locked, service)
		}
	}
	if len(locked) > 0 {
		f.add(diag.Bad, deploy, "the policy of the key does not let %s use it, so that what they send is lost", strings.Join(locked, ", "))
	}
}

func (i *Inspector) keyRotation(ctx context.Context, id string, f *faults) {
	out, err := i.keys.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: aws.String(id)})
	switch {
	case err != nil:
		f.guesses = append(f.guesses, i.unchecked("read whether the key is changed every year", err))
	case !out.KeyRotationEnabled:
		f.add(diag.Suspect, fmt.Sprintf("`aws kms enable-key-rotation --key-id %s`", id), "the key is never changed")
	}
}
