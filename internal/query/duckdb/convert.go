//go:build cgo

package duckdb

import (
	"fmt"
	"math"
	"math/bits"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
	bindings "github.com/duckdb/duckdb-go-bindings"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// column is one of a result: its name and type, and how its values become those
// of Arrow.
type column struct {
	schema.Column
	convert converter
	as      string // SQL that makes the column %s one that can be converted; empty if it is one
}

// converter makes an array of n values in DuckDB's memory. Valid is a bitmap as
// Arrow's, or nil.
type converter func(typ schema.Type, values unsafe.Pointer, valid []byte, n int) (arrow.Array, error)

// columnOf returns the column of a result.
func columnOf(name string, logical bindings.LogicalType) column {
	c := column{Column: schema.Column{Name: name, Nullable: true}}
	c.Type = schema.T(schema.String)
	switch t := bindings.GetTypeId(logical); t {
	case bindings.TypeBoolean:
		c.Type, c.convert = schema.T(schema.Boolean), booleans
	case bindings.TypeTinyInt:
		c.Type, c.convert = schema.T(schema.Integer), widen[int8, int32]
	case bindings.TypeUTinyInt:
		c.Type, c.convert = schema.T(schema.Integer), widen[uint8, int32]
	case bindings.TypeSmallInt:
		c.Type, c.convert = schema.T(schema.Integer), widen[int16, int32]
	case bindings.TypeUSmallInt:
		c.Type, c.convert = schema.T(schema.Integer), widen[uint16, int32]
	case bindings.TypeInteger, bindings.TypeSQLNull:
		c.Type, c.convert = schema.T(schema.Integer), same(4)
	case bindings.TypeUInteger:
		c.Type, c.convert = schema.T(schema.Bigint), widen[uint32, int64]
	case bindings.TypeBigInt:
		c.Type, c.convert = schema.T(schema.Bigint), same(8)
	case bindings.TypeUBigInt:
		c.Type, c.convert = schema.DecimalOf(20, 0), decimals[uint64]
	case bindings.TypeHugeInt:
		c.Type, c.convert = schema.DecimalOf(schema.MaxPrecision, 0), hugeInts
	case bindings.TypeFloat:
		c.Type, c.convert = schema.T(schema.Double), widen[float32, float64]
	case bindings.TypeDouble:
		c.Type, c.convert = schema.T(schema.Double), same(8)
	case bindings.TypeDecimal:
		c.Type = schema.DecimalOf(int(bindings.DecimalWidth(logical)), int(bindings.DecimalScale(logical)))
		c.convert = decimalConverter(bindings.DecimalInternalType(logical))
	case bindings.TypeDate:
		c.Type, c.convert = schema.T(schema.Date), dates
	case bindings.TypeTimestamp, bindings.TypeTimestampTZ:
		c.Type, c.convert = schema.T(schema.Timestamp), timestamps(1, 1)
	case bindings.TypeTimestampS:
		c.Type, c.convert = schema.T(schema.Timestamp), timestamps(1_000_000, 1)
	case bindings.TypeTimestampMS:
		c.Type, c.convert = schema.T(schema.Timestamp), timestamps(1_000, 1)
	case bindings.TypeTimestampNS:
		c.Type, c.convert = schema.T(schema.Timestamp), timestamps(1, 1_000)
	case bindings.TypeVarchar:
		c.convert = texts
	default:
		c.as, c.convert = castOf(t), texts
	}
	return c
}

// castOf returns what makes a text of a type that lakectl has no other for.
func castOf(t bindings.Type) string {
	switch t {
	case bindings.TypeList, bindings.TypeArray, bindings.TypeStruct, bindings.TypeMap, bindings.TypeUnion:
		return "cast(to_json(%s) as varchar)"
	case bindings.TypeBlob:
		return "lower(hex(%s))"
	}
	return "cast(%s as varchar)"
}

func decimalConverter(internal bindings.Type) converter {
	switch internal {
	case bindings.TypeSmallInt:
		return decimals[int16]
	case bindings.TypeInteger:
		return decimals[int32]
	case bindings.TypeBigInt:
		return decimals[int64]
	}
	return same(16) // two words, the lower first, as Arrow has it
}

// record copies a chunk into a record of Arrow.
func (c *chunk) record(table *arrow.Schema, columns []column) (arrow.Record, error) {
	arrays := make([]arrow.Array, 0, len(columns))
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	for i, col := range columns {
		values, mask := c.vector(i)
		var valid []byte
		if mask != nil {
			valid = append(valid, unsafe.Slice((*byte)(mask), (c.rows+7)/8)...)
			if rest := c.rows % 8; rest > 0 {
				valid[len(valid)-1] &= 1<<rest - 1
			}
		}
		a, err := col.convert(col.Type, values, valid, c.rows)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", col.Name, err)
		}
		arrays = append(arrays, a)
	}
	return array.NewRecord(table, arrays, int64(c.rows)), nil
}

// nulls counts the values that are not there.
func nulls(valid []byte, n int) int {
	if valid == nil {
		return 0
	}
	for _, b := range valid {
		n -= bits.OnesCount8(b)
	}
	return n
}

// isNull says whether a value is not there.
func isNull(valid []byte, i int) bool { return valid != nil && valid[i/8]&(1<<(i%8)) == 0 }

// same copies values that both sides hold alike, in width bytes.
func same(width int) converter {
	return func(typ schema.Type, values unsafe.Pointer, valid []byte, n int) (arrow.Array, error) {
		data := append([]byte(nil), unsafe.Slice((*byte)(values), n*width)...)
		return vec.FixedOf(typ, data, valid, n, nulls(valid, n)), nil
	}
}

type number interface {
	~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32 | ~int64 | ~uint64 | ~float32 | ~float64
}

// widen converts numbers to a wider type, without loss.
func widen[From, To number](typ schema.Type, values unsafe.Pointer, valid []byte, n int) (arrow.Array, error) {
	wide := make([]To, n)
	for i, v := range unsafe.Slice((*From)(values), n) {
		wide[i] = To(v)
	}
	return vec.FixedOf(typ, bytesOf(wide), valid, n, nulls(valid, n)), nil
}

// bytesOf returns the memory of a slice of numbers.
func bytesOf[T any](values []T) []byte {
	if len(values) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), len(values)*int(unsafe.Sizeof(values[0])))
}

// booleans packs bytes to bits.
func booleans(typ schema.Type, values unsafe.Pointer, valid []byte, n int) (arrow.Array, error) {
	packed := make([]byte, (n+7)/8)
	for i, v := range unsafe.Slice((*byte)(values), n) {
		packed[i/8] |= v & 1 << (i % 8)
	}
	return vec.FixedOf(typ, packed, valid, n, nulls(valid, n)), nil
}

// decimals widens the digits of decimals.
func decimals[From int16 | int32 | int64 | uint64](typ schema.Type, values unsafe.Pointer, valid []byte, n int) (arrow.Array, error) {
	wide := make([]decimal128.Num, n)
	for i, v := range unsafe.Slice((*From)(values), n) {
		if v < 0 {
			wide[i] = decimal128.FromI64(int64(v))
		} else {
			wide[i] = decimal128.FromU64(uint64(v))
		}
	}
	return vec.FixedOf(typ, bytesOf(wide), valid, n, nulls(valid, n)), nil
}

// hugeInts are integers of 128 bits, of which a decimal holds those of 38 digits.
func hugeInts(typ schema.Type, values unsafe.Pointer, valid []byte, n int) (arrow.Array, error) {
	for i, v := range unsafe.Slice((*decimal128.Num)(values), n) {
		if !isNull(valid, i) && !vec.FitsDigits(v, schema.MaxPrecision) {
			return nil, fmt.Errorf("%s has more than %d digits", v.BigInt(), schema.MaxPrecision)
		}
	}
	return same(16)(typ, values, valid, n)
}

// dates are days since 1970.
func dates(typ schema.Type, values unsafe.Pointer, valid []byte, n int) (arrow.Array, error) {
	for i, v := range unsafe.Slice((*int32)(values), n) {
		if !isNull(valid, i) && (v < vec.MinDays || v > vec.MaxDays) {
			return nil, fmt.Errorf("there is a date that is not between the years 1 and 9999")
		}
	}
	return same(4)(typ, values, valid, n)
}

// timestamps become microseconds. What is finer is cut.
func timestamps(times, by int64) converter {
	least, most := vec.MinMicros, vec.MaxMicros
	return func(typ schema.Type, values unsafe.Pointer, valid []byte, n int) (arrow.Array, error) {
		micros := make([]int64, n)
		for i, v := range unsafe.Slice((*int64)(values), n) {
			if isNull(valid, i) {
				continue
			}
			if v > math.MaxInt64/times || v < math.MinInt64/times {
				v = math.MaxInt64 / times
			}
			micros[i] = vec.FloorDiv(v*times, by)
			if micros[i] < least || micros[i] > most {
				return nil, fmt.Errorf("there is a timestamp that is not between the years 1 and 9999")
			}
		}
		return vec.FixedOf(typ, bytesOf(micros), valid, n, nulls(valid, n)), nil
	}
}

// varchar is how DuckDB holds a text: up to 12 bytes within, longer ones elsewhere,
// after their first four.
type varchar struct {
	length uint32
	prefix [4]byte
	data   *byte
}

const inlined = 12

// texts copies texts.
func texts(_ schema.Type, values unsafe.Pointer, valid []byte, n int) (arrow.Array, error) {
	all := unsafe.Slice((*varchar)(values), n)
	total := 0
	for i := range all {
		if !isNull(valid, i) {
			total += int(all[i].length)
		}
	}
	if total > math.MaxInt32 {
		return nil, fmt.Errorf("%d rows have more than 2 GB of text", n)
	}
	offsets, data := make([]int32, n+1), make([]byte, 0, total)
	for i := range all {
		if t := &all[i]; !isNull(valid, i) && t.length > 0 {
			start := t.data
			if t.length <= inlined {
				start = &t.prefix[0]
			}
			data = append(data, unsafe.Slice(start, t.length)...)
		}
		offsets[i+1] = int32(len(data))
	}
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(bytesOf(offsets)), memory.NewBufferBytes(data)}
	if valid != nil {
		buffers[0] = memory.NewBufferBytes(valid)
	}
	d := array.NewData(arrow.BinaryTypes.String, n, buffers, nil, nulls(valid, n), 0)
	defer d.Release()
	return array.NewStringData(d), nil
}
