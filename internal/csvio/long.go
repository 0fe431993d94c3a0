package csvio

import "context"

// long makes a segment of a damaged first record whose end is not in the
// buffer. It reads on to that end and keeps what a Damage may hold.
func (s *Splitter) long(ctx context.Context, out outcome) (*Segment, error) {
	seg := &Segment{Offset: s.offset, Line: s.line, header: s.header, pool: s.pool, size: s.size}
	kind, detail := s.scan.describe(s.buf, 0, s.line, out)
	from := 0
	if out.reason == longRecord {
		from = s.scan.d.maxRecord()
	}
	taken := taker{keep: s.scan.d.keepRaw() + len("\r\n")}
	for {
		n, found := len(s.buf), false
		if nl := indexByte(s.buf[from:], '\n'); nl >= 0 {
			n, found = from+nl+1, true
		}
		taken.take(s.buf[:n])
		s.drop(n)
		if found {
			break
		}
		from = 0 // it was in the buffer that is dropped now
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := s.fill(s.size); err != nil {
			return nil, err
		}
	}
	s.scan.memo.rebase(s.offset)
	raw, note := cutRaw(taken.raw, taken.text(), s.scan.d.keepRaw())
	seg.spans = []span{{raw: raw, kind: kind, detail: detail + note}}
	return seg, nil
}

// taker counts the bytes that pass and keeps the first of them.
type taker struct {
	keep  int
	raw   []byte
	total int
	tail  [2]byte // the last two
}

func (t *taker) take(b []byte) {
	t.raw = append(t.raw, b[:min(len(b), t.keep-len(t.raw))]...)
	t.total += len(b)
	for _, c := range b[max(0, len(b)-2):] {
		t.tail[0], t.tail[1] = t.tail[1], c
	}
}

// text is how many bytes passed without the line end.
func (t *taker) text() int {
	return t.total - (2 - len(trimLineEnd(t.tail[:])))
}

// cutRaw returns what is kept of a damaged record of total bytes, of which raw
// holds the first, and a note if that is not all.
func cutRaw(raw []byte, total, keep int) ([]byte, string) {
	if total <= keep {
		return raw[:total], ""
	}
	return raw[:rawCut:rawCut], cutNote(rawCut, total)
}
