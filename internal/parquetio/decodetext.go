package parquetio

import (
	"encoding/hex"
	"errors"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// textDecoder reads strings and binaries.
type textDecoder struct {
	column *fileColumn
	dict   arrow.Array // a String or Binary array, shared by all pages; nil: none
}

// dictionaryType is the type of the arrays that coded pages become.
func dictionaryType() *arrow.DictionaryType {
	return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
}

func (d *textDecoder) setDictionary(p *rawPage) error {
	data, offsets, err := d.plain(p)
	if err != nil {
		return err
	}
	d.dict = d.array(data, offsets, nil, 0)
	return nil
}

func (d *textDecoder) decode(p *rawPage) (arrow.Array, error) {
	if !p.coded() {
		data, offsets, err := d.plain(p)
		if err != nil {
			return nil, err
		}
		return d.array(data, offsets, p.levels, p.rows-p.values), nil
	}
	if d.dict == nil {
		return nil, errIndexes
	}
	index, err := p.indexes(d.dict.Len())
	if err != nil {
		return nil, err
	}
	if d.column.typ.Kind == schema.Binary {
		return d.expand(index, p.levels, p.rows-p.values)
	}
	if p.levels != nil {
		index = spreadOver(index, p.levels)
	}
	codes := makeArray(arrow.PrimitiveTypes.Int32, p.rows, p.rows-p.values, nullBitmap(p.levels), memory.NewBufferBytes(arrow.GetBytes(index)))
	defer codes.Release()
	return array.NewDictionaryArray(dictionaryType(), codes, d.dict), nil
}

// plain decodes texts without nulls: their bytes, and one offset more than there
// are texts, from 0.
func (d *textDecoder) plain(p *rawPage) ([]byte, []int32, error) {
	v, err := p.decode(d.column)
	if err != nil {
		return nil, nil, err
	}
	if d.column.physical == format.FixedLenByteArray {
		return d.readFixed(v, p.values)
	}
	data, offsets := v.ByteArray()
	if len(offsets) <= p.values || offsets[0] != 0 || offsets[p.values] > math.MaxInt32 {
		return nil, nil, errTooFew
	}
	return data, arrow.GetData[int32](arrow.GetBytes(offsets[:p.values+1])), checkOffsets(offsets[:p.values+1], len(data))
}

// checkOffsets says whether texts follow one another within their bytes.
func checkOffsets(offsets []uint32, size int) error {
	last := uint32(0)
	for _, o := range offsets {
		if o < last {
			return errOffsets
		}
		last = o
	}
	if int64(last) > int64(size) {
		return errOffsets
	}
	return nil
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
