package engine

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/schema"
)

// accumulator is the state of one aggregate for every group, of one worker.
//
// NoGroup takes what is discarded, rows that were left out and nulls, so that
// the loops need no branches; nobody asks for its result.
type accumulator interface {
	// update adds a batch: rows.ids is the group of each row, all below
	// rows.groups.
	update(rows rowGroups, in Column)
	// merge adds the state of another worker's accumulator of the same kind; its
	// group g is mapping[g] here, all below groups.
	merge(other accumulator, mapping []uint32, groups int)
	// bytes returns the memory in use.
	bytes() int64
}

// finisher is an accumulator that knows its results; sums and averages are made
// of two.
type finisher interface {
	// finish returns the results of some groups.
	finish(ids []uint32) arrow.Array
}

// rowGroups says which group each row of a batch belongs to.
type rowGroups struct {
	ids    []uint32
	groups int
	single bool // all rows are of the group ids[0]
}

// Column is a column of a batch, as values or as codes (see Codes) or both.
type Column struct {
	Values arrow.Array
	Codes  []uint32
}

// OverflowError says that the result of an aggregate has no place in its type.
type OverflowError struct {
	Group     uint32
	Aggregate int // position among the aggregates
	Type      schema.Type
	Value     string // the exact result
}

// Error says what does not fit; who knows the group's key adds it.
func (e *OverflowError) Error() string {
	return fmt.Sprintf("the result %s does not fit %s", e.Value, e.Type)
}

// countRows counts the rows of each group; with nulls led to NoGroup it is count(x).
type countRows struct{ counts []int64 }

func (a *countRows) update(rows rowGroups, _ Column) {
	a.counts = extend(a.counts, rows.groups)
	if rows.single {
		a.counts[rows.ids[0]] += int64(len(rows.ids))
		return
	}
	counts := a.counts
	for _, id := range rows.ids {
		counts[id]++
	}
}

func (a *countRows) merge(other accumulator, mapping []uint32, groups int) {
	a.counts = extend(a.counts, groups)
	for id, n := range other.(*countRows).counts {
		a.counts[mapping[id]] += n
	}
}

// count returns the count of a group, which the accumulator may not have met.
func (a *countRows) count(id uint32) int64 {
	if int(id) < len(a.counts) {
		return a.counts[id]
	}
	return 0
}

func (a *countRows) finish(ids []uint32) arrow.Array {
	out := make([]int64, len(ids))
	for i, id := range ids {
		out[i] = a.count(id)
	}
	return newResult(len(ids)).fixed(schema.T(schema.Bigint), arrow.Int64Traits.CastToBytes(out))
}

func (a *countRows) bytes() int64 { return int64(8 * cap(a.counts)) }
