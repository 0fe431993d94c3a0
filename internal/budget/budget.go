package budget

import "sync/atomic"

// Budget is an amount of memory in bytes. All methods are safe for concurrent
// use. A nil Budget has no limit.
type Budget struct {
	limit int64
	used  atomic.Int64
	peak  atomic.Int64
}

// New returns a budget of limit bytes.
func New(limit int64) *Budget { return &Budget{limit: limit} }

// Limit returns the limit in bytes, and false if there is none.
func (b *Budget) Limit() (int64, bool) {
	if b == nil {
		return 0, false
	}
	return b.limit, true
}

// Reserve takes n bytes if they are left and says whether it did.
func (b *Budget) Reserve(n int64) bool {
	if b == nil {
		return true
	}
	for {
		used := b.used.Load()
		if used+n > b.limit {
			return false
		}
		if b.used.CompareAndSwap(used, used+n) {
			b.raise(used + n)
			return true
		}
	}
}

// Take takes n bytes even if that exceeds the limit.
func (b *Budget) Take(n int64) {
	if b != nil {
		b.raise(b.used.Add(n))
	}
}

// Release gives back n bytes.
func (b *Budget) Release(n int64) {
	if b != nil {
		b.used.Add(-n)
	}
}

// Used returns the bytes taken now.
func (b *Budget) Used() int64 {
	if b == nil {
		return 0
	}
	return b.used.Load()
}

// Peak returns the most bytes that were taken at one time.
func (b *Budget) Peak() int64 {
	if b == nil {
		return 0
	}
	return b.peak.Load()
}

func (b *Budget) raise(used int64) {
	for {
		peak := b.peak.Load()
		if used <= peak || b.peak.CompareAndSwap(peak, used) {
			return
		}
	}
}
