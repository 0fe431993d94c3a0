package csvio

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// index holds where the fields of a region of whole, well-formed records end.
// It is made of 64 bytes at a time, eight in a word.
type index struct {
	seps    []uint32 // positions of delimiters and newlines outside quotes
	lines   []uint32 // how many separators there are up to each newline, itself included
	high    uint64   // bits of all bytes: not ASCII if &highs is not 0
	zero    uint64   // a NUL byte if &highs is not 0
	doubled bool     // a doubled quote may stand for a quote somewhere
}

const (
	lows   = 0x0101010101010101
	highs  = 0x8080808080808080
	sevens = 0x7f7f7f7f7f7f7f7f
)

// differ has the high bit of each byte clear where w equals the repeated ASCII
// byte c.
func differ(w, c uint64) uint64 {
	x := w ^ c
	return (x&sevens + sevens) | x
}

// gather packs the high bits of the bytes of a word whose other bits are 0.
func gather(m uint64) uint64 { return (m >> 7) * 0x0102040810204080 >> 56 }

// plain appends the separators of b[from:to], in which quotes have no meaning.
// b has pad bytes of capacity after to.
func (x *index) plain(b []byte, from, to int, delimiter byte) {
	d, nl := uint64(delimiter)*lows, uint64('\n')*lows
	var high, zero uint64
	for at := from; at < to; at += 64 {
		block := b[at : at+64 : at+64]
		var seps, lines uint64
		for k := 0; k < 64; k += 8 {
			w := binary.LittleEndian.Uint64(block[k:])
			high |= w
			zero |= (w - lows) &^ w
			newline := differ(w, nl)
			seps |= gather(^(differ(w, d)&newline)&highs) << k
			lines |= gather(^newline&highs) << k
		}
		if to-at < 64 {
			keep := uint64(1)<<(to-at) - 1
			seps, lines = seps&keep, lines&keep
		}
		x.add(uint32(at), seps, lines)
	}
	x.high, x.zero = high, zero
}

// quoted appends the separators of b[from:to] outside quotes that are doubled
// to stand for themselves. from is outside.
func (x *index) quoted(b []byte, from, to int, d *Dialect) {
	delimiter, nl, quote := uint64(d.Delimiter)*lows, uint64('\n')*lows, uint64(d.Quote)*lows
	var inside, closedLast, doubled, high, zero uint64
	for at := from; at < to; at += 64 {
		block := b[at : at+64 : at+64]
		var seps, lines, quotes uint64
		for k := 0; k < 64; k += 8 {
			w := binary.LittleEndian.Uint64(block[k:])
			high |= w
			zero |= (w - lows) &^ w
			newline := differ(w, nl)
			seps |= gather(^(differ(w, delimiter)&newline)&highs) << k
			lines |= gather(^newline&highs) << k
			quotes |= gather(^differ(w, quote)&highs) << k
		}
		if to-at < 64 {
			keep := uint64(1)<<(to-at) - 1
			seps, lines, quotes = seps&keep, lines&keep, quotes&keep
		}
		if quotes|inside != 0 {
			in := parity(quotes) ^ inside
			inside = uint64(int64(in) >> 63)
			seps, lines = seps&^in, lines&^in
			closed := quotes &^ in
			doubled |= (closed<<1 | closedLast) & quotes & in
			closedLast = closed >> 63
		} else {
			closedLast = 0
		}
		x.add(uint32(at), seps, lines)
	}
	x.doubled = x.doubled || doubled != 0
	x.high, x.zero = high, zero
}

// parity sets each bit to the parity of the bits up to it.
func parity(m uint64) uint64 {
	m ^= m << 1
	m ^= m << 2
	m ^= m << 4
	m ^= m << 8
	m ^= m << 16
	m ^= m << 32
	return m
}

// add appends the separators of the block at position at.
func (x *index) add(at uint32, seps, lines uint64) {
	n := len(x.seps)
	if cap(x.seps)-n < 64 {
		x.seps = slices.Grow(x.seps, n+64)
	}
	count := bits.OnesCount64(seps)
	for ; lines != 0; lines &= lines - 1 {
		through := lines ^ (lines - 1)
		x.lines = append(x.lines, uint32(n+bits.OnesCount64(seps&through)))
	}
	// Eight at a time without asking which are there: blocks have about as many.
	room := x.seps[n : n+64 : n+64]
	for k := 0; k < count; k += 8 {
		eight := room[k : k+8 : k+8]
		for j := range eight {
			eight[j] = at + uint32(bits.TrailingZeros64(seps))
			seps &= seps - 1
		}
	}
	x.seps = x.seps[:n+count]
}

// firstInvalid returns the index of the first byte that is not UTF-8, or -1.
// Runs of ASCII are passed in words.
func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		if i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:])&highs == 0 {
			i += 8
			continue
		}
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
