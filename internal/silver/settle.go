package silver

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// settle finds, of the candidates with one key, the row that counts, and sends
// it to its file.
func (b *build) settle(ctx context.Context) error {
	return engine.ForEach(ctx, len(b.workers), b.candidates.Parts(), func(ctx context.Context, worker, part int) error {
		s := newSettler(b, worker)
		err := b.candidates.Scan(part, func(cols []arrow.Array, n int) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return s.add(cols, others(nil, n))
		})
		if err != nil || s.rows() == 0 {
			return err
		}
		c, winners := s.choose()
		var fresh, staying []int32
		for _, row := range winners {
			if c.home[row] < 0 {
				fresh = append(fresh, row)
			} else {
				staying = append(staying, row)
			}
		}
		return b.placeSettled(worker, settledSeq+uint64(part), c, fresh, staying)
	})
}

// settler brings the candidates of a part together. When there are many it drops
// those that do not count in between, so that a key with any number of versions
// takes little memory.
type settler struct {
	build    *build
	worker   int
	builders []*vec.Builder
	limit    int64 // bytes at which to drop rows
}

// settleBytes is how many bytes of candidates a settler collects before it
// drops rows, and mostText how many bytes of text a column may have after that.
const (
	settleBytes = 64 << 20
	mostText    = 1 << 30
)

func newSettler(b *build, worker int) *settler {
	s := &settler{build: b, worker: worker, limit: b.o.settleBytes}
	for _, typ := range typesOf(b.all) {
		s.builders = append(s.builders, vec.NewBuilder(typ, internerOf(typ)))
	}
	for _, c := range candidateColumns {
		s.builders = append(s.builders, vec.NewBuilder(c.Type, nil))
	}
	return s
}

// internerOf returns where the texts of a column are kept as codes, so that they
// are when they join the other rows of their partition; nil for other columns.
func internerOf(typ schema.Type) *vec.Interner {
	const mostCodes = 1 << 16
	if typ.Kind != schema.String {
		return nil
	}
	return vec.NewInterner(mostCodes)
}

func (s *settler) rows() int { return s.builders[0].Len() }

// add adds rows of the candidates' columns.
func (s *settler) add(cols []arrow.Array, rows []int32) error {
	for len(rows) > 0 {
		n := vec.FitRows(cols, rows, settleBytes)
		if s.append(cols, rows[:n]) >= s.limit {
			c, winners := s.choose()
			s.limit = max(s.build.o.settleBytes, 2*s.append(c.cols, winners))
			if s.limit > mostText {
				return errors.New("the rows whose keys came again are too large to compare; ingest fewer files in one run")
			}
		}
		rows = rows[n:]
	}
	return nil
}

// append returns the bytes that the settler holds with these rows.
func (s *settler) append(cols []arrow.Array, rows []int32) int64 {
	size := int64(0)
	for i, col := range cols {
		s.builders[i].Append(col, rows)
		size += s.builders[i].Bytes()
	}
	return size
}

// choose returns what was collected and the rows of it that count. It empties
// the settler.
func (s *settler) choose() (c *candidateBatch, winners []int32) {
	cols := make([]arrow.Array, len(s.builders))
	for i, builder := range s.builders {
		cols[i] = builder.Array()
	}
	n := len(s.build.all.Columns)
	c = &candidateBatch{cols: cols, all: cols[:n], key: pick(cols, s.build.compare.columns), hash: cols[n].(*array.Int64).Int64Values(),
		order: cols[n+1].(*array.Int64).Int64Values(), home: cols[n+2].(*array.Int32).Int32Values()}
	for _, group := range c.groups() {
		winner := c.winner(group, s.build.compare)
		for _, row := range group {
			if row != winner {
				s.build.drop(s.worker, c, row)
			}
		}
		winners = append(winners, winner)
	}
	return c, winners
}

// candidateBatch is candidates of a part.
type candidateBatch struct {
	cols  []arrow.Array // all
	all   []arrow.Array // of them, the table's columns
	key   []arrow.Array
	hash  []int64
	order []int64
	home  []int32
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

// placeSettled sends the rows that count to their files: the fresh ones as
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
	for i, column := range b.referenced {
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
