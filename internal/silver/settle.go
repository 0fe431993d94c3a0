package silver

import (
	"cmp"
	"context"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/vec"
)

// settle finds, of the candidates with one key, the row that counts, and sends
// it to its partition.
func (b *build) settle(ctx context.Context) error {
	return engine.ForEach(ctx, len(b.workers), b.candidates.Parts(), func(ctx context.Context, worker, part int) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		c, err := b.collect(part)
		if err != nil || c == nil {
			return err
		}
		var fresh, staying []int32
		for _, group := range c.groups() {
			winner := c.winner(group, b.compare)
			for _, row := range group {
				if row != winner {
					b.drop(worker, c, row)
				}
			}
			if c.home[winner] < 0 {
				fresh = append(fresh, winner)
			} else {
				staying = append(staying, winner)
			}
		}
		return b.placeSettled(worker, settledSeq+uint64(part), c, fresh, staying)
	})
}

// candidateBatch is all candidates of a part.
type candidateBatch struct {
	all   []arrow.Array // the table's columns
	key   []arrow.Array
	hash  []int64
	order []int64
	home  []int32
}

// collect brings the candidates of a part together. It returns nil if there are none.
func (b *build) collect(part int) (*candidateBatch, error) {
	var builders []*vec.Builder
	types := append(typesOf(b.all), candidateColumns[0].Type, candidateColumns[1].Type, candidateColumns[2].Type)
	for _, typ := range types {
		builders = append(builders, vec.NewBuilder(typ, nil))
	}
	rows := 0
	err := b.candidates.Scan(part, func(cols []arrow.Array, n int) error {
		for i, col := range cols {
			builders[i].Append(col, others(nil, n))
		}
		rows += n
		return nil
	})
	if err != nil || rows == 0 {
		return nil, err
	}
	cols := make([]arrow.Array, len(builders))
	for i, builder := range builders {
		cols[i] = builder.Array()
	}
	n := len(b.all.Columns)
	return &candidateBatch{all: cols[:n], key: pick(cols, b.compare.columns), hash: cols[n].(*array.Int64).Int64Values(),
		order: cols[n+1].(*array.Int64).Int64Values(), home: cols[n+2].(*array.Int32).Int32Values()}, nil
}

// groups returns the rows of each key, those of one key in the order of ingestion.
func (c *candidateBatch) groups() [][]int32 {
	rows := others(nil, len(c.hash))
	slices.SortFunc(rows, func(i, j int32) int {
		return cmp.Or(cmp.Compare(c.hash[i], c.hash[j]), c.compareKeys(i, j), cmp.Compare(c.order[i], c.order[j]))
	})
	var groups [][]int32
	for start := 0; start < len(rows); {
		end := start + 1
		for end < len(rows) && c.hash[rows[start]] == c.hash[rows[end]] && c.compareKeys(rows[start], rows[end]) == 0 {
			end++
		}
		groups = append(groups, rows[start:end])
		start = end
	}
	return groups
}

func (c *candidateBatch) compareKeys(i, j int32) int {
	for _, col := range c.key {
		if d := vec.Compare(col, int(i), col, int(j)); d != 0 {
			return d
		}
	}
	return 0
}

// winner returns the row of a group that counts.
func (c *candidateBatch) winner(group []int32, how comparison) int32 {
	if how.first {
		return group[0]
	}
	best := group[len(group)-1]
	if how.latestBy < 0 {
		return best
	}
	latest := c.all[how.latestBy]
	for _, row := range slices.Backward(group[:len(group)-1]) {
		if vec.Compare(latest, int(row), latest, int(best)) > 0 {
			best = row
		}
	}
	return best
}

// drop counts a row that does not count.
func (b *build) drop(worker int, c *candidateBatch, row int32) {
	w := b.workers[worker]
	name := vec.TextOf(c.all[b.own+atSourceFile]).Value(int(row))
	t := w.totals[name]
	if b.compare.first {
		t.Duplicate++
	} else {
		t.Superseded++
	}
	w.totals[name] = t
	if home := c.home[row]; home >= 0 {
		b.mustWrite(home)
		b.changes.remove(b, worker, c.all, []int32{row})
	}
}

// placeSettled sends the rows that count to their partitions: the fresh ones as
// new, the others back to where they were.
func (b *build) placeSettled(worker int, seq uint64, c *candidateBatch, fresh, staying []int32) error {
	slices.SortFunc(fresh, func(i, j int32) int { return cmp.Compare(c.order[i], c.order[j]) })
	if err := b.place(worker, seq, c.all, fresh); err != nil {
		return err
	}
	cols := b.fileColumns(c.all)
	slices.SortFunc(staying, func(i, j int32) int {
		return cmp.Or(cmp.Compare(c.home[i], c.home[j]), cmp.Compare(c.order[i], c.order[j]))
	})
	for start := 0; start < len(staying); {
		end := start + 1
		for end < len(staying) && c.home[staying[end]] == c.home[staying[start]] {
			end++
		}
		if err := b.store.Append(worker, seq, int(c.home[staying[start]]), cols, staying[start:end]); err != nil {
			return err
		}
		start = end
	}
	return nil
}

// changeLog collects the hashes of the values of referenced columns in rows
// that entered the table or left it.
type changeLog struct {
	entered, left [][][]uint64 // by worker and referenced column
}

func newChangeLog(workers, columns int) changeLog {
	c := changeLog{make([][][]uint64, workers), make([][][]uint64, workers)}
	for i := range workers {
		c.entered[i], c.left[i] = make([][]uint64, columns), make([][]uint64, columns)
	}
	return c
}

func (c changeLog) add(b *build, worker int, all []arrow.Array, rows []int32) {
	collectHashes(c.entered[worker], b, worker, all, rows)
}

func (c changeLog) remove(b *build, worker int, all []arrow.Array, rows []int32) {
	collectHashes(c.left[worker], b, worker, all, rows)
}

func collectHashes(into [][]uint64, b *build, worker int, all []arrow.Array, rows []int32) {
	for i, column := range b.req.Table.Referenced {
		values := vec.Take(all[column], b.all.Columns[column].Type, rows)
		into[i] = append(into[i], b.workers[worker].hasher.Rows(nil, []arrow.Array{values}, len(rows))...)
	}
}

// changed returns the hashes of the values of a referenced column that may have
// come to the table or gone from it, sorted: a value of a row that entered as
// well as of one that left was there and still is.
func (c changeLog) changed(column int) []uint64 {
	merge := func(lists [][][]uint64) []uint64 {
		var all []uint64
		for _, byColumn := range lists {
			all = append(all, byColumn[column]...)
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	entered, left := merge(c.entered), merge(c.left)
	var out []uint64
	for len(entered) > 0 || len(left) > 0 {
		switch {
		case len(left) == 0 || len(entered) > 0 && entered[0] < left[0]:
			out, entered = append(out, entered[0]), entered[1:]
		case len(entered) == 0 || left[0] < entered[0]:
			out, left = append(out, left[0]), left[1:]
		default:
			entered, left = entered[1:], left[1:]
		}
	}
	return out
}

// add returns the sum of totals by file.
func addTotals(into map[string]lake.Totals, more map[string]lake.Totals) {
	for name, t := range more {
		into[name] = into[name].Add(t)
	}
}
