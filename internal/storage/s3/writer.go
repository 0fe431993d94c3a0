package s3

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/internal/storage"
)

// Create implements storage.Bucket. What is written is kept in memory until
// there is a part of it, so that small objects take one request; with a
// condition all of it is.
func (b *Bucket) Create(ctx context.Context, name string, opts storage.CreateOptions) (storage.Writer, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	if err := storage.CheckConditions(opts.IfNoneMatch, opts.IfMatch); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	return &writer{bucket: b, ctx: ctx, cancel: cancel, name: name, opts: opts}, nil
}

// partsAhead is how many parts of an object are on their way at a time.
const partsAhead = 2

var errDone = errors.New("the writer is done")

// writer writes one object.
type writer struct {
	bucket *Bucket
	ctx    context.Context         //nolint:containedctx // io.Writer has none; it is that of Create
	cancel context.CancelCauseFunc // with what went wrong
	name   string
	opts   storage.CreateOptions

	buffer []byte // of the part that is not on its way yet
	size   int64
	done   bool

	upload *upload         // nil as long as it all fits one part
	ahead  *errgroup.Group // the parts on their way
	number int32           // of parts begun
}

func (w *writer) Write(p []byte) (int, error) {
	if w.done {
		return 0, errDone
	}
	for written := 0; ; {
		room := len(p)
		if w.opts.IfMatch == "" && !w.opts.IfNoneMatch {
			room = w.partSize() - len(w.buffer)
		}
		n := min(room, len(p)-written)
		w.buffer = append(w.buffer, p[written:written+n]...)
		w.size += int64(n)
		if written += n; written == len(p) {
			return written, nil
		}
		if err := w.send(); err != nil {
			return written, err
		}
	}
}

// partSize grows, because an upload has at most 10,000 parts: 1,000 of them are
// 8 GB, all 580 GB.
func (w *writer) partSize() int {
	if w.number < 1000 {
		return w.bucket.opts.PartSize
	}
	return 8 * w.bucket.opts.PartSize
}

// send sends the buffer on its way.
func (w *writer) send() error {
	if w.upload == nil {
		u, err := w.bucket.startUpload(w.ctx, w.name, types.ChecksumAlgorithmCrc32)
		if err != nil {
			w.cancel(err) // what is written is not whole any more
			return err
		}
		w.upload, w.ahead = u, new(errgroup.Group)
		w.ahead.SetLimit(partsAhead)
	}
	w.number++
	number, part := w.number, w.buffer
	w.buffer = make([]byte, 0, len(part))
	w.ahead.Go(func() error {
		err := w.upload.put(w.ctx, number, part)
		if err != nil {
			w.cancel(err) // the others are of no use
		}
		return err
	})
	return context.Cause(w.ctx)
}

// Commit implements storage.Writer.
func (w *writer) Commit(ctx context.Context) (storage.Info, error) {
	if w.done {
		return storage.Info{}, errDone
	}
	if err := cmp.Or(context.Cause(w.ctx), ctx.Err()); err != nil {
		w.Abort()
		return storage.Info{}, err
	}
	if w.upload == nil {
		w.done = true
		defer w.cancel(nil)
		return w.bucket.put(ctx, w.name, bytes.NewReader(w.buffer), w.opts)
	}
	_ = w.send() // what goes wrong is the context's cause
	_ = w.ahead.Wait()
	if err := context.Cause(w.ctx); err != nil {
		w.Abort()
		return storage.Info{}, err
	}
	w.done = true
	defer w.cancel(nil)
	return w.upload.complete(ctx, w.size, storage.CreateOptions{})
}

// Abort implements storage.Writer.
func (w *writer) Abort() {
	if w.done {
		return
	}
	w.done, w.buffer = true, nil
	w.cancel(nil)
	if w.upload != nil {
		_ = w.ahead.Wait() // what it says does not matter any more
		w.upload.abort(w.ctx)
	}
}

// content is what is written in one request, which may have to be repeated.
type content interface {
	io.ReadSeeker
	Size() int64
}

// put writes an object in one request.
func (b *Bucket) put(ctx context.Context, name string, data content, opts storage.CreateOptions) (storage.Info, error) {
	in := &s3.PutObjectInput{Bucket: b.bucket(), Key: b.key(name), ExpectedBucketOwner: b.owner(), Body: data, ContentLength: aws.Int64(data.Size())}
	in.IfMatch, in.IfNoneMatch = conditions(opts.IfNoneMatch, opts.IfMatch)
	in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = b.encryption()
	out, err := b.client.PutObject(ctx, in)
	if err != nil {
		return storage.Info{}, b.explainWrite("write", name, opts.IfMatch, err)
	}
	return storage.Info{Name: name, Size: data.Size(), Version: aws.ToString(out.ETag), Modified: served(out.ResultMetadata)}, nil
}

// upload is a multipart upload under way.
type upload struct {
	bucket *Bucket
	name   string
	id     *string
	begun  time.Time // by the store's clock

	mu    sync.Mutex
	parts []types.CompletedPart
}

// startUpload starts an upload whose parts come with sums of a kind; with none
// if they are copied, as they lie in the store.
func (b *Bucket) startUpload(ctx context.Context, name string, sums types.ChecksumAlgorithm) (*upload, error) {
	in := &s3.CreateMultipartUploadInput{Bucket: b.bucket(), Key: b.key(name), ExpectedBucketOwner: b.owner(), ChecksumAlgorithm: sums}
	in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = b.encryption()
	out, err := b.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return nil, b.explain("write", name, err)
	}
	return &upload{bucket: b, name: name, id: out.UploadId, begun: served(out.ResultMetadata)}, nil
}

// put uploads a part, which it only reads. It is safe for concurrent use.
func (u *upload) put(ctx context.Context, number int32, data []byte) error {
	b := u.bucket
	out, err := b.client.UploadPart(ctx, &s3.UploadPartInput{Bucket: b.bucket(), Key: b.key(u.name), ExpectedBucketOwner: b.owner(),
		UploadId: u.id, PartNumber: &number, Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32})
	if err != nil {
		return b.explain("write", u.name, err)
	}
	u.add(types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
	return nil
}

func (u *upload) add(part types.CompletedPart) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parts = append(u.parts, part)
}

// complete makes the object of the parts, if the conditions hold. An upload that
// was not completed is aborted.
func (u *upload) complete(ctx context.Context, size int64, opts storage.CreateOptions) (storage.Info, error) {
	b := u.bucket
	slices.SortFunc(u.parts, func(x, y types.CompletedPart) int { return cmp.Compare(*x.PartNumber, *y.PartNumber) })
	in := &s3.CompleteMultipartUploadInput{Bucket: b.bucket(), Key: b.key(u.name), ExpectedBucketOwner: b.owner(), UploadId: u.id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts}}
	in.IfMatch, in.IfNoneMatch = conditions(opts.IfNoneMatch, opts.IfMatch)
	out, err := b.client.CompleteMultipartUpload(ctx, in)
	if isGone(err) && opts == (storage.CreateOptions{}) {
		// The answer to an earlier try was lost, if the object is there.
		if info, err := b.Stat(ctx, u.name); err == nil && u.made(info, size) {
			return info, nil
		}
	}
	if err != nil {
		u.abort(ctx)
		return storage.Info{}, b.explainWrite("write", u.name, opts.IfMatch, err)
	}
	return storage.Info{Name: u.name, Size: size, Version: aws.ToString(out.ETag), Modified: served(out.ResultMetadata)}, nil
}

// made says whether an object is what the upload made: one from before it, of the
// same size and number of parts, is not. S3 dates objects by the start of their
// uploads, and an answer may be a moment younger than what it tells of.
func (u *upload) made(info storage.Info, size int64) bool {
	return info.Size == size && strings.HasSuffix(info.Version, fmt.Sprintf(`-%d"`, len(u.parts))) &&
		!info.Modified.Before(u.begun.Add(-2*time.Second))
}

// abort drops the upload. What is left of one that cannot be dropped now is
// swept later.
func (u *upload) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	b := u.bucket
	_, _ = b.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: b.bucket(), Key: b.key(u.name), ExpectedBucketOwner: b.owner(), UploadId: u.id})
}

// explainWrite is explain for a write that asked for a version: that the object
// is not there is a condition that does not hold.
func (b *Bucket) explainWrite(doing, name, ifMatch string, err error) error {
	err = b.explain(doing, name, err)
	if ifMatch != "" && isAbsent(err) {
		return fmt.Errorf("%s %s: %w", doing, b.Address(name), storage.ErrPrecondition)
	}
	return err
}
