package parquetio

import (
	"encoding/hex"
	"errors"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// textDecoder reads strings and binaries.
type textDecoder struct {
	column *fileColumn
	of     parquet.Dictionary // whose entries dict has
	dict   arrow.Array        // a String or Binary array, shared by all pages
}

// dictionaryType is the type of the arrays that coded pages become.
func dictionaryType() *arrow.DictionaryType {
	return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
}

func (d *textDecoder) decode(p parquet.Page) (arrow.Array, error) {
	levels, rows, n, err := levelsOf(p)
	if err != nil {
		return nil, err
	}
	dict := p.Dictionary()
	if dict == nil {
		data, offsets, err := d.read(p.Data(), n)
		if err != nil {
			return nil, err
		}
		return d.array(data, offsets, levels, rows-n), nil
	}
	if dict != d.of {
		data, offsets, err := d.read(dict.Page().Data(), dict.Len())
		if err != nil {
			return nil, err
		}
		d.of, d.dict = dict, d.array(data, offsets, nil, 0)
	}
	index, err := indexesOf(p, n, d.dict.Len())
	if err != nil {
		return nil, err
	}
	if d.column.typ.Kind == schema.Binary {
		return d.expand(index, levels, rows-n)
	}
	if levels != nil {
		index = spreadOver(index, levels)
	} else {
		index = append(make([]int32, 0, n), index...)
	}
	codes := makeArray(arrow.PrimitiveTypes.Int32, rows, rows-n, nullBitmap(levels), memory.NewBufferBytes(arrow.GetBytes(index)))
	defer codes.Release()
	return array.NewDictionaryArray(dictionaryType(), codes, d.dict), nil
}

// read copies n texts: their bytes and n+1 offsets that begin at 0.
func (d *textDecoder) read(v encoding.Values, n int) ([]byte, []int32, error) {
	if d.column.physical == format.FixedLenByteArray {
		return d.readFixed(v, n)
	}
	in, at := v.ByteArray()
	if n == 0 {
		return nil, []int32{0}, nil
	}
	if len(at) <= n || int64(len(in)) > math.MaxInt32 {
		return nil, nil, errTooFew
	}
	first, last := at[0], at[n]
	offsets := make([]int32, n+1)
	for i, o := range at[:n+1] {
		offsets[i] = int32(o - first)
		if i > 0 && offsets[i] < offsets[i-1] {
			return nil, nil, errOffsets
		}
	}
	return append([]byte(nil), in[first:last]...), offsets, nil
}

var errOffsets = errors.New("the file is damaged: its texts are not in order")

// readFixed reads binaries of one length, and UUIDs as text.
func (d *textDecoder) readFixed(v encoding.Values, n int) ([]byte, []int32, error) {
	in, width := v.FixedLenByteArray()
	if width != d.column.width || len(in) < n*width {
		return nil, nil, errTooFew
	}
	if n*max(width, 36) > math.MaxInt32 {
		return nil, nil, errTooLong
	}
	var out []byte
	offsets := make([]int32, n+1)
	for i := range n {
		v := in[i*width : (i+1)*width]
		if d.column.uuid {
			out = appendUUID(out, v)
		} else {
			out = append(out, v...)
		}
		offsets[i+1] = int32(len(out))
	}
	return out, offsets, nil
}

var errTooLong = errors.New("a page holds more than 2 GiB of values")

// appendUUID appends 16 bytes as 8-4-4-4-12 hexadecimal digits.
func appendUUID(dst, v []byte) []byte {
	for i, cut := range [...]int{4, 6, 8, 10, 16} {
		from := [...]int{0, 4, 6, 8, 10}[i]
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, v[from:cut])
	}
	return dst
}

// array makes a String or Binary array of texts without nulls and levels.
func (d *textDecoder) array(data []byte, offsets []int32, levels []byte, nulls int) arrow.Array {
	if levels != nil {
		offsets = spreadOffsets(offsets, levels)
	}
	return makeArray(d.column.typ.Arrow(), len(offsets)-1, nulls, nullBitmap(levels), memory.NewBufferBytes(arrow.GetBytes(offsets)), memory.NewBufferBytes(data))
}

// spreadOffsets gives rows without a value an empty text.
func spreadOffsets(dense []int32, levels []byte) []int32 {
	out := make([]int32, len(levels)+1)
	k := 0
	for i, l := range levels {
		k += int(l)
		out[i+1] = dense[k]
	}
	return out
}

// expand makes a plain array of a coded page: binaries have no dictionary form.
func (d *textDecoder) expand(index []int32, levels []byte, nulls int) (arrow.Array, error) {
	data, at := bytesOf(d.dict.Data())
	size := 0
	for _, k := range index {
		size += int(at[k+1] - at[k])
	}
	if size > math.MaxInt32 {
		return nil, errTooLong
	}
	out, offsets := make([]byte, 0, size), make([]int32, 1, len(index)+1)
	for _, k := range index {
		out = append(out, data[at[k]:at[k+1]]...)
		offsets = append(offsets, int32(len(out)))
	}
	return d.array(out, offsets, levels, nulls), nil
}
