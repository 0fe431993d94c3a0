package parquetio

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lakectl/lakectl/internal/schema"
)

// everyType is a table with a column of each type, nullable and required in turn.
func everyType() schema.Table {
	types := []schema.Type{schema.T(schema.String), schema.T(schema.Boolean), schema.T(schema.Integer), schema.T(schema.Bigint), schema.T(schema.Double),
		schema.DecimalOf(5, 2), schema.DecimalOf(9, 0), schema.DecimalOf(18, 4), schema.DecimalOf(19, 2), schema.DecimalOf(38, 10),
		schema.T(schema.Date), schema.T(schema.Timestamp), schema.T(schema.Binary)}
	var t schema.Table
	for i, typ := range types {
		// Names in falling order, so that a writer that sorts them is found out.
		t.Columns = append(t.Columns,
			schema.Column{Name: fmt.Sprintf("z%02d_%s", 99-2*i, schema.T(typ.Kind).String()), Type: typ, Nullable: true},
			schema.Column{Name: fmt.Sprintf("z%02d_%s_required", 98-2*i, schema.T(typ.Kind).String()), Type: typ})
	}
	return t
}

// randomValue is a value of the type, often one seen before and sometimes an extreme one.
func randomValue(r *rand.Rand, t schema.Type, distinct int) any {
	n := r.IntN(distinct)
	extreme := r.IntN(50) == 0
	switch t.Kind {
	case schema.String:
		if extreme {
			return []string{"", strings.Repeat("é", 40+n%9), strings.Repeat("x", 63) + "日本", strings.Repeat("y", 3000)}[r.IntN(4)]
		}
		return fmt.Sprintf("value-%d", n)
	case schema.Binary:
		return []byte(fmt.Sprintf("\xff\x00%d", n))
	case schema.Boolean:
		return n%2 == 0
	case schema.Integer:
		if extreme {
			return []int32{math.MinInt32, math.MaxInt32, 0}[r.IntN(3)]
		}
		return int32(n - distinct/2)
	case schema.Bigint:
		if extreme {
			return []int64{math.MinInt64, math.MaxInt64, 0}[r.IntN(3)]
		}
		return int64(n-distinct/2) << 20
	case schema.Double:
		if extreme {
			return []float64{math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1)}[r.IntN(4)]
		}
		return float64(n-distinct/2) / 8
	case schema.Date:
		return arrow.Date32(n - distinct/2)
	case schema.Timestamp:
		return arrow.Timestamp(int64(n-distinct/2) * 1_000_003)
	default:
		limit := powerOfTen(int(t.Precision))
		v := decimal128.FromI64(int64(n))
		if extreme {
			v = limit.Sub(decimal128.FromI64(int64(1 + n%3)))
		}
		if limit.LessEqual(v) {
			_, v = v.Div(limit)
		}
		if r.IntN(2) == 0 {
			v = v.Negate()
		}
		return v
	}
}

// randomBatch is a batch of n rows with nulls where the table allows them.
func randomBatch(r *rand.Rand, t schema.Table, n, distinct int) arrow.Record {
	arrays := make([]arrow.Array, len(t.Columns))
	for i, c := range t.Columns {
		values := make([]any, n)
		for k := range values {
			if !c.Nullable || r.IntN(5) > 0 {
				values[k] = randomValue(r, c.Type, distinct)
			}
		}
		arrays[i] = arrayOf(c.Type, values)
	}
	return array.NewRecord(t.Arrow(), arrays, int64(n))
}

// arrayOf makes an array; nil is null.
func arrayOf(t schema.Type, values []any) arrow.Array {
	b := array.NewBuilder(memory.DefaultAllocator, t.Arrow())
	for _, v := range values {
		if v == nil {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.StringBuilder:
			b.Append(v.(string))
		case *array.BinaryBuilder:
			b.Append(v.([]byte))
		case *array.BooleanBuilder:
			b.Append(v.(bool))
		case *array.Int32Builder:
			b.Append(v.(int32))
		case *array.Int64Builder:
			b.Append(v.(int64))
		case *array.Float64Builder:
			b.Append(v.(float64))
		case *array.Decimal128Builder:
			b.Append(v.(decimal128.Num))
		case *array.Date32Builder:
			b.Append(v.(arrow.Date32))
		case *array.TimestampBuilder:
			b.Append(v.(arrow.Timestamp))
		}
	}
	return b.NewArray()
}

// recordOf makes a batch of one array for each column.
func recordOf(t schema.Table, arrays ...arrow.Array) arrow.Record {
	fields := make([]arrow.Field, len(arrays))
	for i, a := range arrays {
		fields[i] = arrow.Field{Name: t.Columns[i].Name, Type: a.DataType(), Nullable: t.Columns[i].Nullable}
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), arrays, int64(arrays[0].Len()))
}

// tableOf is a table of one column "c".
func tableOf(t schema.Type, nullable bool) schema.Table {
	return schema.Table{Columns: []schema.Column{{Name: "c", Type: t, Nullable: nullable}}}
}

// writeFile writes batches and returns the file.
func writeFile(t testing.TB, table schema.Table, o WriterOptions, batches ...arrow.Record) ([]byte, Stats) {
	t.Helper()
	file, s, err := Encode(table, o, batches...)
	if err != nil {
		t.Fatal(err)
	}
	if s.Bytes != int64(len(file)) {
		t.Fatalf("Stats say %d bytes, written were %d", s.Bytes, len(file))
	}
	return file, s
}

func openFile(t testing.TB, file []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(file), int64(len(file)), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// readFile reads all rows as Go values, a slice for each column.
func readFile(t testing.TB, f *File) [][]any {
	t.Helper()
	batches, err := f.ReadAll(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(batches) == 0 {
		return make([][]any, len(f.Table().Columns))
	}
	return rowsOf(batches...)
}

// rowsOf returns the values of batches, a slice for each column.
func rowsOf(batches ...arrow.Record) [][]any {
	out := make([][]any, batches[0].NumCols())
	for _, b := range batches {
		for i := range out {
			out[i] = append(out[i], valuesOf(b.Column(i))...)
		}
	}
	return out
}

// valuesOf returns an array's values; nil is null. Doubles come as their bits,
// so that NaN and -0 compare.
func valuesOf(a arrow.Array) []any {
	out := make([]any, a.Len())
	for i := range out {
		if a.IsNull(i) {
			continue
		}
		switch a := a.(type) {
		case *array.String:
			out[i] = a.Value(i)
		case *array.Binary:
			out[i] = string(a.Value(i))
		case *array.Dictionary:
			if d := a.Dictionary().(*array.String); !d.IsNull(a.GetValueIndex(i)) {
				out[i] = d.Value(a.GetValueIndex(i))
			}
		case *array.Boolean:
			out[i] = a.Value(i)
		case *array.Int32:
			out[i] = a.Value(i)
		case *array.Int64:
			out[i] = a.Value(i)
		case *array.Float64:
			out[i] = math.Float64bits(a.Value(i))
		case *array.Decimal128:
			out[i] = a.Value(i)
		case *array.Date32:
			out[i] = a.Value(i)
		case *array.Timestamp:
			out[i] = a.Value(i)
		default:
			panic(a.DataType().String())
		}
	}
	return out
}

// compareRows reports the first difference between two sets of columns.
func compareRows(t testing.TB, got, want [][]any) {
	t.Helper()
	for c := range want {
		if len(got[c]) != len(want[c]) {
			t.Fatalf("column %d: %d rows, want %d", c, len(got[c]), len(want[c]))
		}
		for i := range want[c] {
			if got[c][i] != want[c][i] {
				t.Fatalf("column %d, row %d: %v (%T), want %v", c, i, got[c][i], got[c][i], want[c][i])
			}
		}
	}
}
