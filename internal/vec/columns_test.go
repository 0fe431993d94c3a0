package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/schema"
)

var columnTypes = []schema.Type{
	schema.T(schema.String), schema.T(schema.Binary), schema.T(schema.Boolean), schema.T(schema.Integer), schema.T(schema.Bigint),
	schema.T(schema.Double), schema.DecimalOf(10, 2), schema.DecimalOf(38, 5), schema.T(schema.Date), schema.T(schema.Timestamp),
}

// randomColumn makes n random values, some of them null or all alike, as an array that
// starts at an offset into its buffers, as slices of larger batches do.
func randomColumn(r *rand.Rand, typ schema.Type, n int) arrow.Array {
	b := array.NewBuilder(memory.DefaultAllocator, typ.Arrow())
	defer b.Release()
	skip := r.IntN(11)
	span, nulls := 1+19*r.IntN(2), r.IntN(3) // a third of the columns without nulls, half of them of one value
	for range n + skip {
		if nulls > 0 && r.IntN(5) == 0 {
			b.AppendNull()
			continue
		}
		v := r.IntN(span) - span/2
		switch b := b.(type) {
		case *array.StringBuilder:
			b.Append(fmt.Sprint("value ", v))
		case *array.BinaryBuilder:
			b.Append([]byte{byte(v), 0, byte(v)}[:1+r.IntN(3)])
		case *array.BooleanBuilder:
			b.Append(v%2 == 0)
		case *array.Int32Builder:
			b.Append(int32(v))
		case *array.Int64Builder:
			b.Append(int64(v) << 40)
		case *array.Float64Builder:
			b.Append([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), float64(v)}[r.IntN(5)])
		case *array.Decimal128Builder:
			b.Append(decimal128.FromI64(int64(v)))
		case *array.Date32Builder:
			b.Append(arrow.Date32(v))
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(v) << 30)
		}
	}
	all := b.NewArray()
	return array.NewSlice(all, int64(skip), int64(n+skip))
}

// coded returns the same texts dictionary-coded, with unused and repeated entries.
func coded(r *rand.Rand, a arrow.Array) arrow.Array {
	text := TextOf(a)
	in := NewInterner(0)
	in.Code([]byte("unused"))
	codes, valid, nulls := make([]int32, a.Len()), growBits(nil, a.Len()), 0
	for i := range codes {
		if a.IsNull(i) {
			codes[i] = int32(r.IntN(3)) - 1 // anything
			nulls++
			continue
		}
		codes[i], _ = in.Code([]byte(text.Value(i)))
		valid[i/8] |= 1 << (i % 8)
	}
	return DictionaryOf(codes, valid, nulls, in.Data())
}

func TestBuilderReturnsWhatWasAppended(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, typ := range columnTypes {
		for round := range 40 {
			b := NewBuilder(typ, []*Interner{nil, NewInterner(8), NewInterner(0)}[round%3])
			type place struct {
				a   arrow.Array
				row int32
			}
			var want []place
			for range r.IntN(6) {
				a := randomColumn(r, typ, 1+r.IntN(50))
				if typ.Kind == schema.String && r.IntN(2) == 0 {
					a = coded(r, a)
				}
				rows := make([]int32, r.IntN(80))
				for i := range rows {
					rows[i] = int32(r.IntN(a.Len()))
					want = append(want, place{a, rows[i]})
				}
				b.Append(a, rows)
			}
			if b.Len() != len(want) {
				t.Fatalf("%v: %d rows, want %d", typ, b.Len(), len(want))
			}
			got := b.Array()
			for i, w := range want {
				if Compare(got, i, w.a, int(w.row)) != 0 {
					t.Fatalf("%v, round %d: row %d is %s, want %s", typ, round, i, got.ValueStr(i), w.a.ValueStr(int(w.row)))
				}
			}
			if b.Len() != 0 || b.Array().Len() != 0 {
				t.Fatalf("%v: the builder is not empty after Array", typ)
			}
		}
	}
}

func TestTakeKeepsDictionaries(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	a := coded(r, randomColumn(r, schema.T(schema.String), 100))
	rows := []int32{5, 5, 99, 0, 17}
	got := Take(a, schema.T(schema.String), rows).(*array.Dictionary)
	if got.Data().Dictionary() != a.Data().Dictionary() {
		t.Error("Take made a new dictionary")
	}
	for i, row := range rows {
		if Compare(got, i, a, int(row)) != 0 {
			t.Errorf("row %d is %s, want %s", i, got.ValueStr(i), a.ValueStr(int(row)))
		}
	}
}

func TestHashDependsOnValuesAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, typ := range columnTypes {
		a, b := randomColumn(r, typ, 300), randomColumn(r, schema.T(schema.String), 300)
		plain := new(Hasher).Rows(nil, []arrow.Array{a, b}, 300)
		for i := range 300 {
			for j := range 300 {
				same := Compare(a, i, a, j) == 0 && Compare(b, i, b, j) == 0
				if same != (plain[i] == plain[j]) {
					t.Fatalf("%v: rows %d and %d: equal %v, hashes %x and %x", typ, i, j, same, plain[i], plain[j])
				}
			}
		}
		other := new(Hasher).Rows(nil, []arrow.Array{a, coded(r, b)}, 300)
		for i := range plain {
			if plain[i] != other[i] {
				t.Fatalf("%v: row %d hashes to %x plain and %x coded", typ, i, plain[i], other[i])
			}
		}
	}
}

// The hash stands in files of the lake, so it must never change.
func TestHashIsStable(t *testing.T) {
	for text, want := range map[string]uint64{
		"": 0xbeb124275d76700e, "T0000001": 0x3e04216dbe6e0240, "a text of more than sixteen bytes": 0xfa56108ad10e1e84,
	} {
		if got := HashBytes([]byte(text)); got != want {
			t.Errorf("the hash of %q is %#x, want %#x: indexes of existing lakes would be wrong", text, got, want)
		}
	}
}

func TestHashesOfShortTextsDiffer(t *testing.T) {
	seen := map[uint64]string{}
	for i := range 200_000 {
		for _, text := range []string{fmt.Sprint(i), fmt.Sprintf("T%08d", i), fmt.Sprintf("customer-%d-of-many", i)} {
			hash := HashBytes([]byte(text))
			if other, ok := seen[hash]; ok && other != text {
				t.Fatalf("%q and %q have one hash", other, text)
			}
			seen[hash] = text
		}
	}
}

func TestInternerGivesOneCodeToConcurrentAdders(t *testing.T) {
	in := NewInterner(0)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 5000 {
				code, _ := in.Code([]byte(fmt.Sprint(i % 700)))
				if string(in.Value(code)) != fmt.Sprint(i%700) {
					t.Errorf("code %d is not %d", code, i%700)
					return
				}
			}
		})
	}
	wg.Wait()
	if in.Len() != 700 || in.Find([]byte("699")) < 0 || in.Find([]byte("700")) != -1 {
		t.Errorf("%d texts, want 700", in.Len())
	}
}

func TestInternerRefusesAboveItsLimit(t *testing.T) {
	in := NewInterner(2)
	in.Code([]byte("a"))
	in.Code([]byte("b"))
	if _, ok := in.Code([]byte("c")); ok {
		t.Error("a third text was taken")
	}
	if code, ok := in.Code([]byte("b")); !ok || code != 1 {
		t.Errorf("a known text gives %d, %v", code, ok)
	}
}

func BenchmarkHashText(b *testing.B) {
	offsets, text := []int32{0}, []byte{}
	for i := range 32768 {
		text = fmt.Appendf(text, "T%010d", i)
		offsets = append(offsets, int32(len(text)))
	}
	cols := []arrow.Array{StringsOf(offsets, text)}
	var h Hasher
	var dst []uint64
	for b.Loop() {
		dst = h.Rows(dst, cols, 32768)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/32768, "ns/row")
}
