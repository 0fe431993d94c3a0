package engine

import (
	"context"
	"slices"
	"sync"
	"unsafe"

	"github.com/lakectl/lakectl/internal/budget"
)

const (
	hashParts    = 256 // by the upper 8 bits, so that a part's table stays in the processor's cache
	hashPartBits = 8
	hashBlock    = 1 << 10 // hashes of a part that a worker collects before it asks for memory
)

// Hashes collects the 64-bit hashes of keys and tells which may stand for the
// same key. What does not fit the budget goes to disk.
//
// Add may be called by all workers at once, each with its own number.
type Hashes struct {
	budget *budget.Budget
	spill  *Spill
	lanes  []*hashLane
}

// hashLane is what one worker collected.
type hashLane struct {
	parts    [hashParts][]uint64
	blocks   [hashParts][]block // spilled
	file     *spillFile
	reserved int64
	count    int64
}

// NewHashes returns an empty collection for so many workers.
func NewHashes(workers int, b *budget.Budget, spill *Spill) *Hashes {
	h := &Hashes{budget: b, spill: spill, lanes: make([]*hashLane, max(1, workers))}
	for i := range h.lanes {
		h.lanes[i] = new(hashLane)
	}
	return h
}

// Add collects hashes.
func (h *Hashes) Add(worker int, hashes []uint64) error {
	ln := h.lanes[worker]
	for _, hash := range hashes {
		p := &ln.parts[hash>>(64-hashPartBits)]
		if len(*p) == cap(*p) {
			if err := h.grow(ln, p); err != nil {
				return err
			}
		}
		*p = append(*p, hash)
	}
	ln.count += int64(len(hashes))
	return nil
}

// grow makes room in a part, by spilling the worker's parts if there is none.
func (h *Hashes) grow(ln *hashLane, p *[]uint64) error {
	more := int64(8 * max(hashBlock/8, cap(*p)/2))
	if cap(*p) < hashBlock || h.budget.Reserve(more) {
		if cap(*p) < hashBlock {
			h.budget.Take(more)
		}
		ln.reserved += more
		*p = slices.Grow(*p, int(more/8))
		return nil
	}
	if ln.file == nil {
		f, err := h.spill.file()
		if err != nil {
			return err
		}
		ln.file = f
	}
	for i := range ln.parts {
		if len(ln.parts[i]) == 0 {
			continue
		}
		at, err := ln.file.append(hashBytes(ln.parts[i]))
		if err != nil {
			return err
		}
		ln.blocks[i] = append(ln.blocks[i], at)
		ln.parts[i] = ln.parts[i][:0]
	}
	return nil
}

// Len returns the number of hashes collected.
func (h *Hashes) Len() int64 {
	n := int64(0)
	for _, ln := range h.lanes {
		n += ln.count
	}
	return n
}

// Close gives the memory back to the budget.
func (h *Hashes) Close() {
	for _, ln := range h.lanes {
		h.budget.Release(ln.reserved)
	}
	h.lanes = nil
}

// Candidates returns the hashes that were added more than once or that stand in
// one of the lists, each of which is sorted, and which of the lists hold a hash
// that was added. Rows with other hashes have a key that no other row has.
func (h *Hashes) Candidates(ctx context.Context, workers int, lists [][]uint64) (*HashSet, []bool, error) {
	found, touched := NewHashSet(0), make([]bool, len(lists))
	tables := make([][]uint64, max(1, workers))
	var mu sync.Mutex
	err := ForEach(ctx, workers, hashParts, func(_ context.Context, worker, part int) error {
		hits, touches, err := h.partCandidates(part, &tables[worker], lists)
		mu.Lock()
		defer mu.Unlock()
		for _, hash := range hits {
			found.Add(hash)
		}
		for _, list := range touches {
			touched[list] = true
		}
		return err
	})
	return found, touched, err
}

func (h *Hashes) partCandidates(part int, table *[]uint64, lists [][]uint64) (hits []uint64, touches []int, err error) {
	all, err := h.part(part)
	if err != nil {
		return nil, nil, err
	}
	t := newHashTable(table, all)
	for _, hashes := range all {
		for _, hash := range hashes {
			if !t.add(hash) {
				hits = append(hits, hash)
			}
		}
	}
	for i, list := range lists {
		touched := false
		for _, hash := range partOf(list, part) {
			if t.has(hash) {
				hits, touched = append(hits, hash), true
			}
		}
		if touched {
			touches = append(touches, i)
		}
	}
	return hits, touches, nil
}

// part returns all hashes of a part.
func (h *Hashes) part(part int) ([][]uint64, error) {
	var all [][]uint64
	for _, ln := range h.lanes {
		all = append(all, ln.parts[part])
		for _, at := range ln.blocks[part] {
			b, err := ln.file.read(at)
			if err != nil {
				return nil, err
			}
			all = append(all, bytesHashes(b))
		}
	}
	return all, nil
}

// partOf returns the hashes of a sorted list that belong to a part.
func partOf(list []uint64, part int) []uint64 {
	from, _ := slices.BinarySearch(list, uint64(part)<<(64-hashPartBits))
	if part == hashParts-1 {
		return list[from:]
	}
	to, _ := slices.BinarySearch(list, uint64(part+1)<<(64-hashPartBits))
	return list[from:to]
}

// hashTable is an open-addressing set of the hashes of one part.
type hashTable struct {
	slots []uint64
	mask  uint64
}

func newHashTable(slots *[]uint64, all [][]uint64) hashTable {
	n := 0
	for _, hashes := range all {
		n += len(hashes)
	}
	size := 1024
	for size < 2*n {
		size *= 2
	}
	if len(*slots) < size {
		*slots = make([]uint64, size)
	}
	t := hashTable{(*slots)[:size], uint64(size - 1)}
	clear(t.slots)
	return t
}

// add adds a hash and says whether it was new.
func (t hashTable) add(hash uint64) bool {
	hash = max(hash, 1) // 0 marks a free slot; to take 0 for 1 only makes one candidate more
	for slot := hash & t.mask; ; slot = (slot + 1) & t.mask {
		switch t.slots[slot] {
		case hash:
			return false
		case 0:
			t.slots[slot] = hash
			return true
		}
	}
}

func (t hashTable) has(hash uint64) bool {
	hash = max(hash, 1)
	for slot := hash & t.mask; ; slot = (slot + 1) & t.mask {
		switch t.slots[slot] {
		case hash:
			return true
		case 0:
			return false
		}
	}
}

func hashBytes(h []uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(h))), 8*len(h))
}

func bytesHashes(b []byte) []uint64 {
	h := make([]uint64, len(b)/8)
	copy(hashBytes(h), b)
	return h
}

// HashSet is a set of hashes that answers fast when most that are asked for are
// not in it. One goroutine may add, or any number may ask.
type HashSet struct {
	table  hashTable
	n      int
	filter []uint64 // 2^21 bits, which stay in the processor's cache
}

const filterBits = 21

// NewHashSet returns an empty set with room for n hashes.
func NewHashSet(n int) *HashSet {
	var slots []uint64
	return &HashSet{table: newHashTable(&slots, [][]uint64{make([]uint64, n)}), filter: make([]uint64, 1<<filterBits/64)}
}

// Len returns the number of hashes in the set.
func (s *HashSet) Len() int { return s.n }

// Bytes returns the memory in use.
func (s *HashSet) Bytes() int64 { return 8 * int64(len(s.table.slots)+len(s.filter)) }

// Add adds a hash.
func (s *HashSet) Add(hash uint64) {
	hash = max(hash, 1)
	s.filter[hash>>(64-filterBits+6)] |= 1 << (hash >> (64 - filterBits) & 63)
	if !s.table.add(hash) {
		return
	}
	if s.n++; 2*s.n > len(s.table.slots) {
		old := s.table.slots
		s.table = hashTable{make([]uint64, 2*len(old)), uint64(2*len(old) - 1)}
		for _, h := range old {
			if h != 0 {
				s.table.add(h)
			}
		}
	}
}

// Has says whether the set holds a hash.
func (s *HashSet) Has(hash uint64) bool {
	hash = max(hash, 1)
	return s.filter[hash>>(64-filterBits+6)]&(1<<(hash>>(64-filterBits)&63)) != 0 && s.table.has(hash)
}
