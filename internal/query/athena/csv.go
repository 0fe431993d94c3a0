package athena

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"unsafe"

	"github.com/lakectl/lakectl/internal/diag"
)

// reader reads the CSV that Athena writes of results: every value in quotes,
// a quote in it doubled, records ended by \n, and null an empty field without
// quotes. encoding/csv does not tell null and the empty text apart.
type reader struct {
	in   *bufio.Reader
	line int // lines read
	buf  []byte
	ends []field
	// texts are those of the record, each pointing into buf.
	texts []string
}

// field is one of a record: its end in buf, and whether it is null.
type field struct {
	end  int
	null bool
}

func newReader(in io.Reader) *reader { return &reader{in: bufio.NewReaderSize(in, 256<<10)} }

// record reads a record into row, which it returns, and io.EOF at the end. The
// texts are valid until the next record.
func (r *reader) record(row []*string) ([]*string, error) {
	r.buf, r.ends = r.buf[:0], r.ends[:0]
	for {
		more, err := r.field()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
	}
	r.line++
	r.texts = slices.Grow(r.texts[:0], len(r.ends))[:len(r.ends)]
	start := 0
	for i, f := range r.ends {
		if f.null {
			row = append(row, nil)
		} else {
			r.texts[i] = ""
			if f.end > start {
				r.texts[i] = unsafe.String(&r.buf[start], f.end-start)
			}
			row = append(row, &r.texts[i])
		}
		start = f.end
	}
	return row, nil
}

// field reads a field and what ends it, and says whether another follows.
func (r *reader) field() (more bool, err error) {
	c, err := r.in.ReadByte()
	switch {
	case errors.Is(err, io.EOF) && len(r.ends) == 0:
		return false, io.EOF
	case errors.Is(err, io.EOF):
		return false, r.wrong("ends within a record")
	case err != nil:
		return false, err
	case c == '"':
		return r.quoted()
	case c == ',' || c == '\n':
		r.ends = append(r.ends, field{len(r.buf), true})
		return c == ',', nil
	}
	// A value without quotes: Athena writes none, but they are clear.
	for {
		r.buf = append(r.buf, c)
		c, err = r.in.ReadByte()
		if errors.Is(err, io.EOF) {
			return false, r.wrong("ends within a record")
		}
		if err != nil {
			return false, err
		}
		if c == ',' || c == '\n' {
			r.ends = append(r.ends, field{len(r.buf), false})
			return c == ',', nil
		}
	}
}

// quoted reads the rest of a value in quotes and what ends it.
func (r *reader) quoted() (more bool, err error) {
	for {
		part, err := r.in.ReadSlice('"')
		r.buf = append(r.buf, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return false, r.wrong("ends within a value")
		case err != nil:
			return false, err
		}
		c, err := r.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return false, r.wrong("ends within a record")
		case err != nil:
			return false, err
		case c == '"':
			continue // one of two; the first is in buf
		}
		r.buf = r.buf[:len(r.buf)-1]
		r.ends = append(r.ends, field{len(r.buf), false})
		if c != ',' && c != '\n' {
			return false, r.wrong("has something behind a value")
		}
		return c == ',', nil
	}
}

func (r *reader) wrong(what string) error {
	return diag.Errorf(diag.Unexpected, "the result %s, in record %d: it is not whole", what, r.line+1).WithNext("ask again")
}
