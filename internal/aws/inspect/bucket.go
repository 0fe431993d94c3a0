package inspect

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lakectl/lakectl/internal/diag"
)

type bucketAPI interface {
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
	GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error)
	GetPublicAccessBlock(context.Context, *s3.GetPublicAccessBlockInput, ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error)
	GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error)
}

// BucketOptions say how a bucket should be.
type BucketOptions struct {
	Versioned bool // so that what was overwritten can be brought back
	KMS       bool // encrypted with the key of the project
}

// Bucket looks whether a bucket is there, ours, in this region, and protected as
// it was deployed.
func (i *Inspector) Bucket(ctx context.Context, name string, want BucketOptions) diag.Finding {
	if f := i.reach(ctx, name); f.Level != diag.Good {
		return f
	}
	var f faults
	if want.Versioned {
		i.versioning(ctx, name, &f)
	}
	i.publicAccess(ctx, name, &f)
	i.encryption(ctx, name, want.KMS, &f)
	return f.finding(name + " is ours, in " + i.names.Region + ", and protected")
}

// reach looks whether a bucket is there, in the region, and of the account.
func (i *Inspector) reach(ctx context.Context, name string) diag.Finding {
	out, err := i.buckets.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(name)})
	region := regionOf(out, err)
	switch {
	case region != "" && region != i.names.Region:
		return diag.Findf(diag.Bad, "the bucket %s is in %s, and everything else is in %s", name, region, i.names.Region).
			WithRemedy("write `aws: {region: %s}` into lakehouse.yaml, or give `lake:` a bucket in %s", region, i.names.Region)
	case status(err) == http.StatusNotFound || absent(err):
		return diag.Findf(diag.Bad, "there is no bucket %s", name).WithRemedy(deploy)
	case status(err) == http.StatusForbidden:
		return diag.Findf(diag.Bad, "the bucket %s is closed to us: it belongs to another account, or we may not list it (s3:ListBucket)", name).
			WithRemedy("ask who owns it for the permission, or give `lake:` another bucket")
	case err != nil:
		return i.unchecked("look at the bucket "+name, err)
	}
	_, err = i.buckets.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(name), ExpectedBucketOwner: aws.String(i.names.Account)})
	switch {
	case status(err) == http.StatusForbidden:
		return diag.Findf(diag.Bad, "the bucket %s belongs to another account than %s", name, i.names.Account).
			WithRemedy("give `lake:` a bucket of the account, or choose the profile of the account that owns it (AWS_PROFILE)")
	case err != nil:
		return i.unchecked("ask who owns the bucket "+name, err)
	}
	return diag.Finding{Level: diag.Good}
}

// regionOf returns the region of a bucket, which S3 says also to those whom it
// turns away; "" if it did not.
func regionOf(out *s3.HeadBucketOutput, err error) string {
	var answered *awshttp.ResponseError
	if errors.As(err, &answered) && answered.Response != nil && answered.Response.Response != nil {
		return answered.Response.Header.Get("X-Amz-Bucket-Region")
	}
	if out == nil {
		return ""
	}
	return aws.ToString(out.BucketRegion)
}

func (i *Inspector) versioning(ctx context.Context, name string, f *faults) {
	out, err := i.buckets.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: aws.String(name), ExpectedBucketOwner: aws.String(i.names.Account)})
	switch {
	case err != nil:
		f.guesses = append(f.guesses, i.unchecked("read whether "+name+" keeps versions", err))
	case out.Status != types.BucketVersioningStatusEnabled:
		f.add(diag.Suspect, "`aws s3api put-bucket-versioning --bucket "+name+" --versioning-configuration Status=Enabled`",
			"%s keeps no versions: what is overwritten or deleted cannot be brought back", name)
	}
}

func (i *Inspector) publicAccess(ctx context.Context, name string, f *faults) {
	out, err := i.buckets.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: aws.String(name), ExpectedBucketOwner: aws.String(i.names.Account)})
	blocked := false
	if err == nil && out.PublicAccessBlockConfiguration != nil {
		c := out.PublicAccessBlockConfiguration
		blocked = aws.ToBool(c.BlockPublicAcls) && aws.ToBool(c.BlockPublicPolicy) && aws.ToBool(c.IgnorePublicAcls) && aws.ToBool(c.RestrictPublicBuckets)
	}
	switch {
	case blocked:
	case err != nil && !absent(err):
		f.guesses = append(f.guesses, i.unchecked("read whether "+name+" is closed to the public", err))
	default:
		f.add(diag.Bad, "`aws s3api put-public-access-block --bucket "+name+" --public-access-block-configuration "+
			"BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`",
			"nothing keeps %s from being opened to the public", name)
	}
}

func (i *Inspector) encryption(ctx context.Context, name string, withKey bool, f *faults) {
	out, err := i.buckets.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: aws.String(name), ExpectedBucketOwner: aws.String(i.names.Account)})
	if err != nil && !absent(err) {
		f.guesses = append(f.guesses, i.unchecked("read how "+name+" encrypts", err))
		return
	}
	algorithm := types.ServerSideEncryption("")
	if err == nil && out.ServerSideEncryptionConfiguration != nil {
		for _, rule := range out.ServerSideEncryptionConfiguration.Rules {
			if by := rule.ApplyServerSideEncryptionByDefault; by != nil {
				algorithm = by.SSEAlgorithm
			}
		}
	}
	switch {
	case withKey && algorithm != types.ServerSideEncryptionAwsKms && algorithm != types.ServerSideEncryptionAwsKmsDsse:
		f.add(diag.Suspect, deploy, "%s does not encrypt with the project's key, as lakehouse.yaml wants it (aws: {kms: true})", name)
	case algorithm == "" && !i.imitated: // S3 itself encrypts all, whether it is asked to or not
		f.add(diag.Suspect, deploy, "%s has no encryption of its own", name)
	}
}
