package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

var storeTypes = []schema.Type{schema.T(schema.Bigint), schema.T(schema.String), schema.T(schema.String), schema.DecimalOf(10, 2)}

// storeBatch makes n rows: a running number, a plain text, a coded text, a decimal.
func storeBatch(seq uint64, n int) []arrow.Array {
	numbers, offsets, text := make([]int64, n), []int32{0}, []byte(nil)
	in, codes := vec.NewInterner(0), make([]int32, n)
	decimals := vec.NewBuilder(storeTypes[3], nil)
	for i := range n {
		numbers[i] = int64(seq)<<20 | int64(i)
		text = fmt.Appendf(text, "row %d of %d", i, seq)
		offsets = append(offsets, int32(len(text)))
		codes[i], _ = in.Code(fmt.Appendf(nil, "code %d", (uint64(i)+seq)%7))
	}
	decimals.Append(vec.Nulls(storeTypes[3], n), iota32(n))
	return []arrow.Array{vec.Int64s(numbers), vec.StringsOf(offsets, text), vec.DictionaryOf(codes, nil, 0, in.Data()), decimals.Array()}
}

func iota32(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

func TestStoreGivesRowsBackInOrder(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		for _, limit := range []int64{1 << 40, 3 << 20, 0} {
			t.Run(fmt.Sprintf("workers=%d/limit=%d", workers, limit), func(t *testing.T) { storeRoundTrip(t, workers, limit) })
		}
	}
}

func storeRoundTrip(t *testing.T, workers int, limit int64) {
	const batches, parts = 60, 9
	b, spill := budget.New(limit), NewSpill(t.TempDir())
	defer spill.Close()
	s := NewStore(StoreOptions{Types: storeTypes, Workers: workers, Budget: b, Spill: spill, ChunkRows: 64})
	var mu sync.Mutex
	want := make([][]int64, parts)
	err := ForEach(context.Background(), workers, batches, func(_ context.Context, worker, task int) error {
		r := rand.New(rand.NewPCG(7, uint64(task)))
		cols := storeBatch(uint64(task), 100+r.IntN(400))
		rows := make([][]int32, parts)
		for i := range cols[0].Len() {
			p := r.IntN(parts)
			rows[p] = append(rows[p], int32(i))
		}
		for p, rows := range rows {
			mu.Lock()
			for _, row := range rows {
				want[p] = append(want[p], cols[0].(*array.Int64).Value(int(row)))
			}
			mu.Unlock()
			if err := s.Append(worker, uint64(task), p, cols, rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if limit == 0 && spill.Written() == 0 {
		t.Error("nothing was spilled without memory")
	}
	err = ForEach(context.Background(), workers, parts, func(_ context.Context, _, part int) error {
		slices.Sort(want[part])
		if int(s.Rows(part)) != len(want[part]) {
			t.Errorf("partition %d has %d rows, want %d", part, s.Rows(part), len(want[part]))
		}
		return s.Scan(part, func(cols []arrow.Array, n int) error {
			for i := range n {
				number := cols[0].(*array.Int64).Value(i)
				seq, row := uint64(number>>20), number&(1<<20-1)
				if number != want[part][i] || vec.TextOf(cols[1]).Value(i) != fmt.Sprintf("row %d of %d", row, seq) ||
					vec.TextOf(cols[2]).Value(i) != fmt.Sprintf("code %d", (uint64(row)+seq)%7) || !cols[3].IsNull(i) {
					return fmt.Errorf("partition %d: row %d is %v %q, want %d", part, i, number, cols[1].ValueStr(i), want[part][i])
				}
			}
			want[part] = want[part][n:]
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for part := range want {
		if len(want[part]) != 0 {
			t.Errorf("partition %d: %d rows are missing", part, len(want[part]))
		}
	}
	s.Close()
	if b.Used() != 0 {
		t.Errorf("%d bytes of the budget were not given back", b.Used())
	}
}

// Texts of one value are kept as codes until there are too many; batches of them
// must not become longer than what offsets can tell.
func TestStoreClosesBatchesOfLongTexts(t *testing.T) {
	const room, long, rows = 1 << 10, 300, 500
	s := NewStore(StoreOptions{Types: []schema.Type{schema.T(schema.Bigint), schema.T(schema.String), schema.T(schema.Binary)}, Workers: 1, BatchBytes: room,
		ChunkRows: 64, Budget: budget.New(0), Spill: NewSpill(t.TempDir())})
	defer s.Close()
	for seq := range 4 {
		numbers, in, codes := make([]int64, rows), vec.NewInterner(0), make([]int32, rows)
		texts, offsets := []byte(nil), []int32{0}
		for i := range rows {
			numbers[i] = int64(seq*rows + i)
			codes[i], _ = in.Code(fmt.Appendf(nil, "%0*d", long, i%3))
			texts = fmt.Appendf(texts, "%0*d", long, i)
			offsets = append(offsets, int32(len(texts)))
		}
		var text arrow.Array = vec.DictionaryOf(codes, nil, 0, in.Data())
		if seq%2 == 1 { // what follows a plain text is plain
			text = vec.StringsOf(slices.Clone(offsets), slices.Clone(texts))
		}
		if err := s.Append(0, uint64(seq), 0, []arrow.Array{vec.Int64s(numbers), text, vec.BinaryOf(offsets, texts)}, iota32(rows)); err != nil {
			t.Fatal(err)
		}
	}
	next := int64(0)
	err := s.Scan(0, func(cols []arrow.Array, n int) error {
		size := 0
		for i := range n {
			if got := cols[0].(*array.Int64).Value(i); got != next {
				return fmt.Errorf("row %d is %d", next, got)
			}
			want := next % rows
			if next/rows%2 == 0 {
				want %= 3
			}
			if got := vec.TextOf(cols[1]).Value(i); got != fmt.Sprintf("%0*d", long, want) {
				return fmt.Errorf("the text of row %d is %s", next, got)
			}
			size += cols[2].(*array.Binary).ValueLen(i)
			next++
		}
		if size > 2*room+long {
			return fmt.Errorf("a batch has %d bytes of text", size)
		}
		return nil
	})
	if err != nil || next != 4*rows {
		t.Errorf("%d rows, %v", next, err)
	}
}

func TestForEachStopsAtTheFirstError(t *testing.T) {
	calls := 0
	err := ForEach(context.Background(), 1, 10, func(_ context.Context, _, task int) error {
		calls++
		if task == 3 {
			return fmt.Errorf("task %d", task)
		}
		return nil
	})
	if err == nil || err.Error() != "task 3" || calls != 4 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func BenchmarkStoreScatter(b *testing.B) {
	const parts = 365
	cols := storeBatch(0, defaultBatchRows)
	rows := make([][]int32, parts)
	for i := range defaultBatchRows {
		rows[i%parts] = append(rows[i%parts], int32(i))
	}
	for b.Loop() {
		s := NewStore(StoreOptions{Types: storeTypes, Workers: 1})
		for seq := range uint64(8) {
			for p := range rows {
				if err := s.Append(0, seq, p, cols, rows[p]); err != nil {
					b.Fatal(err)
				}
			}
		}
		for p := range parts {
			if err := s.Scan(p, func([]arrow.Array, int) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(8*defaultBatchRows), "ns/row")
}

// Each batch has a dictionary of its own, of more entries than rows go to a partition.
func BenchmarkStoreLargeDictionaries(b *testing.B) {
	const parts, entries = 365, 10_000
	types := []schema.Type{schema.T(schema.String)}
	var batches [][]arrow.Array
	for k := range 8 {
		in, codes := vec.NewInterner(0), make([]int32, defaultBatchRows)
		for i := range codes {
			codes[i], _ = in.Code(fmt.Appendf(nil, "customer %d", (i*7919+k)%entries))
		}
		batches = append(batches, []arrow.Array{vec.DictionaryOf(codes, nil, 0, in.Data())})
	}
	rows := make([][]int32, parts)
	for i := range defaultBatchRows {
		rows[i%parts] = append(rows[i%parts], int32(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		s := NewStore(StoreOptions{Types: types, Workers: 1})
		for seq, cols := range batches {
			for p := range rows {
				if err := s.Append(0, uint64(seq), p, cols, rows[p]); err != nil {
					b.Fatal(err)
				}
			}
		}
		for p := range parts {
			if err := s.Scan(p, func([]arrow.Array, int) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(8*defaultBatchRows), "ns/row")
}
