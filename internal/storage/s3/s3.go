package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithy "github.com/aws/smithy-go/middleware"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/storage"
)

// Options say which objects of which bucket are meant.
type Options struct {
	Bucket string
	Prefix string // of all names; empty, or ends in /
	// Owner is the account that the bucket must belong to; any if empty.
	Owner string
	// KMSKey encrypts what is written: a key's id, ARN or alias. Without it the
	// bucket's default holds.
	KMSKey string
	// PartSize is of multipart uploads, in bytes: 8 MiB if 0.
	PartSize int
}

// Bucket is the objects below a prefix of an S3 bucket.
type Bucket struct {
	client *s3.Client
	opts   Options
	// What Probe found the store to ignore: the conditions of DeleteObject, and
	// those of CompleteMultipartUpload.
	looseDelete, looseComplete atomic.Bool
}

// New returns a bucket. Nothing is asked of the store.
func New(s *session.Session, o Options) *Bucket {
	if o.PartSize == 0 {
		o.PartSize = 8 << 20
	}
	client := s3.NewFromConfig(s.Config, func(c *s3.Options) {
		c.UsePathStyle = c.BaseEndpoint != nil // test servers and clones have no name for each bucket
		c.Retryer = retry.AddWithErrorCodes(c.Retryer, conflictCodes...)
		c.DisableLogOutputChecksumValidationSkipped = true
	})
	return &Bucket{client: client, opts: o}
}

// Address returns where an object is, as people write it.
func (b *Bucket) Address(name string) string {
	return "s3://" + b.opts.Bucket + "/" + b.opts.Prefix + name
}

func (b *Bucket) bucket() *string { return &b.opts.Bucket }

func (b *Bucket) key(name string) *string { return aws.String(b.opts.Prefix + name) }

func (b *Bucket) owner() *string { return optional(b.opts.Owner) }

// optional is nil for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// conditions are those of a write, as S3 takes them.
func conditions(ifNoneMatch bool, ifMatch string) (match, noneMatch *string) {
	if ifNoneMatch {
		noneMatch = aws.String("*")
	}
	return optional(ifMatch), noneMatch
}

// encryption is how what is written is encrypted.
func (b *Bucket) encryption() (sse types.ServerSideEncryption, key *string, bucketKey *bool) {
	if b.opts.KMSKey == "" {
		return "", nil, nil
	}
	return types.ServerSideEncryptionAwsKms, &b.opts.KMSKey, aws.Bool(true)
}

// served returns the time at which the store answered, in the precision of
// objects' times.
func served(metadata smithy.Metadata) time.Time {
	t, ok := middleware.GetServerTime(metadata)
	if !ok {
		t = time.Now()
	}
	return t.UTC().Truncate(time.Second)
}

// check says whether a name may be used now.
func check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return storage.CheckName(name)
}

// Stat implements storage.Stater.
func (b *Bucket) Stat(ctx context.Context, name string) (storage.Info, error) {
	if err := check(ctx, name); err != nil {
		return storage.Info{}, err
	}
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: b.bucket(), Key: b.key(name), ExpectedBucketOwner: b.owner()})
	if err != nil {
		return storage.Info{}, b.explain("look at", name, b.reason(ctx, name, err))
	}
	return storage.Info{Name: name, Size: aws.ToInt64(out.ContentLength), Version: aws.ToString(out.ETag), Modified: aws.ToTime(out.LastModified).UTC()}, nil
}

// reason returns why a HEAD was refused. Its answer has no body, so that expired
// credentials are no more than a bad request, and unknown ones forbidden; that
// of a GET says which.
func (b *Bucket) reason(ctx context.Context, name string, err error) error {
	if code, _ := status(err, ""); code != http.StatusBadRequest && code != http.StatusForbidden {
		return err
	}
	out, getErr := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: b.bucket(), Key: b.key(name), ExpectedBucketOwner: b.owner(),
		Range: aws.String(byteRange(0, 1))})
	if getErr == nil {
		_ = out.Body.Close()
		return err
	}
	if session.Code(getErr) == "" {
		return err // it did not get through
	}
	return getErr
}

// Delete implements storage.Bucket.
func (b *Bucket) Delete(ctx context.Context, name string, opts storage.DeleteOptions) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	if opts.IfMatch != "" && b.looseDelete.Load() {
		if gone, err := b.matches(ctx, name, opts.IfMatch); gone || err != nil {
			return err
		}
	}
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: b.bucket(), Key: b.key(name), ExpectedBucketOwner: b.owner(), IfMatch: optional(opts.IfMatch)})
	err = b.explain("delete", name, err)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, storage.ErrPrecondition):
		_, err = b.matches(ctx, name, opts.IfMatch) // S3 says the same of an object that is not there
	}
	return err
}

// matches fails with ErrPrecondition if an object is there and has another
// version.
func (b *Bucket) matches(ctx context.Context, name, version string) (gone bool, err error) {
	info, err := b.Stat(ctx, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err == nil && info.Version != version:
		return false, fmt.Errorf("delete %s: %w", b.Address(name), storage.ErrPrecondition)
	}
	return false, err
}

// folderMarker says whether a key is what consoles make for an empty folder.
func folderMarker(key string, size int64) bool { return size == 0 && strings.HasSuffix(key, "/") }
