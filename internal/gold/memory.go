package gold

import (
	"sync"
	"sync/atomic"

	"github.com/lakectl/lakectl/internal/budget"
)

// memory shares the budget among the jobs of a build. When the budget refuses,
// the job that holds the most gives up: what it holds is given back, its rows
// are not looked at any more, and it is built in parts when the build is done.
type memory struct {
	budget *budget.Budget
	step   int64 // bytes asked for at a time

	mu    sync.Mutex
	taken int64
	jobs  []*job
}

const (
	largestStep  = 4 << 20
	smallestStep = 4 << 10
)

func newMemory(b *budget.Budget) *memory {
	m := &memory{budget: b, step: largestStep}
	if limit, ok := b.Limit(); ok {
		m.step = max(smallestStep, min(largestStep, limit/256))
	}
	return m
}

// account is one holder's part of memory. Its methods may be called by one
// goroutine at a time, but close by any.
type account struct {
	memory *memory
	used   int64        // bytes
	taken  atomic.Int64 // from the budget
	closed bool         // under the memory's lock
}

func (m *memory) account() *account { return &account{memory: m} }

// hold says that so many bytes are in use now.
func (a *account) hold(bytes int64) {
	if a.used = bytes; bytes <= a.taken.Load() {
		return
	}
	m := a.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	more := (bytes - a.taken.Load() + m.step - 1) / m.step * m.step
	for !a.closed && !m.budget.Reserve(more) {
		if !m.makeRoom() {
			m.budget.Take(more)
			break
		}
	}
	if !a.closed {
		a.taken.Add(more)
		m.taken += more
	}
}

// add says that so many more bytes are in use now.
func (a *account) add(bytes int64) { a.hold(a.used + bytes) }

// close gives back what the account has taken. What it is told afterwards does
// not count.
func (a *account) close() {
	a.memory.mu.Lock()
	defer a.memory.mu.Unlock()
	a.drop()
}

// drop is close for who has the memory's lock.
func (a *account) drop() {
	a.closed = true
	n := a.taken.Swap(0)
	a.memory.taken -= n
	a.memory.budget.Release(n)
}

// makeRoom has the job that holds the most give up, and says whether there was one.
func (m *memory) makeRoom() bool {
	var largest *job
	most := int64(0)
	for _, j := range m.jobs {
		if bytes := j.holds(); !j.gaveUp() && bytes > most {
			largest, most = j, bytes
		}
	}
	if largest == nil {
		return false
	}
	largest.giveUp()
	return true
}

// release gives back all that was taken.
func (m *memory) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.budget.Release(m.taken)
	m.taken = 0
}
