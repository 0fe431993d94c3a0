package vec

import (
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Interner is a growing dictionary of texts: each text has one code, given in
// the order of arrival. It is safe for concurrent use.
type Interner struct {
	mu    sync.Mutex
	limit int // entries; 0 is no limit
	slots []uint64
	text  []byte
	ends  []int32
	data  arrow.ArrayData // of the entries so far, until the next is added
}

// bytesPerText is how much text an Interner of limited size takes for each of
// the texts it may have.
const bytesPerText = 256

// NewInterner returns an empty dictionary of at most limit texts, and 256 bytes
// for each of them (0: no limit).
func NewInterner(limit int) *Interner { return &Interner{limit: limit, slots: make([]uint64, 64)} }

// Len returns the number of texts.
func (in *Interner) Len() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.ends)
}

// Bytes returns the memory in use.
func (in *Interner) Bytes() int64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	return int64(8*len(in.slots) + cap(in.text) + 4*cap(in.ends))
}

// Code returns the code of a text, which is added if it is new and there is
// room; else ok is false.
func (in *Interner) Code(text []byte) (code int32, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.add(text)
}

// Find returns the code of a text that is there, or -1.
func (in *Interner) Find(text []byte) int32 {
	in.mu.Lock()
	defer in.mu.Unlock()
	slot, found := in.find(text)
	if !found {
		return -1
	}
	return int32(uint32(in.slots[slot])) - 1
}

// Value returns the text of a code. It must not be changed.
func (in *Interner) Value(code int32) []byte {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.value(code)
}

// Data returns the texts as the data of a string array, to be used as a
// dictionary; the same as long as no text is added.
func (in *Interner) Data() arrow.ArrayData {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.data == nil {
		offsets := make([]int32, len(in.ends)+1)
		copy(offsets[1:], in.ends)
		in.data = StringsOf(offsets, in.text[:len(in.text):len(in.text)]).Data()
	}
	return in.data
}

func (in *Interner) value(code int32) []byte {
	start := int32(0)
	if code > 0 {
		start = in.ends[code-1]
	}
	return in.text[start:in.ends[code]]
}

// find returns the slot of a text, or the free slot where it belongs. A slot
// holds the upper half of the hash and the code plus one.
func (in *Interner) find(text []byte) (slot uint64, found bool) {
	hash, mask := HashBytes(text), uint64(len(in.slots)-1)
	for slot = hash & mask; ; slot = (slot + 1) & mask {
		entry := in.slots[slot]
		if entry == 0 {
			return slot, false
		}
		if entry>>32 == hash>>32 && string(in.value(int32(uint32(entry))-1)) == string(text) {
			return slot, true
		}
	}
}

func (in *Interner) add(text []byte) (int32, bool) {
	slot, found := in.find(text)
	if found {
		return int32(uint32(in.slots[slot])) - 1, true
	}
	full := in.limit > 0 && (len(in.ends) >= in.limit || len(in.text)+len(text) > bytesPerText*in.limit)
	if full || len(in.text)+len(text) > maxText {
		return 0, false
	}
	in.text = append(in.text, text...)
	in.ends = append(in.ends, int32(len(in.text)))
	in.data = nil
	in.slots[slot] = HashBytes(text)&^(1<<32-1) | uint64(len(in.ends))
	if 2*len(in.ends) > len(in.slots) {
		in.rehash()
	}
	return int32(len(in.ends)) - 1, true
}

func (in *Interner) rehash() {
	in.slots = make([]uint64, 2*len(in.slots))
	mask := uint64(len(in.slots) - 1)
	for code := range in.ends {
		hash := HashBytes(in.value(int32(code)))
		slot := hash & mask
		for in.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		in.slots[slot] = hash&^(1<<32-1) | uint64(code+1)
	}
}

// Coder finds the codes of a dictionary's entries in an Interner, and remembers
// those of the last dictionary. It is for one goroutine.
type Coder struct {
	intern     *Interner
	dictionary arrow.ArrayData
	codes      []int32
	ok         bool
}

// NewCoder returns a coder for one goroutine; nil for a nil Interner.
func (in *Interner) NewCoder() *Coder {
	if in == nil {
		return nil
	}
	return &Coder{intern: in}
}

// codesOf returns the code of each entry of a dictionary, or false if the
// Interner has no room for them.
func (c *Coder) codesOf(identity arrow.ArrayData, dictionary *array.String) ([]int32, bool) {
	if c.dictionary == identity {
		return c.codes, c.ok
	}
	c.dictionary, c.ok = identity, true
	c.codes = grow(c.codes, dictionary.Len())
	offsets, text := dictionary.ValueOffsets(), Bytes(dictionary)
	c.intern.mu.Lock()
	defer c.intern.mu.Unlock()
	for i := range c.codes {
		code, ok := c.intern.add(text[offsets[i]:offsets[i+1]])
		if !ok {
			c.ok = false
			return nil, false
		}
		c.codes[i] = code
	}
	return c.codes, true
}
