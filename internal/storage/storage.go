package storage

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// ErrPrecondition says that the condition of a write (IfMatch, IfNoneMatch)
// did not hold: the object is there, is another version, or is gone. Nothing
// was changed.
var ErrPrecondition = errors.New("the object was changed by another writer")

// Bucket is a flat namespace of objects. All methods are safe for concurrent
// use, also by several processes on the same store. What is not there is
// reported as an error that matches fs.ErrNotExist.
type Bucket interface {
	// Open opens an object for reading. The caller closes it. What it reads is
	// the version of the moment of opening, whatever is written later; a store
	// that cannot promise that fails the read with ErrPrecondition instead.
	Open(ctx context.Context, name string) (Object, error)
	// Create starts a new object or a new version of one. Nothing is visible
	// before Writer.Commit, which also checks the conditions. The context
	// governs the writer until then.
	Create(ctx context.Context, name string, opts CreateOptions) (Writer, error)
	// Copy makes dst a copy of src, atomically, and returns dst.
	Copy(ctx context.Context, dst, src string, opts CopyOptions) (Info, error)
	// List yields the objects whose names begin with prefix (any text, not
	// only a folder) in ascending order of the bytes of their names. Objects
	// written or deleted meanwhile may or may not appear. After an error the
	// sequence ends.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	// Delete removes an object. Deleting what is not there is no error.
	Delete(ctx context.Context, name string, opts DeleteOptions) error
}

// Info describes one version of an object.
type Info struct {
	Name string
	Size int64 // bytes
	// Version is opaque. It differs for each content of the object, and in most
	// stores for each write: S3 may give the same bytes the same version.
	Version  string
	Modified time.Time // by the clock of the store, not of the caller
}

// Object is an object open for reading. ReadAt is safe for concurrent use.
type Object interface {
	io.ReaderAt
	io.Closer
	Info() Info
}

// Writer writes one object, by one goroutine. Exactly one of Commit and Abort
// ends it; Abort after Commit does nothing, so that it can be deferred.
type Writer interface {
	io.Writer
	// Commit makes the object visible and durable, or fails. After a failure
	// other than ErrPrecondition the object may nevertheless exist.
	Commit(ctx context.Context) (Info, error)
	// Abort drops what was written.
	Abort()
}

// CreateOptions are the conditions of Create; at most one may be set.
type CreateOptions struct {
	IfNoneMatch bool   // only if there is no such object
	IfMatch     string // only if the object has this version
	// Deferred says that the object need not outlast a power failure before
	// Sync is called with its name. See Syncer.
	Deferred bool
}

// CopyOptions are the conditions on dst, at most one of which may be set, and
// whether src is still needed.
type CopyOptions struct {
	IfNoneMatch bool
	IfMatch     string
	// Move lets the store consume src, if that is cheaper for it (a rename);
	// afterwards src is gone or still there. A move that failed may be
	// repeated: it fails with fs.ErrNotExist if src was consumed.
	Move bool
	// Deferred is as in CreateOptions.
	Deferred bool
}

// DeleteOptions is the condition of Delete. An absent object fulfils it.
type DeleteOptions struct{ IfMatch string }

// Stater is implemented by buckets that can say what an object is without
// opening it. See Stat.
type Stater interface {
	Stat(ctx context.Context, name string) (Info, error)
}

// Prober is implemented by buckets of which it is not certain that they enforce
// the conditions of writes. Probe tries them, and fails if they do not. It
// writes to the bucket.
type Prober interface {
	Probe(ctx context.Context) error
}

// Streamer is implemented by buckets from which a large object is best read from
// its start to its end. The caller closes the stream.
type Streamer interface {
	Stream(ctx context.Context, name string) (Stream, error)
}

// Stream is one version of an object, read from its start to its end.
type Stream interface {
	io.ReadCloser
	Info() Info
}

// Syncer is implemented by buckets to which making many objects durable at once
// is cheaper than one by one. Sync makes the objects of these names durable
// that were written with the option Deferred; other buckets ignore the option.
type Syncer interface {
	Sync(ctx context.Context, names []string) error
}

// Sync calls the bucket's Sync if it is a Syncer.
func Sync(ctx context.Context, b Bucket, names []string) error {
	if s, ok := b.(Syncer); ok && len(names) > 0 {
		return s.Sync(ctx, names)
	}
	return nil
}

// Sweeper is implemented by buckets in which a crash leaves rubbish behind,
// such as temporary files. Sweep removes what belongs to no living writer, in
// these folders alone: elsewhere in the bucket may be what others put there.
type Sweeper interface {
	Sweep(ctx context.Context, folders ...string) error
}
