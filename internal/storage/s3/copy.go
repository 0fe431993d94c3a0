package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/storage"
)

const (
	maxCopy  = 5 << 30 // the most bytes that CopyObject and UploadPartCopy take
	copyPart = 1 << 30 // of what is larger
)

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// Copy implements storage.Bucket. The bytes do not leave the store, and src is
// still there afterwards.
func (b *Bucket) Copy(ctx context.Context, dst, src string, opts storage.CopyOptions) (storage.Info, error) {
	if err := errors.Join(check(ctx, dst), check(ctx, src), storage.CheckConditions(opts.IfNoneMatch, opts.IfMatch)); err != nil {
		return storage.Info{}, err
	}
	if dst == src {
		return storage.Info{}, fmt.Errorf("copy %s: onto itself", b.Address(src))
	}
	from, err := b.Stat(ctx, src)
	if err != nil {
		return storage.Info{}, err
	}
	on := storage.CreateOptions{IfNoneMatch: opts.IfNoneMatch, IfMatch: opts.IfMatch}
	switch {
	case from.Size == 0: // no part can be empty
		return b.put(ctx, dst, bytes.NewReader(nil), on)
	case on == storage.CreateOptions{} && from.Size <= maxCopy:
		return b.copyObject(ctx, dst, from)
	case b.looseComplete.Load():
		return b.copyThrough(ctx, dst, from, on)
	}
	return b.copyParts(ctx, dst, from, on)
}

func (b *Bucket) copySource(name string) *string {
	parts := strings.Split(b.opts.Bucket+"/"+b.opts.Prefix+name, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.QueryEscape(part), "+", "%20")
	}
	return aws.String(strings.Join(parts, "/"))
}

func (b *Bucket) copyObject(ctx context.Context, dst string, from storage.Info) (storage.Info, error) {
	in := &s3.CopyObjectInput{Bucket: b.bucket(), Key: b.key(dst), ExpectedBucketOwner: b.owner(), ExpectedSourceBucketOwner: b.owner(),
		CopySource: b.copySource(from.Name), CopySourceIfMatch: &from.Version}
	in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = b.encryption()
	out, err := b.client.CopyObject(ctx, in)
	if err != nil {
		return storage.Info{}, b.explain("copy to", dst, err)
	}
	return storage.Info{Name: dst, Size: from.Size, Version: aws.ToString(out.CopyObjectResult.ETag), Modified: served(out.ResultMetadata)}, nil
}

// copyParts copies by an upload whose completion checks the conditions. One that
// met another request for dst must be made again as a whole, and so must one
// that is gone: the answer to its completion was lost, and the conditions tell
// whether they were met by what it made.
func (b *Bucket) copyParts(ctx context.Context, dst string, from storage.Info, on storage.CreateOptions) (storage.Info, error) {
	for try := 1; ; try++ {
		info, err := b.copyOnce(ctx, dst, from, on)
		if err == nil || try >= attempts || !slices.Contains(conflictCodes, session.Code(err)) && !isGone(err) {
			return info, err
		}
		if err := pause(ctx, try); err != nil {
			return info, err
		}
	}
}

func (b *Bucket) copyOnce(ctx context.Context, dst string, from storage.Info, on storage.CreateOptions) (storage.Info, error) {
	u, err := b.startUpload(ctx, dst, "")
	if err != nil {
		return storage.Info{}, err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	number := int32(0)
	for off := int64(0); off < from.Size; off += copyPart {
		number++
		part, span := number, byteRange(off, min(copyPart, from.Size-off))
		if from.Size <= copyPart {
			span = "" // S3 takes no ranges of small objects
		}
		group.Go(func() error { return u.copy(groupCtx, part, from, span) })
	}
	if err := group.Wait(); err != nil {
		u.abort(ctx)
		return storage.Info{}, err
	}
	return u.complete(ctx, from.Size, on)
}

// copy makes a part of a range of an object, or of all of it.
func (u *upload) copy(ctx context.Context, number int32, from storage.Info, span string) error {
	b := u.bucket
	out, err := b.client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: b.bucket(), Key: b.key(u.name), ExpectedBucketOwner: b.owner(),
		ExpectedSourceBucketOwner: b.owner(), UploadId: u.id, PartNumber: &number, CopySource: b.copySource(from.Name),
		CopySourceIfMatch: &from.Version, CopySourceRange: optional(span)})
	if err != nil {
		return b.explain("copy", from.Name, err)
	}
	u.add(types.CompletedPart{PartNumber: &number, ETag: out.CopyPartResult.ETag})
	return nil
}

// copyThrough copies by way of this machine, for stores that do not check the
// conditions of an upload's completion.
func (b *Bucket) copyThrough(ctx context.Context, dst string, from storage.Info, on storage.CreateOptions) (info storage.Info, err error) {
	if from.Size > maxCopy {
		return info, fmt.Errorf("copy %s: it is larger than 5 GiB, and the store enforces no conditions on larger ones", b.Address(from.Name))
	}
	file, err := os.CreateTemp("", "lakectl-copy-")
	if err != nil {
		return info, err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	src, err := b.Stream(ctx, from.Name)
	if err != nil {
		return info, err
	}
	defer src.Close()
	if src.Info().Version != from.Version {
		return info, fmt.Errorf("copy %s: %w", b.Address(from.Name), storage.ErrPrecondition)
	}
	if _, err := io.Copy(file, src); err != nil {
		return info, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return info, err
	}
	return b.put(ctx, dst, spooled{file, from.Size}, on)
}

// spooled is content in a file.
type spooled struct {
	*os.File
	size int64
}

func (s spooled) Size() int64 { return s.size }
