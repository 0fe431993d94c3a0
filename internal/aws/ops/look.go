package ops

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
)

// State is whom a bucket belongs to.
type State int

// The states of a bucket.
const (
	Absent  State = iota
	Ours          // it is there, and belongs to the account
	Foreign       // it belongs to another account, or we may not see it
)

// Look asks whom a bucket belongs to. Names of buckets are the whole world's, so
// that one may be taken. One in another region than ours is an error of class
// Usage.
func Look(ctx context.Context, api finder, bucket string, n names.Names) (State, error) {
	account := n.Account
	out, err := api.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket, ExpectedBucketOwner: &account})
	switch {
	case err == nil && out.BucketRegion != nil && *out.BucketRegion != n.Region:
		return Foreign, elsewhere(bucket, *out.BucketRegion, n.Region)
	case err == nil:
		return Ours, nil
	case notFound(err):
		return Absent, nil
	case status(err) == http.StatusForbidden:
		return Foreign, nil
	case status(err) == http.StatusMovedPermanently:
		return Foreign, elsewhere(bucket, regionOf(err), n.Region)
	}
	return Absent, session.Explain(fmt.Errorf("look for the bucket %s: %w", bucket, err))
}

// elsewhere says that a bucket is in another region than what is made with it.
func elsewhere(bucket, region, ours string) error {
	if region == "" {
		return diag.Errorf(diag.Usage, "the bucket %s is in another region than %s", bucket, ours).
			WithNext("set `aws: {region: ...}` in lakehouse.yaml to the bucket's, or choose another bucket")
	}
	return diag.Errorf(diag.Usage, "the bucket %s is in %s, and this is %s", bucket, region, ours).
		WithNext("write `aws: {region: %s}` into lakehouse.yaml, or set AWS_REGION; a lakehouse in another region needs another environment", region)
}

// regionOf returns the region that an answer of S3 names, or "".
func regionOf(err error) string {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil {
		return answer.Response.Header.Get("X-Amz-Bucket-Region")
	}
	return ""
}

// status returns the HTTP status of an error, 0 if there is none. The answers to
// HEAD have no more than that.
func status(err error) int {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

func notFound(err error) bool { return status(err) == http.StatusNotFound }
