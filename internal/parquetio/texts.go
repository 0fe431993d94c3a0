package parquetio

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go/format"
)

// texts are the values of a string or binary column.
type texts struct {
	coding
	leaf    *leaf
	dict    textDictionary
	plain   []byte // the open page, when it is not coded
	closing bool   // the dictionary is closed when the open page ends
	grown   int    // bytes of the dictionary when the open page began
	remap   remap
}

// reset begins a row group. Binaries have no dictionary: DuckDB up to 1.5 loses
// rows when it filters one (its issue 24994), and raw records, which they are
// for, rarely repeat.
func (t *texts) reset() {
	t.coding.reset(t.leaf.typ.Kind == schema.String)
	t.dict.reset()
	t.plain, t.closing, t.grown, t.remap.dict = t.plain[:0], false, 0, nil
}

func (t *texts) size() int {
	if t.on {
		return 4*len(t.index) + len(t.dict.plain) - t.grown
	}
	return len(t.plain)
}

func (t *texts) held() int {
	return len(t.dict.plain) + 4*len(t.dict.offsets) + 8*len(t.dict.slots) + 4*len(t.remap.to)
}

func (t *texts) dictionary() ([]byte, int) { return t.dict.plain, t.entries }

// add appends the rows of a String, Binary or dictionary array.
func (t *texts) add(a arrow.Array, valid []byte, from, to int) error {
	if d, ok := a.(*array.Dictionary); ok {
		t.addCoded(d, valid, from, to)
		return nil
	}
	data, offsets := bytesOf(a.Data())
	offsets = offsets[from : to+1]
	if t.on {
		t.addToDictionary(data, offsets, valid)
	} else {
		t.addPlain(data, offsets, valid)
	}
	return nil
}

// bytesOf returns the bytes of a String or Binary array and the offsets of its
// rows, one more than there are rows.
func bytesOf(d arrow.ArrayData) ([]byte, []int32) {
	if d.Len() == 0 {
		return nil, []int32{0}
	}
	offsets := arrow.GetData[int32](d.Buffers()[1].Bytes())[d.Offset() : d.Offset()+d.Len()+1]
	if d.Buffers()[2] == nil {
		return nil, offsets
	}
	return d.Buffers()[2].Bytes(), offsets
}

func (t *texts) addPlain(data []byte, offsets []int32, valid []byte) {
	n := len(offsets) - 1
	t.plain = slices.Grow(t.plain, int(offsets[n]-offsets[0])+4*n+shortText)
	dst, at := t.plain[:cap(t.plain)], len(t.plain)
	for i := range n {
		if valid != nil && valid[i] == 0 {
			continue
		}
		from, to := int(offsets[i]), int(offsets[i+1])
		binary.LittleEndian.PutUint32(dst[at:], uint32(to-from))
		at += 4
		if to-from <= shortText && from+shortText <= len(data) {
			// Two words are quicker than a call that finds out how much to copy; what
			// is too much is overwritten by the next value.
			binary.LittleEndian.PutUint64(dst[at:], binary.LittleEndian.Uint64(data[from:]))
			binary.LittleEndian.PutUint64(dst[at+8:], binary.LittleEndian.Uint64(data[from+8:]))
		} else {
			copy(dst[at:], data[from:to])
		}
		at += to - from
	}
	t.plain = dst[:at]
}

const shortText = 16

func appendPlain(dst, v []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(v))), v...)
}

func (t *texts) addToDictionary(data []byte, offsets []int32, valid []byte) {
	before := len(t.index)
	t.index = slices.Grow(t.index, len(offsets)-1)
	for i := range len(offsets) - 1 {
		if valid == nil || valid[i] != 0 {
			t.index = append(t.index, t.dict.find(data[offsets[i]:offsets[i+1]]))
		}
	}
	t.seen += len(t.index) - before
	t.entries = t.dict.len()
}

// addCoded appends rows of a dictionary array, of whose dictionary only the
// entries in use go into ours.
func (t *texts) addCoded(d *array.Dictionary, valid []byte, from, to int) {
	dict := d.Data().Dictionary() // the array's own method is not safe for sharing
	data, offsets := bytesOf(dict)
	in := arrow.GetValues[int32](d.Data(), 1)[from:to]
	if !t.on {
		for i, k := range in {
			if valid == nil || valid[i] != 0 {
				t.plain = appendPlain(t.plain, data[offsets[k]:offsets[k+1]])
			}
		}
		return
	}
	before := len(t.index)
	t.index = slices.Grow(t.index, len(in))
	to32 := t.remap.of(dict, len(in))
	for i, k := range in {
		switch {
		case valid != nil && valid[i] == 0:
		case to32 == nil:
			t.index = append(t.index, t.dict.find(data[offsets[k]:offsets[k+1]]))
		default:
			if to32[k] == 0 {
				to32[k] = t.dict.find(data[offsets[k]:offsets[k+1]]) + 1
			}
			t.index = append(t.index, to32[k]-1)
		}
	}
	t.seen += len(t.index) - before
	t.entries = t.dict.len()
}

// remap translates entries of the last dictionary seen to ours.
type remap struct {
	dict arrow.ArrayData // held so that its address is not used again
	to   []int32         // our entry + 1; 0: not met yet
}

// of returns the translation of dict's entries, or nil when the dictionary is so
// much larger than the rows at hand that clearing one costs more than hashing.
func (r *remap) of(dict arrow.ArrayData, rows int) []int32 {
	if r.dict == dict {
		return r.to
	}
	if dict.Len() > 16*rows+1024 {
		return nil
	}
	if cap(r.to) < dict.Len() {
		r.to = make([]int32, dict.Len())
	}
	r.to = r.to[:dict.Len()]
	clear(r.to)
	r.dict = dict
	return r.to
}

func (t *texts) review(pageEnds bool) {
	switch t.judge(pageEnds, len(t.dict.plain) > maxTextBytes) {
	case abandon:
		for _, k := range t.index {
			t.plain = append(t.plain, t.dict.plain[t.dict.offsets[k]:t.dict.offsets[k+1]]...)
		}
		t.index, t.entries = t.index[:0], 0
		t.dict.reset()
		t.grown, t.remap.dict = 0, nil
	case closeAfterPage:
		t.closing = true
	}
}

func (t *texts) finish(dst []byte) ([]byte, format.Encoding, bounds) {
	if !t.on || len(t.index) == 0 {
		dst, b := append(dst, t.plain...), textBounds(t.plain)
		t.plain = t.plain[:0]
		return dst, format.Plain, b
	}
	b := bounds{ok: true}
	first := true
	t.used(func(k int32) {
		v := t.dict.entry(k)
		if first {
			b.min, b.max, first = v, v, false
		} else if bytes.Compare(v, b.min) < 0 {
			b.min = v
		} else if bytes.Compare(v, b.max) > 0 {
			b.max = v
		}
	})
	dst = t.coding.finish(dst)
	t.grown = len(t.dict.plain)
	if t.closing {
		t.on, t.closing = false, false
	}
	return dst, format.RLEDictionary, b.clone()
}

// clone returns bounds with memory of their own.
func (b bounds) clone() bounds {
	b.min, b.max = bytes.Clone(b.min), bytes.Clone(b.max)
	return b
}

// textBounds walks a page of PLAIN texts. It orders by the first eight bytes and
// looks at the rest only where these are equal.
func textBounds(plain []byte) bounds {
	if len(plain) == 0 {
		return bounds{}
	}
	var low, high []byte
	lowHead, highHead := ^uint64(0), uint64(0)
	for first := true; len(plain) > 0; first = false {
		n := 4 + int(binary.LittleEndian.Uint32(plain))
		v := plain[4:n]
		head := headOf(plain, n)
		if head < lowHead || first || head == lowHead && bytes.Compare(v, low) < 0 {
			low, lowHead = v, head
		}
		if head > highHead || first || head == highHead && bytes.Compare(v, high) > 0 {
			high, highHead = v, head
		}
		plain = plain[n:]
	}
	return bounds{low, high, true}.clone()
}

// headOf returns the first eight bytes of the text plain[4:n], zeros after its
// end, as a number.
func headOf(plain []byte, n int) uint64 {
	if len(plain) >= 12 {
		head := binary.BigEndian.Uint64(plain[4:])
		if n < 12 {
			head &= ^uint64(0) << (8 * (12 - n))
		}
		return head
	}
	var head [8]byte
	copy(head[:], plain[4:n])
	return binary.BigEndian.Uint64(head[:])
}

// textDictionary numbers texts in order of appearance.
type textDictionary struct {
	plain   []byte   // the entries as PLAIN
	offsets []uint32 // where each entry begins, and the end
	slots   []uint64 // open addressing: the hash's upper half, entry + 1; 0 is free
	seed    maphash.Seed
}

// reset forgets the entries.
func (d *textDictionary) reset() {
	d.plain, d.offsets = d.plain[:0], append(d.offsets[:0], 0)
	clear(d.slots)
}

func (d *textDictionary) len() int { return len(d.offsets) - 1 }

func (d *textDictionary) entry(k int32) []byte { return d.plain[d.offsets[k]+4 : d.offsets[k+1]] }

// find returns the entry of v, adding it if need be. The hash is seeded anew in
// each process, so that no file can be made to collide; entries do not depend on it.
func (d *textDictionary) find(v []byte) int32 {
	if 2*len(d.offsets) > len(d.slots) {
		d.grow()
	}
	h := maphash.Bytes(d.seed, v)
	mask := uint64(len(d.slots) - 1)
	for s := h & mask; ; s = (s + 1) & mask {
		slot := d.slots[s]
		if slot == 0 {
			d.plain = appendPlain(d.plain, v)
			d.offsets = append(d.offsets, uint32(len(d.plain)))
			d.slots[s] = h>>32<<32 | uint64(d.len())
			return int32(d.len() - 1)
		}
		if k := int32(uint32(slot)) - 1; slot>>32 == h>>32 && string(d.entry(k)) == string(v) {
			return k
		}
	}
}

func (d *textDictionary) grow() {
	if d.slots == nil {
		d.seed = maphash.MakeSeed()
	}
	d.slots = make([]uint64, max(1024, 2*len(d.slots)))
	mask := uint64(len(d.slots) - 1)
	for k := range int32(d.len()) {
		h := maphash.Bytes(d.seed, d.entry(k))
		s := h & mask
		for d.slots[s] != 0 {
			s = (s + 1) & mask
		}
		d.slots[s] = h>>32<<32 | uint64(k+1)
	}
}
