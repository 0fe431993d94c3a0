package inspect

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/diag"
)

// RawFiles looks whether raw files can be listed, and are there. Sources are
// those of lakehouse.yaml that are on S3; their buckets may be anybody's.
func (i *Inspector) RawFiles(ctx context.Context, sources []string) diag.Finding {
	var f faults
	for _, source := range sources {
		bucket, prefix := literal(source)
		out, err := i.objects.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String(prefix), MaxKeys: aws.Int32(1)})
		switch region := regionOf(nil, err); {
		case region != "" && region != i.names.Region:
			f.add(diag.Bad, fmt.Sprintf("copy them to a bucket in %s, or run in %s (aws: {region: %s})", i.names.Region, region, region),
				"the files of %s are in %s, and we are in %s", source, region, i.names.Region)
		case absent(err):
			f.add(diag.Bad, "correct `source:` in lakehouse.yaml", "there is no bucket %s", bucket)
		case status(err) == http.StatusForbidden:
			f.add(diag.Bad, "ask who owns the bucket for s3:ListBucket and s3:GetObject", "the bucket %s is closed to us", bucket)
		case err != nil:
			f.guesses = append(f.guesses, i.unchecked("list "+source, err))
		case len(out.Contents) == 0:
			f.add(diag.Suspect, "put files there, or correct `source:` in lakehouse.yaml", "there is nothing at %s", source)
		}
	}
	return f.finding(strings.Join(sources, ", "))
}

// literal returns the bucket of a source, and what the names of all its files
// begin with.
func literal(source string) (bucket, prefix string) {
	bucket, prefix, _ = strings.Cut(strings.TrimPrefix(source, "s3://"), "/")
	if at := strings.IndexAny(prefix, "*?[{"); at >= 0 {
		prefix = prefix[:at]
	}
	return bucket, prefix
}

// reader is what jobs need of raw files.
func reader(n names.Names, sources []string) []permission {
	var list []permission
	for _, source := range sources {
		bucket, prefix := literal(source)
		arn := "arn:" + n.Partition + ":s3:::" + bucket
		list = append(list,
			permission{actions: []string{"s3:ListBucket"}, resources: []string{arn}, context: []types.ContextEntry{entry("StringLike", "s3:prefix", []string{prefix})}},
			permission{actions: []string{"s3:GetObject"}, resources: []string{arn + "/" + prefix + "any"}})
	}
	return list
}
