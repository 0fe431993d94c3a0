package engine

import (
	"sync"
	"sync/atomic"

	"github.com/lakectl/lakectl/internal/vec"
)

// minSlots is how many slots a hash table starts with. Tables double when they
// are half full.
const minSlots = 64

// wordTable numbers 64-bit values. Known values are found without a lock: a
// slot's code is stored after its value and neither changes afterwards.
type wordTable struct {
	mu     sync.Mutex
	slots  atomic.Pointer[wordSlots]
	values []uint64 // by code; values[0] stands for null. Guarded by mu until all workers are done
	count  atomic.Int64
	bytes  atomic.Int64
}

// wordSlots are pairs of a value and its code, 0 for an empty slot. The code is
// the second word of the pair and has the publishing store.
type wordSlots struct {
	mask  uint64
	pairs []uint64
}

func newWordTable() *wordTable {
	t := &wordTable{values: make([]uint64, 1)}
	t.slots.Store(newWordSlots(minSlots))
	return t
}

func newWordSlots(n int) *wordSlots {
	return &wordSlots{mask: uint64(n - 1), pairs: make([]uint64, 2*n)}
}

// find returns the code of a value, or 0.
func (s *wordSlots) find(v uint64) uint32 {
	for slot := vec.HashUint64(v) & s.mask; ; slot = (slot + 1) & s.mask {
		pair := s.pairs[2*slot : 2*slot+2 : 2*slot+2]
		code := atomic.LoadUint64(&pair[1])
		if code == 0 {
			return NoCode
		}
		if atomic.LoadUint64(&pair[0]) == v {
			return uint32(code)
		}
	}
}

// add stores a value that is not there.
func (s *wordSlots) add(v uint64, code uint32) {
	slot := vec.HashUint64(v) & s.mask
	for s.pairs[2*slot+1] != 0 {
		slot = (slot + 1) & s.mask
	}
	atomic.StoreUint64(&s.pairs[2*slot], v)
	atomic.StoreUint64(&s.pairs[2*slot+1], uint64(code))
}

// addRows gives codes to the values of rows, which were not found before.
func (t *wordTable) addRows(dst []uint32, rows []int32, value func(row int32) uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, row := range rows {
		v := value(row)
		code := t.slots.Load().find(v) // another row or worker may have been first
		if code == NoCode {
			code = t.add(v)
		}
		dst[row] = code
	}
	t.bytes.Store(int64(8*len(t.slots.Load().pairs) + 8*cap(t.values)))
}

func (t *wordTable) add(v uint64) uint32 {
	slots := t.slots.Load()
	if 2*len(t.values) > int(slots.mask) {
		grown := newWordSlots(len(slots.pairs)) // a slot is two words
		for code := 1; code < len(t.values); code++ {
			grown.add(t.values[code], uint32(code))
		}
		t.slots.Store(grown)
		slots = grown
	}
	code := uint32(len(t.values))
	t.values = append(t.values, v)
	slots.add(v, code)
	t.count.Store(int64(code))
	return code
}
