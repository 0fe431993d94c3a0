package parquetio

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go"
)

func TestRowGroupsCloseByRowsAndBytes(t *testing.T) {
	table := everyType()
	b := randomBatch(rand.New(rand.NewPCG(1, 1)), table, 1000, 1<<20)
	for _, test := range []struct {
		o    WriterOptions
		want int
	}{{WriterOptions{}, 1}, {WriterOptions{RowGroupRows: 300}, 4}, {WriterOptions{RowGroupRows: 1000}, 1}, {WriterOptions{RowGroupBytes: 1, PageRows: 100}, 10}} {
		file, s := writeFile(t, table, test.o, b)
		if s.RowGroups != test.want || s.Rows != 1000 {
			t.Errorf("%+v: %d row groups of %d rows, want %d", test.o, s.RowGroups, s.Rows, test.want)
		}
		compareRows(t, readFile(t, openFile(t, file)), rowsOf(b))
	}
}

func TestBufferedBytesAreGivenBack(t *testing.T) {
	table := everyType()
	var out bytes.Buffer
	w, err := NewWriter(&out, table, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if w.BufferedBytes() != 0 {
		t.Errorf("%d bytes before anything was written", w.BufferedBytes())
	}
	if err := w.Write(randomBatch(rand.New(rand.NewPCG(1, 1)), table, 5000, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if n := w.BufferedBytes(); n < 500_000 || n > 5_000_000 {
		t.Errorf("%d bytes for 5000 rows of 26 columns", n)
	}
	if err := w.Flush(); err != nil || w.BufferedBytes() != 0 || out.Len() == 0 {
		t.Errorf("%d bytes after Flush, %d in the file: %v", w.BufferedBytes(), out.Len(), err)
	}
}

// TestPagesAreCutByBytes: all columns at the same rows, none far above the limit.
func TestPagesAreCutByBytes(t *testing.T) {
	text := schema.T(schema.String)
	table := schema.Table{Columns: []schema.Column{{Name: "n", Type: schema.T(schema.Integer)}, {Name: "s", Type: text}, {Name: "coded", Type: text}}}
	var numbers, texts []any
	entries, index := []any{}, []int32{}
	for i := range 3000 {
		numbers = append(numbers, int32(i))
		texts = append(texts, strings.Repeat(fmt.Sprint(i%10), i%200))
		entries = append(entries, strings.Repeat("x", 100)+fmt.Sprint(i))
		index = append(index, int32(i))
	}
	texts[1500] = strings.Repeat("long", 10_000)
	b := recordOf(table, arrayOf(table.Columns[0].Type, numbers), arrayOf(text, texts), codes(arrayOf(text, entries), index...))
	file, _ := writeFile(t, table, WriterOptions{PageBytes: 10_000, Codec: Uncompressed}, b)
	compareRows(t, readFile(t, openFile(t, file)), rowsOf(b))
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	first := f.OffsetIndexes()[0].PageLocations
	for c, index := range f.OffsetIndexes() {
		if len(index.PageLocations) != len(first) || len(first) < 15 {
			t.Fatalf("column %d has %d pages, the first %d", c, len(index.PageLocations), len(first))
		}
		for i, p := range index.PageLocations {
			if p.FirstRowIndex != first[i].FirstRowIndex || p.CompressedPageSize > 21_000 && p.CompressedPageSize < 40_000 || p.CompressedPageSize > 51_000 {
				t.Errorf("column %d, page %d: begins at row %d, not %d; %d bytes", c, i, p.FirstRowIndex, first[i].FirstRowIndex, p.CompressedPageSize)
			}
		}
	}
}

func TestAppendFollowsWhatWriteLeftOpen(t *testing.T) {
	table := tableOf(schema.T(schema.Integer), false)
	one := func(v int32) arrow.Record {
		return recordOf(table, arrayOf(table.Columns[0].Type, []any{v}))
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, table, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	late, early, empty := w.BeginRowGroup(), w.BeginRowGroup(), w.BeginRowGroup()
	steps := []error{w.Write(one(1)), late.Write(one(3)), early.Write(one(2)), w.Append(early), w.Append(empty), w.Append(late), w.Write(one(4))}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	if s, err := w.Close(); err != nil || s.RowGroups != 4 {
		t.Fatalf("%d row groups, %v", s.RowGroups, err)
	}
	if got := fmt.Sprint(readFile(t, openFile(t, out.Bytes()))); got != "[[1 2 3 4]]" {
		t.Errorf("rows %s", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a row group was appended twice")
		}
	}()
	_ = w.Append(late)
}

// failing fails after so many bytes.
type failing int

var errFull = errors.New("no space left")

func (f *failing) Write(p []byte) (int, error) {
	if *f -= failing(len(p)); *f < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteErrorsStay(t *testing.T) {
	table := everyType()
	b := randomBatch(rand.New(rand.NewPCG(1, 1)), table, 100, 10)
	_, s := writeFile(t, table, WriterOptions{}, b)
	for limit := 0; limit < int(s.Bytes); limit += 997 {
		out := failing(limit)
		w, err := NewWriter(&out, table, WriterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_ = errors.Join(w.Write(b), w.Flush())
		if _, err := w.Close(); !errors.Is(err, errFull) {
			t.Fatalf("room for %d bytes: %v", limit, err)
		}
	}
}
