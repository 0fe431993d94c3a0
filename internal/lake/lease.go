package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
)

const lockFormat = 1

// LockInfo is the lease object _lakectl/lock.json. It is never deleted, so
// that fencing numbers go up only; a lease that was given back says so.
type LockInfo struct {
	Format   int       `json:"format"`
	Fence    uint64    `json:"fence"` // one more for each lease
	Nonce    string    `json:"nonce"` // of the lease; random, whatever Options.NewID says
	Owner    Owner     `json:"owner"`
	Acquired time.Time `json:"acquired"` // by the owner's clock
	Renewed  time.Time `json:"renewed"`  // by the owner's clock
	TTL      float64   `json:"ttl_seconds"`
	Released bool      `json:"released,omitempty"`
	// Renewals makes each writing of the object another content, whatever the
	// clock says: some stores tell versions apart by nothing else.
	Renewals uint64 `json:"renewals,omitempty"`
	// Doubtful is the highest fencing number whose holder may live on without
	// knowing that it lost its lease: it expired or was broken. What such a
	// holder staged is not deleted while it could still commit it.
	Doubtful uint64 `json:"doubtful,omitempty"`

	modified time.Time // by the store's clock
	version  string    // of the object; "" if there is none
}

// Modified returns when the lease was last renewed, by the clock of the store.
func (i *LockInfo) Modified() time.Time { return i.modified }

// LockOptions say how to wait for a lease.
type LockOptions struct {
	// Timeout is how long to wait for another holder; not at all if 0.
	Timeout time.Duration
	// Wait, if not nil, is called with the holder each time before waiting.
	Wait func(holder LockInfo)
}

// Lease is the right to write to the lake. It is renewed in the background
// until Release. It is safe for concurrent use.
type Lease struct {
	lake  *Lake
	fence uint64
	stop  context.CancelFunc
	done  chan struct{} // closed when the renewing has ended
	lost  chan struct{} // closed when the lease is lost

	mu      sync.Mutex
	info    LockInfo  // as last written by this lease
	renewed time.Time // by the clock of this process, monotonic
	isLost  bool
	doubted bool // see doubt
}

// Fence returns the fencing number: higher than that of any lease before.
func (l *Lease) Fence() uint64 { return l.fence }

// Lost is closed when another has taken the lease, or it could not be renewed
// in time. What is in work is then best cancelled; it could not be committed.
func (l *Lease) Lost() <-chan struct{} { return l.lost }

// Holder returns who holds the lease, or nil if nobody does. It only reads,
// and does not judge whether the holder lives.
func (l *Lake) Holder(ctx context.Context) (*LockInfo, error) {
	info, err := l.readLock(ctx)
	if err != nil || info.version == "" || info.Released {
		return nil, err
	}
	return &info, nil
}

// Lock takes the lease, waiting for another holder if asked to. A lease whose
// holder is certainly dead, or which was not renewed for its TTL by the clock
// of the store, is taken over. If another holds it still after the timeout,
// the error is of class Locked and names it.
func (l *Lake) Lock(ctx context.Context, opts LockOptions) (*Lease, error) {
	if err := l.probe(ctx); err != nil {
		return nil, err
	}
	deadline := time.Now().Add(opts.Timeout)
	for {
		current, err := l.readLock(ctx)
		if err != nil {
			return nil, err
		}
		free, doubtful, err := l.free(ctx, current)
		if err != nil {
			return nil, err
		}
		if free {
			lease, err := l.acquire(ctx, current, doubtful)
			if lease != nil || err != nil {
				return lease, err
			}
			continue // another was quicker
		}
		if !time.Now().Before(deadline) {
			return nil, busy(current)
		}
		if opts.Wait != nil {
			opts.Wait(current)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(l.opts.Poll, time.Until(deadline))):
		}
	}
}

// probe makes sure, once, that the store enforces the conditions on which all
// rests.
func (l *Lake) probe(ctx context.Context) error {
	prober, ok := l.bucket.(storage.Prober)
	if !ok || l.probed.Load() {
		return nil
	}
	err := prober.Probe(ctx)
	l.probed.Store(err == nil)
	return err
}

func busy(holder LockInfo) error {
	return diag.Errorf(diag.Locked, "the lake is locked by %s since %s", holder.Owner, holder.Acquired.UTC().Format(time.RFC3339)).
		WithNext("wait until it is done (--lock-timeout), or, if it is certainly dead, run `lakectl lock break`")
}

// free says whether a lease can be taken, and whether it is in doubt that its
// holder knows.
func (l *Lake) free(ctx context.Context, current LockInfo) (free, doubtful bool, err error) {
	if current.version == "" || current.Released || l.opts.Gone(current.Owner) {
		return true, false, nil
	}
	// The store's own clock, read off an object written now: clocks of hosts differ.
	probe, err := storage.WriteAll(ctx, l.bucket, clockName, nil, storage.CreateOptions{})
	if err != nil {
		return false, false, fmt.Errorf("read the store's clock: %w", err)
	}
	ttl := time.Duration(current.TTL * float64(time.Second))
	if ttl <= 0 {
		ttl = l.opts.LeaseTTL
	}
	return probe.Modified.Sub(current.modified) > ttl, true, nil
}

// acquire replaces the lease that was read. It returns no lease if another was quicker.
func (l *Lake) acquire(ctx context.Context, current LockInfo, doubtful bool) (*Lease, error) {
	now := l.now()
	info := LockInfo{Format: lockFormat, Fence: current.Fence + 1, Nonce: newID(), Owner: l.opts.Owner,
		Acquired: now, Renewed: now, TTL: l.opts.LeaseTTL.Seconds(), Doubtful: current.Doubtful}
	if current.version == "" {
		// The lake is new, or someone deleted the object by hand.
		used, err := l.usedFence(ctx)
		if err != nil {
			return nil, err
		}
		info.Fence, info.Doubtful = used+1, used
	} else if doubtful {
		info.Doubtful = current.Fence
	}
	start := time.Now()
	info, err := l.writeLock(ctx, info, current.version)
	if errors.Is(err, storage.ErrPrecondition) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return l.startLease(info, start), nil
}

// usedFence returns the highest fencing number in the log and the stages.
func (l *Lake) usedFence(ctx context.Context) (uint64, error) {
	state, err := l.State(ctx)
	if err != nil {
		return 0, err
	}
	used := state.fence
	if state.Pending != nil {
		used = max(used, state.Pending.Fence)
	}
	for info, err := range l.bucket.List(ctx, stageDir) {
		if err != nil {
			return 0, err
		}
		if s, ok := parseStage(info.Name); ok {
			used = max(used, s.fence)
		}
	}
	return used, nil
}

func (l *Lake) startLease(info LockInfo, start time.Time) *Lease {
	ctx, cancel := context.WithCancel(context.Background())
	lease := &Lease{lake: l, fence: info.Fence, stop: cancel, done: make(chan struct{}), lost: make(chan struct{}), info: info, renewed: start}
	go lease.keep(ctx)
	return lease
}

// readLock returns the lease object; without a version if there is none.
func (l *Lake) readLock(ctx context.Context) (LockInfo, error) {
	data, object, err := storage.ReadAll(ctx, l.bucket, lockName)
	if errors.Is(err, fs.ErrNotExist) {
		return LockInfo{}, nil
	}
	if err != nil {
		return LockInfo{}, err
	}
	info := LockInfo{}
	if format, formatErr := formatOf(data); formatErr != nil || format != lockFormat {
		err = fmt.Errorf("its format is not %d", lockFormat)
	} else {
		err = decode(data, &info)
	}
	if err != nil {
		return LockInfo{version: object.Version}, diag.Errorf(diag.Unexpected, "the lock %s cannot be used: %w", lockName, err).
			WithNext("if no other lakectl is running, delete it")
	}
	info.version, info.modified = object.Version, object.Modified
	return info, nil
}

// writeLock replaces the lease object of a version, or creates it where that
// is "". A lost answer is looked into.
func (l *Lake) writeLock(ctx context.Context, info LockInfo, version string) (LockInfo, error) {
	data, err := encode(info)
	if err != nil {
		return info, err
	}
	opts := storage.CreateOptions{IfNoneMatch: version == "", IfMatch: version}
	object, err := storage.WriteAll(ctx, l.bucket, lockName, data, opts)
	if err == nil {
		info.version, info.modified = object.Version, object.Modified
		return info, nil
	}
	now, readErr := l.readLock(context.WithoutCancel(ctx))
	if readErr == nil && now.Nonce == info.Nonce && now.Released == info.Released && now.version != version {
		return now, nil
	}
	return info, err
}

// keep renews the lease until it is released or lost.
func (l *Lease) keep(ctx context.Context) {
	defer close(l.done)
	ticker := time.NewTicker(l.lake.opts.LeaseTTL / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := l.Renew(ctx); err != nil && l.over() {
			return
		}
	}
}

// Renew renews the lease now. It happens by itself; tests and long pauses of
// the process call for it.
func (l *Lease) Renew(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isLost || l.info.Released {
		return l.lostError()
	}
	info, start := l.info, time.Now()
	info.Renewed = l.lake.now()
	info.Renewals++
	info, err := l.lake.writeLock(ctx, info, info.version)
	switch {
	case err == nil:
		l.info, l.renewed = info, start
	case errors.Is(err, storage.ErrPrecondition), time.Since(l.renewed) > l.lake.opts.LeaseTTL:
		l.lose()
	}
	return err
}

// lose marks the lease as lost. The caller holds mu.
func (l *Lease) lose() {
	if !l.isLost {
		l.isLost = true
		close(l.lost)
	}
}

func (l *Lease) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.isLost
}

// Check says whether the lease is still held, by looking at its object.
func (l *Lease) Check(ctx context.Context) error {
	l.mu.Lock()
	mine, gone := l.info, l.isLost || l.info.Released
	l.mu.Unlock()
	if gone {
		return l.lostError()
	}
	now, err := l.lake.readLock(ctx)
	if err != nil {
		return err
	}
	if now.Nonce == mine.Nonce && !now.Released {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lose()
	return l.lostError()
}

func (l *Lease) lostError() error {
	return diag.Errorf(diag.Locked, "this run no longer holds the lock of the lake: it was not renewed in time and another run took it, or it was broken or released").
		WithNext("run again; what this run has committed is safe")
}

// doubt notes that a record of this lease may be written yet by a request
// that is under way. The lease begins no more transactions, which might stage
// files over those of that record.
func (l *Lease) doubt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doubted, l.info.Doubtful = true, l.fence
}

func (l *Lease) inDoubt() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.doubted
}

// doubtful returns the highest fencing number whose holder may yet commit.
func (l *Lease) doubtful() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.info.Doubtful
}

// Release gives the lease back, also when the context is cancelled. Releasing
// a lease that is lost or released does nothing.
func (l *Lease) Release(ctx context.Context) error {
	l.stop()
	<-l.done
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isLost || l.info.Released {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	info := l.info
	info.Released = true
	info, err := l.lake.writeLock(ctx, info, info.version)
	if err == nil || errors.Is(err, storage.ErrPrecondition) {
		l.info.Released, err = true, nil // or another's by now
	}
	if err == nil {
		l.info.version = info.version
	}
	return err
}

// Break takes the lease away from its holder, dead or alive, and returns it;
// nil if nobody held it. A holder that lives finds out at the latest when it
// tries to commit.
func (l *Lake) Break(ctx context.Context) (*LockInfo, error) {
	for range 5 {
		current, err := l.readLock(ctx)
		if err != nil || current.version == "" || current.Released {
			return nil, err
		}
		broken := current
		broken.Nonce, broken.Released = newID(), true
		if !l.opts.Gone(current.Owner) {
			broken.Doubtful = current.Fence
		}
		_, err = l.writeLock(ctx, broken, current.version)
		if err == nil {
			return &current, nil
		}
		if !errors.Is(err, storage.ErrPrecondition) {
			return nil, err
		}
	}
	return nil, diag.Errorf(diag.Locked, "the lock of the lake changes hands too quickly to be broken").WithNext("try again")
}
