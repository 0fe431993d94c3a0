package overlay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/lakectl/lakectl/internal/storage"
)

// Bucket shows a base bucket as changed by what was written.
type Bucket struct {
	base, upper storage.Bucket

	// changing is held by whoever changes what is shown, from the look at the
	// conditions until the change is done.
	changing sync.Mutex
	mu       sync.Mutex
	ours     map[string]bool // objects that are in upper or nowhere, whatever base has
}

// New returns the overlay of base whose changes go to upper, which is empty.
func New(base, upper storage.Bucket) *Bucket {
	return &Bucket{base: base, upper: upper, ours: map[string]bool{}}
}

// versionPrefix tells the versions of upper from those of base. The same object
// may have versions of both, and both may count them from 1.
const versionPrefix = "overlay-"

func upperInfo(info storage.Info) storage.Info {
	info.Version = versionPrefix + info.Version
	return info
}

// isOurs says whether an object is upper's, or deleted.
func (b *Bucket) isOurs(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ours[name]
}

// own makes an object upper's.
func (b *Bucket) own(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ours[name] = true
}

// Open implements storage.Bucket.
func (b *Bucket) Open(ctx context.Context, name string) (storage.Object, error) {
	if !b.isOurs(name) {
		return b.base.Open(ctx, name)
	}
	o, err := b.upper.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return object{o}, nil
}

// object is an object of upper.
type object struct{ storage.Object }

func (o object) Info() storage.Info { return upperInfo(o.Object.Info()) }

// check fails with ErrPrecondition unless the conditions of a write hold. The
// caller holds changing.
func (b *Bucket) check(ctx context.Context, name string, conditions storage.CreateOptions) error {
	if !conditions.IfNoneMatch && conditions.IfMatch == "" {
		return nil
	}
	info, err := storage.Stat(ctx, b, name)
	exists := err == nil
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case exists == conditions.IfNoneMatch, exists && info.Version != conditions.IfMatch:
		return fmt.Errorf("write %s: %w", name, storage.ErrPrecondition)
	}
	return nil
}

// Create implements storage.Bucket.
func (b *Bucket) Create(ctx context.Context, name string, opts storage.CreateOptions) (storage.Writer, error) {
	if err := storage.CheckConditions(opts.IfNoneMatch, opts.IfMatch); err != nil {
		return nil, err
	}
	w, err := b.upper.Create(ctx, name, storage.CreateOptions{})
	if err != nil {
		return nil, err
	}
	return &writer{w, b, name, opts}, nil
}

// writer writes an object of upper.
type writer struct {
	storage.Writer
	bucket     *Bucket
	name       string
	conditions storage.CreateOptions
}

// Commit implements storage.Writer.
func (w *writer) Commit(ctx context.Context) (storage.Info, error) {
	b := w.bucket
	b.changing.Lock()
	defer b.changing.Unlock()
	if err := b.check(ctx, w.name, w.conditions); err != nil {
		w.Abort()
		return storage.Info{}, err
	}
	info, err := w.Writer.Commit(ctx)
	if err != nil {
		return storage.Info{}, err
	}
	b.own(w.name)
	return upperInfo(info), nil
}

// Copy implements storage.Bucket. What is moved away from the base stays there
// and is shown no more.
func (b *Bucket) Copy(ctx context.Context, dst, src string, opts storage.CopyOptions) (storage.Info, error) {
	err := errors.Join(ctx.Err(), storage.CheckName(dst), storage.CheckName(src), storage.CheckConditions(opts.IfNoneMatch, opts.IfMatch))
	switch {
	case err != nil:
		return storage.Info{}, err
	case dst == src:
		return storage.Info{}, fmt.Errorf("copy %s: onto itself", src)
	}
	conditions := storage.CreateOptions{IfNoneMatch: opts.IfNoneMatch, IfMatch: opts.IfMatch}
	if !b.isOurs(src) {
		return b.copyUp(ctx, dst, src, copyUp{conditions, opts.Move})
	}
	b.changing.Lock()
	defer b.changing.Unlock()
	if err := b.checkSource(ctx, src); err != nil {
		return storage.Info{}, err
	}
	if err := b.check(ctx, dst, conditions); err != nil {
		return storage.Info{}, err
	}
	info, err := b.upper.Copy(ctx, dst, src, storage.CopyOptions{Move: opts.Move})
	if err != nil {
		return storage.Info{}, err
	}
	b.own(dst)
	return upperInfo(info), nil
}

// checkSource fails if there is no object to copy, which counts before the conditions.
func (b *Bucket) checkSource(ctx context.Context, src string) error {
	_, err := storage.Stat(ctx, b, src)
	return err
}

// copyUp says how an object of the base is copied.
type copyUp struct {
	conditions storage.CreateOptions
	move       bool
}

// copyUp copies an object of the base into upper.
func (b *Bucket) copyUp(ctx context.Context, dst, src string, how copyUp) (storage.Info, error) {
	from, err := b.base.Open(ctx, src)
	if err != nil {
		return storage.Info{}, err
	}
	defer from.Close()
	w, err := b.Create(ctx, dst, how.conditions)
	if err != nil {
		return storage.Info{}, err
	}
	defer w.Abort()
	size := from.Info().Size
	switch n, err := io.CopyBuffer(onlyWriter{w}, io.NewSectionReader(from, 0, size), make([]byte, min(size+1, 1<<20))); {
	case err != nil:
		return storage.Info{}, fmt.Errorf("copy %s: %w", src, err)
	case n < size:
		return storage.Info{}, fmt.Errorf("copy %s: %w", src, io.ErrUnexpectedEOF)
	}
	info, err := w.Commit(ctx)
	if err == nil && how.move {
		b.own(src)
	}
	return info, err
}

// onlyWriter hides what else a writer can do, lest the buffer is not used.
type onlyWriter struct{ io.Writer }

// Delete implements storage.Bucket. The base keeps its object, which is shown no
// more.
func (b *Bucket) Delete(ctx context.Context, name string, opts storage.DeleteOptions) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	info, err := storage.Stat(ctx, b, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case opts.IfMatch != "" && info.Version != opts.IfMatch:
		return fmt.Errorf("delete %s: %w", name, storage.ErrPrecondition)
	case b.isOurs(name):
		return b.upper.Delete(ctx, name, storage.DeleteOptions{})
	}
	b.own(name)
	return nil
}

// Sweep implements storage.Sweeper: it sweeps the upper bucket. Rubbish in the
// base is left to those who may write there.
func (b *Bucket) Sweep(ctx context.Context, folders ...string) error {
	if s, ok := b.upper.(storage.Sweeper); ok {
		return s.Sweep(ctx, folders...)
	}
	return nil
}

// ourNames returns those of ours that begin with prefix.
func (b *Bucket) ourNames(prefix string) map[string]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := map[string]bool{}
	for name := range b.ours {
		if strings.HasPrefix(name, prefix) {
			names[name] = true
		}
	}
	return names
}
