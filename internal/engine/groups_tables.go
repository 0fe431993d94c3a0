package engine

import (
	"sync"
	"sync/atomic"
	"unsafe"

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

// textTable numbers texts. Known texts are found without a lock: a text is
// stored before the slot that names it.
type textTable struct {
	mu     sync.Mutex
	slots  atomic.Pointer[[]uint64]     // upper half of the hash, then the code; 0 is empty
	chunks atomic.Pointer[[]*textChunk] // the texts by code; the text of null is ''
	block  []byte                       // where the next texts go
	count  atomic.Int64
	bytes  atomic.Int64
}

const (
	chunkBits = 12
	blockSize = 256 << 10
)

type textChunk [1 << chunkBits]string

func newTextTable() *textTable {
	t := &textTable{}
	slots, chunks := make([]uint64, minSlots), []*textChunk{new(textChunk)}
	t.slots.Store(&slots)
	t.chunks.Store(&chunks)
	return t
}

// value returns the text of a code that was given.
func (t *textTable) value(code uint32) string {
	return (*t.chunks.Load())[code>>chunkBits][code&(1<<chunkBits-1)]
}

// find returns the code of a text, or 0.
func (t *textTable) find(text string) uint32 { return t.lookup(hashText(text), text) }

func (t *textTable) lookup(hash uint64, text string) uint32 {
	slots := *t.slots.Load()
	mask := uint64(len(slots) - 1)
	for slot := hash & mask; ; slot = (slot + 1) & mask {
		entry := atomic.LoadUint64(&slots[slot])
		if entry == 0 {
			return NoCode
		}
		if entry>>32 == hash>>32 && t.value(uint32(entry)) == text {
			return uint32(entry)
		}
	}
}

// code returns the code of a text, which is added if it is new.
func (t *textTable) code(text string) uint32 {
	hash := hashText(text)
	if code := t.lookup(hash, text); code != NoCode {
		return code
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.add(hash, text)
}

// addRows gives codes to the texts of rows, which were not found before.
func (t *textTable) addRows(dst []uint32, rows []int32, text func(row int32) string) {
	if len(rows) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, row := range rows {
		value := text(row)
		dst[row] = t.add(hashText(value), value)
	}
}

func (t *textTable) add(hash uint64, text string) uint32 {
	if code := t.lookup(hash, text); code != NoCode { // another row or worker was first
		return code
	}
	code := uint32(t.count.Load()) + 1
	if 2*int(code) > len(*t.slots.Load()) {
		t.rehash(int(code))
	}
	chunks := *t.chunks.Load()
	if int(code>>chunkBits) == len(chunks) {
		chunks = append(chunks[:len(chunks):len(chunks)], new(textChunk))
		t.chunks.Store(&chunks)
		t.bytes.Add(int64(unsafe.Sizeof(textChunk{})))
	}
	chunks[code>>chunkBits][code&(1<<chunkBits-1)] = t.keep(text)
	t.count.Store(int64(code))
	place(*t.slots.Load(), hash, code)
	return code
}

// rehash doubles the slots for the codes below n.
func (t *textTable) rehash(n int) {
	grown := make([]uint64, 2*len(*t.slots.Load()))
	for code := uint32(1); int(code) < n; code++ {
		place(grown, hashText(t.value(code)), code)
	}
	t.slots.Store(&grown)
	t.bytes.Add(int64(4 * len(grown)))
}

func place(slots []uint64, hash uint64, code uint32) {
	mask := uint64(len(slots) - 1)
	slot := hash & mask
	for slots[slot] != 0 {
		slot = (slot + 1) & mask
	}
	atomic.StoreUint64(&slots[slot], hash&^(1<<32-1)|uint64(code))
}

// keep copies a text into the table's own memory.
func (t *textTable) keep(text string) string {
	if len(text) > cap(t.block)-len(t.block) {
		size := max(min(2*cap(t.block)+4096, blockSize), len(text))
		t.block = make([]byte, 0, size)
		t.bytes.Add(int64(size))
	}
	start := len(t.block)
	t.block = append(t.block, text...)
	return stringOf(t.block[start:])
}

func hashText(text string) uint64 {
	return vec.HashBytes(unsafe.Slice(unsafe.StringData(text), len(text)))
}
