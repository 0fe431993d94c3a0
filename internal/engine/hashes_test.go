package engine

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lakectl/lakectl/internal/budget"
)

func TestCandidatesAreTheRepeatedHashes(t *testing.T) {
	for _, limit := range []int64{1 << 40, 0} {
		for _, workers := range []int{1, 3} {
			r := rand.New(rand.NewPCG(1, uint64(workers)))
			spill := NewSpill(t.TempDir())
			defer spill.Close()
			b := budget.New(limit)
			h, count := NewHashes(workers, b, spill), map[uint64]int{}
			random := func() uint64 { return r.Uint64N(300_000) * 0x9E3779B97F4A7C15 }
			for i := range 1500 {
				hashes := make([]uint64, r.IntN(2000))
				for j := range hashes {
					hashes[j] = random()
					count[hashes[j]]++
				}
				if err := h.Add(i%workers, hashes); err != nil {
					t.Fatal(err)
				}
			}
			lists, wantTouched := make([][]uint64, 5), make([]bool, 5)
			inLists := map[uint64]bool{}
			for i := range lists[:4] {
				for range 10 * i {
					hash := random()
					lists[i] = append(lists[i], hash)
					inLists[hash] = true
					wantTouched[i] = wantTouched[i] || count[hash] > 0
				}
				slices.Sort(lists[i])
			}
			lists[4] = []uint64{^uint64(0)}
			got, touched, err := h.Candidates(context.Background(), workers, lists)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(touched, wantTouched) {
				t.Errorf("touched %v, want %v", touched, wantTouched)
			}
			want := 0
			for hash, n := range count {
				is := n > 1 || inLists[hash]
				if is {
					want++
				}
				if hash != 0 && got.Has(hash) != is {
					t.Fatalf("%x, added %d times: candidate %v, want %v", hash, n, got.Has(hash), is)
				}
			}
			if got.Len() != want {
				t.Errorf("%d candidates, want %d", got.Len(), want)
			}
			if limit == 0 && spill.Written() == 0 {
				t.Error("nothing was spilled without memory")
			}
			if h.Close(); b.Used() != 0 {
				t.Errorf("%d bytes of the budget were not given back", b.Used())
			}
		}
	}
}

func BenchmarkCandidates(b *testing.B) {
	const n = 1 << 20
	hashes := make([]uint64, n)
	for i := range hashes {
		hashes[i] = uint64(i%(n-n/100)) * 0x9E3779B97F4A7C15
	}
	for b.Loop() {
		h := NewHashes(1, nil, nil)
		if err := h.Add(0, hashes); err != nil {
			b.Fatal(err)
		}
		if _, _, err := h.Candidates(context.Background(), 1, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/key")
}
