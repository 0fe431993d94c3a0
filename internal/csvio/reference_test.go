package csvio

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// The reference reads a whole file byte by byte, from the rules in doc.go, and
// does not care what that costs.

// refRecord is a record, good or damaged.
type refRecord struct {
	row    int64
	line   int64
	offset int64
	raw    string
	kind   Kind // 0: good
	values []string
	null   []bool
	next   int // where the following bytes begin
}

type refFile struct {
	header  []string
	records []refRecord
	bad     bool // a file error
}

type refReader struct {
	d       Dialect
	data    []byte // with a final newline
	columns int
	base    int64 // length of the byte order mark
}

type refField struct {
	text   string // as in the file
	value  string
	quoted bool
}

type refDamage struct {
	kind    Kind
	through int // the end of the record is the first newline from here on
}

func readReference(file []byte, d Dialect) refFile {
	r := refReader{d: d.normal(), data: bytes.Clone(file)}
	if bytes.HasPrefix(r.data, []byte("\xef\xbb\xbf")) {
		r.data, r.base = r.data[3:], 3
	}
	for _, m := range byteOrderMarks {
		if bytes.HasPrefix(file, []byte(m.mark)) {
			return refFile{bad: true}
		}
	}
	if n := len(r.data); n > 0 && r.data[n-1] != '\n' {
		r.data = append(r.data, '\n')
	}
	at := 0
	for range d.Skip {
		if at < len(r.data) {
			at = r.lineAfter(at)
		}
	}
	out := refFile{header: d.Columns}
	if d.Header {
		for at < len(r.data) && r.blank(at) {
			at = r.lineAfter(at)
		}
		if at >= len(r.data) {
			return refFile{bad: true}
		}
		fields, end, next, damage := r.record(at)
		if damage != nil || bytes.IndexByte(r.data[at:end], 0) >= 0 || !utf8.Valid(r.data[at:end]) {
			return refFile{bad: true}
		}
		out.header = nil
		for _, f := range fields {
			out.header = append(out.header, f.value)
		}
		if checkNames("", out.header) != nil {
			return refFile{bad: true}
		}
		at = next
	}
	r.columns = len(out.header)
	for at < len(r.data) {
		if r.columns > 1 && r.blank(at) {
			at = r.lineAfter(at)
			continue
		}
		rec := r.judge(at)
		rec.row = int64(len(out.records) + 1)
		rec.line = int64(bytes.Count(r.data[:at], []byte("\n")) + 1)
		rec.offset = int64(at) + r.base
		out.records = append(out.records, rec)
		at = rec.next
	}
	return out
}

func (r *refReader) lineAfter(at int) int {
	for r.data[at] != '\n' {
		at++
	}
	return at + 1
}

func (r *refReader) blank(at int) bool { return r.text(at, r.lineAfter(at)) == "" }

// text is data[from:to] without its line end.
func (r *refReader) text(from, to int) string {
	t := string(r.data[from:to])
	if t[len(t)-1] == '\n' {
		t = t[:len(t)-1]
		if len(t) > 0 && t[len(t)-1] == '\r' {
			t = t[:len(t)-1]
		}
	}
	return t
}

func (r *refReader) judge(at int) refRecord {
	fields, end, next, damage := r.record(at)
	switch {
	case damage != nil:
		next = r.lineAfter(damage.through)
		return r.damagedRecord(at, next, damage.kind)
	case len(fields) != r.columns:
		if second := r.lineAfter(at); second < next {
			f, _, _, d := r.record(second)
			if d == nil && len(f) == r.columns {
				return r.damagedRecord(at, second, Quote)
			}
		}
		return r.damagedRecord(at, next, Ragged)
	case bytes.IndexByte(r.data[at:end], 0) >= 0:
		return r.damagedRecord(at, next, NUL)
	case !utf8.Valid(r.data[at:end]):
		return r.damagedRecord(at, next, UTF8)
	}
	rec := refRecord{next: next, raw: string(r.data[at:end])}
	for _, f := range fields {
		null := false
		for _, n := range r.d.Nulls {
			null = null || !f.quoted && f.text == n
		}
		rec.null = append(rec.null, null)
		rec.values = append(rec.values, f.value)
	}
	return rec
}

func (r *refReader) damagedRecord(from, to int, kind Kind) refRecord {
	raw := r.text(from, to)
	if len(raw) > max(r.d.MaxField, 1<<20) {
		raw = raw[:1<<20]
	}
	return refRecord{kind: kind, raw: raw, next: to}
}

// The states of a refScan.
const (
	fieldStart = iota
	bare
	inQuotes
	afterQuote
)

// refScan reads one record.
type refScan struct {
	*refReader
	rec    int // where the record begins
	start  int // where the field begins
	state  int
	value  []byte // of the field
	fields []refField
}

// record reads one record: its fields, where its text ends, where the next one begins.
func (r *refReader) record(rec int) (fields []refField, end, next int, damage *refDamage) {
	s := refScan{refReader: r, rec: rec, start: rec}
	for i := rec; i < len(r.data); {
		c, after := r.data[i], r.after(i)
		outside := s.state != inQuotes
		switch {
		case outside && c == r.d.Delimiter:
			if i >= s.recordLimit() { // it is a byte of the record but not of its field
				return nil, 0, 0, &refDamage{TooLong, s.recordLimit()}
			}
			s.push(i)
			i++
		case outside && c == '\n':
			s.push(i)
			return s.fields, i, i + 1, nil
		case outside && c == '\r' && after == '\n':
			s.push(i)
			return s.fields, i, i + 2, nil
		default:
			n, damage := s.content(i, c, after)
			if damage != nil {
				return nil, 0, 0, damage
			}
			i += n
		}
	}
	if s.state != inQuotes {
		panic(fmt.Sprintf("reference: state %d at the end of the file", s.state))
	}
	return nil, 0, 0, &refDamage{Quote, rec}
}

func (r *refReader) after(i int) byte {
	if i+1 < len(r.data) {
		return r.data[i+1]
	}
	return 0
}

func (s *refScan) recordLimit() int { return s.rec + s.d.MaxField + s.d.slack }

// over is the damage if byte i of the field is one too many.
func (s *refScan) over(i int) *refDamage {
	fieldLimit := s.start + s.d.MaxField
	switch {
	case i >= fieldLimit && fieldLimit <= s.recordLimit():
		quoted := s.state == inQuotes || s.state == afterQuote
		if quoted && bytes.Contains(s.data[s.start:fieldLimit], []byte("\n")) {
			return &refDamage{Quote, s.rec}
		}
		return &refDamage{TooLong, s.rec}
	case i >= s.recordLimit():
		return &refDamage{TooLong, s.recordLimit()}
	}
	return nil
}

// push ends a field at end.
func (s *refScan) push(end int) {
	f := refField{text: string(s.data[s.start:end]), value: string(s.value), quoted: s.state == afterQuote}
	s.fields = append(s.fields, f)
	s.value, s.start, s.state = nil, end+1, fieldStart
}

// content takes byte i of a field and says how many bytes it took.
func (s *refScan) content(i int, c, after byte) (int, *refDamage) {
	d := s.d
	opening := s.state == fieldStart && d.Quote != 0 && c == d.Quote
	if s.state == fieldStart {
		s.state = bare
		if opening {
			s.state = inQuotes
		}
	}
	if damage := s.over(i); damage != nil || opening {
		return 1, damage
	}
	escaped, special := false, after == d.Quote || after == d.Escape
	switch {
	case s.state == afterQuote:
		return 0, &refDamage{Quote, s.rec}
	case d.Escape != 0:
		escaped = c == d.Escape && (special || s.state == inQuotes) && i+1 < len(s.data)
	case d.Quote != 0:
		escaped = s.state == inQuotes && c == d.Quote && after == d.Quote
	}
	switch {
	case escaped:
		s.value = append(s.value, after)
		return 2, s.over(i + 1)
	case d.Quote != 0 && c == d.Quote && s.state == inQuotes:
		s.state = afterQuote
	case d.Quote != 0 && c == d.Quote && !d.LazyQuotes:
		return 0, &refDamage{Quote, s.rec}
	default:
		s.value = append(s.value, c)
	}
	return 1, nil
}
