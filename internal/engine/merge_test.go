package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// TestScanSortedMergesPartitions divides sorted rows among partitions, some of
// them empty, and wants them back in order, whether they were spilled or not.
func TestScanSortedMergesPartitions(t *testing.T) {
	for _, parts := range []int{0, 1, 2, 7, 40} {
		for _, limit := range []int64{1 << 40, 0} {
			t.Run(fmt.Sprintf("parts=%d/limit=%d", parts, limit), func(t *testing.T) {
				b, spill := budget.New(limit), NewSpill(t.TempDir())
				defer spill.Close()
				s := NewStore(StoreOptions{Types: []schema.Type{schema.T(schema.Bigint), schema.T(schema.String)}, Budget: b, Spill: spill, ChunkRows: 16, BatchRows: 10})
				want := fillSorted(t, s, parts)
				var got []string
				err := s.ScanSorted(SortedScan{allParts(s), []int{0, 1}, 50}, func(cols []arrow.Array, n int) error {
					if n != 50 && len(got)+n != len(want) {
						return fmt.Errorf("a batch of %d rows", n)
					}
					for i := range n {
						got = append(got, fmt.Sprintf("%d %s", cols[0].(*array.Int64).Value(i), vec.TextOf(cols[1]).Value(i)))
					}
					return nil
				})
				if err != nil || !slices.Equal(got, want) {
					t.Fatalf("%v, %d rows of %d in order", err, len(got), len(want))
				}
				s.Close()
				if b.Used() != 0 {
					t.Errorf("%d bytes are not given back", b.Used())
				}
			})
		}
	}
}

func allParts(s *Store) []int {
	var parts []int
	for i := range s.Parts() {
		parts = append(parts, i)
	}
	return parts
}

// fillSorted deals ascending rows to the partitions at random and returns them.
func fillSorted(t *testing.T, s *Store, parts int) []string {
	var want []string
	if parts == 0 {
		return nil
	}
	r := rand.New(rand.NewPCG(3, uint64(parts)))
	for i := range 1000 {
		number, text := int64(i/3), fmt.Sprint("text ", i%3)
		cols := []arrow.Array{vec.Int64s([]int64{number}), vec.StringsOf([]int32{0, int32(len(text))}, []byte(text))}
		if err := s.Append(0, uint64(i), r.IntN(parts)/2*2, cols, []int32{0}); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%d %s", number, text))
	}
	return want
}

func TestScanSortedEndsWithTheFirstError(t *testing.T) {
	s := NewStore(StoreOptions{Types: []schema.Type{schema.T(schema.Bigint), schema.T(schema.String)}, BatchRows: 10})
	fillSorted(t, s, 5)
	stop, calls := errors.New("stop"), 0
	err := s.ScanSorted(SortedScan{allParts(s), []int{0}, 50}, func([]arrow.Array, int) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

// TestAbsorb computes parts of the rows with Codes of their own: parts by the
// values of one column, whose Codes are closed, then any parts.
func TestAbsorb(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		c := randomCase(r)
		want := c.reference()
		by := r.IntN(len(c.types) + 1)
		total := c.newState()
		for part := range 4 {
			state := c.newState()
			c.fill(r, state, func(row int) bool {
				if by == len(c.types) {
					return row%4 == part
				}
				return len(show(c.columns[by][row]))%4 == part
			})
			var closed []*Codes
			if by < len(c.types) {
				closed = append(closed, state.codes[by])
			}
			total.Absorb(state.Aggregation, closed)
		}
		if got := c.lines(t, total.Aggregation); !slices.Equal(got, want) {
			t.Fatalf("seed %d:\ngot  %q\nwant %q", seed, got, want)
		}
	}
}

// codedState is an aggregation and the Codes of all columns that it works on.
type codedState struct {
	*Aggregation
	codes []*Codes
}

func (c *testCase) newState() codedState {
	s := codedState{codes: make([]*Codes, len(c.types))}
	for i, typ := range c.types {
		s.codes[i] = NewCodes(typ)
	}
	aggregates := slices.Clone(c.aggregates)
	for i := range aggregates {
		aggregates[i].Codes = s.codes[aggregates[i].Argument]
	}
	var keys []*Codes
	for _, k := range c.keys {
		keys = append(keys, s.codes[k])
	}
	s.Aggregation = NewAggregation(NewGroups(keys), aggregates)
	return s
}

// fill adds the rows that keep names.
func (c *testCase) fill(r *rand.Rand, s codedState, keep func(row int) bool) {
	part := *c
	part.keep = make([]bool, c.rows)
	for row := range part.keep {
		part.keep[row] = keep(row) && (c.keep == nil || c.keep[row])
	}
	coders := make([]*Coder, len(s.codes))
	for i, codes := range s.codes {
		coders[i] = codes.NewCoder()
	}
	for _, b := range part.split(r) {
		part.update(s.Aggregation, coders, b, nil)
	}
}
