package engine

import (
	"math/bits"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/schema"
)

// countDistinct counts the different codes of each group, exactly. Nulls do not
// count. Its sets live in memory: at most 8 bytes for each distinct value of a
// group, or one bit for each value of the column where that is less. To bound
// it, divide rows by group (see Groups), or by value: the counts of disjoint
// parts of the values add up (see Absorb).
type countDistinct struct {
	codes   *Codes
	sets    []codeSet
	slab    codeSlab
	counted []int64 // of values that were counted and forgotten (see Absorb)
}

func newCountDistinct(codes *Codes) *countDistinct { return &countDistinct{codes: codes} }

func (a *countDistinct) update(rows rowGroups, in Column) {
	a.sets = extend(a.sets, rows.groups)
	a.slab.universe = a.codes.Len()
	if rows.single {
		if rows.ids[0] != NoGroup {
			a.sets[rows.ids[0]].addAll(in.Codes, &a.slab)
		}
		return
	}
	for i, id := range rows.ids {
		if code := in.Codes[i]; id != NoGroup && code != NoCode {
			a.sets[id].add(code, &a.slab)
		}
	}
}

func (a *countDistinct) merge(other accumulator, mapping []uint32, groups int) {
	a.sets = extend(a.sets, groups)
	a.slab.universe = a.codes.Len()
	o := other.(*countDistinct)
	for id := range o.sets {
		if to := mapping[id]; to != NoGroup {
			a.sets[to].addSet(&o.sets[id], &a.slab)
		}
	}
	a.addCounted(o, mapping, groups)
}

func (a *countDistinct) finish(ids []uint32) arrow.Array {
	out := make([]int64, len(ids))
	for i, id := range ids {
		if int(id) < len(a.sets) {
			out[i] = int64(a.sets[id].count())
		}
		if int(id) < len(a.counted) {
			out[i] += a.counted[id]
		}
	}
	return newResult(len(ids)).fixed(schema.T(schema.Bigint), arrow.Int64Traits.CastToBytes(out))
}

func (a *countDistinct) bytes() int64 {
	return int64(cap(a.sets))*int64(unsafe.Sizeof(codeSet{})) + int64(8*cap(a.counted)) + a.slab.bytes
}

// codeSet is a set of codes: a list while it is small, then a hash table, then
// a bitmap as soon as that takes no more room. NoCode is never in it.
type codeSet struct {
	words []uint32 // len is the capacity of a list or table, a power of two
	n     uint32   // codes in a list or table
	form  setForm
}

type setForm uint8

const (
	setList setForm = iota
	setTable
	setBitmap
)

// maxList is the longest list. Longer ones are slower to search than a table.
const maxList = 16

// codeSlab is where the words of small sets come from, so that many groups do
// not mean many allocations. Outgrown pieces are used again.
type codeSlab struct {
	universe int // all codes are below it
	block    []uint32
	free     [slabClasses][][]uint32 // by log2 of the length
	bytes    int64
}

const (
	slabClasses = 9 // pieces of up to 256 words come from blocks
	slabBlock   = 1 << 14
)

func (s *codeSlab) get(n int) []uint32 {
	class := bits.TrailingZeros(uint(n))
	if class >= slabClasses {
		s.bytes += int64(4 * n)
		return make([]uint32, n)
	}
	if free := s.free[class]; len(free) > 0 {
		piece := free[len(free)-1]
		s.free[class] = free[:len(free)-1]
		clear(piece)
		return piece
	}
	if len(s.block) < n {
		s.block = make([]uint32, slabBlock)
		s.bytes += 4 * slabBlock
	}
	piece := s.block[:n:n]
	s.block = s.block[n:]
	return piece
}

func (s *codeSlab) put(piece []uint32) {
	if len(piece) == 0 {
		return
	}
	if class := bits.TrailingZeros(uint(len(piece))); class < slabClasses {
		s.free[class] = append(s.free[class], piece)
	} else {
		s.bytes -= int64(4 * len(piece))
	}
}

// bitmapWords returns the length of a bitmap of all codes.
func (s *codeSlab) bitmapWords() int { return s.universe/32 + 1 }

func (s *codeSet) add(code uint32, slab *codeSlab) {
	switch s.form {
	case setBitmap:
		if int(code>>5) >= len(s.words) {
			s.extendBitmap(slab)
		}
		s.words[code>>5] |= 1 << (code & 31)
	case setTable:
		s.addToTable(code, slab)
	default:
		s.addToList(code, slab)
	}
}

func (s *codeSet) addAll(codes []uint32, slab *codeSlab) {
	for i, code := range codes {
		if s.form == setBitmap {
			s.addToBitmap(codes[i:], slab)
			return
		}
		if code != NoCode {
			s.add(code, slab)
		}
	}
}

func (s *codeSet) addToBitmap(codes []uint32, slab *codeSlab) {
	if len(s.words) < slab.bitmapWords() {
		s.extendBitmap(slab)
	}
	words := s.words
	for _, code := range codes {
		words[code>>5] |= 1 << (code & 31)
	}
	words[0] &^= 1 // NoCode
}

func (s *codeSet) extendBitmap(slab *codeSlab) {
	grown := make([]uint32, slab.bitmapWords()*9/8+1)
	copy(grown, s.words)
	slab.bytes += int64(4 * (len(grown) - len(s.words)))
	s.words = grown
}

func (s *codeSet) addToList(code uint32, slab *codeSlab) {
	for _, known := range s.words[:s.n] {
		if known == code {
			return
		}
	}
	if int(s.n) == len(s.words) {
		if s.n == maxList {
			s.rebuild(setTable, 4*maxList, slab)
			s.add(code, slab)
			return
		}
		grown := slab.get(max(2*len(s.words), 4))
		copy(grown, s.words)
		slab.put(s.words)
		s.words = grown
	}
	s.words[s.n] = code
	s.n++
}

func (s *codeSet) addToTable(code uint32, slab *codeSlab) {
	mask := uint32(len(s.words) - 1)
	slot := hashCode(code) & mask
	for s.words[slot] != NoCode {
		if s.words[slot] == code {
			return
		}
		slot = (slot + 1) & mask
	}
	s.words[slot] = code
	if s.n++; 2*int(s.n) > len(s.words) {
		s.rebuild(setTable, 2*len(s.words), slab)
	}
}

func hashCode(code uint32) uint32 {
	h := code * 0x9E3779B1
	return h ^ h>>15
}

// rebuild moves the codes into a form of n words, or into a bitmap if that is
// not larger.
func (s *codeSet) rebuild(form setForm, n int, slab *codeSlab) {
	old := *s
	*s = codeSet{form: form}
	if slab.bitmapWords() <= n {
		s.form = setBitmap
		s.extendBitmap(slab)
	} else {
		s.words = slab.get(n)
	}
	for _, code := range old.words {
		if code != NoCode {
			s.add(code, slab)
		}
	}
	slab.put(old.words)
}

// addSet adds all codes of another set, which may be of another slab.
func (s *codeSet) addSet(other *codeSet, slab *codeSlab) {
	if other.form != setBitmap {
		words := other.words
		if other.form == setList {
			words = words[:other.n]
		}
		for _, code := range words {
			if code != NoCode {
				s.add(code, slab)
			}
		}
		return
	}
	if s.form != setBitmap {
		s.rebuild(setBitmap, slab.bitmapWords(), slab)
	}
	if len(s.words) < len(other.words) {
		s.extendBitmap(slab)
	}
	for i, w := range other.words[:min(len(other.words), len(s.words))] {
		s.words[i] |= w
	}
}

func (s *codeSet) count() int {
	if s.form != setBitmap {
		return int(s.n)
	}
	n := 0
	for _, w := range s.words {
		n += bits.OnesCount32(w)
	}
	return n
}
