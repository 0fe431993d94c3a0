package s3

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
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
// lake rests, such that they must fail. A store that lets PutObject through is
// refused; what else one lets through is made up for.
func (b *Bucket) Probe(ctx context.Context) error {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	name := probeDir + hex.EncodeToString(id[:])
	info, err := b.probePut(ctx, name)
	if err != nil {
		return err
	}
	defer b.removeProbe(ctx, name)
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return b.probePuts(groupCtx, name) })
	group.Go(func() error { return b.probeComplete(groupCtx, info) })
	group.Go(func() error { return b.probeDelete(groupCtx, name) })
	return group.Wait()
}

// probePut writes an object of a probe, whose name nobody else has.
func (b *Bucket) probePut(ctx context.Context, name string) (storage.Info, error) {
	return b.put(ctx, name, strings.NewReader("x"), storage.CreateOptions{})
}

func (b *Bucket) probePuts(ctx context.Context, name string) error {
	for what, on := range map[string]storage.CreateOptions{"If-None-Match": {IfNoneMatch: true}, "If-Match": {IfMatch: wrong}} {
		_, err := b.put(ctx, name, strings.NewReader("y"), on)
		switch {
		case errors.Is(err, storage.ErrPrecondition):
		case err != nil:
			return fmt.Errorf("PutObject with %s: %w", what, err)
		default:
			return diag.Errorf(diag.Usage, "the store of s3://%s ignores the condition of PutObject with %s: two runs at once could destroy the lake", b.opts.Bucket, what).
				WithNext("use a store that enforces conditional writes, such as S3 itself")
		}
	}
	return nil
}

// probeComplete finds out whether the store checks the conditions of
// CompleteMultipartUpload.
func (b *Bucket) probeComplete(ctx context.Context, info storage.Info) error {
	dst := info.Name + "-copy"
	if _, err := b.probePut(ctx, dst); err != nil {
		return err
	}
	defer b.removeProbe(ctx, dst)
	for _, on := range []storage.CreateOptions{{IfNoneMatch: true}, {IfMatch: wrong}} {
		_, err := b.copyParts(ctx, dst, info, on)
		if loose, err := enforced(err); loose || err != nil {
			b.looseComplete.Store(loose)
			return err
		}
	}
	return nil
}

// enforced says what it means that a call did or did not fail: it was let
// through, or the store does not have it, or it is not known.
func enforced(err error) (loose bool, unknown error) {
	switch {
	case errors.Is(err, storage.ErrPrecondition):
		return false, nil
	case err != nil && diag.ClassOf(err) != diag.Unexpected:
		return false, err // denied, throttled, no network
	}
	return true, nil
}

// probeDelete finds out whether the store checks the condition of DeleteObject.
func (b *Bucket) probeDelete(ctx context.Context, name string) error {
	name += "-gone" // if it is let through
	if _, err := b.probePut(ctx, name); err != nil {
		return err
	}
	defer b.removeProbe(ctx, name)
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: b.bucket(), Key: b.key(name), ExpectedBucketOwner: b.owner(), IfMatch: aws.String(wrong)})
	loose, err := enforced(b.explain("delete", name, err))
	b.looseDelete.Store(loose)
	return err
}

func (b *Bucket) removeProbe(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = b.Delete(ctx, name, storage.DeleteOptions{}) // what stays is swept
}
