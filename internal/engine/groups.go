package engine

import (
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/vec"
)

// NoGroup is the group of rows that are discarded. Real groups count from 1.
const NoGroup = uint32(0)

// Groups numbers the distinct keys of the rows it is shown. Keys are codes (see
// Codes), one column or more; with none, all rows are one group, which is there even
// without rows. Null is a key like any other: rows whose key is null form one
// group.
//
// A Groups belongs to one worker and is merged with those of the others at the
// end; they must be over the same Codes. It keeps all groups in memory, 10 to 40
// bytes for each key column. Where that is too much, divide the rows by a hash of
// their key before they get here and run a Groups for each part, as package gold
// does.
type Groups struct {
	columns []*Codes
	keys    [][]uint32 // the codes of each group, by column
	n       int        // groups, NoGroup included
	direct  []uint32   // one column: the group of each code
	pairs   []*pairTable
}

// NewGroups returns no groups, keyed by these columns.
func NewGroups(columns []*Codes) *Groups {
	g := &Groups{columns: columns, keys: make([][]uint32, len(columns)), n: 1}
	if len(columns) == 0 {
		g.n = 2
	}
	for k := range columns {
		g.keys[k] = []uint32{NoCode} // NoGroup
		if k > 0 {
			g.pairs = append(g.pairs, newPairTable())
		}
	}
	return g
}

// Len returns the number of groups with NoGroup counted, so that every group is below it.
func (g *Groups) Len() int { return g.n }

// Bytes returns the memory in use, without that of the Codes.
func (g *Groups) Bytes() int64 {
	bytes := 4 * cap(g.direct)
	for _, keys := range g.keys {
		bytes += 4 * cap(keys)
	}
	for _, p := range g.pairs {
		bytes += p.bytes()
	}
	return int64(bytes)
}

// Add sets dst to the group of each of n rows, given the codes of their keys
// by column, and returns it, grown if it was too short. A row that keep leaves
// out gets NoGroup and makes no group; a nil keep leaves out none.
func (g *Groups) Add(dst []uint32, keys [][]uint32, n int, keep []bool) []uint32 {
	dst = resize(dst, n)
	switch len(g.columns) {
	case 0:
		g.addAll(dst, keep)
	case 1:
		g.addSingle(dst, keys[0], keep)
	default:
		g.addTuples(dst, keys, keep)
	}
	return dst
}

func (g *Groups) addAll(dst []uint32, keep []bool) {
	for i := range dst {
		if keep == nil || keep[i] {
			dst[i] = 1
		} else {
			dst[i] = NoGroup
		}
	}
}

func (g *Groups) addSingle(dst, codes []uint32, keep []bool) {
	g.direct = extend(g.direct, g.columns[0].Len())
	for i, code := range codes {
		if keep != nil && !keep[i] {
			dst[i] = NoGroup
			continue
		}
		id := g.direct[code]
		if id == NoGroup {
			id = uint32(g.n)
			g.direct[code] = id
			g.keys[0] = append(g.keys[0], code)
			g.n++
		}
		dst[i] = id
	}
}

// addTuples folds the columns pairwise: the first two into numbers of pairs,
// those with the third, and so on; the last number is the group.
func (g *Groups) addTuples(dst []uint32, keys [][]uint32, keep []bool) {
	last := len(g.pairs) - 1
	left := keys[0]
	for k, p := range g.pairs {
		right := keys[k+1]
		for i := range dst {
			if keep != nil && !keep[i] {
				dst[i] = NoGroup
				continue
			}
			id, isNew := p.add(left[i], right[i])
			if dst[i] = id; isNew && k == last {
				for c := range g.keys {
					g.keys[c] = append(g.keys[c], keys[c][i])
				}
				g.n++
			}
		}
		left = dst
	}
}

// Merge adds the groups of another worker and returns, for each of its groups,
// the group here.
func (g *Groups) Merge(other *Groups) []uint32 {
	mapping := make([]uint32, other.n)
	if other.n == 1 {
		return mapping
	}
	keys := make([][]uint32, len(other.keys))
	for k := range keys {
		keys[k] = other.keys[k][1:]
	}
	g.Add(mapping[1:], keys, other.n-1, nil)
	return mapping
}

// Key returns the values of key column k of some groups, texts being plain.
func (g *Groups) Key(k int, ids []uint32) arrow.Array {
	codes := make([]uint32, len(ids))
	for i, id := range ids {
		codes[i] = g.keys[k][id]
	}
	return g.columns[k].Values(codes)
}

// pairTable numbers pairs of codes from 1 in the order of arrival.
type pairTable struct {
	slots  []pairSlot
	n      int
	last   uint64 // the pair asked for last, and its number
	lastID uint32
}

type pairSlot struct {
	pair uint64
	id   uint32 // 0 is an empty slot
}

func newPairTable() *pairTable { return &pairTable{slots: make([]pairSlot, minSlots)} }

func (t *pairTable) bytes() int { return cap(t.slots) * int(unsafe.Sizeof(pairSlot{})) }

// find returns the number of a pair, or 0. It changes nothing.
func (t *pairTable) find(a, b uint32) uint32 { return t.slots[t.slot(uint64(a)<<32|uint64(b))].id }

// add returns the number of a pair and whether it is new.
func (t *pairTable) add(a, b uint32) (id uint32, isNew bool) {
	pair := uint64(a)<<32 | uint64(b)
	if t.last == pair && t.lastID != 0 {
		return t.lastID, false
	}
	slot := t.slot(pair)
	if id = t.slots[slot].id; id == 0 {
		t.n++
		id, isNew = uint32(t.n), true
		t.slots[slot] = pairSlot{pair, id}
		if 2*t.n > len(t.slots) {
			t.rehash()
		}
	}
	t.last, t.lastID = pair, id
	return id, isNew
}

// slot returns the slot of a pair, or the empty one where it belongs.
func (t *pairTable) slot(pair uint64) uint64 {
	mask := uint64(len(t.slots) - 1)
	slot := vec.HashUint64(pair) & mask
	for t.slots[slot].id != 0 && t.slots[slot].pair != pair {
		slot = (slot + 1) & mask
	}
	return slot
}

func (t *pairTable) rehash() {
	old := t.slots
	t.slots = make([]pairSlot, 2*len(old))
	for _, s := range old {
		if s.id != 0 {
			t.slots[t.slot(s.pair)] = s
		}
	}
}
