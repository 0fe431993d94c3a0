package silver

import (
	"context"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
)

// comparison is which rows of a table stand for the same thing, and which of
// them counts.
type comparison struct {
	columns  []int // of the table: the key, or all for a distinct table; nil: every row counts
	latestBy int   // the row with the highest value counts; -1: the one ingested last
	first    bool  // the row ingested first counts, the others are duplicates
}

func keyOf(t *project.Silver) comparison {
	if !t.Distinct {
		return comparison{columns: t.Key, latestBy: t.LatestBy}
	}
	c := comparison{first: true, latestBy: -1}
	for i := range t.Columns {
		c.columns = append(c.columns, i)
	}
	return c
}

// findRepeatedKeys reads the keys of the inputs and finds those that may occur
// twice, among them or in the table.
func (b *build) findRepeatedKeys(ctx context.Context) error {
	if err := b.loadIndexes(ctx); err != nil {
		return err
	}
	if b.compare.columns == nil || len(b.inputs) == 0 {
		return nil
	}
	hashes := engine.NewHashes(len(b.workers), b.o.Budget, b.o.Spill)
	defer hashes.Close()
	keys := newKeyReader(b.req, b.rawAt, b.compare.columns)
	err := engine.ForEach(ctx, len(b.workers), len(b.inputs), func(ctx context.Context, worker, i int) error {
		scratch := expr.NewScratch()
		w := b.workers[worker]
		return b.inputs[i].scan(ctx, b.req.Bucket, keys.raw, func(cols []arrow.Array, n int) error {
			values, err := keys.values(scratch, cols, n)
			if err != nil {
				return err
			}
			w.hashes = w.hasher.Rows(w.hashes, values, n)
			if !b.compare.first {
				return hashes.Add(worker, keyed(w.hashes, values))
			}
			return hashes.Add(worker, w.hashes)
		})
	})
	if err != nil {
		return err
	}
	lists, known := make([][]uint64, len(b.existing)), int64(0)
	for i, e := range b.existing {
		lists[i], e.keys = e.keys, nil // which are not needed any more
		known += 8 * int64(len(lists[i]))
	}
	b.o.Budget.Take(known)
	repeated, touched, err := hashes.Candidates(ctx, len(b.workers), lists)
	b.o.Budget.Release(known)
	if err != nil {
		return err
	}
	b.repeated = repeated
	b.o.Budget.Take(repeated.Bytes())
	for i, t := range touched {
		b.existing[i].touched = b.existing[i].touched || t
	}
	return nil
}

// keyed keeps the hashes of rows with a whole key, in place. The others go to
// quarantine, and there may be so many that they are worth leaving out: a file
// without its key is one hash a million times.
func keyed(hashes []uint64, key []arrow.Array) []uint64 {
	if !slices.ContainsFunc(key, func(col arrow.Array) bool { return col.NullN() > 0 }) {
		return hashes
	}
	out := hashes[:0]
	for row, hash := range hashes {
		if !slices.ContainsFunc(key, func(col arrow.Array) bool { return col.IsNull(row) }) {
			out = append(out, hash)
		}
	}
	return out
}

// keyReader computes key columns alone. Rows without a key because of a failure
// get some value or other: they go to quarantine later, and at worst the key of
// another row is taken for one that may occur twice.
type keyReader struct {
	table   *project.Silver
	columns []int // of the key
	order   []int // columns to compute, each after those it reads
	raw     []schema.Column
	slots   []int // of raw
}

func newKeyReader(req Request, rawAt, columns []int) *keyReader {
	t := req.Table
	need := upstream(t, columns)
	k := &keyReader{table: t, columns: columns}
	slots := map[int]bool{}
	for _, c := range t.Order {
		if !need[c] {
			continue
		}
		k.order = append(k.order, c)
		for _, slot := range t.Columns[c].Program.Columns() {
			if slot < len(t.Raw) && !slots[slot] {
				slots[slot] = true
				k.slots = append(k.slots, slot)
				name := t.Raw[slot]
				if rawAt[slot] >= 0 {
					name = req.RawColumns[rawAt[slot]]
				}
				k.raw = append(k.raw, schema.Column{Name: name, Type: schema.T(schema.String), Nullable: true})
			}
		}
	}
	if len(k.raw) == 0 { // a key of constants still has rows to count
		k.raw = []schema.Column{{Name: project.SourceRow, Type: schema.T(schema.Bigint)}}
	}
	return k
}

// upstream returns the columns and all that they are computed from.
func upstream(t *project.Silver, columns []int) map[int]bool {
	need := map[int]bool{}
	var visit func(c int)
	visit = func(c int) {
		if need[c] {
			return
		}
		need[c] = true
		for _, r := range t.Columns[c].Reads {
			visit(r)
		}
	}
	for _, c := range columns {
		visit(c)
	}
	return need
}

// values computes the key columns of a batch of the columns in raw.
func (k *keyReader) values(s *expr.Scratch, cols []arrow.Array, n int) ([]arrow.Array, error) {
	slots := make([]arrow.Array, len(k.table.Raw)+len(k.table.Columns))
	for i, slot := range k.slots {
		slots[slot] = cols[i]
	}
	for _, c := range k.order {
		if _, _, err := evaluate(k.table, c, s, slots, n); err != nil {
			return nil, err
		}
	}
	out := make([]arrow.Array, len(k.columns))
	for i, c := range k.columns {
		out[i] = slots[len(k.table.Raw)+c]
	}
	return out, nil
}
