package parquetio

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// decoder makes arrays of pages. It keeps the dictionary of the row group.
type decoder interface {
	setDictionary(p *rawPage) error
	decode(p *rawPage) (arrow.Array, error)
}

func newDecoder(c *fileColumn) decoder {
	switch c.typ.Kind {
	case schema.String, schema.Binary:
		return &textDecoder{column: c}
	case schema.Boolean:
		return &fixedDecoder[bool]{column: c, read: readBooleans}
	case schema.Integer, schema.Date:
		return &fixedDecoder[int32]{column: c, read: readInt32}
	case schema.Bigint, schema.Timestamp:
		return &fixedDecoder[int64]{column: c, read: readInt64}
	case schema.Double:
		return &fixedDecoder[float64]{column: c, read: readDoubles}
	default:
		return &fixedDecoder[decimal128.Num]{column: c, read: readDecimals}
	}
}

// fixedDecoder reads values of one size.
type fixedDecoder[T bool | int32 | int64 | float64 | decimal128.Num] struct {
	column *fileColumn
	read   func(c *fileColumn, v encoding.Values, n int) ([]T, error)
	dict   []T
}

func (d *fixedDecoder[T]) setDictionary(p *rawPage) (err error) {
	d.dict, err = d.plain(p)
	return err
}

func (d *fixedDecoder[T]) decode(p *rawPage) (arrow.Array, error) {
	dense, err := d.dense(p)
	if err != nil {
		return nil, err
	}
	if p.levels != nil {
		dense = spreadOver(dense, p.levels)
	}
	return d.array(dense, p.levels, p.rows-p.values), nil
}

// dense returns the page's values without nulls, in memory of their own.
func (d *fixedDecoder[T]) dense(p *rawPage) ([]T, error) {
	if !p.coded() {
		return d.plain(p)
	}
	index, err := p.indexes(len(d.dict))
	if err != nil {
		return nil, err
	}
	out := make([]T, len(index))
	for i, k := range index {
		out[i] = d.dict[k]
	}
	return out, nil
}

func (d *fixedDecoder[T]) plain(p *rawPage) ([]T, error) {
	v, err := p.decode(d.column)
	if err != nil {
		return nil, err
	}
	return d.read(d.column, v, p.values)
}

// spreadOver puts values where the rows are that have one.
func spreadOver[T any](dense []T, levels []byte) []T {
	out := make([]T, len(levels))
	k := 0
	for i, l := range levels {
		if l != 0 {
			out[i] = dense[k]
			k++
		}
	}
	return out
}

func (d *fixedDecoder[T]) array(v []T, levels []byte, nulls int) arrow.Array {
	var data []byte
	switch v := any(v).(type) {
	case []bool:
		data = packBits(v)
	case []int32:
		data = arrow.GetBytes(v)
	case []int64:
		data = arrow.GetBytes(v)
	case []float64:
		data = arrow.GetBytes(v)
	case []decimal128.Num:
		data = arrow.GetBytes(v)
	}
	return makeArray(d.column.typ.Arrow(), len(v), nulls, nullBitmap(levels), memory.NewBufferBytes(data))
}

func makeArray(t arrow.DataType, rows, nulls int, buffers ...*memory.Buffer) arrow.Array {
	data := array.NewData(t, rows, buffers, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// nullBitmap packs levels; nil for nil.
func nullBitmap(levels []byte) *memory.Buffer {
	if levels == nil {
		return nil
	}
	return memory.NewBufferBytes(packBits(levels))
}

func packBits[T bool | byte](in []T) []byte {
	var none T
	out := make([]byte, (len(in)+7)/8)
	for i, v := range in {
		if v != none {
			out[i/8] |= 1 << (i % 8)
		}
	}
	return out
}

func readBooleans(_ *fileColumn, v encoding.Values, n int) ([]bool, error) {
	in := v.Boolean()
	if len(in)*8 < n {
		return nil, errTooFew
	}
	out := make([]bool, n)
	for i := range out {
		out[i] = in[i/8]>>(i%8)&1 != 0
	}
	return out, nil
}

func readInt32(_ *fileColumn, v encoding.Values, n int) ([]int32, error) {
	in := v.Int32()
	if len(in) < n {
		return nil, errTooFew
	}
	return append(make([]int32, 0, n), in[:n]...), nil
}

// readInt64 reads bigints (INT64, UINT32) and timestamps in any unit.
func readInt64(c *fileColumn, v encoding.Values, n int) ([]int64, error) {
	if c.physical == format.Int32 { // UINT32
		in := v.Uint32()
		if len(in) < n {
			return nil, errTooFew
		}
		out := make([]int64, n)
		for i, x := range in[:n] {
			out[i] = int64(x)
		}
		return out, nil
	}
	in := v.Int64()
	if len(in) < n {
		return nil, errTooFew
	}
	out := append(make([]int64, 0, n), in[:n]...)
	if c.millis || c.nanos {
		return out, toMicros(out, c.nanos)
	}
	return out, nil
}

// toMicros converts timestamps in place, exactly or not at all.
func toMicros(v []int64, nanos bool) error {
	for i, x := range v {
		switch {
		case nanos && x%1000 != 0:
			return fmt.Errorf("the timestamp %d ns is not a whole number of microseconds; lakectl's timestamps have no nanoseconds", x)
		case nanos:
			v[i] = x / 1000
		case x > math.MaxInt64/1000 || x < math.MinInt64/1000:
			return fmt.Errorf("the timestamp %d ms is out of range", x)
		default:
			v[i] = x * 1000
		}
	}
	return nil
}

func readDoubles(c *fileColumn, v encoding.Values, n int) ([]float64, error) {
	if c.physical == format.Float {
		in := v.Float()
		if len(in) < n {
			return nil, errTooFew
		}
		out := make([]float64, n)
		for i, x := range in[:n] {
			out[i] = float64(x)
		}
		return out, nil
	}
	in := v.Double()
	if len(in) < n {
		return nil, errTooFew
	}
	return append(make([]float64, 0, n), in[:n]...), nil
}

// readDecimals reads decimals of any physical type, and UINT64.
func readDecimals(c *fileColumn, v encoding.Values, n int) ([]decimal128.Num, error) {
	out := make([]decimal128.Num, n)
	switch c.physical {
	case format.Int32:
		in := v.Int32()
		if len(in) < n {
			return nil, errTooFew
		}
		for i, x := range in[:n] {
			out[i] = decimal128.FromI64(int64(x))
		}
	case format.Int64:
		in := v.Int64()
		if len(in) < n {
			return nil, errTooFew
		}
		for i, x := range in[:n] {
			if c.unsigned {
				out[i] = decimal128.FromU64(uint64(x))
			} else {
				out[i] = decimal128.FromI64(x)
			}
		}
	case format.FixedLenByteArray:
		return out, readFixedDecimals(out, v, c.width)
	default:
		return out, readTextDecimals(out, v)
	}
	return out, nil
}

func readFixedDecimals(out []decimal128.Num, v encoding.Values, width int) error {
	in, size := v.FixedLenByteArray()
	if size != width || len(in) < len(out)*width {
		return errTooFew
	}
	for i := range out {
		var ok bool
		if out[i], ok = bigEndianDecimal(in[i*width : (i+1)*width]); !ok {
			return errTooLarge
		}
	}
	return nil
}

func readTextDecimals(out []decimal128.Num, v encoding.Values) error {
	in, offsets := v.ByteArray()
	if len(offsets) <= len(out) {
		return errTooFew
	}
	for i := range out {
		var ok bool
		if out[i], ok = bigEndianDecimal(in[offsets[i]:offsets[i+1]]); !ok {
			return errTooLarge
		}
	}
	return nil
}

var errTooLarge = errors.New("a decimal has more than 128 bits")
