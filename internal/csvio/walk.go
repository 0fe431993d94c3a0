package csvio

import "bytes"

// walk decides as many records of the buffer as it can. It returns where they
// end and leaves the damage that it found in s.spans. When it decides none, it
// needs more bytes, unless it returns the damage of a first record whose end is
// not in the buffer and need not be.
//
// Lines without quotes are skipped as a whole, for the parser sees their
// damage. Where there are quotes, blocks in which all is well are passed by
// clean and others from quote to quote by step. Whatever is doubtful goes to
// decide.
func (s *Splitter) walk() (cut int, long *outcome) {
	s.lines = lineCounter{line: s.line}
	w := walker{Splitter: s, b: s.buf, d: &s.scan.d, doubt: -1}
	s.quotes = w.d.Quote != 0 && indexByte(w.b, w.d.Quote) >= 0
	if !s.quotes {
		w.rest()
	} else {
		glance := w.d.Escape == 0 && !w.d.LazyQuotes
		for going := true; going; going = w.step() {
			if glance && w.at == w.rec && w.rec > w.doubt {
				w.clean()
			}
		}
	}
	return w.rec, w.long
}

// walker is the state of a walk.
type walker struct {
	*Splitter
	b     []byte
	d     *Dialect
	rec   int // the current record begins here; all before it is decided
	at    int // outside of quotes, up to here the record is well-formed
	doubt int // records up to here are passed quote by quote
	long  *outcome
}

// step goes past the next quote or quoted field. It returns false when nothing
// more can be decided.
func (w *walker) step() bool {
	q := indexByte(w.b[w.at:], w.d.Quote)
	if q < 0 {
		return w.rest()
	}
	q += w.at
	if q > w.at {
		if nl := indexByte(w.b[w.at:q], '\n'); nl >= 0 {
			if w.at > w.rec && w.doubtful(w.at+nl) {
				return w.decide()
			}
			w.rec = w.at + nl + 1 + bytes.LastIndexByte(w.b[w.at+nl+1:q], '\n') + 1
		}
	}
	switch {
	case q == w.rec || w.b[q-1] == w.d.Delimiter:
		return w.quoted(q)
	case w.d.LazyQuotes, w.d.Escape != 0 && w.d.escaped(w.b, w.rec, q):
		w.at = q + 1
		return true
	default:
		return w.decide()
	}
}

// quoted goes past the quoted field that begins at q.
func (w *walker) quoted(q int) bool {
	if w.d.LazyQuotes && w.scan.memo.has(q) {
		return w.decide()
	}
	c := w.d.closing(w.b, q+1)
	if c < 0 || c+1 == len(w.b) {
		return w.undecided()
	}
	next := c + 2
	switch w.b[c+1] {
	case w.d.Delimiter:
		w.at = next
		return true
	case '\n':
	case '\r':
		if next == len(w.b) {
			return w.undecided()
		}
		if w.b[next] != '\n' {
			return w.decide()
		}
		next++
	default:
		return w.decide()
	}
	if w.doubtful(c + 1) {
		return w.decide()
	}
	w.rec, w.at = next, next
	return true
}

// doubtful says whether the current record, which ends at end, needs a closer
// look: it spans lines or may be too long.
func (w *walker) doubtful(end int) bool {
	return end-w.rec > w.d.MaxField || indexByte(w.b[w.rec:end], '\n') >= 0
}

// rest goes to the end of a buffer without further quotes.
func (w *walker) rest() bool {
	nl := indexByte(w.b[w.at:], '\n')
	if nl < 0 {
		return w.undecided()
	}
	if w.at > w.rec && w.doubtful(w.at+nl) {
		return w.decide()
	}
	w.rec = bytes.LastIndexByte(w.b, '\n') + 1
	w.at = w.rec
	return false
}

// undecided handles a record whose end is not in sight.
func (w *walker) undecided() bool {
	if w.rec == len(w.b) || !w.eof && len(w.b)-w.rec <= w.d.MaxField {
		return false
	}
	return w.decide()
}

// decide reads the current record exactly and goes to the next one. It returns
// false if that takes more bytes.
func (w *walker) decide() bool {
	out := w.scan.scan(w.b, w.rec, w.eof)
	next := -1
	switch out.state {
	case good:
		next = w.spanning(out)
	case bad:
		next = w.damaged(out)
	}
	if next < 0 {
		return false
	}
	w.rec, w.at = next, next
	return len(w.spans) < maxSpans
}

// maxSpans is how much damage ends a segment early: a file of nothing else
// must not take many times its size in memory.
const maxSpans = 1 << 14

// spanning judges a well-formed record and returns where the next one begins,
// or -1. A wrong number of fields on a single line is left to the parser.
func (w *walker) spanning(out outcome) int {
	nl := indexByte(w.b[w.rec:out.end], '\n')
	if nl < 0 || out.fields == w.columns {
		return out.next
	}
	second := w.rec + nl + 1
	trial := w.scan.scan(w.b, second, w.eof)
	if trial.state == more {
		return -1
	}
	detail := ragged(out.fields, w.columns)
	if trial.state == good && trial.fields == w.columns {
		detail = "quote is not closed on its line; read on to the next quote, the record would have " + detail
		w.spans = append(w.spans, span{start: w.rec, end: second, kind: Quote, detail: detail})
		return second
	}
	w.spans = append(w.spans, span{start: w.rec, end: out.next, kind: Ragged, detail: detail})
	return out.next
}

// damaged delimits a damaged record and returns where the next one begins, or -1.
func (w *walker) damaged(out outcome) int {
	from := w.rec
	if out.reason == longRecord {
		from += w.d.maxRecord()
	}
	nl := indexByte(w.b[from:], '\n')
	if nl < 0 {
		// The line is so long that its end is not waited for.
		if w.rec == 0 && len(w.b) > w.d.maxRecord()+2 {
			w.long = &out
		}
		return -1
	}
	end := from + nl + 1
	kind, detail := w.scan.describe(w.b, w.rec, w.lines.to(w.b, w.rec), out)
	if w.d.LazyQuotes && out.detail == "" && out.reason != longRecord && out.at >= end {
		w.scan.remember(w.offset, kind, detail)
	}
	w.spans = append(w.spans, span{start: w.rec, end: end, kind: kind, detail: detail})
	return end
}
