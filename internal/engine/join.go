package engine

import (
	"math/bits"
	"sync/atomic"
)

// NoRow is the row number of a row that a left join did not find.
const NoRow = int32(-1)

// JoinTable finds the rows of one side of an equi-join, the build side, by
// their keys. Keys are codes, one column or more; the columns of both sides that
// are compared must be of the same Codes. A key with a null in it is equal to
// none.
//
// A JoinTable is built by one goroutine and read by any number. It holds 8 bytes
// for each row and 4 for each code, or 32 for each key of several columns. The
// build side must fit in memory; to join two large tables divide both by a hash of
// the key first, as package gold does.
type JoinTable struct {
	pairs []*pairTable // of several key columns: as in Groups
	first []int32      // the first row of each key, plus one
	next  []int32      // the next row with the same key, plus one; nil while keys are unique
	twin  [2]int32     // two rows with the same key, if there are such
}

// NewJoinTable indexes rows 0..n-1 of the build side by the codes of their key
// columns, one or more.
func NewJoinTable(keys [][]uint32, n int) *JoinTable {
	t := &JoinTable{twin: [2]int32{NoRow, NoRow}}
	for range keys[1:] {
		t.pairs = append(t.pairs, newPairTable())
	}
	var last []int32 // the last row of each key, plus one
	for row := range n {
		id := t.add(keys, row)
		if id == NoCode {
			continue
		}
		t.first, last = extend(t.first, int(id)+1), extend(last, int(id)+1)
		if t.first[id] == 0 {
			t.first[id], last[id] = int32(row+1), int32(row+1)
			continue
		}
		if t.next == nil {
			t.next = make([]int32, n)
			t.twin = [2]int32{last[id] - 1, int32(row)}
		}
		t.next[last[id]-1] = int32(row + 1)
		last[id] = int32(row + 1)
	}
	return t
}

// add returns the number of a row's key, which is added if it is new, or 0 if
// the key holds a null.
func (t *JoinTable) add(keys [][]uint32, row int) uint32 {
	id := keys[0][row]
	for k, p := range t.pairs {
		right := keys[k+1][row]
		if id == NoCode || right == NoCode {
			return NoCode
		}
		id, _ = p.add(id, right)
	}
	return id
}

// find returns the number of a key, or 0 if no row of the build side has it.
func (t *JoinTable) find(keys [][]uint32, row int) uint32 {
	id := keys[0][row]
	for k, p := range t.pairs {
		right := keys[k+1][row]
		if id == NoCode || right == NoCode {
			return NoCode
		}
		id = p.find(id, right)
	}
	if int(id) >= len(t.first) {
		return NoCode
	}
	return id
}

// Unique says whether no two rows have the same key; else it names two that do.
func (t *JoinTable) Unique() (row, twin int32, unique bool) {
	return t.twin[0], t.twin[1], t.next == nil
}

// Bytes returns the memory in use.
func (t *JoinTable) Bytes() int64 {
	bytes := 4 * (cap(t.first) + cap(t.next))
	for _, p := range t.pairs {
		bytes += p.bytes()
	}
	return int64(bytes)
}

// One sets dst to the build row that matches each of n probing rows, or NoRow,
// and returns it. The build side must be unique.
func (t *JoinTable) One(dst []int32, keys [][]uint32, n int) []int32 {
	dst = resize(dst, n)
	if t.pairs == nil {
		for i, id := range keys[0] {
			dst[i] = NoRow
			if int(id) < len(t.first) {
				dst[i] = t.first[id] - 1
			}
		}
		return dst
	}
	for i := range dst {
		dst[i] = NoRow
		if id := t.find(keys, i); id != NoCode {
			dst[i] = t.first[id] - 1
		}
	}
	return dst
}

// Matches are pairs of rows that a join has found: row Probe[i] of the batch
// with row Build[i] of the build side.
type Matches struct{ Probe, Build []int32 }

// All appends to m all pairs of n probing rows with build rows, by probing row
// and then build row, and returns it. A row that keep leaves out matches none; a
// nil keep leaves out none.
func (t *JoinTable) All(m Matches, keys [][]uint32, n int, keep []bool) Matches {
	for i := range n {
		if keep != nil && !keep[i] {
			continue
		}
		id := t.find(keys, i)
		if id == NoCode {
			continue
		}
		for row := t.first[id]; row != 0; {
			m.Probe, m.Build = append(m.Probe, int32(i)), append(m.Build, row-1)
			if t.next == nil {
				break
			}
			row = t.next[row-1]
		}
	}
	return m
}

// Matched notes which build rows have found a match. It is for concurrent use.
type Matched struct{ words []uint32 }

// NewMatched returns a note about n build rows, of which none has a match.
func NewMatched(n int) *Matched { return &Matched{make([]uint32, n/32+1)} }

// Mark notes build rows as matched.
func (m *Matched) Mark(rows []int32) {
	for _, row := range rows {
		word, bit := &m.words[row>>5], uint32(1)<<(row&31)
		if atomic.LoadUint32(word)&bit == 0 {
			atomic.OrUint32(word, bit)
		}
	}
}

// Missing returns the build rows below n without a match, in order. No Mark may
// be running.
func (m *Matched) Missing(n int) []int32 {
	found := 0
	for _, w := range m.words {
		found += bits.OnesCount32(w)
	}
	out := make([]int32, 0, n-found)
	for row := range n {
		if m.words[row>>5]&(1<<(row&31)) == 0 {
			out = append(out, int32(row))
		}
	}
	return out
}
