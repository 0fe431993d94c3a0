package mem

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lakectl/lakectl/internal/storage"
)

// Options of a Bucket.
type Options struct {
	Clock func() time.Time // the store's clock; time.Now if nil
	Keep  bool             // Copy with Move keeps src, as S3 does
}

// Bucket holds objects in memory.
type Bucket struct {
	opts Options

	mu      sync.Mutex
	writes  uint64 // versions given out so far
	objects map[string]*object
}

// object is one version of an object; immutable once it is in the map.
type object struct {
	info storage.Info
	data []byte
}

// New returns an empty bucket.
func New(opts Options) *Bucket {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	return &Bucket{opts: opts, objects: map[string]*object{}}
}

// Open implements storage.Bucket.
func (b *Bucket) Open(ctx context.Context, name string) (storage.Object, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.objects[name]
	if o == nil {
		return nil, notExist("open", name)
	}
	return reader{bytes.NewReader(o.data), o.info}, nil
}

// Create implements storage.Bucket.
func (b *Bucket) Create(ctx context.Context, name string, opts storage.CreateOptions) (storage.Writer, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	if err := storage.CheckConditions(opts.IfNoneMatch, opts.IfMatch); err != nil {
		return nil, err
	}
	return &writer{bucket: b, name: name, opts: opts}, nil
}

// Copy implements storage.Bucket.
func (b *Bucket) Copy(ctx context.Context, dst, src string, opts storage.CopyOptions) (storage.Info, error) {
	if err := errors.Join(check(ctx, dst), check(ctx, src), storage.CheckConditions(opts.IfNoneMatch, opts.IfMatch)); err != nil {
		return storage.Info{}, err
	}
	if dst == src {
		return storage.Info{}, fmt.Errorf("copy %s: onto itself", src)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	from := b.objects[src]
	if from == nil {
		return storage.Info{}, notExist("copy", src)
	}
	info, err := b.put(dst, from.data, storage.CreateOptions{IfNoneMatch: opts.IfNoneMatch, IfMatch: opts.IfMatch})
	if err == nil && opts.Move && !b.opts.Keep {
		delete(b.objects, src)
	}
	return info, err
}

// List implements storage.Bucket; it yields the objects of one moment.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for _, info := range b.snapshot(prefix) {
			if err := ctx.Err(); err != nil {
				yield(storage.Info{}, err)
				return
			}
			if !yield(info, nil) {
				return
			}
		}
	}
}

func (b *Bucket) snapshot(prefix string) []storage.Info {
	b.mu.Lock()
	defer b.mu.Unlock()
	var infos []storage.Info
	for name, o := range b.objects {
		if strings.HasPrefix(name, prefix) {
			infos = append(infos, o.info)
		}
	}
	slices.SortFunc(infos, func(x, y storage.Info) int { return cmp.Compare(x.Name, y.Name) })
	return infos
}

// Delete implements storage.Bucket.
func (b *Bucket) Delete(ctx context.Context, name string, opts storage.DeleteOptions) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.objects[name]
	if o != nil && opts.IfMatch != "" && o.info.Version != opts.IfMatch {
		return fmt.Errorf("delete %s: %w", name, storage.ErrPrecondition)
	}
	delete(b.objects, name)
	return nil
}

// put stores data, which it keeps, under the conditions. The caller holds mu.
func (b *Bucket) put(name string, data []byte, opts storage.CreateOptions) (storage.Info, error) {
	old := b.objects[name]
	if opts.IfNoneMatch && old != nil || opts.IfMatch != "" && (old == nil || old.info.Version != opts.IfMatch) {
		return storage.Info{}, fmt.Errorf("write %s: %w", name, storage.ErrPrecondition)
	}
	b.writes++
	info := storage.Info{Name: name, Size: int64(len(data)), Version: strconv.FormatUint(b.writes, 10), Modified: b.opts.Clock()}
	b.objects[name] = &object{info, data}
	return info, nil
}

type reader struct {
	*bytes.Reader
	info storage.Info
}

func (r reader) Info() storage.Info { return r.info }
func (r reader) Close() error       { return nil }

type writer struct {
	bucket *Bucket
	name   string
	opts   storage.CreateOptions
	data   []byte
	done   bool
}

var errDone = errors.New("the writer is done")

func (w *writer) Write(p []byte) (int, error) {
	if w.done {
		return 0, errDone
	}
	w.data = append(w.data, p...)
	return len(p), nil
}

func (w *writer) Commit(ctx context.Context) (storage.Info, error) {
	if w.done {
		return storage.Info{}, errDone
	}
	if err := ctx.Err(); err != nil {
		return storage.Info{}, err
	}
	w.done = true
	w.bucket.mu.Lock()
	defer w.bucket.mu.Unlock()
	return w.bucket.put(w.name, w.data, w.opts)
}

func (w *writer) Abort() { w.done, w.data = true, nil }

func check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return storage.CheckName(name)
}

func notExist(op, name string) error {
	return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

var _ io.ReaderAt = reader{}
