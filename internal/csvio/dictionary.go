package csvio

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// maxValues is the most values of a dictionary that is worth having.
const maxValues = 4096

// firstTable is how many slots a new dictionary has; files may have many columns.
const firstTable = 256

// dictionary gives values codes by the order of their first appearance.
type dictionary struct {
	table   []slot   // a power of two, at most half full
	used    []uint32 // slot of each code
	text    []byte
	offsets []int32
}

// slot is an entry of the hash table.
type slot struct {
	key  [2]uint64 // the value itself, up to 16 bytes; else its hash
	size uint32
	code int32 // counted from 1; 0 is a free slot
}

// reset forgets the values. It costs as much as there are.
func (d *dictionary) reset() {
	if d.table == nil {
		d.table = make([]slot, firstTable)
	}
	for _, at := range d.used {
		d.table[at] = slot{}
	}
	d.used, d.text = d.used[:0], d.text[:0]
	d.offsets = append(d.offsets[:0], 0)
}

// len returns the number of values.
func (d *dictionary) len() int { return len(d.used) }

// worthwhile says after so many rows, which may be all, whether the values
// repeat enough.
func (d *dictionary) worthwhile(rows int, all bool) bool {
	n := d.len()
	if all || rows >= 4*stride {
		return n*2 <= rows && n <= maxValues
	}
	// Of values that repeat seldom the first rows show few repetitions, of
	// those that never repeat none.
	return n*64 <= rows*63
}

// codes sets the codes of fields.
func (d *dictionary) codes(data []byte, f fields, codes []int32) {
	start, end := 0, 0
	for r := range codes {
		codes[r] = d.code(data, f.starts[start]+f.after, f.ends[end])
		start, end = start+f.step, end+f.stride
	}
}

// code returns the code of data[s:e], which is new if need be. At least 16
// bytes follow e.
func (d *dictionary) code(data []byte, s, e uint32) int32 {
	n := e - s
	low, high := uint64(0), uint64(0)
	if n <= 16 {
		src := data[s : s+16 : s+16]
		// A shift by 64 or more gives 0, and a mask of all bits.
		low = binary.LittleEndian.Uint64(src) & (1<<(8*n) - 1)
		high = binary.LittleEndian.Uint64(src[8:]) & (1<<(8*(max(n, 8)-8)) - 1)
	} else {
		low = hash(data[s:e])
	}
	mask := uint64(len(d.table) - 1)
	for at := scatter(low, high) & mask; ; at = (at + 1) & mask {
		slot := &d.table[at]
		if slot.key[0] == low && slot.key[1] == high && slot.size == n && slot.code != 0 && (n <= 16 || d.is(slot.code-1, data[s:e])) {
			return slot.code - 1
		}
		if slot.code == 0 {
			return d.add(uint32(at), [2]uint64{low, high}, data[s:e])
		}
	}
}

// scatter spreads keys over the table.
func scatter(low, high uint64) uint64 {
	return mix(low^0xE7037ED1A0B428DB, high^0x9E3779B97F4A7C15)
}

func (d *dictionary) is(code int32, value []byte) bool {
	return string(d.text[d.offsets[code]:d.offsets[code+1]]) == string(value)
}

func (d *dictionary) add(free uint32, key [2]uint64, value []byte) int32 {
	d.text = append(d.text, value...)
	d.offsets = append(d.offsets, int32(len(d.text)))
	d.used = append(d.used, free)
	code := int32(len(d.used))
	d.table[free] = slot{key: key, size: uint32(len(value)), code: code}
	if len(d.used)*2 > len(d.table) {
		d.grow()
	}
	return code - 1
}

// grow doubles the table.
func (d *dictionary) grow() {
	old := d.table
	d.table = make([]slot, 2*len(old))
	mask := uint64(len(d.table) - 1)
	for i, from := range d.used {
		at := scatter(old[from].key[0], old[from].key[1]) & mask
		for d.table[at].code != 0 {
			at = (at + 1) & mask
		}
		d.table[at], d.used[i] = old[from], uint32(at)
	}
}

func (d *dictionary) textCopy() []byte     { return slices.Clone(d.text) }
func (d *dictionary) offsetsCopy() []int32 { return slices.Clone(d.offsets) }

// hash mixes a value of more than 16 bytes.
func hash(b []byte) uint64 {
	h := uint64(len(b)) ^ 0xE7037ED1A0B428DB
	for i := 0; i+8 < len(b); i += 8 {
		h = mix(h^binary.LittleEndian.Uint64(b[i:]), 0x9E3779B97F4A7C15)
	}
	return mix(h^binary.LittleEndian.Uint64(b[len(b)-8:]), 0x8EBC6AF09C88C6E3)
}

// mix folds the product of two words.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
