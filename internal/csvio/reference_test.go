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

// record reads one record: its fields, where its text ends, where the next one begins.
func (r *refReader) record(rec int) (fields []refField, end, next int, damage *refDamage) {
	const (
		fieldStart = iota
		bare
		inQuotes
		afterQuote
	)
	d := r.d
	state, start := fieldStart, rec
	var value []byte
	recordLimit := rec + d.MaxField + d.slack
	over := func(i int) *refDamage {
		fieldLimit := start + d.MaxField
		switch {
		case i >= fieldLimit && fieldLimit <= recordLimit:
			if state == inQuotes || state == afterQuote {
				if bytes.Contains(r.data[start:fieldLimit], []byte("\n")) {
					return &refDamage{Quote, rec}
				}
			}
			return &refDamage{TooLong, rec}
		case i >= recordLimit:
			return &refDamage{TooLong, recordLimit}
		}
		return nil
	}
	push := func(end int) {
		fields = append(fields, refField{text: string(r.data[start:end]), value: string(value), quoted: state == afterQuote})
		value, start, state = nil, end+1, fieldStart
	}
	for i := rec; i < len(r.data); i++ {
		c := r.data[i]
		nextByte := byte(0)
		if i+1 < len(r.data) {
			nextByte = r.data[i+1]
		}
		if state != inQuotes {
			switch {
			case c == d.Delimiter:
				if i >= recordLimit {
					// It is a byte of the record but not of its field.
					return nil, 0, 0, &refDamage{TooLong, recordLimit}
				}
				push(i)
				continue
			case c == '\n':
				push(i)
				return fields, i, i + 1, nil
			case c == '\r' && nextByte == '\n':
				push(i)
				return fields, i, i + 2, nil
			}
		}
		if state == fieldStart {
			state = bare
			if d.Quote != 0 && c == d.Quote {
				state = inQuotes
				if dmg := over(i); dmg != nil {
					return nil, 0, 0, dmg
				}
				continue
			}
		}
		if dmg := over(i); dmg != nil {
			return nil, 0, 0, dmg
		}
		switch state {
		case afterQuote:
			return nil, 0, 0, &refDamage{Quote, rec}
		case bare:
			switch {
			case d.Escape != 0 && c == d.Escape && (nextByte == d.Quote || nextByte == d.Escape):
				i++
				if dmg := over(i); dmg != nil {
					return nil, 0, 0, dmg
				}
				value = append(value, nextByte)
			case d.Quote != 0 && c == d.Quote && !d.LazyQuotes:
				return nil, 0, 0, &refDamage{Quote, rec}
			default:
				value = append(value, c)
			}
		case inQuotes:
			switch {
			case d.Escape != 0 && c == d.Escape && i+1 < len(r.data),
				d.Escape == 0 && c == d.Quote && nextByte == d.Quote:
				i++
				if dmg := over(i); dmg != nil {
					return nil, 0, 0, dmg
				}
				value = append(value, nextByte)
			case c == d.Quote:
				state = afterQuote
			default:
				value = append(value, c)
			}
		}
	}
	if state != inQuotes {
		panic(fmt.Sprintf("reference: state %d at the end of the file", state))
	}
	return nil, 0, 0, &refDamage{Quote, rec}
}
