package engine

import (
	"sync"
	"sync/atomic"

	"github.com/lakectl/lakectl/internal/vec"
)

// textTable numbers texts. Known texts are found without a lock: a text and
// where it is are stored before the slot's first word, and none of them changes
// afterwards.
//
// A table of some 100,000 texts does not fit a processor's cache, and a miss
// costs more than all the rest. Rows are therefore looked up some at a time, one
// step for all of them before the next, so that the misses of a step overlap.
type textTable struct {
	mu      sync.Mutex
	slots   atomic.Pointer[textSlots]
	blocks  atomic.Pointer[[][]byte] // the texts' bytes
	used    int                      // bytes of the last block
	longest int                      // bytes of the longest text; guarded by mu until all workers are done
	places  []textPlace              // by code; places[0] stands for null. Guarded by mu until all workers are done
	count   atomic.Int64
	bytes   atomic.Int64
}

// textSlots are pairs of words: the upper half of the hash with the code, 0 for
// an empty slot, and the textPlace.
type textSlots struct {
	mask  uint64
	words []uint64
}

// textPlace says where a text is: block, offset in the block, length.
type textPlace uint64

const (
	lengthBits = 28
	offsetBits = 18
	blockSize  = 1 << offsetBits // longer texts have a block of their own
)

func newTextTable() *textTable {
	t := &textTable{places: make([]textPlace, 1)}
	t.slots.Store(newTextSlots(minSlots))
	t.blocks.Store(&[][]byte{nil})
	return t
}

func newTextSlots(n int) *textSlots {
	return &textSlots{mask: uint64(n - 1), words: make([]uint64, 2*n)}
}

// at returns the text at a place.
func at(blocks [][]byte, p textPlace) []byte {
	offset, length := p>>lengthBits&(blockSize-1), p&(1<<lengthBits-1)
	return blocks[p>>(lengthBits+offsetBits)][offset : offset+length]
}

// value returns the text of a code that was given.
func (t *textTable) value(code uint32) string {
	return stringOf(at(*t.blocks.Load(), t.places[code]))
}

// find returns the code of a text, or 0.
func (t *textTable) find(hash uint64, text []byte) uint32 {
	s := t.slots.Load()
	for slot := hash & s.mask; ; slot = (slot + 1) & s.mask {
		entry := atomic.LoadUint64(&s.words[2*slot])
		if entry == 0 {
			return NoCode
		}
		if entry>>32 == hash>>32 && string(at(*t.blocks.Load(), textPlace(atomic.LoadUint64(&s.words[2*slot+1])))) == string(text) {
			return uint32(entry)
		}
	}
}

// texts are the texts of a string array: text i is bytes[offsets[i]:offsets[i+1]].
type texts struct {
	offsets []int32
	bytes   []byte
}

func (x texts) at(i int32) []byte { return x.bytes[x.offsets[i]:x.offsets[i+1]] }

// lookAhead is how many texts are looked up at a time.
const lookAhead = 64

// lookup is the scratch memory of one worker's lookups.
type lookup struct {
	hashes  [lookAhead]uint64
	entries [lookAhead]uint64
	places  [lookAhead]textPlace
	touched uint64
	misses  []int32 // positions of the texts that are new
	known   bool    // and get no codes
}

// codes sets dst[i] to the code of the text numbered rows[i]; new texts get new
// codes.
func (t *textTable) codes(l *lookup, dst []uint32, x texts, rows []int32) {
	for start := 0; start < len(rows); start += lookAhead {
		end := min(start+lookAhead, len(rows))
		t.findSome(l, dst[start:end], x, rows[start:end])
		if len(l.misses) > 0 && !l.known {
			t.addSome(l, dst[start:end], x, rows[start:end])
		}
	}
}

// addSome gives codes to the texts that findSome has not found.
func (t *textTable) addSome(l *lookup, dst []uint32, x texts, rows []int32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, i := range l.misses {
		dst[i] = t.add(l.hashes[i], x.at(rows[i]))
	}
}

// findSome sets dst to the codes of at most lookAhead texts, 0 for new ones,
// which it notes in misses. It steps over the slots three times, once to have
// them fetched, then to find the entries, then to compare texts, which have been
// asked for in between.
func (t *textTable) findSome(l *lookup, dst []uint32, x texts, rows []int32) {
	s := t.slots.Load()
	for i, row := range rows {
		hash := vec.HashBytes(x.at(row))
		l.hashes[i] = hash
		l.touched += atomic.LoadUint64(&s.words[2*(hash&s.mask)])
	}
	for i, hash := range l.hashes[:len(rows)] {
		l.entries[i], l.places[i] = s.candidate(hash)
	}
	blocks := *t.blocks.Load()
	for _, p := range l.places[:len(rows)] {
		if p&(1<<lengthBits-1) > 0 {
			l.touched += uint64(blocks[p>>(lengthBits+offsetBits)][p>>lengthBits&(blockSize-1)])
		}
	}
	l.misses = l.misses[:0]
	for i, row := range rows {
		entry := l.entries[i]
		if dst[i] = uint32(entry); entry != 0 && string(at(blocks, l.places[i])) != string(x.at(row)) {
			dst[i] = t.find(l.hashes[i], x.at(row))
		}
		if dst[i] == NoCode {
			l.misses = append(l.misses, int32(i))
		}
	}
}

// candidate returns the first entry that a text of this hash may be, or 0.
func (s *textSlots) candidate(hash uint64) (entry uint64, place textPlace) {
	for slot := hash & s.mask; ; slot = (slot + 1) & s.mask {
		entry = atomic.LoadUint64(&s.words[2*slot])
		if entry == 0 {
			return 0, 0
		}
		if entry>>32 == hash>>32 {
			return entry, textPlace(atomic.LoadUint64(&s.words[2*slot+1]))
		}
	}
}

// add returns the code of a text, which is new unless another row or worker
// was first.
func (t *textTable) add(hash uint64, text []byte) uint32 {
	if code := t.find(hash, text); code != NoCode {
		return code
	}
	s, code := t.slots.Load(), uint32(len(t.places))
	if 2*uint64(code) > s.mask {
		s = t.rehash(s)
	}
	place := t.keep(text)
	t.places = append(t.places, place)
	t.count.Store(int64(code))
	s.add(hash, code, place)
	return code
}

func (t *textTable) rehash(s *textSlots) *textSlots {
	grown := newTextSlots(len(s.words)) // a slot is two words
	blocks := *t.blocks.Load()
	for code := 1; code < len(t.places); code++ {
		grown.add(vec.HashBytes(at(blocks, t.places[code])), uint32(code), t.places[code])
	}
	t.slots.Store(grown)
	t.bytes.Add(int64(8 * len(s.words)))
	return grown
}

func (s *textSlots) add(hash uint64, code uint32, place textPlace) {
	slot := hash & s.mask
	for s.words[2*slot] != 0 {
		slot = (slot + 1) & s.mask
	}
	atomic.StoreUint64(&s.words[2*slot+1], uint64(place))
	atomic.StoreUint64(&s.words[2*slot], hash&^(1<<32-1)|uint64(code))
}

// keep copies a text into the table's own memory.
func (t *textTable) keep(text []byte) textPlace {
	blocks := *t.blocks.Load()
	last := len(blocks) - 1
	if len(text) > len(blocks[last])-t.used {
		size := max(min(2*len(blocks[last])+4096, blockSize), len(text))
		blocks = append(blocks[:len(blocks):len(blocks)], make([]byte, size)) // others read the old one
		t.blocks.Store(&blocks)
		t.used = 0
		last++
		t.bytes.Add(int64(size) + int64(size/8)) // with the places of its texts
	}
	copy(blocks[last][t.used:], text)
	t.longest = max(t.longest, len(text))
	place := textPlace(last)<<(lengthBits+offsetBits) | textPlace(t.used)<<lengthBits | textPlace(len(text))
	t.used += len(text)
	return place
}
