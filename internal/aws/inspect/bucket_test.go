package inspect

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lakectl/lakectl/internal/diag"
)

// bucketFake is a bucket as it should be, but for what a test changes.
type bucketFake struct {
	region, owner string
	head          error
	versioning    types.BucketVersioningStatus
	versionErr    error
	open          bool // nothing blocks the public
	blockErr      error
	algorithm     types.ServerSideEncryption
	encryptErr    error
}

func (f bucketFake) HeadBucket(_ context.Context, in *s3.HeadBucketInput, _ ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	if owner := aws.ToString(in.ExpectedBucketOwner); owner != "" && owner != f.owner {
		return nil, answered(http.StatusForbidden, "Forbidden")
	}
	return &s3.HeadBucketOutput{BucketRegion: aws.String(f.region)}, f.head
}

func (f bucketFake) GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error) {
	return &s3.GetBucketVersioningOutput{Status: f.versioning}, f.versionErr
}

func (f bucketFake) GetPublicAccessBlock(context.Context, *s3.GetPublicAccessBlockInput, ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error) {
	return &s3.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true),
		BlockPublicPolicy: aws.Bool(!f.open), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true)}}, f.blockErr
}

func (f bucketFake) GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error) {
	return &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{
		{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: f.algorithm}}}}}, f.encryptErr
}

func TestBucket(t *testing.T) {
	for name, test := range map[string]struct {
		change       func(*bucketFake)
		kms          bool
		level        diag.Level
		text, remedy string
	}{
		"as it should be": {func(*bucketFake) {}, false, diag.Good, "b is ours, in eu-central-1", ""},
		"with the key":    {func(f *bucketFake) { f.algorithm = types.ServerSideEncryptionAwsKms }, true, diag.Good, "b is ours", ""},
		"none":            {func(f *bucketFake) { f.head = answered(404, "NotFound") }, false, diag.Bad, "there is no bucket b", "`lakectl deploy`"},
		"closed":          {func(f *bucketFake) { f.head = answered(403, "Forbidden") }, false, diag.Bad, "closed to us", "another bucket"},
		"another account": {func(f *bucketFake) { f.owner = "999999999999" }, false, diag.Bad, "belongs to another account than 123456789012", "AWS_PROFILE"},
		"another region":  {func(f *bucketFake) { f.region = "us-east-1" }, false, diag.Bad, "is in us-east-1, and everything else is in eu-central-1", "aws: {region: us-east-1}"},
		"moved": {func(f *bucketFake) { f.head = answered(301, "MovedPermanently", "X-Amz-Bucket-Region", "us-west-2") },
			false, diag.Bad, "is in us-west-2", "aws: {region: us-west-2}"},
		"no versions": {func(f *bucketFake) { f.versioning = "Suspended" }, false, diag.Suspect, "keeps no versions", "aws s3api put-bucket-versioning --bucket b"},
		"open":        {func(f *bucketFake) { f.open = true }, false, diag.Bad, "opened to the public", "aws s3api put-public-access-block --bucket b"},
		"no block":    {func(f *bucketFake) { f.blockErr = coded("NoSuchPublicAccessBlockConfiguration") }, false, diag.Bad, "opened to the public", "BlockPublicAcls"},
		"open, and no versions": {func(f *bucketFake) { f.open, f.versioning = true, "" }, false, diag.Bad,
			"keeps no versions: what is overwritten or deleted cannot be brought back; nothing keeps b", "put-public-access-block"},
		"not with the key": {func(*bucketFake) {}, true, diag.Suspect, "does not encrypt with the project's key", "`lakectl deploy`"},
		"no encryption": {func(f *bucketFake) { f.encryptErr = coded("ServerSideEncryptionConfigurationNotFoundError") }, false,
			diag.Suspect, "no encryption of its own", "`lakectl deploy`"},
		"settings closed": {func(f *bucketFake) { f.versionErr = answered(403, "AccessDenied") }, false, diag.Suspect, "could not be checked: read whether b keeps versions", "permission"},
		"public closed":   {func(f *bucketFake) { f.blockErr = answered(403, "AccessDenied") }, false, diag.Suspect, "could not be checked", "permission"},
		"encryption closed, and open": {func(f *bucketFake) { f.open, f.encryptErr = true, answered(403, "AccessDenied") }, false,
			diag.Bad, "opened to the public", "put-public-access-block"},
	} {
		fake := bucketFake{region: shop.Region, owner: shop.Account, versioning: types.BucketVersioningStatusEnabled, algorithm: types.ServerSideEncryptionAes256}
		test.change(&fake)
		f := (&Inspector{names: shop, buckets: fake}).Bucket(context.Background(), "b", BucketOptions{Versioned: true, KMS: test.kms})
		want(t, name, f, test.level, test.text, test.remedy)
	}
}

// objectFake has objects, given as key=class, in pages of two.
type objectFake struct {
	failing
	objects []string
	endless bool
	head    error
	asked   *[]string // where a head was asked for
}

func (f objectFake) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	out := &s3.ListObjectsV2Output{}
	from := 0
	_, _ = fmt.Sscan(aws.ToString(in.ContinuationToken), &from)
	for at, o := range f.objects {
		key, class, _ := strings.Cut(o, "=")
		if at >= from && at < from+2 && strings.HasPrefix(key, aws.ToString(in.Prefix)) {
			out.Contents = append(out.Contents, types.Object{Key: aws.String(key), StorageClass: types.ObjectStorageClass(class)})
		}
	}
	if from+2 < len(f.objects) || f.endless {
		out.IsTruncated, out.NextContinuationToken = aws.Bool(true), aws.String(fmt.Sprint(from+2))
	}
	return out, nil
}

func (f objectFake) HeadObject(_ context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	if f.asked != nil {
		*f.asked = append(*f.asked, aws.ToString(in.Bucket)+" "+aws.ToString(in.Key))
	}
	return &s3.HeadObjectOutput{}, f.head
}

func TestArchived(t *testing.T) {
	for name, test := range map[string]struct {
		fake         objectFake
		level        diag.Level
		text, remedy string
	}{
		"none":    {objectFake{}, diag.Good, "none of 0 objects", ""},
		"instant": {objectFake{objects: []string{"p/bronze/a=GLACIER_IR", "p/silver/b=STANDARD", "q/bronze/c=GLACIER"}}, diag.Good, "none of 2 objects", ""},
		"some": {objectFake{objects: []string{"p/bronze/a=STANDARD", "p/bronze/b=STANDARD", "p/silver/c=DEEP_ARCHIVE", "p/silver/d=GLACIER"}},
			diag.Bad, "2 of 4 objects are archived, and Athena leaves their rows out without a word: the first is p/silver/c", "restore-object --bucket shop-lake"},
		"many": {objectFake{objects: []string{"p/bronze/a=STANDARD"}, endless: true}, diag.Good, "none of 1 objects; only the first 20000 of bronze/ were looked at", ""},
	} {
		f := (&Inspector{names: shop, objects: test.fake}).Archived(context.Background(), "bronze", "silver")
		want(t, name, f, test.level, test.text, test.remedy)
	}
}

func TestRawFiles(t *testing.T) {
	ctx := context.Background()
	there := objectFake{objects: []string{"in/a.csv=STANDARD", "in/b.csv=STANDARD"}}
	for name, test := range map[string]struct {
		objects      objectAPI
		level        diag.Level
		text, remedy string
	}{
		"there":     {there, diag.Good, "s3://raw/in/*.csv", ""},
		"nothing":   {objectFake{}, diag.Suspect, "there is nothing at s3://raw/in/*.csv", "`source:`"},
		"no bucket": {failing{coded("NoSuchBucket")}, diag.Bad, "there is no bucket raw", "`source:`"},
		"closed":    {failing{answered(403, "AccessDenied")}, diag.Bad, "the bucket raw is closed to us", "s3:ListBucket"},
		"elsewhere": {failing{answered(301, "PermanentRedirect", "X-Amz-Bucket-Region", "us-east-1")}, diag.Bad, "are in us-east-1, and we are in eu-central-1", "aws: {region: us-east-1}"},
	} {
		want(t, name, (&Inspector{names: shop, objects: test.objects}).RawFiles(ctx, []string{"s3://raw/in/*.csv"}), test.level, test.text, test.remedy)
	}
}
