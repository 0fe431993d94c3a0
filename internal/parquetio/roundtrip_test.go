package parquetio

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lakectl/lakectl/internal/schema"
)

func TestRoundTripOfRandomBatches(t *testing.T) {
	table := everyType()
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 1))
		distinct := []int{1, 7, 300, 1 << 20}[seed%4]
		o := WriterOptions{Codec: Codec(seed % 3), PageRows: []int{0, 100, 999}[seed/4%3], PageBytes: []int{0, 500}[seed/12%2]}
		var batches []arrow.Record
		for range 1 + r.IntN(4) {
			b := randomBatch(r, table, r.IntN(4000), distinct)
			if from := r.Int64N(b.NumRows() + 1); seed%2 == 1 {
				b = b.NewSlice(from, from+r.Int64N(b.NumRows()-from+1))
			}
			batches = append(batches, b)
		}
		if seed%5 == 0 {
			o.RowGroupRows = 1500
		}
		file, stats := writeFile(t, table, o, batches...)
		f := openFile(t, file)
		if f.Rows() != stats.Rows || f.RowGroups() != stats.RowGroups {
			t.Fatalf("the file says %d rows in %d groups, the writer %d in %d", f.Rows(), f.RowGroups(), stats.Rows, stats.RowGroups)
		}
		compareRows(t, readFile(t, f), rowsOf(batches...))
	}
}

func TestSchemaComesBack(t *testing.T) {
	table := everyType()
	file, _ := writeFile(t, table, WriterOptions{Metadata: map[string]string{"lakectl.commit": "41", "a": "b"}, CreatedBy: "lakectl version 1.2.3 (build x)"})
	f := openFile(t, file)
	if got := f.Table(); fmt.Sprint(got) != fmt.Sprint(table) {
		t.Errorf("got  %v\nwant %v", got, table)
	}
	if m := f.Metadata(); len(m) != 2 || m["lakectl.commit"] != "41" || m["a"] != "b" {
		t.Errorf("metadata %v", m)
	}
	if f.CreatedBy() != "lakectl version 1.2.3 (build x)" || f.Rows() != 0 || f.RowGroups() != 0 {
		t.Errorf("by %q, %d rows, %d row groups", f.CreatedBy(), f.Rows(), f.RowGroups())
	}
}

func TestEdgeValues(t *testing.T) {
	nan, negativeZero := math.NaN(), math.Copysign(0, -1)
	for _, test := range []struct {
		name   string
		typ    schema.Type
		values []any
	}{
		{"all null strings", schema.T(schema.String), []any{nil, nil, nil}},
		{"all null decimals", schema.DecimalOf(38, 0), []any{nil, nil}},
		{"empty strings", schema.T(schema.String), []any{"", "", nil, ""}},
		{"NaN", schema.T(schema.Double), []any{nan, 1.0, nil, negativeZero, 0.0}},
		{"all NaN", schema.T(schema.Double), []any{nan, nan}},
		{"infinities", schema.T(schema.Double), []any{math.Inf(1), math.Inf(-1)}},
		{"one boolean", schema.T(schema.Boolean), []any{true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := tableOf(test.typ, true)
			b := recordOf(table, arrayOf(test.typ, test.values))
			file, _ := writeFile(t, table, WriterOptions{}, b)
			compareRows(t, readFile(t, openFile(t, file)), rowsOf(b))
		})
	}
}

// codes makes a dictionary array; -1 is a null index.
func codes(dict arrow.Array, index ...int32) *array.Dictionary {
	values := make([]any, len(index))
	for i, k := range index {
		if k >= 0 {
			values[i] = k
		}
	}
	return array.NewDictionaryArray(dictionaryType(), arrayOf(schema.T(schema.Integer), values), dict)
}

func TestDictionaryArrays(t *testing.T) {
	text := schema.T(schema.String)
	table := tableOf(text, true)
	one := arrayOf(text, []any{"unused", "a", nil, "b", "a"}) // a null entry, a repeated entry
	two := arrayOf(text, []any{"b", "c"})
	huge := make([]any, 50_000)
	for i := range huge {
		huge[i] = fmt.Sprint("entry ", i)
	}
	large := arrayOf(text, huge)
	batches := []arrow.Record{
		recordOf(table, codes(one, 1, 2, -1, 3, 4)),
		recordOf(table, codes(two, 0, 1, 0, -1)),
		recordOf(table, array.NewSlice(codes(one, 0, 4, 4, 3, 1), 1, 4)),
		recordOf(table, arrayOf(text, []any{"a", nil, "z", "a"})),
		recordOf(table, codes(large, 49_999, 7, 7)),
		recordOf(table, codes(array.NewSlice(one, 1, 4), 0, 1, 2)),
	}
	for _, pageRows := range []int{0, 2} {
		file, _ := writeFile(t, table, WriterOptions{PageRows: pageRows}, batches...)
		compareRows(t, readFile(t, openFile(t, file)), rowsOf(batches...))
	}
}

// TestDictionaryIsSharedAndHoldsUsedEntries is what evaluators count on.
func TestDictionaryIsSharedAndHoldsUsedEntries(t *testing.T) {
	text := schema.T(schema.String)
	table := tableOf(text, false)
	dict := arrayOf(text, []any{"unused", "x", "y"})
	index := make([]int32, 1000)
	for i := range index {
		index[i] = int32(1 + i%2)
	}
	file, _ := writeFile(t, table, WriterOptions{PageRows: 100}, recordOf(table, codes(dict, index...)))
	r, err := openFile(t, file).RowGroup(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	var shared arrow.ArrayData
	for n := 0; ; n++ {
		rec, err := r.Next()
		if err != nil {
			if n != 10 {
				t.Fatalf("%d batches, then %v", n, err)
			}
			return
		}
		d := rec.Column(0).(*array.Dictionary)
		if d.Dictionary().Len() != 2 {
			t.Fatalf("the dictionary has %d entries, want 2", d.Dictionary().Len())
		}
		if shared != nil && d.Data().Dictionary() != shared {
			t.Fatal("two batches have dictionaries of their own")
		}
		shared = d.Data().Dictionary()
	}
}

func TestMixedChunk(t *testing.T) {
	text := schema.T(schema.String)
	table := tableOf(text, true)
	values := make([]any, 40_000)
	for i := range values {
		values[i] = fmt.Sprintf("common %d", i%10)
		if i > 10_000 {
			values[i] = fmt.Sprintf("%080d", i)
		}
	}
	b := recordOf(table, arrayOf(text, values))
	file, _ := writeFile(t, table, WriterOptions{PageRows: 4096}, b)
	f := openFile(t, file)
	compareRows(t, readFile(t, f), rowsOf(b))
	encodings := fmt.Sprint(f.meta.RowGroups[0].Columns[0].MetaData.EncodingStats)
	if want := "[{DICTIONARY_PAGE PLAIN 1} {DATA_PAGE RLE_DICTIONARY 3} {DATA_PAGE PLAIN 7}]"; encodings != want {
		t.Errorf("pages %s, want %s", encodings, want)
	}
}

func TestConcurrentRowGroupsGiveTheSameBytes(t *testing.T) {
	table := everyType()
	r := rand.New(rand.NewPCG(7, 7))
	batches := []arrow.Record{randomBatch(r, table, 700, 10), randomBatch(r, table, 900, 1000), randomBatch(r, table, 1, 10)}
	var first []byte
	for range 3 {
		var out bytes.Buffer
		w, err := NewWriter(&out, table, WriterOptions{PageRows: 128, Codec: Zstd, Bloom: []string{table.Columns[0].Name}})
		if err != nil {
			t.Fatal(err)
		}
		groups := make([]*RowGroup, len(batches))
		done := make(chan error)
		for i, b := range batches {
			groups[i] = w.BeginRowGroup()
			go func() {
				err := groups[i].Write(b)
				groups[i].Encode()
				done <- err
			}()
		}
		for range batches {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		for _, g := range groups {
			if err := w.Append(g); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = out.Bytes()
		} else if !bytes.Equal(first, out.Bytes()) {
			t.Fatal("the same row groups gave other bytes")
		}
	}
	var out bytes.Buffer
	w, _ := NewWriter(&out, table, WriterOptions{PageRows: 128, Codec: Zstd, Bloom: []string{table.Columns[0].Name}})
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, out.Bytes()) {
		t.Fatal("Write with Flush and concurrent row groups give different bytes")
	}
	compareRows(t, readFile(t, openFile(t, first)), rowsOf(batches...))
}
