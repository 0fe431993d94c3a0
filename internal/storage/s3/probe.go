package s3

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
)

const (
	probeDir = "_lakectl/probe/" // below the prefix
	wrong    = `"00000000000000000000000000000000"`
)

// Probe implements storage.Prober: it makes the calls on whose conditions the
// lake rests, such that they must fail, and refuses a store that lets one
// through.
func (b *Bucket) Probe(ctx context.Context) error {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	name := probeDir + hex.EncodeToString(id[:])
	info, err := b.put(ctx, name, []byte("x"), storage.CreateOptions{IfNoneMatch: true})
	if err != nil {
		return err
	}
	defer b.removeProbe(ctx, name, name+"-to")
	group, groupCtx := errgroup.WithContext(ctx)
	for what, write := range map[string]func(context.Context) error{
		"PutObject with If-None-Match": func(ctx context.Context) error {
			_, err := b.put(ctx, name, []byte("x"), storage.CreateOptions{IfNoneMatch: true})
			return err
		},
		"PutObject with If-Match": func(ctx context.Context) error {
			_, err := b.put(ctx, name, []byte("x"), storage.CreateOptions{IfMatch: wrong})
			return err
		},
		"CompleteMultipartUpload with If-None-Match": func(ctx context.Context) error {
			_, err := b.copyParts(ctx, name, info, storage.CreateOptions{IfNoneMatch: true})
			return err
		},
		"CompleteMultipartUpload with If-Match": func(ctx context.Context) error {
			_, err := b.copyParts(ctx, name, info, storage.CreateOptions{IfMatch: wrong})
			return err
		},
	} {
		group.Go(func() error { return b.refused(what, write(groupCtx)) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return b.probeDelete(ctx, name)
}

// refused says whether a call failed as it must.
func (b *Bucket) refused(what string, err error) error {
	switch {
	case errors.Is(err, storage.ErrPrecondition):
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	}
	return diag.Errorf(diag.Usage, "the store of s3://%s ignores the condition of %s: two runs at once could destroy the lake", b.opts.Bucket, what).
		WithNext("use a store that enforces conditional writes, such as S3 itself")
}

// probeDelete finds out whether the store checks the condition of DeleteObject.
func (b *Bucket) probeDelete(ctx context.Context, name string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: b.bucket(), Key: b.key(name), ExpectedBucketOwner: b.owner(), IfMatch: aws.String(wrong)})
	err = b.explain("delete", name, err)
	if errors.Is(err, storage.ErrPrecondition) {
		return nil
	}
	if err != nil && diag.ClassOf(err) != diag.Unexpected {
		return err // denied, throttled, no network
	}
	b.looseDelete.Store(true)
	return nil
}

func (b *Bucket) removeProbe(ctx context.Context, names ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for _, name := range names {
		_ = b.Delete(ctx, name, storage.DeleteOptions{}) // what stays is swept
	}
}
