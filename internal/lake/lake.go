package lake

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lakectl/lakectl/internal/storage"
)

// Options of a Lake. The zero value is right for a real one.
type Options struct {
	Clock func() time.Time // what commits are dated by; time.Now if nil
	NewID func() string    // ids of commits, none twice in a process; random if nil
	Owner Owner            // who takes leases; CurrentOwner() if zero
	// Gone says that the owner of a lease is certainly dead. Owner.Gone if nil.
	Gone func(Owner) bool
	// LeaseTTL is how long a lease lasts without being renewed; a minute if 0.
	LeaseTTL time.Duration
	// Poll is how often a waiter looks at the lease; half a second if 0.
	Poll time.Duration
	// Parallel is how many objects are published at a time; 8 if 0.
	Parallel int
	// CheckpointEvery is after how many commits the state is written down; 100 if 0.
	CheckpointEvery uint64
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.NewID == nil {
		o.NewID = newID
	}
	if o.Owner == (Owner{}) {
		o.Owner = CurrentOwner()
	}
	if o.Gone == nil {
		o.Gone = func(other Owner) bool { return other.Gone(o.Owner) }
	}
	if o.LeaseTTL == 0 {
		o.LeaseTTL = time.Minute
	}
	if o.Poll == 0 {
		o.Poll = time.Second / 2
	}
	if o.Parallel == 0 {
		o.Parallel = 8
	}
	if o.CheckpointEvery == 0 {
		o.CheckpointEvery = 100
	}
	return o
}

func newID() string {
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// Lake is the tables of a bucket and the log of their commits. It is safe for
// concurrent use.
type Lake struct {
	bucket storage.Bucket
	opts   Options
	probed atomic.Bool // the store was found to enforce conditions

	mu    sync.Mutex
	cache *State // the newest published state that was folded; without Pending
}

// Open returns the lake in a bucket. It reads the log, so that a lake which
// this lakectl cannot read is refused at once; an empty bucket is a lake
// without commits. Nothing is written.
func Open(ctx context.Context, bucket storage.Bucket, opts Options) (*Lake, error) {
	l := &Lake{bucket: bucket, opts: opts.withDefaults()}
	_, err := l.State(ctx)
	return l, err
}

// Bucket returns the bucket, from which the files of a table are read.
func (l *Lake) Bucket() storage.Bucket { return l.bucket }

// now returns the time that is written into objects.
func (l *Lake) now() time.Time { return l.opts.Clock().UTC() }

// remember keeps a published state for later calls of State.
func (l *Lake) remember(s *State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cache == nil || l.cache.Sequence <= s.Sequence {
		l.cache = s
	}
}

func (l *Lake) remembered() *State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cache
}
