package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestCodeSetIsASet drives a set through all of its forms, beside a map.
func TestCodeSetIsASet(t *testing.T) {
	for _, universe := range []int{40, 1000, 100_000, 5_000_000} {
		for seed := range uint64(12) {
			r := rand.New(rand.NewPCG(seed, uint64(universe)))
			slab := &codeSlab{}
			sets, want := make([]codeSet, 5), make([]map[uint32]bool, 5)
			for i := range want {
				want[i] = map[uint32]bool{}
			}
			for step := range 400 {
				slab.universe = 2 + universe*(step+1)/400 // grows, as codes are given
				i, j := r.IntN(5), r.IntN(5)
				codes := make([]uint32, r.IntN(1+r.IntN(60)))
				for k := range codes {
					codes[k] = uint32(r.IntN(slab.universe))
					if codes[k] != NoCode {
						want[i][codes[k]] = true
					}
				}
				sets[i].addAll(codes, slab)
				if r.IntN(40) == 0 && i != j {
					sets[i].addSet(&sets[j], slab)
					for code := range want[j] {
						want[i][code] = true
					}
				}
				if sets[i].count() != len(want[i]) {
					t.Fatalf("universe %d, seed %d, step %d: %d codes, want %d (form %d)", universe, seed, step, sets[i].count(), len(want[i]), sets[i].form)
				}
			}
		}
	}
}

func BenchmarkCountDistinct(b *testing.B) {
	const rows = 1 << 15
	for _, test := range []struct{ groups, codes int }{{1, 500_000}, {365, 500_000}, {500_000, 1000}} {
		b.Run(fmt.Sprintf("groups=%d/codes=%d", test.groups, test.codes), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			batches := make([]struct{ ids, codes []uint32 }, 64)
			for i := range batches {
				for range rows {
					batches[i].ids = append(batches[i].ids, uint32(1+r.IntN(test.groups)))
					batches[i].codes = append(batches[i].codes, uint32(1+r.IntN(test.codes)))
				}
			}
			codes := NewCodes(testTypes[3])
			codes.words.count.Store(int64(test.codes))
			distinct := newCountDistinct(codes)
			i := 0
			for b.Loop() {
				batch := batches[i%len(batches)]
				distinct.update(rowGroups{ids: batch.ids, groups: test.groups + 1, single: test.groups == 1}, Column{Codes: batch.codes})
				i++
			}
			perRow(b, rows)
			b.ReportMetric(float64(distinct.bytes())/float64(test.groups), "B/group")
		})
	}
}
