package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lakectl/lakectl/internal/storage"
)

const (
	// blockSize is how much is fetched at a time. A request takes some 20 ms,
	// in which a MiB comes through; most files of tables are not much larger.
	blockSize = 1 << 20
	// blocks is how many are kept of an object: readers go through a few columns
	// at once, each from front to back.
	blocks = 4
	// attempts is how often a broken transfer is taken up again.
	attempts = 5
)

// Open implements storage.Bucket. It fetches the first block, so that a small
// object takes one request.
func (b *Bucket) Open(ctx context.Context, name string) (storage.Object, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: b.bucket(), Key: b.key(name), ExpectedBucketOwner: b.owner(),
		Range: aws.String(byteRange(0, blockSize))})
	if code, _ := status(err, ""); code == http.StatusRequestedRangeNotSatisfiable { // it is empty
		info, err := b.Stat(ctx, name)
		if err == nil && info.Size > 0 {
			err = fmt.Errorf("open %s: %w", b.Address(name), storage.ErrPrecondition)
		}
		return &object{bucket: b, ctx: ctx, info: info}, err
	}
	if err != nil {
		return nil, b.explain("open", name, err)
	}
	defer out.Body.Close()
	size := aws.ToInt64(out.ContentLength)
	if _, total, ok := strings.Cut(aws.ToString(out.ContentRange), "/"); ok {
		if size, err = strconv.ParseInt(total, 10, 64); err != nil {
			return nil, fmt.Errorf("open %s: the store says that it is bytes %s", b.Address(name), aws.ToString(out.ContentRange))
		}
	}
	o := &object{bucket: b, ctx: ctx, info: storage.Info{Name: name, Size: size, Version: aws.ToString(out.ETag), Modified: aws.ToTime(out.LastModified).UTC()}}
	first := &block{data: make([]byte, min(size, blockSize)), ready: make(chan struct{})}
	if n, err := io.ReadFull(out.Body, first.data); err != nil {
		if err := o.fetch(first.data[n:], int64(n)); err != nil {
			return nil, err
		}
	}
	close(first.ready)
	o.kept = append(o.kept, first)
	return o, nil
}

func byteRange(from, size int64) string { return fmt.Sprintf("bytes=%d-%d", from, from+size-1) }

// object is one version of an object, open for reading.
type object struct {
	bucket *Bucket
	ctx    context.Context //nolint:containedctx // io.ReaderAt has none; it is that of Open
	info   storage.Info

	mu   sync.Mutex
	kept []*block // at most `blocks`, the one used last at the end
}

// block is a piece of an object, complete or on its way.
type block struct {
	index int64
	ready chan struct{} // closed when data or err is there
	data  []byte
	err   error
}

func (o *object) Info() storage.Info { return o.info }

func (o *object) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = nil
	return nil
}

// ReadAt implements io.ReaderAt. Long reads go straight to the store.
func (o *object) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("read %s: at %d", o.bucket.Address(o.info.Name), off)
	}
	for n < len(p) && off < o.info.Size {
		want := p[n:min(len(p), n+int(min(o.info.Size-off, int64(len(p)-n))))]
		if len(want) >= blockSize {
			if err := o.fetch(want, off); err != nil {
				return n, err
			}
			return n + len(want), o.atEnd(n+len(want), len(p))
		}
		data, err := o.block(off / blockSize)
		if err != nil {
			return n, err
		}
		k := copy(want, data[off%blockSize:])
		n, off = n+k, off+int64(k)
	}
	return n, o.atEnd(n, len(p))
}

func (o *object) atEnd(n, wanted int) error {
	if n < wanted {
		return io.EOF
	}
	return nil
}

// block returns a piece of the object, fetched once whoever asks for it.
func (o *object) block(index int64) ([]byte, error) {
	o.mu.Lock()
	i := slices.IndexFunc(o.kept, func(b *block) bool { return b.index == index })
	if i >= 0 {
		b := o.kept[i]
		o.kept = append(slices.Delete(o.kept, i, i+1), b)
		o.mu.Unlock()
		<-b.ready
		return b.data, b.err
	}
	b := &block{index: index, ready: make(chan struct{})}
	o.kept = append(o.kept, b)
	if len(o.kept) > blocks {
		o.kept = slices.Delete(o.kept, 0, 1)
	}
	o.mu.Unlock()
	b.data = make([]byte, min(blockSize, o.info.Size-index*blockSize))
	b.err = o.fetch(b.data, index*blockSize)
	close(b.ready)
	if b.err != nil {
		o.forget(b)
	}
	return b.data, b.err
}

// forget lets a failed block be fetched again.
func (o *object) forget(b *block) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = slices.DeleteFunc(o.kept, func(other *block) bool { return other == b })
}

// fetch reads exactly p from an offset, and goes on where a transfer broke off.
func (o *object) fetch(p []byte, off int64) error {
	for try := 1; len(p) > 0; try++ {
		n, err := o.transfer(p, off)
		p, off = p[n:], off+int64(n)
		if len(p) == 0 {
			return nil
		}
		if n > 0 {
			try = 1 // it goes on, however slowly
		}
		if errors.Is(err, storage.ErrPrecondition) || try >= attempts || o.ctx.Err() != nil {
			return err
		}
		if err := pause(o.ctx, try); err != nil {
			return err
		}
	}
	return nil
}

// transfer makes one request for p, and returns how much of it came.
func (o *object) transfer(p []byte, off int64) (int, error) {
	b, name := o.bucket, o.info.Name
	body, err := b.from(o.ctx, o.info, byteRange(off, int64(len(p))))
	if err != nil {
		return 0, err
	}
	defer body.Close()
	n, err := io.ReadFull(body, p)
	return n, b.explain("read", name, err)
}

// from requests a range of one version of an object.
func (b *Bucket) from(ctx context.Context, info storage.Info, span string) (io.ReadCloser, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: b.bucket(), Key: b.key(info.Name), ExpectedBucketOwner: b.owner(),
		Range: &span, IfMatch: &info.Version})
	changed := err == nil && aws.ToString(out.ETag) != info.Version // a store that ignores the condition
	if changed {
		_ = out.Body.Close()
	}
	if err = b.explain("read", info.Name, err); changed || errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("read %s: %w", b.Address(info.Name), storage.ErrPrecondition)
	}
	if err != nil {
		return nil, err
	}
	return out.Body, nil
}

// pause waits a little longer before each try.
func pause(ctx context.Context, try int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(try*try) * 50 * time.Millisecond):
		return nil
	}
}
