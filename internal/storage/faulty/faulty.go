package faulty

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"syscall"

	"github.com/lakectl/lakectl/internal/storage"
)

// The errors that a plan produces, beside one that matches syscall.ENOSPC.
var (
	ErrInjected = errors.New("injected failure")
	ErrKilled   = errors.New("the process is killed")
)

// Mode is what goes wrong.
type Mode int

// The modes. FailBefore, FailAfter and NoSpace hit one operation and leave the
// process alive; the others end it.
const (
	FailBefore Mode = iota // the operation is not done and fails
	FailAfter              // it is done, but its answer is lost
	NoSpace                // a write takes half its bytes, then the disk is full; reads are not hit
	Kill                   // the process dies before the operation
	KillAfter              // the process dies after the operation
	Torn                   // a write takes half its bytes, then the process dies; else like Kill
)

// Modes lists all modes.
func Modes() []Mode { return []Mode{FailBefore, FailAfter, NoSpace, Kill, KillAfter, Torn} }

var modeNames = [...]string{"fail before", "fail after", "no space", "kill", "kill after", "torn"}

// String names the mode.
func (m Mode) String() string { return modeNames[m] }

// Fault is one thing that goes wrong, at the operation of number At (from 1).
type Fault struct {
	At   int
	Mode Mode
}

// Op is an operation that was tried.
type Op struct {
	Kind string // open, read, create, write, commit, copy, list, delete, sync, sweep
	Name string // the object, the prefix, or dst
	Err  error  // what the caller was told; nil for success
}

// Bucket is the wrapper.
type Bucket struct {
	inner storage.Bucket

	mu     sync.Mutex
	plan   map[int]Mode
	trace  []Op
	killed bool
	open   map[storage.Writer]bool // writers to abandon when killed
}

// New wraps inner with a plan.
func New(inner storage.Bucket, plan ...Fault) *Bucket {
	b := &Bucket{inner: inner, plan: map[int]Mode{}, open: map[storage.Writer]bool{}}
	for _, f := range plan {
		b.plan[f.At] = f.Mode
	}
	return b
}

// Trace returns the operations so far.
func (b *Bucket) Trace() []Op {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Op(nil), b.trace...)
}

// Killed says whether the process was killed.
func (b *Bucket) Killed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.killed
}

// Kill kills the process now.
func (b *Bucket) Kill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kill()
}

// abandoner is a writer that can be left as a killed process leaves it.
type abandoner interface{ Abandon() }

// kill marks the process as dead. The caller holds mu.
func (b *Bucket) kill() {
	b.killed = true
	for w := range b.open {
		if a, ok := w.(abandoner); ok {
			a.Abandon()
		}
	}
	clear(b.open)
}

// call is one operation on its way through the plan.
type call struct {
	kind, name string
	mutates    bool
	half       func()       // what a torn write does; may be nil
	do         func() error // the operation itself
}

// run counts the call and lets the plan decide what becomes of it.
func (b *Bucket) run(c call) error {
	number, mode, planned, err := b.enter(c)
	if err != nil {
		return err
	}
	if planned && mode == NoSpace && !c.mutates {
		planned = false
	}
	if planned {
		err = b.fail(c, mode)
	} else {
		err = c.do()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trace[number].Err = err
	return err
}

func (b *Bucket) enter(c call) (number int, mode Mode, planned bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.killed {
		return 0, 0, false, fmt.Errorf("%s %s: %w", c.kind, c.name, ErrKilled)
	}
	b.trace = append(b.trace, Op{Kind: c.kind, Name: c.name})
	mode, planned = b.plan[len(b.trace)]
	return len(b.trace) - 1, mode, planned, nil
}

func (b *Bucket) fail(c call, mode Mode) error {
	cause := ErrInjected
	switch mode {
	case FailAfter, KillAfter:
		if err := c.do(); err != nil && mode == FailAfter {
			return err
		}
	case NoSpace, Torn:
		if c.half != nil {
			c.half()
		}
	}
	switch mode {
	case NoSpace:
		cause = syscall.ENOSPC
	case Kill, KillAfter, Torn:
		cause = ErrKilled
		b.Kill()
	}
	return fmt.Errorf("%s %s: %w", c.kind, c.name, cause)
}

// Open implements storage.Bucket.
func (b *Bucket) Open(ctx context.Context, name string) (storage.Object, error) {
	var o storage.Object
	err := b.run(call{kind: "open", name: name, do: func() (err error) {
		o, err = b.inner.Open(ctx, name)
		return err
	}})
	if err != nil {
		if o != nil {
			o.Close()
		}
		return nil, err
	}
	return &object{o, b}, nil
}

// Create implements storage.Bucket.
func (b *Bucket) Create(ctx context.Context, name string, opts storage.CreateOptions) (storage.Writer, error) {
	var w storage.Writer
	err := b.run(call{kind: "create", name: name, mutates: true, do: func() (err error) {
		if w, err = b.inner.Create(ctx, name, opts); err == nil {
			b.track(w)
		}
		return err
	}})
	if err != nil {
		if w != nil && !b.Killed() {
			b.forget(w)
			w.Abort()
		}
		return nil, err
	}
	return &writer{inner: w, bucket: b, name: name}, nil
}

// Copy implements storage.Bucket.
func (b *Bucket) Copy(ctx context.Context, dst, src string, opts storage.CopyOptions) (info storage.Info, err error) {
	err = b.run(call{kind: "copy", name: dst, mutates: true, do: func() (err error) {
		info, err = b.inner.Copy(ctx, dst, src, opts)
		return err
	}})
	return info, err
}

// List implements storage.Bucket. The whole listing is one operation.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		if err := b.run(call{kind: "list", name: prefix, do: func() error { return nil }}); err != nil {
			yield(storage.Info{}, err)
			return
		}
		b.inner.List(ctx, prefix)(yield)
	}
}

// Delete implements storage.Bucket.
func (b *Bucket) Delete(ctx context.Context, name string, opts storage.DeleteOptions) error {
	return b.run(call{kind: "delete", name: name, mutates: true, do: func() error { return b.inner.Delete(ctx, name, opts) }})
}

// Sweep implements storage.Sweeper if the wrapped bucket does.
func (b *Bucket) Sweep(ctx context.Context, folders ...string) error {
	s, ok := b.inner.(storage.Sweeper)
	if !ok {
		return nil
	}
	return b.run(call{kind: "sweep", mutates: true, do: func() error { return s.Sweep(ctx, folders...) }})
}

// Sync implements storage.Syncer if the wrapped bucket does.
func (b *Bucket) Sync(ctx context.Context, names []string) error {
	s, ok := b.inner.(storage.Syncer)
	if !ok {
		return nil
	}
	return b.run(call{kind: "sync", name: strings.Join(names, " "), mutates: true, do: func() error { return s.Sync(ctx, names) }})
}

func (b *Bucket) track(w storage.Writer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open[w] = true
}

func (b *Bucket) forget(w storage.Writer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, w)
}

type object struct {
	storage.Object
	bucket *Bucket
}

func (o *object) ReadAt(p []byte, off int64) (n int, err error) {
	err = o.bucket.run(call{kind: "read", name: o.Info().Name, do: func() (err error) {
		n, err = o.Object.ReadAt(p, off)
		return err
	}})
	return n, err
}

type writer struct {
	inner  storage.Writer
	bucket *Bucket
	name   string
	broken error // the failed write, after which Commit fails too
}

func (w *writer) Write(p []byte) (n int, err error) {
	err = w.bucket.run(call{kind: "write", name: w.name, mutates: true,
		half: func() { n, _ = w.inner.Write(p[:len(p)/2]) },
		do: func() (err error) {
			n, err = w.inner.Write(p)
			return err
		}})
	if err != nil {
		w.broken = err
	}
	return n, err
}

func (w *writer) Commit(ctx context.Context) (info storage.Info, err error) {
	err = w.bucket.run(call{kind: "commit", name: w.name, mutates: true, do: func() (err error) {
		if w.broken != nil {
			return w.broken
		}
		w.bucket.forget(w.inner)
		info, err = w.inner.Commit(ctx)
		return err
	}})
	return info, err
}

// Abort drops what was written, unless the process is dead and cannot.
func (w *writer) Abort() {
	if !w.bucket.Killed() {
		w.bucket.forget(w.inner)
		w.inner.Abort()
	}
}
