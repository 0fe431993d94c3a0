package parquetio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// physicalValue is a value as Parquet stores it, made independently of the writer.
func physicalValue(t schema.Type, v any) parquet.Value {
	switch v := v.(type) {
	case string:
		return parquet.ByteArrayValue([]byte(v))
	case []byte:
		return parquet.ByteArrayValue(v)
	case bool:
		return parquet.BooleanValue(v)
	case int32:
		return parquet.Int32Value(v)
	case int64:
		return parquet.Int64Value(v)
	case float64:
		return parquet.DoubleValue(v)
	case arrow.Date32:
		return parquet.Int32Value(int32(v))
	case arrow.Timestamp:
		return parquet.Int64Value(int64(v))
	case decimal128.Num:
		switch n := v.BigInt(); {
		case t.Precision <= 9:
			return parquet.Int32Value(int32(n.Int64()))
		case t.Precision <= 18:
			return parquet.Int64Value(n.Int64())
		default:
			width := map[uint8]int{19: 9, 38: 16}[t.Precision]
			if n.Sign() < 0 {
				n.Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*width)))
			}
			return parquet.FixedLenByteArrayValue(n.FillBytes(make([]byte, width)))
		}
	}
	panic(fmt.Sprintf("%T", v))
}

// order compares PLAIN values by the order that the format gives to the type.
func order(physical format.Type, a, b []byte) int {
	switch physical {
	case format.Int32:
		return int(min(1, max(-1, int64(int32(binary.LittleEndian.Uint32(a)))-int64(int32(binary.LittleEndian.Uint32(b))))))
	case format.Int64:
		return new(big.Int).SetInt64(int64(binary.LittleEndian.Uint64(a))).Cmp(new(big.Int).SetInt64(int64(binary.LittleEndian.Uint64(b))))
	case format.Double:
		x, y := math.Float64frombits(binary.LittleEndian.Uint64(a)), math.Float64frombits(binary.LittleEndian.Uint64(b))
		return big.NewFloat(x).Cmp(big.NewFloat(y))
	case format.FixedLenByteArray:
		return signed(a).Cmp(signed(b))
	default:
		return bytes.Compare(a, b)
	}
}

func signed(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

// TestEveryValueIsFound looks for each value of a file the way a reader that
// skips what it can does: chunk statistics, page index, bloom filter.
func TestEveryValueIsFound(t *testing.T) {
	table := everyType()
	var bloom []string
	for _, c := range table.Columns {
		if c.Type.Kind != schema.Boolean && c.Type.Kind != schema.Binary {
			bloom = append(bloom, c.Name)
		}
	}
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 2))
		distinct := []int{3, 40, 2000, 1 << 20}[seed%4]
		batches := []arrow.Record{randomBatch(r, table, 2000, distinct), randomBatch(r, table, 1500, distinct*3), allNull(table, 200)}
		file, stats := writeFile(t, table, WriterOptions{PageRows: 100, RowGroupRows: 1700, Bloom: bloom}, batches...)
		f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		for c, column := range table.Columns {
			var values []any
			for _, b := range batches {
				values = append(values, rawValues(b.Column(c))...)
			}
			findEach(t, f, c, values)
			checkTotals(t, stats.Columns[c], column.Type, values)
			if got := openFile(t, file).Stats(c); fmt.Sprint(got) != fmt.Sprint(stats.Columns[c]) {
				t.Errorf("%s: the file's statistics are %v, the writer's %v", column.Name, got, stats.Columns[c])
			}
		}
	}
}

// allNull is a batch of nulls, and of zeros in required columns.
func allNull(table schema.Table, n int) arrow.Record {
	r := rand.New(rand.NewPCG(1, 1))
	b := randomBatch(r, table, n, 1)
	arrays := slices.Clone(b.Columns())
	for i, c := range table.Columns {
		if c.Nullable {
			arrays[i] = arrayOf(c.Type, make([]any, n))
		}
	}
	return array.NewRecord(table.Arrow(), arrays, int64(n))
}

// rawValues are an array's values as the builders take them.
func rawValues(a arrow.Array) []any {
	out := valuesOf(a)
	for i, v := range out {
		switch a := a.(type) {
		case *array.Binary:
			if v != nil {
				out[i] = a.Value(i)
			}
		case *array.Float64:
			if v != nil {
				out[i] = a.Value(i)
			}
		}
	}
	return out
}

func findEach(t *testing.T, f *parquet.File, c int, values []any) {
	t.Helper()
	column := everyType().Columns[c]
	row := 0
	for g, group := range f.RowGroups() {
		chunk := group.ColumnChunks()[c].(*parquet.FileColumnChunk)
		meta := &f.Metadata().RowGroups[g].Columns[c].MetaData
		index, offsets := f.ColumnIndexes()[g*len(group.ColumnChunks())+c], f.OffsetIndexes()[g*len(group.ColumnChunks())+c]
		checkOrder(t, column.Name, meta.Type, index)
		nulls := make([]int64, len(index.NullPages))
		for i := range int(group.NumRows()) {
			page := pageOf(offsets.PageLocations, int64(i))
			v := values[row+i]
			if v == nil {
				nulls[page]++
				continue
			}
			want := physicalValue(column.Type, v)
			b := want.Bytes()
			if index.NullPages[page] || order(meta.Type, index.MinValues[page], b) > 0 || order(meta.Type, index.MaxValues[page], b) < 0 {
				t.Fatalf("%s: row %d, %v, lies outside of page %d: null %v, %x to %x", column.Name, row+i, v, page, index.NullPages[page], index.MinValues[page], index.MaxValues[page])
			}
			if order(meta.Type, meta.Statistics.MinValue, b) > 0 || order(meta.Type, meta.Statistics.MaxValue, b) < 0 {
				t.Fatalf("%s: %v lies outside of the row group's %x to %x", column.Name, v, meta.Statistics.MinValue, meta.Statistics.MaxValue)
			}
			if column.Type.Kind == schema.Boolean || column.Type.Kind == schema.Binary {
				continue // no filter
			}
			if ok, err := chunk.BloomFilter().Check(want); !ok || err != nil {
				t.Fatalf("%s: the bloom filter does not know %v: %v", column.Name, v, err)
			}
		}
		if !slices.Equal(nulls, index.NullCounts) {
			t.Fatalf("%s: null counts %v, want %v", column.Name, index.NullCounts, nulls)
		}
		row += int(group.NumRows())
	}
}

func pageOf(pages []format.PageLocation, row int64) int {
	i := len(pages) - 1
	for pages[i].FirstRowIndex > row {
		i--
	}
	return i
}

// checkOrder compares each pair of pages: an index that claims an order it does
// not have makes readers lose rows.
func checkOrder(t *testing.T, name string, physical format.Type, index format.ColumnIndex) {
	t.Helper()
	last := -1
	for i := range index.NullPages {
		if index.NullPages[i] {
			continue
		}
		if last >= 0 {
			low, high := order(physical, index.MinValues[last], index.MinValues[i]), order(physical, index.MaxValues[last], index.MaxValues[i])
			if index.BoundaryOrder == format.Ascending && (low > 0 || high > 0) || index.BoundaryOrder == format.Descending && (low < 0 || high < 0) {
				t.Fatalf("%s: pages %d and %d are not %s", name, last, i, index.BoundaryOrder)
			}
		}
		if len(index.MinValues[i]) > maxBound+1 && physical == format.ByteArray {
			t.Fatalf("%s: page %d has a bound of %d bytes", name, i, len(index.MinValues[i]))
		}
		last = i
	}
}

// checkTotals compares the writer's statistics with the values.
func checkTotals(t *testing.T, s ColumnStats, typ schema.Type, values []any) {
	t.Helper()
	var nulls int64
	var low, high any
	for _, v := range values {
		if v == nil {
			nulls++
			continue
		}
		b := physicalValue(typ, v).Bytes()
		physical, _ := physicalOf(typ)
		x := valueOf(typ, physical, b)
		if low == nil || compareValues(x, low) < 0 {
			low = x
		}
		if high == nil || compareValues(x, high) > 0 {
			high = x
		}
	}
	if s.Nulls != nulls || !s.HasBounds {
		t.Errorf("%s: %d nulls, bounds %v; want %d", s.Name, s.Nulls, s.HasBounds, nulls)
	}
	if long := fmt.Sprint(low, high); typ.Kind == schema.String && len(long) > maxBound {
		if compareValues(s.Min, low) > 0 || compareValues(s.Max, high) < 0 {
			t.Errorf("%s: %v to %v, want at least %v to %v", s.Name, s.Min, s.Max, low, high)
		}
		return
	}
	if compareValues(s.Min, low) != 0 || compareValues(s.Max, high) != 0 {
		t.Errorf("%s: %v to %v, want %v to %v", s.Name, s.Min, s.Max, low, high)
	}
}

func TestCutBounds(t *testing.T) {
	text, binary := leaf{typ: schema.T(schema.String), physical: format.ByteArray}, leaf{typ: schema.T(schema.Binary), physical: format.ByteArray}
	last := string(utf8.MaxRune)
	for _, test := range []struct {
		name         string
		leaf         *leaf
		value        string
		min, max     string
		noMax, exact bool
	}{
		{"short", &text, "abc", "abc", "abc", false, true},
		{"64 bytes", &text, strings.Repeat("x", 64), strings.Repeat("x", 64), strings.Repeat("x", 64), false, true},
		{"65 bytes", &text, strings.Repeat("x", 65), strings.Repeat("x", 64), strings.Repeat("x", 63) + "y", false, false},
		{"split letter", &text, strings.Repeat("x", 63) + "日本", strings.Repeat("x", 63), strings.Repeat("x", 62) + "y", false, false},
		{"grows", &text, strings.Repeat("x", 63) + "\x7f!", strings.Repeat("x", 63) + "\x7f", strings.Repeat("x", 63) + "\u0080", false, false},
		{"surrogates", &text, strings.Repeat("x", 61) + "\ud7ff!", strings.Repeat("x", 61) + "\ud7ff", strings.Repeat("x", 61) + "\ue000", false, false},
		{"carry", &text, strings.Repeat("x", 60) + last + "!", strings.Repeat("x", 60) + last, strings.Repeat("x", 59) + "y", false, false},
		{"none above", &text, strings.Repeat(last, 17), strings.Repeat(last, 16), "", true, false},
		{"bytes", &binary, strings.Repeat("\xff", 63) + "\x01\x02", strings.Repeat("\xff", 63) + "\x01", strings.Repeat("\xff", 63) + "\x02", false, false},
		{"bytes carry", &binary, "a" + strings.Repeat("\xff", 70), "a" + strings.Repeat("\xff", 63), "b", false, false},
		{"no bytes above", &binary, strings.Repeat("\xff", 65), "", "", true, false},
		{"broken text", &text, strings.Repeat("\xfe", 70), strings.Repeat("\xfe", 61), strings.Repeat("\xfe", 60) + "\xff", false, false},
	} {
		v := []byte(test.value)
		b, exactMin, exactMax := bounds{v, v, true}.cut(test.leaf)
		switch {
		case test.noMax != !b.ok || exactMin != test.exact || exactMax != test.exact:
			t.Errorf("%s: ok %v, exact %v %v", test.name, b.ok, exactMin, exactMax)
		case b.ok && (string(b.min) > test.value || string(b.max) < test.value):
			t.Errorf("%s: %q to %q", test.name, b.min, b.max)
		case b.ok && test.name != "broken text" && (string(b.min) != test.min || string(b.max) != test.max):
			t.Errorf("%s: %q to %q, want %q to %q", test.name, b.min, b.max, test.min, test.max)
		}
	}
}

// TestNoBoundsRatherThanWrongOnes: a NaN, or a maximum that cannot be rounded up.
func TestNoBoundsRatherThanWrongOnes(t *testing.T) {
	for _, test := range []struct {
		typ    schema.Type
		values []any
	}{
		{schema.T(schema.Double), []any{1.0, math.NaN(), nil}},
		{schema.T(schema.Double), []any{math.NaN()}},
		{schema.T(schema.Binary), []any{bytes.Repeat([]byte{0xff}, 100), []byte("a")}},
	} {
		table := tableOf(test.typ, true)
		file, stats := writeFile(t, table, WriterOptions{PageRows: 1}, recordOf(table, arrayOf(test.typ, test.values)))
		if stats.Columns[0].HasBounds || openFile(t, file).Stats(0).HasBounds {
			t.Errorf("%v has bounds", test.values)
		}
		f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		if c := f.Metadata().RowGroups[0].Columns[0]; c.ColumnIndexOffset != 0 || c.OffsetIndexOffset == 0 || c.MetaData.Statistics.MaxValue != nil {
			t.Errorf("%v: column index at %d, offset index at %d, maximum %x", test.values, c.ColumnIndexOffset, c.OffsetIndexOffset, c.MetaData.Statistics.MaxValue)
		}
	}
}

func TestZerosInBounds(t *testing.T) {
	table := tableOf(schema.T(schema.Double), false)
	file, _ := writeFile(t, table, WriterOptions{Bloom: []string{"c"}}, recordOf(table, arrayOf(schema.T(schema.Double), []any{0.0})))
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	s := f.Metadata().RowGroups[0].Columns[0].MetaData.Statistics
	if !math.Signbit(doubleOf(s.MinValue)) || math.Signbit(doubleOf(s.MaxValue)) {
		t.Errorf("bounds %v to %v, want -0 to +0", s.MinValue, s.MaxValue)
	}
	for _, zero := range []float64{0, math.Copysign(0, -1)} {
		if ok, err := f.RowGroups()[0].ColumnChunks()[0].BloomFilter().Check(parquet.DoubleValue(zero)); !ok || err != nil {
			t.Errorf("the bloom filter does not know %v: %v", zero, err)
		}
	}
}
