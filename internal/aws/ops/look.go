package ops

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

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
// that one may be taken.
func Look(ctx context.Context, api finder, bucket, account string) (State, error) {
	_, err := api.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket, ExpectedBucketOwner: &account})
	switch {
	case err == nil:
		return Ours, nil
	case notFound(err):
		return Absent, nil
	case status(err) == http.StatusForbidden:
		return Foreign, nil
	case status(err) == http.StatusMovedPermanently:
		return Foreign, diag.Errorf(diag.Usage, "the bucket %s is in another region", bucket).
			WithNext("set `aws: {region: ...}` in lakehouse.yaml to the bucket's, or choose another bucket")
	}
	return Absent, session.Explain(fmt.Errorf("look for the bucket %s: %w", bucket, err))
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
