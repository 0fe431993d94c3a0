package parquetio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

var errTooFew = errors.New("the file is damaged: a page has fewer values than it says")

// coded says whether the page holds indexes into the dictionary.
// plainDictionary is how old writers call both RLEDictionary pages and
// dictionaries; files of theirs are still read.
const plainDictionary = format.PlainDictionary //nolint:staticcheck // deprecated for writers

func (p *rawPage) coded() bool {
	return p.encoding == format.RLEDictionary || p.encoding == plainDictionary
}

// indexes decodes dictionary indexes, all below entries.
func (p *rawPage) indexes(entries int) ([]int32, error) {
	if p.values == 0 {
		return nil, nil
	}
	if len(p.data) == 0 {
		return nil, errTooFew
	}
	width, in := uint(p.data[0]), p.data[1:]
	if width > 32 {
		return nil, errIndexes
	}
	if width == 0 { // one entry; some writers then leave the runs out
		if entries == 0 {
			return nil, errIndexes
		}
		return make([]int32, p.values), nil
	}
	in, n, err := runsOf(in, width, p.values)
	if err != nil {
		return nil, err
	}
	index, err := (&rle.Encoding{BitWidth: int(width)}).DecodeInt32(make([]int32, 0, n), in)
	if err != nil {
		return nil, err
	}
	if len(index) < p.values {
		return nil, errTooFew
	}
	index = index[:p.values]
	var most uint32
	for _, k := range index {
		most = max(most, uint32(k))
	}
	if int64(most) >= int64(entries) {
		return nil, errIndexes
	}
	return index, nil
}

var errIndexes = errors.New("the file is damaged: it refers to dictionary entries that do not exist")

// runsOf returns the part of a hybrid of runs and packed groups that has the
// first n values, and how many it has. parquet-go decodes without a limit.
func runsOf(in []byte, width uint, n int) ([]byte, int, error) {
	rest, total := in, uint64(0)
	for total < uint64(n) {
		head, k := binary.Uvarint(rest)
		if k <= 0 || head>>1 == 0 || head>>1 > maxPageRows {
			return nil, 0, errIndexes
		}
		rest = rest[k:]
		size, count := uint64(width+7)/8, head>>1
		if head&1 != 0 {
			size, count = count*uint64(width), count*8
		}
		if count > uint64(n)+maxOvershoot {
			return nil, 0, errTooFew
		}
		if short := int64(size) - int64(len(rest)); short > 0 {
			// Some writers cut off the last group where its values end.
			if head&1 == 0 || uint64(len(rest))*8 < (uint64(n)-total)*uint64(width) {
				return nil, 0, errTooFew
			}
			return append(bytes.Clone(in), make([]byte, short)...), int(total + count), nil
		}
		rest, total = rest[size:], total+count
	}
	return in[:len(in)-len(rest)], int(total), nil
}

// maxOvershoot is by how much the last run may go beyond the page's values:
// writers fill up the last group.
const maxOvershoot = 1 << 16

// decode returns the page's values without nulls.
func (p *rawPage) decode(c *fileColumn) (v encoding.Values, err error) {
	if p.encoding == format.Plain && c.physical != format.ByteArray {
		return plainValues(c, p.data, p.values)
	}
	switch p.encoding {
	case format.RLE: // of booleans; with its length in front
		if c.physical != format.Boolean || len(p.data) < 4 {
			return v, errPage
		}
		out := make([]byte, p.values)
		if err := decodeBits(out, p.data[4:]); err != nil {
			return v, errTooFew
		}
		return encoding.BooleanValues(packBits(out)), nil
	case format.Plain, format.ByteStreamSplit:
	case format.DeltaBinaryPacked, format.DeltaLengthByteArray, format.DeltaByteArray:
		if err := checkDelta(p.data, p.values); err != nil {
			return v, err
		}
		if p.values == 0 { // some writers leave the page empty
			return c.none(), nil
		}
	default:
		return v, fmt.Errorf("encoding %s cannot be read", p.encoding)
	}
	return c.decodeBy(parquet.LookupEncoding(p.encoding), p)
}

// plainValues are values as they stand in the page.
func plainValues(c *fileColumn, data []byte, n int) (v encoding.Values, err error) {
	size := n * map[format.Type]int{format.Int32: 4, format.Float: 4, format.Int64: 8, format.Double: 8, format.FixedLenByteArray: c.width}[c.physical]
	if c.physical == format.Boolean {
		size = (n + 7) / 8
	}
	if len(data) < size {
		return v, errTooFew
	}
	data = data[:size]
	switch c.physical {
	case format.Boolean:
		return encoding.BooleanValues(data), nil
	case format.Int32:
		return encoding.Int32Values(arrow.GetData[int32](data)), nil
	case format.Int64:
		return encoding.Int64Values(arrow.GetData[int64](data)), nil
	case format.Float:
		return encoding.FloatValues(arrow.GetData[float32](data)), nil
	case format.Double:
		return encoding.DoubleValues(arrow.GetData[float64](data)), nil
	default:
		return encoding.FixedLenByteArrayValues(data, c.width), nil
	}
}

// none are no values.
func (c *fileColumn) none() encoding.Values {
	if c.physical == format.ByteArray {
		return encoding.ByteArrayValues(nil, []uint32{0})
	}
	v, _ := plainValues(c, nil, 0)
	return v
}

// decodeBy runs one of parquet-go's decoders.
func (c *fileColumn) decodeBy(e encoding.Encoding, p *rawPage) (v encoding.Values, err error) {
	switch c.physical {
	case format.Int32:
		out, err := e.DecodeInt32(make([]int32, 0, p.values), p.data)
		return encoding.Int32Values(out), err
	case format.Int64:
		out, err := e.DecodeInt64(make([]int64, 0, p.values), p.data)
		return encoding.Int64Values(out), err
	case format.Float:
		out, err := e.DecodeFloat(make([]float32, 0, p.values), p.data)
		return encoding.FloatValues(out), err
	case format.Double:
		out, err := e.DecodeDouble(make([]float64, 0, p.values), p.data)
		return encoding.DoubleValues(out), err
	case format.FixedLenByteArray:
		out, err := e.DecodeFixedLenByteArray(nil, p.data, c.width)
		return encoding.FixedLenByteArrayValues(out, c.width), err
	case format.ByteArray:
		if p.encoding == format.Plain {
			return plainTexts(p.data, p.values)
		}
		out, offsets, err := e.DecodeByteArray(nil, p.data, make([]uint32, 0, p.values+1))
		return encoding.ByteArrayValues(out, offsets), err
	default:
		return v, fmt.Errorf("encoding %s cannot be read", e)
	}
}

// plainTexts copies texts out of their PLAIN form: bytes and offsets from 0.
func plainTexts(in []byte, n int) (v encoding.Values, err error) {
	if len(in) < 4*n {
		return v, errTooFew
	}
	out, offsets := make([]byte, len(in)-4*n+shortText), make([]uint32, n+1)
	at := 0
	for i := range n {
		if len(in) < 4 {
			return v, errTooFew
		}
		size := int(binary.LittleEndian.Uint32(in))
		if size > len(in)-4 || at+size > len(out)-shortText {
			return v, errTooFew
		}
		if size <= shortText && len(in) >= 4+shortText {
			binary.LittleEndian.PutUint64(out[at:], binary.LittleEndian.Uint64(in[4:]))
			binary.LittleEndian.PutUint64(out[at+8:], binary.LittleEndian.Uint64(in[12:]))
		} else {
			copy(out[at:], in[4:4+size])
		}
		at += size
		offsets[i+1] = uint32(at)
		in = in[4+size:]
	}
	return encoding.ByteArrayValues(out[:at], offsets), nil
}

// checkDelta reads the head of a DELTA_BINARY_PACKED block, which parquet-go
// believes: block size, miniblocks, number of values.
func checkDelta(in []byte, n int) error {
	if len(in) == 0 && n == 0 {
		return nil
	}
	for i := range 3 {
		v, k := binary.Uvarint(in)
		if k <= 0 || i == 2 && v != uint64(n) || i < 2 && v > 1<<16 {
			return errTooFew
		}
		in = in[k:]
	}
	return nil
}
