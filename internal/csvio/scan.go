package csvio

import (
	"fmt"
	"slices"
)

// scanner reads single records byte by byte and exactly. It decides what a
// record is; everything faster agrees with it and hands it whatever is doubtful.
// A scanner is for one goroutine.
type scanner struct {
	d       Dialect
	columns int   // how many ends to collect
	ends    []int // where the first fields of the last record end

	// opened are the quoted fields of the record being scanned, for the memo
	// of lazy quoting.
	opened []uint32
	memo   memo
}

// state is how far a scan came.
type state uint8

const (
	more state = iota // the record's end is not in the buffer
	good              // well-formed, if not of the right number of fields
	bad               // damaged
)

// reason is what a scan found wrong.
type reason uint8

const (
	strayQuote reason = iota + 1
	textAfterQuote
	neverClosed
	notClosedInTime
	longField
	longRecord
)

// outcome is what a scan found. Positions are indexes of the buffer.
type outcome struct {
	state  state
	end    int // good: the end of the record's text
	next   int // good: the start of the next record
	fields int // good: how many
	reason reason
	at     int    // bad: where, or where the field began
	detail string // bad: already known from the memo
	kind   Kind   // bad: with detail
}

// scan reads the record that begins at rec. Unless final, b may be continued.
// A final buffer ends with \n.
func (s *scanner) scan(b []byte, rec int, final bool) outcome {
	s.ends, s.opened = s.ends[:0], s.opened[:0]
	recordLimit := rec + s.d.maxRecord()
	fieldStart := rec
	for fields := 1; ; fields++ {
		limit := min(fieldStart+s.d.MaxField, recordLimit)
		f := s.field(b, fieldStart, limit, final)
		if f.state == bad {
			return s.fail(f, fieldStart, recordLimit)
		}
		if f.state == more {
			return outcome{}
		}
		if fields <= s.columns {
			s.ends = append(s.ends, f.end)
		}
		if f.last {
			return outcome{state: good, end: f.end, next: f.next, fields: fields}
		}
		fieldStart = f.next
	}
}

// fieldEnd is what a scan of one field found.
type fieldEnd struct {
	state  state
	last   bool // the record ends here
	end    int  // of the field's text
	next   int  // start of the next field or record
	reason reason
	at     int
	known  bool // the memo holds the damage
}

// fail turns the damage of a field into that of its record.
func (s *scanner) fail(f fieldEnd, fieldStart, recordLimit int) outcome {
	if f.known {
		return outcome{state: bad, detail: s.memo.detail, kind: s.memo.kind}
	}
	out := outcome{state: bad, reason: f.reason, at: f.at}
	if f.reason == longField || f.reason == notClosedInTime {
		out.at = fieldStart
		if fieldStart+s.d.MaxField > recordLimit {
			out.reason = longRecord
		}
	}
	return out
}

// field reads one field from start on, which may have bytes before limit only.
func (s *scanner) field(b []byte, start, limit int, final bool) fieldEnd {
	if start >= len(b) {
		return fieldEnd{}
	}
	if start > limit {
		return fieldEnd{state: bad, reason: longField}
	}
	if s.d.Quote != 0 && b[start] == s.d.Quote {
		if s.d.LazyQuotes {
			if s.memo.has(start) {
				return fieldEnd{state: bad, known: true}
			}
			s.opened = append(s.opened, uint32(start))
		}
		return s.quotedField(b, start, limit, final)
	}
	return s.plainField(b, start, limit)
}

func (s *scanner) plainField(b []byte, start, limit int) fieldEnd {
	d := &s.d
	for i := start; i < len(b); i++ {
		switch c := b[i]; {
		case c == d.Delimiter:
			if i > limit {
				return fieldEnd{state: bad, reason: longField}
			}
			return fieldEnd{state: good, end: i, next: i + 1}
		case c == '\n':
			end := i
			if i > start && b[i-1] == '\r' {
				end--
			}
			if end > limit {
				return fieldEnd{state: bad, reason: longField}
			}
			return fieldEnd{state: good, last: true, end: end, next: i + 1}
		case c == d.Escape && c != 0:
			if i+1 == len(b) {
				return fieldEnd{}
			}
			if b[i+1] == d.Quote || b[i+1] == d.Escape {
				i++
			}
		case c == d.Quote && c != 0 && !d.LazyQuotes:
			if i >= limit {
				return fieldEnd{state: bad, reason: longField}
			}
			return fieldEnd{state: bad, reason: strayQuote, at: i}
		}
		// At limit itself there may be the \r of a line end.
		if i > limit {
			return fieldEnd{state: bad, reason: longField}
		}
	}
	return fieldEnd{}
}

func (s *scanner) quotedField(b []byte, start, limit int, final bool) fieldEnd {
	c := s.d.closing(b[:min(len(b), limit+1)], start+1)
	switch {
	case c < 0 && len(b) > limit, c >= limit:
		return fieldEnd{state: bad, reason: spanned(b, start, limit)}
	case c < 0 && final:
		return fieldEnd{state: bad, reason: neverClosed, at: start}
	case c < 0 || c+1 == len(b):
		return fieldEnd{}
	case b[c+1] == s.d.Delimiter:
		return fieldEnd{state: good, end: c + 1, next: c + 2}
	case b[c+1] == '\n':
		return fieldEnd{state: good, last: true, end: c + 1, next: c + 2}
	case b[c+1] == '\r' && c+2 == len(b):
		return fieldEnd{}
	case b[c+1] == '\r' && b[c+2] == '\n':
		return fieldEnd{state: good, last: true, end: c + 1, next: c + 3}
	case c+1 >= limit:
		return fieldEnd{state: bad, reason: spanned(b, start, limit)}
	default:
		return fieldEnd{state: bad, reason: textAfterQuote, at: c + 1}
	}
}

// spanned says what a quoted field over the limit is: on one line it is too
// long; over several lines the quote is more likely to blame.
func spanned(b []byte, start, limit int) reason {
	if indexByte(b[start:min(limit, len(b))], '\n') >= 0 {
		return notClosedInTime
	}
	return longField
}

// closing returns the index of the quote that closes a field whose text begins
// at from, or -1 if it is not in b. A quote at the very end of b counts as closing.
func (d *Dialect) closing(b []byte, from int) int {
	for i := from; ; {
		k := indexByte(b[i:], d.Quote)
		if k < 0 {
			return -1
		}
		i += k
		switch {
		case d.Escape != 0 && d.escaped(b, from, i):
			i++
		case d.Escape == 0 && i+1 < len(b) && b[i+1] == d.Quote:
			i += 2
		default:
			return i
		}
	}
}

// escaped says whether an odd number of escapes stand before b[i], from on.
func (d *Dialect) escaped(b []byte, from, i int) bool {
	n := 0
	for i-n > from && b[i-n-1] == d.Escape {
		n++
	}
	return n&1 == 1
}

// describe returns kind and detail of damage to the record that begins at rec,
// on the given line.
func (s *scanner) describe(b []byte, rec int, line int64, out outcome) (Kind, string) {
	if out.detail != "" {
		return out.kind, out.detail
	}
	at := func() place { return placeOf(b, rec, out.at, line) }
	switch out.reason {
	case strayQuote:
		return Quote, fmt.Sprintf("quote inside an unquoted field (%v)", at())
	case textAfterQuote:
		return Quote, fmt.Sprintf("text after a closing quote (%v)", at())
	case neverClosed:
		return Quote, fmt.Sprintf("quote is never closed (%v)", at())
	case notClosedInTime:
		return Quote, fmt.Sprintf("quote is not closed within %s bytes (%v)", digits(s.d.MaxField), at())
	case longField:
		return TooLong, fmt.Sprintf("field has more than %s bytes (%v)", digits(s.d.MaxField), at())
	case longRecord:
		return TooLong, fmt.Sprintf("record has more than %s bytes", digits(s.d.maxRecord()))
	default:
		panic(fmt.Sprintf("csvio: no words for reason %d", out.reason))
	}
}

// ragged describes a wrong number of fields.
func ragged(fields, want int) string {
	if fields == 1 {
		return fmt.Sprintf("1 field, want %d", want)
	}
	return fmt.Sprintf("%d fields, want %d", fields, want)
}

// memo remembers the quoted fields of a record of several lines that was found
// damaged. With lazy quoting the lines after the first may open the same fields
// again, each with the same end; without the memo every one of them would be
// read up to that end, which is quadratic. (With strict quoting two readings
// that differ in whether a line begins inside quotes do so until one of them
// fails, so that one of them goes line by line.)
type memo struct {
	base   int64    // added to opened gives the offset in the file
	shift  int      // base less the offset of the current buffer
	opened []uint32 // ascending
	kind   Kind
	detail string
}

func (m *memo) has(pos int) bool {
	pos -= m.shift
	if pos < 0 || len(m.opened) == 0 {
		return false
	}
	_, found := slices.BinarySearch(m.opened, uint32(pos))
	return found
}

// rebase says where in the file the buffer now begins.
func (m *memo) rebase(offset int64) { m.shift = int(m.base - offset) }

// remember keeps the fields of the scan that just failed.
func (s *scanner) remember(offset int64, kind Kind, detail string) {
	s.memo.opened = append(s.memo.opened[:0], s.opened...)
	s.memo.base, s.memo.shift = offset, 0
	s.memo.kind, s.memo.detail = kind, detail
}
