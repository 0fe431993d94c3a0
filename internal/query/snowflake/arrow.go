package snowflake

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/schema"
)

// arrowReader reads a part in Snowflake's Arrow: numbers are integers of any
// size that count units of the scale, timestamps structures or such integers.
type arrowReader struct {
	ipc     *ipc.Reader
	columns []column
	schema  *arrow.Schema
	skipped int64
}

func newArrowReader(stream io.Reader, columns []column, want *arrow.Schema) (*arrowReader, error) {
	reader, err := ipc.NewReader(stream, ipc.WithAllocator(memory.DefaultAllocator))
	if err != nil {
		return nil, err
	}
	if n := reader.Schema().NumFields(); n != len(columns) {
		reader.Release()
		return nil, &valueError{"1", "a result of " + strconv.Itoa(len(columns)) + " columns", strconv.Itoa(n)}
	}
	return &arrowReader{ipc: reader, columns: columns, schema: want}, nil
}

func (a *arrowReader) skip(rows int64) { a.skipped = rows }

func (a *arrowReader) release() { a.ipc.Release() }

func (a *arrowReader) next() (arrow.Record, error) {
	for a.ipc.Next() {
		rec := a.ipc.Record()
		if a.skipped >= rec.NumRows() {
			a.skipped -= rec.NumRows()
			continue
		}
		if a.skipped > 0 {
			rest := rec.NewSlice(a.skipped, rec.NumRows())
			a.skipped = 0
			defer rest.Release()
			return a.convert(rest)
		}
		return a.convert(rec)
	}
	if err := a.ipc.Err(); err != nil {
		return nil, err
	}
	return nil, io.EOF
}

// convert returns a batch with the types of lakectl.
func (a *arrowReader) convert(rec arrow.Record) (arrow.Record, error) {
	columns := make([]arrow.Array, len(a.columns))
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i, c := range a.columns {
		var err error
		if columns[i], err = c.convert(rec.Column(i)); err != nil {
			return nil, err
		}
	}
	return array.NewRecord(a.schema, columns, rec.NumRows()), nil
}

// convert returns a column with its type of lakectl.
func (c column) convert(from arrow.Array) (arrow.Array, error) {
	want := c.Type.Arrow()
	if arrow.TypeEqual(from.DataType(), want) && c.kind != "time" && c.kind != "binary" {
		from.Retain()
		return from, nil
	}
	b := array.NewBuilder(memory.DefaultAllocator, want)
	defer b.Release()
	b.Reserve(from.Len())
	var add func(int) bool
	switch b := b.(type) {
	case *array.Int64Builder:
		add = c.addBigint(b, from)
	case *array.Decimal128Builder:
		add = c.addDecimal(b, from)
	case *array.TimestampBuilder:
		add = c.addTimestamp(b, from)
	case *array.StringBuilder:
		add = c.addText(b, from)
	}
	if add == nil {
		return nil, &valueError{c.Name, strings.ToUpper(c.kind), from.DataType().String()}
	}
	for i := range from.Len() {
		if c.null(from, i) {
			b.AppendNull()
		} else if !add(i) {
			return nil, &valueError{c.Name, strings.ToUpper(c.kind), from.ValueStr(i)}
		}
	}
	return b.NewArray(), nil
}

// null says whether a value is null; that of a timestamp may show in its first
// part only.
func (c column) null(from arrow.Array, i int) bool {
	s, ok := from.(*array.Struct)
	return from.IsNull(i) || ok && c.Type.Kind == schema.Timestamp && s.NumField() > 0 && s.Field(0).IsNull(i)
}

// integers returns how to read a column of whole numbers of any size; nil if it
// is none.
func integers(from arrow.Array) func(int) int64 {
	switch a := from.(type) {
	case *array.Int64:
		return a.Value
	case *array.Int32:
		return func(i int) int64 { return int64(a.Value(i)) }
	case *array.Int16:
		return func(i int) int64 { return int64(a.Value(i)) }
	case *array.Int8:
		return func(i int) int64 { return int64(a.Value(i)) }
	}
	return nil
}

func (c column) addBigint(b *array.Int64Builder, from arrow.Array) func(int) bool {
	if read := integers(from); read != nil {
		return func(i int) bool { b.Append(read(i)); return true }
	}
	if a, ok := from.(*array.Decimal128); ok {
		return func(i int) bool {
			n := a.Value(i)
			b.Append(int64(n.LowBits()))
			return n == decimal128.FromI64(int64(n.LowBits()))
		}
	}
	return nil
}

func (c column) addDecimal(b *array.Decimal128Builder, from arrow.Array) func(int) bool {
	fits := func(n decimal128.Num) bool {
		b.Append(n)
		return n.FitsInPrecision(int32(c.Type.Precision))
	}
	if read := integers(from); read != nil {
		return func(i int) bool { return fits(decimal128.FromI64(read(i))) }
	}
	if a, ok := from.(*array.Decimal128); ok {
		return func(i int) bool { return fits(a.Value(i)) }
	}
	return nil
}

// parts returns how to read a time as whole seconds and nanoseconds after them;
// nil if the column has none.
func (c column) parts(from arrow.Array) func(int) (seconds, nanos int64) {
	if read := integers(from); read != nil {
		return c.scaled(read)
	}
	s, ok := from.(*array.Struct)
	if !ok || s.NumField() < 1 {
		return nil
	}
	first := integers(s.Field(0))
	if first == nil {
		return nil
	}
	if s.NumField() == 1 || c.kind == "timestamp_tz" && s.NumField() == 2 { // the second is the zone
		return c.scaled(first)
	}
	second := integers(s.Field(1))
	if second == nil {
		return nil
	}
	return func(i int) (int64, int64) { return first(i), second(i) }
}

// scaled reads a time that counts units of the scale.
func (c column) scaled(read func(int) int64) func(int) (int64, int64) {
	unit := int64(1)
	for range max(0, min(c.scale, 9)) {
		unit *= 10
	}
	return func(i int) (int64, int64) {
		n := read(i)
		seconds, rest := n/unit, n%unit
		if rest < 0 {
			seconds, rest = seconds-1, rest+unit
		}
		return seconds, rest * (1e9 / unit)
	}
}

func (c column) addTimestamp(b *array.TimestampBuilder, from arrow.Array) func(int) bool {
	read := c.parts(from)
	if read == nil {
		return nil
	}
	return func(i int) bool {
		seconds, nanos := read(i)
		b.Append(arrow.Timestamp(seconds*1e6 + nanos/1e3))
		return true
	}
}

func (c column) addText(b *array.StringBuilder, from arrow.Array) func(int) bool {
	if c.kind == "time" {
		if read := c.parts(from); read != nil {
			return func(i int) bool {
				seconds, nanos := read(i)
				b.Append(clock(seconds, nanos, c.scale))
				return true
			}
		}
	}
	switch a := from.(type) {
	case *array.String:
		return func(i int) bool { b.Append(a.Value(i)); return true }
	case *array.Binary:
		return func(i int) bool { b.Append(strings.ToUpper(hex.EncodeToString(a.Value(i)))); return true }
	case *array.Struct:
		if c.kind == "decfloat" && a.NumField() == 2 {
			return addFloatText(b, a)
		}
	}
	return func(i int) bool {
		text, err := json.Marshal(from.GetOneForMarshal(i))
		b.Append(string(text))
		return err == nil
	}
}

// addFloatText writes numbers of an exponent and a significand, which is in two's
// complement, largest byte first.
func addFloatText(b *array.StringBuilder, from *array.Struct) func(int) bool {
	exponent := integers(from.Field(0))
	significand, ok := from.Field(1).(*array.Binary)
	if exponent == nil || !ok {
		return nil
	}
	return func(i int) bool {
		bytes := slices.Clone(significand.Value(i))
		n := new(big.Int).SetBytes(bytes)
		if len(bytes) > 0 && bytes[0] >= 0x80 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(bytes))))
		}
		text := n.String()
		if e := exponent(i); e != 0 && n.Sign() != 0 {
			text += "E" + strconv.FormatInt(e, 10)
		}
		b.Append(text)
		return true
	}
}
