package vec

import (
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// slicedTexts makes n texts, some empty, some null, that start at an offset
// into their buffers.
func slicedTexts(r *rand.Rand, n int) arrow.Array {
	const skip = 5
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for range n + skip {
		switch r.IntN(4) {
		case 0:
			b.AppendNull()
		case 1:
			b.Append("")
		default:
			b.Append("x")
		}
	}
	return array.NewSlice(b.NewArray(), skip, int64(n+skip))
}

func TestEmptyAsNull(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		plain := slicedTexts(r, r.IntN(40))
		coded, in := make([]int32, plain.Len()), NewInterner(0)
		in.Code([]byte("x"))
		valid, nulls := make([]byte, plain.Len()/8+1), 0
		for i := range coded {
			if plain.IsNull(i) {
				nulls++
				continue
			}
			coded[i], _ = in.Code([]byte(TextOf(plain).Value(i)))
			valid[i/8] |= 1 << (i % 8)
		}
		for _, a := range []arrow.Array{plain, DictionaryOf(coded, valid, nulls, in.Data())} {
			got, want := EmptyAsNull(a), 0
			for i := range a.Len() {
				null := plain.IsNull(i) || TextOf(plain).Value(i) == ""
				if null {
					want++
				}
				if TextOf(got).IsNull(i) != null || !null && TextOf(got).Value(i) != "x" {
					t.Fatalf("row %d of %v is %v", i, a, got)
				}
			}
			if got.NullN() != want || got.Len() != a.Len() {
				t.Fatalf("%d nulls of %d, want %d of %d", got.NullN(), got.Len(), want, a.Len())
			}
		}
	}
}

func TestInternersHoldLittleText(t *testing.T) {
	in, long := NewInterner(8), make([]byte, 8*bytesPerText)
	if _, ok := in.Code(long); !ok {
		t.Error("as much text as there is room for is refused")
	}
	if _, ok := in.Code([]byte("x")); ok {
		t.Error("more text than there is room for is taken")
	}
	if code, ok := in.Code(long); !ok || code != 0 {
		t.Error("a text that is there is refused")
	}
}
