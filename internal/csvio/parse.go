package csvio

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Parser turns segments into batches. It is for one goroutine and keeps its
// scratch from segment to segment.
type Parser struct {
	d       Dialect
	columns int
	scan    scanner
	index   index    // separators of the good rows, columns of them each, then of the region at work
	starts  []uint32 // where the good rows begin
	rows    []int32  // their ordinals, once they are not 0, 1, ...
	sparse  bool     // rows is in use
	dressed bool     // some field may be quoted or escaped
	records int
	damaged []Damage
	arena   []byte // of raw records; its used part belongs to batches
	ragged  struct {
		fields int
		detail string // of the last wrong number of fields, for the next
	}
	writer columnWriter
}

// NewParser returns a parser for files of a valid dialect and that many columns.
// It panics if there are none.
func NewParser(d Dialect, columns int) *Parser {
	if columns < 1 {
		panic(fmt.Sprintf("csvio: a parser of %d columns", columns))
	}
	d = d.normal()
	return &Parser{d: d, columns: columns, scan: scanner{d: d, columns: columns}}
}

// Batch is the content of a segment. It shares no memory with the segment or
// the parser.
type Batch struct {
	// Record holds the good rows: for each column of the header a nullable
	// String, or a Dictionary of int32 and String where values repeat, which is
	// decided by the segment's content alone. The caller releases it.
	Record arrow.Record
	// Rows holds the 0-based ordinal in the segment of each good row; nil means
	// 0, 1, 2, ...
	Rows    []int32
	Records int      // of the segment, good and damaged
	Damaged []Damage // by ascending ordinal
}

// Parse reads a segment of a file with the parser's dialect and columns. The
// error is for a segment with other columns; damage is not an error.
func (p *Parser) Parse(seg *Segment) (*Batch, error) {
	if len(seg.header) != p.columns {
		return nil, fmt.Errorf("csvio: parser of %d columns was given a segment of %d", p.columns, len(seg.header))
	}
	p.reset()
	lines := lineCounter{line: seg.Line}
	at := 0
	for _, s := range seg.spans {
		p.region(seg, at, s.start, &lines)
		p.span(seg, s, &lines)
		at = s.end
	}
	p.region(seg, at, len(seg.data), &lines)
	batch := &Batch{Record: p.record(seg), Records: p.records}
	if p.sparse {
		batch.Rows = slices.Clone(p.rows)
	}
	if len(p.damaged) > 0 {
		batch.Damaged = slices.Clone(p.damaged)
		clear(p.damaged)
	}
	return batch, nil
}

func (p *Parser) reset() {
	p.index.seps, p.index.lines, p.index.doubled = p.index.seps[:0], p.index.lines[:0], false
	p.starts, p.rows, p.damaged = p.starts[:0], p.rows[:0], p.damaged[:0]
	p.sparse, p.dressed, p.records = false, false, 0
}

// span adds a damaged record that the splitter found.
func (p *Parser) span(seg *Segment, s span, lines *lineCounter) {
	raw, detail := s.raw, s.detail
	if raw == nil {
		text := trimLineEnd(seg.data[s.start:s.end])
		kept, note := cutRaw(text, len(text), p.d.keepRaw())
		raw, detail = p.keep(kept), detail+note
	}
	p.damage(Damage{Line: lines.to(seg.data, s.start), Offset: seg.Offset + int64(s.start), Raw: raw, Kind: s.kind, Detail: detail})
}

// damage adds a damaged record.
func (p *Parser) damage(d Damage) {
	if !p.sparse {
		p.sparse = true
		for i := range len(p.starts) {
			p.rows = append(p.rows, int32(i))
		}
	}
	d.Ordinal = p.records
	p.damaged = append(p.damaged, d)
	p.records++
}

// arenaSize is how many bytes the raw records of a batch share.
const arenaSize = 16 << 10

// keep returns a copy of a raw record.
func (p *Parser) keep(raw []byte) []byte {
	if cap(p.arena)-len(p.arena) < len(raw) {
		if len(raw) > arenaSize/4 {
			return slices.Clone(raw)
		}
		p.arena = make([]byte, 0, arenaSize)
	}
	at := len(p.arena)
	p.arena = append(p.arena, raw...)
	return p.arena[at:len(p.arena):len(p.arena)]
}

// raggedDetail describes a wrong number of fields, which is often that of the
// record before.
func (p *Parser) raggedDetail(fields int) string {
	if p.ragged.fields != fields {
		p.ragged.fields, p.ragged.detail = fields, ragged(fields, p.columns)
	}
	return p.ragged.detail
}

// region reads data[from:to], whole records without wrong quoting.
func (p *Parser) region(seg *Segment, from, to int, lines *lineCounter) {
	if from == to {
		return
	}
	text := seg.data[from:to]
	quotes := seg.quotes && indexByte(text, p.d.Quote) >= 0
	escapes := p.d.Escape != 0 && indexByte(text, p.d.Escape) >= 0
	p.dressed = p.dressed || quotes || escapes
	r := region{Parser: p, seg: seg, lines: lines}
	p.index.lines = p.index.lines[:0]
	switch {
	case quotes && p.d.LazyQuotes, escapes:
		r.suspect = indexByte(text, 0) >= 0 || firstInvalid(text) >= 0
		r.exact(from, to)
		return
	case quotes:
		p.index.quoted(seg.data, from, to, &p.d)
	default:
		p.index.plain(seg.data, from, to, p.d.Delimiter)
	}
	// The last block may show bytes behind the text, so these are hints.
	r.suspect = p.index.zero&highs != 0 && indexByte(text, 0) >= 0 || p.index.high&highs != 0 && firstInvalid(text) >= 0
	r.indexed(from)
}

// region is the work on one region.
type region struct {
	*Parser
	seg     *Segment
	lines   *lineCounter
	suspect bool // somewhere is a NUL byte or one that is not UTF-8
}

// indexed makes rows of the index of a region that begins at start. Those that
// are no good rows are closed up.
func (r *region) indexed(start int) {
	seps, data, columns := r.index.seps, r.seg.data, r.columns
	done := len(r.starts) * columns // separators of good rows
	next := done                    // the first separator of the record
	for _, through := range r.index.lines {
		row := seps[next:through]
		newline := int(row[len(row)-1])
		end := newline
		if end > start && data[end-1] == '\r' {
			end--
		}
		switch {
		case len(row) == columns && end-start <= r.d.MaxField && !r.suspect:
			if done != next {
				copy(seps[done:], row)
			}
			seps[done+columns-1] = uint32(end)
			done += columns
			r.good(start)
		case len(row) == 1 && end == start && columns > 1: // a blank line
		case r.judge(start, end, len(row)):
			copy(seps[done:], row)
			seps[done+columns-1] = uint32(end)
			done += columns
			r.good(start)
		}
		start, next = newline+1, int(through)
	}
	r.index.seps = seps[:done]
}

// good adds a row whose separators are in place.
func (r *region) good(start int) {
	r.starts = append(r.starts, uint32(start))
	if r.sparse {
		r.rows = append(r.rows, int32(r.records))
	}
	r.records++
}

// exact reads a region record by record, for dialects that no index is made for.
func (r *region) exact(start, to int) {
	data := r.seg.data
	r.index.doubled = true // not known
	for start < to {
		out := r.scan.scan(data[:to], start, true)
		if out.state == good && out.fields == 1 && out.end == start && r.columns > 1 {
			start = out.next
			continue
		}
		if out.state == bad {
			// Quoting is sound, so this is a long line.
			out.end = start + len(trimLineEnd(data[start:start+indexByte(data[start:], '\n')+1]))
			out.next = out.end + indexByte(data[out.end:], '\n') + 1
		}
		if r.judge(start, out.end, out.fields) {
			for _, end := range r.scan.ends {
				r.index.seps = append(r.index.seps, uint32(end))
			}
			r.good(start)
		}
		start = out.next
	}
}

// judge says whether the record data[start:end], whose quoting is sound, is a
// good row, and adds its damage if not.
func (r *region) judge(start, end, fields int) bool {
	text := r.seg.data[start:end]
	kind, detail := Kind(0), ""
	if len(text) > r.d.MaxField {
		if out := r.scan.scan(r.seg.data, start, true); out.state == bad {
			kind, detail = r.scan.describe(r.seg.data, start, r.lines.to(r.seg.data, start), out)
		}
	}
	at := func(pos int) place { return placeOf(text, 0, pos, r.lines.to(r.seg.data, start)) }
	switch {
	case kind != 0:
	case fields != r.columns:
		kind, detail = Ragged, r.raggedDetail(fields)
	case !r.suspect:
		return true
	default:
		if nul := indexByte(text, 0); nul >= 0 {
			kind, detail = NUL, fmt.Sprintf("NUL byte (%v)", at(nul))
		} else if wrong := firstInvalid(text); wrong >= 0 {
			kind, detail = UTF8, fmt.Sprintf("byte %#02x is not UTF-8 (%v)", text[wrong], at(wrong))
		} else {
			return true
		}
	}
	raw, note := cutRaw(text, len(text), r.d.keepRaw())
	r.damage(Damage{
		Line: r.lines.to(r.seg.data, start), Offset: r.seg.Offset + int64(start),
		Raw: r.keep(raw), Kind: kind, Detail: detail + note,
	})
	return false
}

// record makes the Arrow record of the rows found.
func (p *Parser) record(seg *Segment) arrow.Record {
	w := &p.writer
	w.begin(p, seg.data)
	fields := make([]arrow.Field, p.columns)
	columns := make([]arrow.Array, p.columns)
	for c := range columns {
		columns[c] = w.column(c)
		fields[c] = arrow.Field{Name: seg.header[c], Type: columns[c].DataType(), Nullable: true}
	}
	record := array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(len(p.starts)))
	for _, column := range columns {
		column.Release()
	}
	return record
}
