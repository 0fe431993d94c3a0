package quality

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// texts makes a column of texts, plain or dictionary-coded; "" is null.
func texts(coded bool, values ...string) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	in, codes, valid, nulls := vec.NewInterner(0), make([]int32, len(values)), make([]byte, len(values)/8+1), 0
	in.Code([]byte("never used"))
	for i, v := range values {
		if v == "" {
			b.AppendNull()
			nulls++
			continue
		}
		b.Append(v)
		codes[i], _ = in.Code([]byte(v))
		valid[i/8] |= 1 << (i % 8)
	}
	if coded {
		return vec.DictionaryOf(codes, valid, nulls, in.Data())
	}
	return b.NewArray()
}

func TestSetHoldsValuesHoweverTheyAreCoded(t *testing.T) {
	for _, coded := range []bool{false, true} {
		s := NewSet(schema.T(schema.String))
		s.Add(texts(coded, "a", "b", "", "a"))
		s.Add(texts(!coded, "c", "a", "c"))
		if s.Len() != 3 {
			t.Errorf("%d values, want 3", s.Len())
		}
		found := make([]bool, 5)
		for range 2 {
			l := s.Lookup()
			l.Contains(found, texts(coded, "a", "x", "", "c", "never used"))
			if got, want := fmt.Sprint(found), "[true false false true false]"; got != want {
				t.Errorf("coded %v: %s, want %s", coded, got, want)
			}
		}
	}
}

func TestSetOfManyValues(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	s, want := NewSet(schema.T(schema.Bigint)), map[int64]bool{}
	for range 30 {
		values := make([]int64, r.IntN(3000))
		for i := range values {
			values[i] = r.Int64N(40_000)
			want[values[i]] = true
		}
		s.Add(vec.Int64s(values))
	}
	if s.Len() != len(want) {
		t.Fatalf("%d values, want %d", s.Len(), len(want))
	}
	all := make([]int64, 40_000)
	for i := range all {
		all[i] = int64(i)
	}
	found := make([]bool, len(all))
	s.Lookup().Contains(found, vec.Int64s(all))
	for i, ok := range found {
		if ok != want[int64(i)] {
			t.Fatalf("%d: found %v, want %v", i, ok, want[int64(i)])
		}
	}
}

func TestReasonsRoundTrip(t *testing.T) {
	reasons := []Reason{{Check: "type:amount", Column: "amount", Value: "12,50"}, {Check: "known_status", Detail: `"odd"`}}
	text := Reasons(reasons)
	if want := `[{"check":"type:amount","column":"amount","value":"12,50"},{"check":"known_status","detail":"\"odd\""}]`; text != want {
		t.Errorf("%s, want %s", text, want)
	}
	if got, err := ParseReasons(text); err != nil || fmt.Sprint(got) != fmt.Sprint(reasons) {
		t.Errorf("read back as %v, %v", got, err)
	}
}
