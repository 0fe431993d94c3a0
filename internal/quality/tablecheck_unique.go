package quality

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// countedValues is how many values are counted in one pass over the table.
const countedValues = 1000

// unique says whether values repeat, and which. Read here, first the hashes are
// found that are there more than once, which a table that is as it should be does
// not have, and only then values are counted.
func (c *tableChecker) unique(ctx context.Context, check *project.TableCheck) (verdict, error) {
	columns := make([]schema.Column, len(check.Columns))
	for i, index := range check.Columns {
		columns[i] = c.table.Schema.Columns[index]
	}
	names := strings.Join(schema.Table{Columns: columns}.Names(), ", ")
	unique, complete, err := c.uniqueElsewhere(ctx, check.Columns)
	if err != nil {
		return verdict{}, err
	}
	var r repeated
	if !unique {
		if r, complete, err = c.repeatsHere(ctx, check.Columns); err != nil {
			return verdict{}, err
		}
	}
	found := rowsText(complete)
	if complete < c.rows {
		found += fmt.Sprintf(" (%s with a null do not count)", countText(c.rows-complete))
	}
	if r.values > 0 {
		return verdict{true, r.text(columns) + "; none may repeat in " + found}, nil
	}
	return verdict{false, fmt.Sprintf("no %s repeats in %s; none may", names, found)}, nil
}

// repeatsHere reads the rows, and returns which values repeat and the number of
// rows without a null.
func (c *tableChecker) repeatsHere(ctx context.Context, columns []int) (repeated, int64, error) {
	hashes, complete, err := c.repeatedHashes(ctx, columns)
	if err != nil || hashes.Len() == 0 {
		return repeated{}, complete, err
	}
	r, err := c.repeats(ctx, columns, hashes)
	return r, complete, err
}

// repeatedHashes returns the hashes that several rows have, and the number of
// rows without a null.
func (c *tableChecker) repeatedHashes(ctx context.Context, columns []int) (*engine.HashSet, int64, error) {
	hashes := engine.NewHashes(c.o.Workers, c.o.Budget, c.o.Spill)
	defer hashes.Close()
	workers := make([]struct {
		rowHasher
		frequent
		complete int64
	}, c.o.Workers)
	s := scan{table: c.table, columns: columns, do: func(worker int, cols []arrow.Array, n int) error {
		w := &workers[worker]
		found, _ := w.hash(cols, n)
		w.complete += int64(len(found))
		return hashes.Add(worker, w.twice(found))
	}}
	if err := s.run(ctx, c.o.Workers); err != nil {
		return nil, 0, err
	}
	complete := int64(0)
	for i := range workers {
		complete += workers[i].complete
	}
	repeated, _, err := hashes.Candidates(ctx, c.o.Workers, nil)
	return repeated, complete, err
}

// rowHasher hashes the rows that have no null.
type rowHasher struct {
	hasher vec.Hasher
	hashes []uint64
	rows   []int32
}

// hash returns the hashes of the rows without a null, and which rows these are.
// Both are valid until the next call.
func (h *rowHasher) hash(cols []arrow.Array, n int) ([]uint64, []int32) {
	h.hashes = h.hasher.Rows(h.hashes, cols, n)
	h.rows = h.rows[:0]
	for row := range n {
		if !slices.ContainsFunc(cols, func(col arrow.Array) bool { return col.IsNull(row) }) {
			h.hashes[len(h.rows)] = h.hashes[row]
			h.rows = append(h.rows, int32(row))
		}
	}
	return h.hashes[:len(h.rows)], h.rows
}

// frequent passes each hash on twice, which tells that it is repeated, and then
// as long as it remembers it no more: of a column with few values the hashes
// would take as much memory as those of a key, all in a few parts.
type frequent struct {
	slots  [1 << 13]uint64
	passed [1 << 13]uint8 // how often the hash of the slot was passed on
}

// twice returns the hashes to pass on, in the memory of hashes.
func (f *frequent) twice(hashes []uint64) []uint64 {
	out := hashes[:0]
	for _, hash := range hashes {
		slot := hash % uint64(len(f.slots))
		switch {
		case f.slots[slot] != hash || f.passed[slot] == 0:
			f.slots[slot], f.passed[slot] = hash, 1
		case f.passed[slot] == 1:
			f.passed[slot] = 2
		default:
			continue
		}
		out = append(out, hash)
	}
	return out
}

// repeated is what is known of the values that repeat.
type repeated struct {
	values  int64 // that repeat
	rows    int64 // that have them
	more    bool  // there may be more of them
	example []arrow.Array
	count   int64 // rows with the example
}

func (r *repeated) text(columns []schema.Column) string {
	text := fmt.Sprintf("%s stands in %s", rowText(columns, r.example, 0), rowsText(r.count))
	switch {
	case r.more:
		return fmt.Sprintf("%s; at least %s values repeat", text, countText(r.values))
	case r.values > 1:
		return fmt.Sprintf("%s; %s values repeat, in %s", text, countText(r.values), rowsText(r.rows))
	}
	return text
}

// repeats counts the rows of the values whose hash is repeated, so many values
// at a time, in the order of their hashes, until one truly repeats: different
// values may have the same hash.
func (c *tableChecker) repeats(ctx context.Context, columns []int, hashes *engine.HashSet) (repeated, error) {
	for from := uint64(0); ; {
		t, err := c.tally(ctx, columns, tallyRange{hashes, from})
		if err != nil {
			return repeated{}, err
		}
		r := t.repeated()
		r.more = t.full()
		if r.values > 0 || !t.full() {
			return r, nil
		}
		from = t.limit + 1
	}
}

// tallyRange says which hashes to count: the repeated ones, from one on.
type tallyRange struct {
	repeated *engine.HashSet
	from     uint64
}

func (r tallyRange) has(hash uint64) bool { return hash >= r.from && r.repeated.Has(hash) }

// tally counts the rows with each of the values that have the smallest hashes.
type tally struct {
	values map[uint64][]counted
	limit  uint64 // greater hashes are too many
}

// counted is a value, as columns of one row, and the number of its rows.
type counted struct {
	value []arrow.Array
	rows  int64
}

func newTally() *tally { return &tally{map[uint64][]counted{}, math.MaxUint64} }

func (c *tableChecker) tally(ctx context.Context, columns []int, chosen tallyRange) (*tally, error) {
	types := make([]schema.Type, len(columns))
	for i, index := range columns {
		types[i] = c.table.Schema.Columns[index].Type
	}
	workers := make([]struct {
		rowHasher
		*tally
	}, c.o.Workers)
	for i := range workers {
		workers[i].tally = newTally()
	}
	s := scan{table: c.table, columns: columns, do: func(worker int, cols []arrow.Array, n int) error {
		w := &workers[worker]
		hashes, rows := w.hash(cols, n)
		for i, hash := range hashes {
			if hash <= w.limit && chosen.has(hash) {
				w.count(hash, cols, types, rows[i])
			}
		}
		return nil
	}}
	if err := s.run(ctx, c.o.Workers); err != nil {
		return nil, err
	}
	total := workers[0].tally
	for _, w := range workers[1:] {
		total.merge(w.tally)
	}
	return total, nil
}

// count adds a row. The columns are kept only as copies of single values.
func (t *tally) count(hash uint64, cols []arrow.Array, types []schema.Type, row int32) {
	values := t.values[hash]
	for i := range values {
		if vec.EqualRows(values[i].value, 0, cols, int(row)) {
			values[i].rows++
			return
		}
	}
	value := make([]arrow.Array, len(cols))
	for i, col := range cols {
		b := vec.NewBuilder(types[i], nil)
		b.Append(col, []int32{row})
		value[i] = b.Array()
	}
	t.values[hash] = append(values, counted{value, 1})
	if len(t.values) >= 2*countedValues {
		t.trim()
	}
}

// trim drops the greatest hashes beyond countedValues.
func (t *tally) trim() {
	if len(t.values) <= countedValues {
		return
	}
	t.limit = slices.Sorted(maps.Keys(t.values))[countedValues-1]
	maps.DeleteFunc(t.values, func(hash uint64, _ []counted) bool { return hash > t.limit })
}

// merge adds what another worker counted. What both hold below both limits is
// complete in both.
func (t *tally) merge(other *tally) {
	t.limit = min(t.limit, other.limit)
	for hash, values := range other.values {
		for _, v := range values {
			mine := t.values[hash]
			at := slices.IndexFunc(mine, func(m counted) bool { return vec.EqualRows(m.value, 0, v.value, 0) })
			if at < 0 {
				t.values[hash] = append(mine, v)
			} else {
				mine[at].rows += v.rows
			}
		}
	}
	maps.DeleteFunc(t.values, func(hash uint64, _ []counted) bool { return hash > t.limit })
}

// full says that there may be values with greater hashes than those counted.
func (t *tally) full() bool { return t.limit != math.MaxUint64 }

// repeated returns which of the values repeat. The example is the least of them.
func (t *tally) repeated() repeated {
	t.trim()
	var r repeated
	for _, values := range t.values {
		for _, v := range values {
			if v.rows < 2 {
				continue
			}
			r.values++
			r.rows += v.rows
			if r.example == nil || compareRows(v.value, r.example) < 0 {
				r.example, r.count = v.value, v.rows
			}
		}
	}
	return r
}

// compareRows orders single rows by their columns.
func compareRows(a, b []arrow.Array) int {
	for i := range a {
		if order := vec.Compare(a[i], 0, b[i], 0); order != 0 {
			return order
		}
	}
	return 0
}
