package s3

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lakectl/lakectl/internal/storage"
)

// stream reads one version of an object from its start to its end. A transfer
// that breaks off is taken up again where it stopped.
type stream struct {
	bucket *Bucket
	ctx    context.Context //nolint:containedctx // io.Reader has none; it is that of Bucket.Stream
	info   storage.Info
	body   io.ReadCloser
	off    int64
	tries  int // since the last byte that came
}

// Stream implements storage.Streamer. The object may have any name: it need not
// be one of ours.
func (b *Bucket) Stream(ctx context.Context, name string) (storage.Stream, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: b.bucket(), Key: b.key(name), ExpectedBucketOwner: b.owner()})
	if err != nil {
		return nil, b.explain("open", name, err)
	}
	if out.ContentLength == nil {
		_ = out.Body.Close()
		return nil, fmt.Errorf("open %s: the store does not say how large it is", b.Address(name))
	}
	info := storage.Info{Name: name, Size: *out.ContentLength, Version: aws.ToString(out.ETag), Modified: aws.ToTime(out.LastModified).UTC()}
	return &stream{bucket: b, ctx: ctx, info: info, body: out.Body}, nil
}

// Info says which version is read.
func (s *stream) Info() storage.Info { return s.info }

// Close ends the reading.
func (s *stream) Close() error {
	if s.body == nil {
		return nil
	}
	return s.body.Close()
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	for {
		if s.off == s.info.Size {
			return 0, s.end()
		}
		n, err := s.read(p)
		s.off += int64(n)
		if n > 0 {
			s.tries = 0
			return n, s.broken(err)
		}
		if err == nil && len(p) == 0 {
			return 0, nil
		}
		if s.tries++; s.tries >= attempts || s.ctx.Err() != nil || errors.Is(err, storage.ErrPrecondition) {
			return 0, err
		}
		s.drop()
		if err := pause(s.ctx, s.tries); err != nil {
			return 0, err
		}
	}
}

// broken drops a transfer that broke off together with its last bytes, so that
// the next one begins after them. At the object's end the error counts.
func (s *stream) broken(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	if s.off == s.info.Size {
		return err
	}
	s.drop()
	return nil
}

// drop ends a transfer that broke; what it says of that is said already.
func (s *stream) drop() {
	_ = s.Close()
	s.body = nil
}

// end reads the transfer to its end, where the checksum of an object that came
// in one piece is compared, if the store sent one.
func (s *stream) end() error {
	if s.body == nil {
		return io.EOF
	}
	if n, err := s.body.Read(make([]byte, 1)); n == 0 && err != nil && !errors.Is(err, io.EOF) {
		return s.bucket.explain("read", s.info.Name, err)
	}
	return io.EOF
}

// read reads from the transfer under way, or begins another.
func (s *stream) read(p []byte) (int, error) {
	if s.body == nil {
		body, err := s.bucket.from(s.ctx, s.info, byteRange(s.off, s.info.Size-s.off))
		if err != nil {
			return 0, err
		}
		s.body = body
	}
	n, err := s.body.Read(p)
	switch {
	case err == nil, errors.Is(err, io.EOF) && s.off+int64(n) == s.info.Size:
		return n, err
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return n, s.bucket.explain("read", s.info.Name, err)
}
