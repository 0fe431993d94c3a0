package csvio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/lakectl/lakectl/internal/diag"
)

// DefaultSegmentSize is how many bytes a segment has when Options.SegmentSize is 0.
const DefaultSegmentSize = 4 << 20

// Options are settings of a Splitter that do not change what a file means.
type Options struct {
	Name        string // of the file, for messages
	SegmentSize int    // bytes; 0 means DefaultSegmentSize, at most 1 GiB
	Buffers     *Pool  // nil means one of its own
}

// Splitter cuts a CSV file into segments of whole records. It is for one
// goroutine; its segments may be used by others.
type Splitter struct {
	r       io.Reader
	name    string
	size    int
	pool    *Pool
	header  []string
	columns int
	scan    scanner

	buf     []byte // read and not yet in a segment; from a record's start on
	offset  int64  // of buf[0] in the file
	line    int64  // of buf[0], 1-based
	last    byte   // the last byte read from r; \n before the first
	eof     bool   // r is drained and buf ends with \n
	virtual bool   // that \n is not in the file

	lines  lineCounter // of the current walk
	spans  []span      // damage found by the current walk
	quotes bool        // the current walk met quotes
	err    error       // what ended the file
}

// NewSplitter begins to read a file: byte order mark, skipped lines and header.
// It returns an error of class Usage for a dialect that makes no sense and one
// of class Partial for a file without a usable header. It does not close r.
func NewSplitter(r io.Reader, d Dialect, o Options) (*Splitter, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	d = d.normal()
	if o.SegmentSize == 0 {
		o.SegmentSize = DefaultSegmentSize
	}
	if o.SegmentSize < 0 || o.SegmentSize > 1<<30 {
		return nil, diag.Errorf(diag.Usage, "csv: segments of %d bytes: they have 1 byte to 1 GiB", o.SegmentSize)
	}
	if o.Buffers == nil {
		o.Buffers = &Pool{}
	}
	s := &Splitter{r: r, name: o.Name, size: o.SegmentSize, pool: o.Buffers, line: 1, last: '\n'}
	s.scan = scanner{d: d, columns: 1 << 20}
	s.buf = s.pool.get(s.size)
	if err := s.start(); err != nil {
		s.close(err)
		return nil, err
	}
	s.columns = len(s.header)
	s.scan.columns = s.columns
	return s, nil
}

// Header returns the names of the columns as they stand in the file, or
// Dialect.Columns. It must not be changed.
func (s *Splitter) Header() []string { return s.header }

// start reads all that comes before the records.
func (s *Splitter) start() error {
	if err := s.byteOrderMark(); err != nil {
		return err
	}
	empty := s.eof && len(s.buf) == 0
	for range s.scan.d.Skip {
		if err := s.skipLine(); err != nil {
			return err
		}
	}
	if !s.scan.d.Header {
		s.header = slices.Clone(s.scan.d.Columns)
		return checkNames(s.name, s.header)
	}
	if empty {
		return diag.Errorf(diag.Partial, "%s: is empty: no header", s.name).WithNext("upload the file again, with its header")
	}
	return s.readHeader()
}

var byteOrderMarks = []struct{ mark, encoding string }{
	{"\xff\xfe\x00\x00", "UTF-32, little endian"}, {"\x00\x00\xfe\xff", "UTF-32, big endian"},
	{"\xff\xfe", "UTF-16, little endian"}, {"\xfe\xff", "UTF-16, big endian"},
}

// byteOrderMark drops that of UTF-8 and refuses the others.
func (s *Splitter) byteOrderMark() error {
	if err := s.fill(max(s.size, 4)); err != nil {
		return err
	}
	for _, m := range byteOrderMarks {
		if bytes.HasPrefix(s.buf, []byte(m.mark)) {
			return diag.Errorf(diag.Partial, "%s: is encoded in %s, want UTF-8", s.name, m.encoding).
				WithNext("convert the file to UTF-8 and upload it again")
		}
	}
	const mark = "\xef\xbb\xbf"
	if !bytes.HasPrefix(s.buf, []byte(mark)) {
		return nil
	}
	s.buf = append(s.buf[:0], s.buf[len(mark):]...)
	s.offset = int64(len(mark))
	if s.virtual && len(s.buf) == 1 {
		s.buf = s.buf[:0] // the mark is all there is: no line to end
	}
	return nil
}

// skipLine drops one physical line, if there is one.
func (s *Splitter) skipLine() error {
	for {
		if i := indexByte(s.buf, '\n'); i >= 0 {
			s.drop(i + 1)
			return nil
		}
		s.drop(len(s.buf))
		if s.eof {
			return nil
		}
		if err := s.fill(s.size); err != nil {
			return err
		}
	}
}

// drop forgets the first n bytes of the buffer.
func (s *Splitter) drop(n int) {
	s.line += int64(bytes.Count(s.buf[:n], []byte{'\n'}))
	s.offset += int64(n)
	if n == len(s.buf) {
		s.buf = s.buf[:0]
	} else {
		s.buf = s.buf[n:]
	}
}

// readHeader reads the record that names the columns.
func (s *Splitter) readHeader() error {
	for {
		blank := indexByte(s.buf, '\n')
		if blank == 0 || blank == 1 && s.buf[0] == '\r' {
			s.drop(blank + 1)
			continue
		}
		if s.eof && len(s.buf) == 0 {
			return diag.Errorf(diag.Partial, "%s: no header before the end of the file, line %d", s.name, s.line).
				WithNext("upload the file again, with its header")
		}
		out := s.scan.scan(s.buf, 0, s.eof)
		switch out.state {
		case good:
			s.header = s.names(out)
			err := s.checkHeader(out)
			s.drop(out.next)
			return err
		case bad:
			_, detail := s.scan.describe(s.buf, 0, s.line, out)
			return s.headerError(detail)
		default:
			if err := s.fill(max(s.size, 2*len(s.buf))); err != nil {
				return err
			}
		}
	}
}

func (s *Splitter) headerError(detail string) error {
	return diag.Errorf(diag.Partial, "%s: header: %s", s.name, detail).WithNext("correct the header and upload the file again")
}

// names returns the fields of the record that was just scanned.
func (s *Splitter) names(out outcome) []string {
	names := make([]string, 0, out.fields)
	start := 0
	for _, end := range s.scan.ends {
		names = append(names, string(s.scan.d.value(nil, s.buf[start:end])))
		start = end + 1
	}
	return names
}

func (s *Splitter) checkHeader(out outcome) error {
	text := s.buf[:out.end]
	switch {
	case out.fields > len(s.header):
		return s.headerError(fmt.Sprintf("%s columns are more than can be read", digits(out.fields)))
	case indexByte(text, 0) >= 0:
		return s.headerError(fmt.Sprintf("NUL byte (%v)", placeOf(text, 0, indexByte(text, 0), s.line)))
	case !utf8.Valid(text):
		return s.headerError(fmt.Sprintf("not UTF-8 (%v)", placeOf(text, 0, firstInvalid(text), s.line)))
	}
	return checkNames(s.name, s.header)
}

// Next returns the next segment, which the caller releases, or io.EOF. After
// an error of reading or decompression, which names the file and the byte, or
// the end of ctx, the file is finished.
func (s *Splitter) Next(ctx context.Context) (*Segment, error) {
	if s.err != nil {
		return nil, s.err
	}
	want := s.size
	for {
		if err := ctx.Err(); err != nil {
			return nil, s.close(err)
		}
		if err := s.fill(want); err != nil {
			return nil, s.close(err)
		}
		if len(s.buf) == 0 {
			return nil, s.close(io.EOF)
		}
		cut, long := s.walk()
		if cut > 0 {
			return s.segment(cut)
		}
		if long != nil {
			seg, err := s.long(ctx, *long)
			if err != nil {
				return nil, s.close(err)
			}
			return seg, nil
		}
		if s.eof {
			panic("csvio: the end of the file leaves a record undecided")
		}
		want = 2 * len(s.buf)
	}
}

func (s *Splitter) close(err error) error {
	s.err = err
	s.pool.put(s.buf, s.size)
	s.buf = nil
	return err
}

// segment makes one of the first cut bytes of the buffer and of the spans
// found in them.
func (s *Splitter) segment(cut int) (*Segment, error) {
	seg := &Segment{Offset: s.offset, Line: s.line, header: s.header, data: s.buf[:cut], spans: s.spans, quotes: s.quotes, pool: s.pool, size: s.size}
	rest := s.buf[cut:]
	s.buf = append(s.pool.get(max(s.size, len(rest))), rest...)
	s.line = s.lines.to(seg.data, cut)
	s.offset += int64(cut)
	s.spans = nil
	s.scan.memo.rebase(s.offset)
	return seg, nil
}

// fill reads until the buffer has want bytes or the file ends. At its end it
// adds the final newline if that is missing.
func (s *Splitter) fill(want int) error {
	if s.eof || len(s.buf) >= want {
		return nil
	}
	if cap(s.buf) < want+pad {
		s.buf = append(make([]byte, 0, want+pad), s.buf...)
	}
	for len(s.buf) < want {
		n, err := s.r.Read(s.buf[len(s.buf):want])
		if n > 0 {
			s.buf = s.buf[:len(s.buf)+n]
			s.last = s.buf[len(s.buf)-1]
		}
		if err == io.EOF { // readers return it bare
			s.eof = true
			if s.last != '\n' {
				s.buf, s.virtual = append(s.buf, '\n'), true
			}
			return nil
		}
		if err != nil {
			return s.readError(err)
		}
	}
	return nil
}

// readError adds name and byte to an error of the reader unless it has them.
func (s *Splitter) readError(err error) error {
	var known *diag.Error
	if errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("%s: reading failed at byte %s: %w", s.name, digits(int(s.offset)+len(s.buf)), err)
}
