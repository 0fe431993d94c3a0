package csvio

import (
	"encoding/binary"
	"math/bits"
)

// clean goes past records, 64 bytes at a time, as long as it sees at a glance
// that their quoting is sound and that none spans lines or may be too long. It
// stops at the start of a record, and sets w.doubt to the place up to which
// closer looks are needed.
func (w *walker) clean() {
	b, rec, inside := w.b, w.rec, uint64(0)
	before := uint64(1) // a record begins where a quote may open
	delimiter, nl, quote := uint64(w.d.Delimiter)*lows, uint64('\n')*lows, uint64(w.d.Quote)*lows
	at := rec
	for ; at+64+len("\r\n") <= len(b) && at+64-rec <= w.d.MaxField; at += 64 {
		block := b[at : at+64 : at+64]
		var seps, lines, quotes uint64
		for k := 0; k < 64; k += 8 {
			word := binary.LittleEndian.Uint64(block[k:])
			newline := differ(word, nl)
			seps |= gather(^(differ(word, delimiter)&newline)&highs) << k
			lines |= gather(^newline&highs) << k
			quotes |= gather(^differ(word, quote)&highs) << k
		}
		in := parity(quotes) ^ inside
		opened, closed := quotes&in, quotes&^in
		seps &^= in
		bad := opened&^((seps|closed)<<1|before) | lines&in
		for open := closed &^ ((seps | opened) >> 1); open != 0; open &= open - 1 {
			if i := bits.TrailingZeros64(open); !w.mayClose(at + i) {
				bad |= 1 << i
			}
		}
		if bad != 0 {
			at += bits.TrailingZeros64(bad)
			break
		}
		if lines != 0 {
			rec = at + 64 - bits.LeadingZeros64(lines)
		}
		inside, before = uint64(int64(in)>>63), (seps|closed)>>63
	}
	w.rec, w.at, w.doubt = rec, rec, at
}

// mayClose says whether a quote that closes a field at i is followed by what
// must follow, or by a quote, which takes the closing back.
func (w *walker) mayClose(i int) bool {
	switch next := w.b[i+1]; next {
	case w.d.Delimiter, w.d.Quote, '\n':
		return true
	default:
		return next == '\r' && w.b[i+2] == '\n'
	}
}
