package ops

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lakectl/lakectl/internal/aws/session"
)

// Emptier is the part of S3 that deletes.
type Emptier interface {
	ListObjectVersions(context.Context, *s3.ListObjectVersionsInput, ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
	DeleteObjects(context.Context, *s3.DeleteObjectsInput, ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error)
	ListMultipartUploads(context.Context, *s3.ListMultipartUploadsInput, ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error)
	AbortMultipartUpload(context.Context, *s3.AbortMultipartUploadInput, ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error)
	DeleteBucket(context.Context, *s3.DeleteBucketInput, ...func(*s3.Options)) (*s3.DeleteBucketOutput, error)
}

// Place is the objects below a prefix of a bucket; all without one.
type Place struct{ Bucket, Prefix, Account string }

// Address returns the place as people write it.
func (p Place) Address() string { return "s3://" + p.Bucket + "/" + p.Prefix }

// Empty deletes all objects of a place with all their versions, and what was
// uploaded in part. It says after each page how many are gone in all.
func Empty(ctx context.Context, api Emptier, p Place, progress func(deleted int64)) (int64, error) {
	deleted, err := emptyVersions(ctx, api, p, progress)
	if err != nil {
		return deleted, err
	}
	return deleted, abortUploads(ctx, api, p)
}

func emptyVersions(ctx context.Context, api Emptier, p Place, progress func(int64)) (int64, error) {
	deleted := int64(0)
	in := &s3.ListObjectVersionsInput{Bucket: &p.Bucket, Prefix: optional(p.Prefix), ExpectedBucketOwner: &p.Account}
	for {
		page, err := api.ListObjectVersions(ctx, in)
		if err != nil {
			return deleted, session.Explain(fmt.Errorf("list the versions of the objects in %s: %w", p.Address(), err))
		}
		if list := identifiers(page); len(list) > 0 {
			if err := deleteObjects(ctx, api, p, list); err != nil {
				return deleted, err
			}
			deleted += int64(len(list))
			progress(deleted)
		}
		if !aws.ToBool(page.IsTruncated) {
			return deleted, nil
		}
		in.KeyMarker, in.VersionIdMarker = page.NextKeyMarker, page.NextVersionIdMarker
	}
}

// identifiers returns what is on a page, of which S3 puts no more than 1,000
// there, as many as can be deleted at once.
func identifiers(page *s3.ListObjectVersionsOutput) []types.ObjectIdentifier {
	var list []types.ObjectIdentifier
	for _, v := range page.Versions {
		list = append(list, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
	}
	for _, m := range page.DeleteMarkers {
		list = append(list, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
	}
	return list
}

// deleteObjects deletes objects. S3 says yes to a request of which it refuses
// parts.
func deleteObjects(ctx context.Context, api Emptier, p Place, list []types.ObjectIdentifier) error {
	out, err := api.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &p.Bucket, ExpectedBucketOwner: &p.Account,
		Delete: &types.Delete{Objects: list, Quiet: aws.Bool(true)}})
	if err != nil {
		return session.Explain(fmt.Errorf("delete the objects in %s: %w", p.Address(), err))
	}
	if n := len(out.Errors); n > 0 {
		first := out.Errors[0]
		return session.Explain(fmt.Errorf("delete the objects in %s: %d of %d were refused, first s3://%s/%s: %w", p.Address(), n, len(list), p.Bucket,
			aws.ToString(first.Key), refusal{aws.ToString(first.Code), aws.ToString(first.Message)}))
	}
	return nil
}

func abortUploads(ctx context.Context, api Emptier, p Place) error {
	in := &s3.ListMultipartUploadsInput{Bucket: &p.Bucket, Prefix: optional(p.Prefix), ExpectedBucketOwner: &p.Account}
	for {
		page, err := api.ListMultipartUploads(ctx, in)
		if err != nil {
			return session.Explain(fmt.Errorf("list the unfinished uploads to %s: %w", p.Address(), err))
		}
		for _, u := range page.Uploads {
			_, err := api.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &p.Bucket, Key: u.Key, UploadId: u.UploadId, ExpectedBucketOwner: &p.Account})
			if err != nil && !notFound(err) {
				return session.Explain(fmt.Errorf("abort the upload of s3://%s/%s: %w", p.Bucket, aws.ToString(u.Key), err))
			}
		}
		if !aws.ToBool(page.IsTruncated) {
			return nil
		}
		in.KeyMarker, in.UploadIdMarker = page.NextKeyMarker, page.NextUploadIdMarker
	}
}

// Remove deletes a bucket that is empty. It says whether it did: one in which
// other things are stays.
func Remove(ctx context.Context, api Emptier, p Place) (bool, error) {
	_, err := api.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &p.Bucket, ExpectedBucketOwner: &p.Account})
	switch {
	case err == nil, notFound(err):
		return true, nil
	case session.Code(err) == "BucketNotEmpty":
		return false, nil
	}
	return false, session.Explain(fmt.Errorf("delete the bucket %s: %w", p.Bucket, err))
}

// optional returns nil for an empty text: what is not to be sent.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
