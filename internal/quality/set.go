package quality

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// Set is the exact set of the values of a column that others refer to. It is
// filled by one goroutine; afterwards any number may look up, each with a
// Lookup of its own.
type Set struct {
	typ    schema.Type
	parts  []arrow.Array // the values, those of one Add together
	values []value
	slots  []int32 // index into values + 1, by hash; 0 is free
	hasher vec.Hasher
	hashes []uint64
}

// value is where one value of a set stands.
type value struct {
	hash      uint64
	part, row int32
}

// NewSet returns an empty set of values of a type.
func NewSet(typ schema.Type) *Set { return &Set{typ: typ, slots: make([]int32, 1024)} }

// Len returns the number of values.
func (s *Set) Len() int { return len(s.values) }

// Add adds the values of a column; nulls are left out.
func (s *Set) Add(col arrow.Array) {
	s.hashes = s.hasher.Rows(s.hashes, []arrow.Array{col}, col.Len())
	part := int32(len(s.parts))
	var rows []int32 // of col, that are new
	at := func(v value) (arrow.Array, int) {
		if v.part == part {
			return col, int(rows[v.row])
		}
		return s.parts[v.part], int(v.row)
	}
	for i, hash := range s.hashes {
		if col.IsNull(i) {
			continue
		}
		slot, found := s.find(hash, col, i, at)
		if found {
			continue
		}
		rows = append(rows, int32(i))
		s.values = append(s.values, value{hash, part, int32(len(rows) - 1)})
		s.slots[slot] = int32(len(s.values))
		if 2*len(s.values) > len(s.slots) {
			s.rehash()
		}
	}
	if len(rows) > 0 {
		s.parts = append(s.parts, vec.Take(col, s.typ, rows))
	}
}

// find returns the slot of the value in row i of col, or the free one where it belongs.
func (s *Set) find(hash uint64, col arrow.Array, i int, at func(value) (arrow.Array, int)) (uint64, bool) {
	mask := uint64(len(s.slots) - 1)
	for slot := hash & mask; ; slot = (slot + 1) & mask {
		if s.slots[slot] == 0 {
			return slot, false
		}
		v := s.values[s.slots[slot]-1]
		if v.hash != hash {
			continue
		}
		if a, row := at(v); vec.Compare(a, row, col, i) == 0 {
			return slot, true
		}
	}
}

func (s *Set) rehash() {
	s.slots = make([]int32, 2*len(s.slots))
	mask := uint64(len(s.slots) - 1)
	for i, v := range s.values {
		slot := v.hash & mask
		for s.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		s.slots[slot] = int32(i) + 1
	}
}

// Lookup answers which values of a column are in a set. It caches the answers
// for a dictionary, so each goroutine needs its own.
type Lookup struct {
	set        *Set
	hasher     vec.Hasher
	hashes     []uint64
	dictionary arrow.ArrayData
	entries    []bool
}

// Lookup returns a new Lookup into the set, which must not be added to any more.
func (s *Set) Lookup() *Lookup { return &Lookup{set: s} }

// Contains sets found[i] to whether the value of row i is in the set. Nulls are
// in no set.
func (l *Lookup) Contains(found []bool, col arrow.Array) {
	d, ok := col.(*array.Dictionary)
	if !ok {
		l.contains(found, col)
		return
	}
	if identity := d.Data().Dictionary(); l.dictionary != identity {
		dictionary := d.Dictionary()
		l.entries = make([]bool, dictionary.Len())
		l.contains(l.entries, dictionary)
		l.dictionary = identity
	}
	for i, code := range vec.Codes(d) {
		found[i] = d.IsValid(i) && l.entries[code]
	}
}

func (l *Lookup) contains(found []bool, col arrow.Array) {
	l.hashes = l.hasher.Rows(l.hashes, []arrow.Array{col}, col.Len())
	at := func(v value) (arrow.Array, int) { return l.set.parts[v.part], int(v.row) }
	for i, hash := range l.hashes {
		found[i] = false
		if col.IsValid(i) {
			_, found[i] = l.set.find(hash, col, i, at)
		}
	}
}
