package csvio

import (
	"bytes"
	"fmt"
	"strconv"
)

// Kind is why a record is damaged.
type Kind uint8

// The kinds of damage. Their names are what quarantine reasons show.
const (
	Ragged  Kind = iota + 1 // the wrong number of fields
	Quote                   // quotes that do not match
	NUL                     // a NUL byte
	UTF8                    // bytes that are not UTF-8
	TooLong                 // a field or record over the limit
)

var kindNames = [...]string{Ragged: "ragged", Quote: "quote", NUL: "nul", UTF8: "utf8", TooLong: "too_long"}

// String returns the kind's name in quarantine reasons.
func (k Kind) String() string {
	if int(k) < len(kindNames) && k > 0 {
		return kindNames[k]
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// Damage is one record that could not be read.
type Damage struct {
	Ordinal int    // 0-based number of the record in its segment
	Line    int64  // 1-based physical line on which the record begins
	Offset  int64  // byte at which the record begins in the decompressed file
	Raw     []byte // its bytes without the last line end, not to be changed
	Kind    Kind
	Detail  string // what is wrong, for people
}

// rawCut is how many bytes of a damaged record are kept when it is too long to
// be kept whole.
const rawCut = 1 << 20

// cutNote is added to the detail of a record of which only a part is kept.
func cutNote(kept, total int) string {
	return fmt.Sprintf("; the first %s of %s bytes are kept, %s were cut", digits(kept), digits(total), digits(total-kept))
}

// digits prints a number with commas between its thousands.
func digits(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func indexByte(b []byte, c byte) int { return bytes.IndexByte(b, c) }

// trimLineEnd returns the text without \n and one \r before it.
func trimLineEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte{'\n'})
	return bytes.TrimSuffix(b, []byte{'\r'})
}

// lineCounter tells the physical line of ascending positions of a buffer. It
// counts each byte once.
type lineCounter struct {
	at   int   // counted up to here
	line int64 // the line of at
}

// to returns the line of the byte at pos, which is not before that of the last call.
func (c *lineCounter) to(b []byte, pos int) int64 {
	c.line += int64(bytes.Count(b[c.at:pos], []byte{'\n'}))
	c.at = pos
	return c.line
}

// place is a position as people find it.
type place struct {
	line int64
	byte int
}

func (p place) String() string { return fmt.Sprintf("line %d, byte %d", p.line, p.byte) }

// placeOf returns the place of pos in b, given a position rec before it at which
// a line begins and that line's number.
func placeOf(b []byte, rec, pos int, line int64) place {
	before := b[rec:pos]
	line += int64(bytes.Count(before, []byte{'\n'}))
	return place{line, len(before) - bytes.LastIndexByte(before, '\n')}
}
