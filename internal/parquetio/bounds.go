package parquetio

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go/format"
)

// maxBound is the most bytes of a text that a bound keeps.
const maxBound = 64

// bounds are the smallest and greatest values of some rows as PLAIN writes them,
// without the length of a text.
type bounds struct {
	min, max []byte
	ok       bool // false: no values, or no bounds can be given
}

// merge widens b to hold other, where both are ok.
func (b *bounds) merge(l *leaf, other bounds) {
	if l.compare(other.min, b.min) < 0 {
		b.min = other.min
	}
	if l.compare(other.max, b.max) > 0 {
		b.max = other.max
	}
}

// compare orders two bounds of a column by its type.
func (l *leaf) compare(a, b []byte) int {
	switch l.physical {
	case format.Int32:
		return cmp.Compare(int32(binary.LittleEndian.Uint32(a)), int32(binary.LittleEndian.Uint32(b)))
	case format.Int64:
		return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
	case format.Double:
		return cmp.Compare(doubleOf(a), doubleOf(b))
	case format.FixedLenByteArray:
		return compareSigned(a, b)
	default:
		return bytes.Compare(a, b)
	}
}

// compareSigned orders big-endian two's complement numbers of one length.
func compareSigned(a, b []byte) int {
	if c := cmp.Compare(int8(a[0]), int8(b[0])); c != 0 {
		return c
	}
	return bytes.Compare(a[1:], b[1:])
}

func doubleOf(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

// cut shortens the bounds of a long text. It returns bounds that are not ok when
// no shorter maximum exists. exactMin and exactMax say which are whole values.
func (b bounds) cut(l *leaf) (out bounds, exactMin, exactMax bool) {
	if !b.ok || l.physical != format.ByteArray {
		return b, true, true
	}
	out, exactMin, exactMax = b, len(b.min) <= maxBound, len(b.max) <= maxBound
	text := l.typ.Kind == schema.String
	if !exactMin {
		out.min = prefix(b.min, text)
	}
	if !exactMax {
		out.max, out.ok = above(prefix(b.max, text), text)
	}
	return out, exactMin, exactMax
}

// prefix returns the first maxBound bytes, less what would split a code point.
func prefix(b []byte, text bool) []byte {
	n := maxBound
	for text && n > maxBound-utf8.UTFMax && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n:n]
}

// above returns a value greater than all that begin with b, of at most one byte
// more; false if there is none.
func above(b []byte, text bool) ([]byte, bool) {
	if text && utf8.Valid(b) {
		return textAbove(b)
	}
	for n := len(b); n > 0; n-- {
		if b[n-1] != 0xff {
			out := bytes.Clone(b[:n])
			out[n-1]++
			return out, true
		}
	}
	return nil, false
}

// textAbove is above for valid UTF-8, of which it returns valid UTF-8. The order
// of code points is that of their bytes.
func textAbove(b []byte) ([]byte, bool) {
	for len(b) > 0 {
		r, n := utf8.DecodeLastRune(b)
		b = b[:len(b)-n]
		switch r {
		case utf8.MaxRune:
			continue
		case 0xd7ff:
			r = 0xe000 // what lies between are surrogates
		default:
			r++
		}
		return utf8.AppendRune(bytes.Clone(b), r), true
	}
	return nil, false
}

// value returns a bound as ColumnStats has it.
func (l *leaf) value(b []byte) any { return valueOf(l.typ, l.physical, b) }

// valueOf decodes a PLAIN value without its length; nil if its size is wrong.
func valueOf(t schema.Type, physical format.Type, b []byte) any {
	switch {
	case physical == format.ByteArray && t.Kind == schema.String:
		return string(b)
	case t.Kind == schema.Binary:
		return bytes.Clone(b)
	case physical == format.Boolean && len(b) == 1:
		return b[0] != 0
	case physical == format.Double && len(b) == 8:
		return doubleOf(b)
	case physical == format.Float && len(b) == 4:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case physical == format.Int32 && len(b) == 4:
		return wholeNumber(t, int64(int32(binary.LittleEndian.Uint32(b))))
	case physical == format.Int64 && len(b) == 8:
		return wholeNumber(t, int64(binary.LittleEndian.Uint64(b)))
	case t.Kind == schema.Decimal && (physical == format.FixedLenByteArray || physical == format.ByteArray):
		if v, ok := bigEndianDecimal(b); ok {
			return v
		}
	}
	return nil
}

func wholeNumber(t schema.Type, v int64) any {
	switch t.Kind {
	case schema.Decimal:
		return decimal128.FromI64(v)
	case schema.Date:
		return int32(v)
	default:
		return v
	}
}

// least and greatest compare two bounds of one column.
func least(a, b any) any {
	if compareValues(b, a) < 0 {
		return b
	}
	return a
}

func greatest(a, b any) any {
	if compareValues(b, a) > 0 {
		return b
	}
	return a
}

// compareValues orders two values of the kinds that ColumnStats has.
func compareValues(a, b any) int {
	switch a := a.(type) {
	case string:
		return cmp.Compare(a, b.(string))
	case []byte:
		return bytes.Compare(a, b.([]byte))
	case int32:
		return cmp.Compare(a, b.(int32))
	case int64:
		return cmp.Compare(a, b.(int64))
	case float64:
		return cmp.Compare(a, b.(float64))
	case decimal128.Num:
		return a.Cmp(b.(decimal128.Num))
	default: // booleans
		x, y := a.(bool), b.(bool)
		switch {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	}
}
