package silver

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// candidateColumns follow the table's in the store of candidates: the hash of
// the key, the place in the order of ingestion, and the file that the row is in
// already, or -1.
var candidateColumns = []schema.Column{
	{Name: "_hash", Type: schema.T(schema.Bigint)}, {Name: "_order", Type: schema.T(schema.Bigint)}, {Name: "_home", Type: schema.T(schema.Integer)},
}

// rowBits is how many bits of the order of ingestion are the row's number in
// its source file; the others number the files.
const rowBits = 36

// candidateParts is how many parts candidates are settled in.
const (
	candidateParts    = 64
	candidatePartBits = 6
)

// judgeInputs types and judges all rows of the inputs and sends them where they
// belong.
func (b *build) judgeInputs(ctx context.Context) error {
	columns := b.inputColumns()
	return engine.ForEach(ctx, len(b.workers), len(b.inputs), func(ctx context.Context, worker, i int) error {
		t := b.inputs[i]
		return t.scan(ctx, b.req.Bucket, columns, func(cols []arrow.Array, n int) error {
			in := &input{seq: uint64(i), replay: t.replay, raw: cols[:len(b.req.RawColumns)], sourceFile: cols[len(cols)-3],
				sourceRow: cols[len(cols)-2], time: cols[len(cols)-1], date: vec.Repeat32(schema.T(schema.Date), t.day, n), rows: n}
			return b.batch(worker, in, cols)
		})
	})
}

// input is a batch of an input.
type input struct {
	seq                         uint64
	replay                      bool // the rows leave quarantine
	rows                        int
	raw                         []arrow.Array
	sourceFile, sourceRow, time arrow.Array
	date                        arrow.Array
}

// batch judges one batch.
func (b *build) batch(worker int, in *input, cols []arrow.Array) error {
	w := b.workers[worker]
	w.judged += int64(in.rows)
	b.o.Progress(int64(in.rows), 0)
	if in.replay {
		w.count(in.sourceFile, func(t *lake.Totals) { t.Quarantined-- })
	}
	v, err := w.judge.judge(b.used(cols), in.rows)
	if err != nil {
		return err
	}
	for _, f := range v.fatal {
		w.fail(f, in)
	}
	bad, reasons := v.quarantined()
	if err := b.reject(worker, in, bad, reasons); err != nil {
		return err
	}
	good := others(bad, in.rows)
	if len(good) == 0 {
		return nil
	}
	flag, issues := w.judge.flags(v)
	all := append(v.cols, flag, issues, in.sourceFile, in.sourceRow, in.time, in.date,
		vec.Repeat64(schema.T(schema.Timestamp), b.o.Now.UnixMicro(), in.rows))
	direct, doubtful := good, []int32(nil)
	if b.repeated != nil {
		w.hashes = w.hasher.Rows(w.hashes, pick(all, b.compare.columns), in.rows)
		direct, doubtful = split(good, w.hashes, b.repeated)
	}
	if err := b.doubt(worker, in.seq, all, doubtful, -1); err != nil {
		return err
	}
	return b.place(worker, in.seq, all, direct)
}

// example is a row that failed a check with on_fail: fail.
type example struct {
	seq  uint64 // of its batch's input
	text string
}

// fail notes a check with on_fail: fail that failed. A worker's inputs ascend, so
// that the example it keeps is its first.
func (w *worker) fail(f finding, in *input) {
	if _, ok := w.fatal[f.reason.Check]; !ok {
		w.fatal[f.reason.Check] = example{in.seq, fmt.Sprintf("%s: row %s: %s is %q", vec.TextOf(in.sourceFile).Value(int(f.row)),
			in.sourceRow.ValueStr(int(f.row)), f.reason.Column, f.reason.Value)}
	}
}

// reject sends rows to quarantine.
func (b *build) reject(worker int, in *input, rows []int32, reasons [][]quality.Reason) error {
	if len(rows) == 0 {
		return nil
	}
	w := b.workers[worker]
	q := quarantine.Rows{SourceFile: vec.Take(in.sourceFile, schema.T(schema.String), rows),
		SourceRow:          vec.Take(in.sourceRow, schema.T(schema.Bigint), rows),
		IngestionTimestamp: vec.Take(in.time, schema.T(schema.Timestamp), rows),
		IngestionDate:      vec.Take(in.date, schema.T(schema.Date), rows)}
	for _, col := range in.raw {
		q.Raw = append(q.Raw, vec.Take(col, schema.T(schema.String), rows))
	}
	for _, r := range reasons {
		q.Reasons = append(q.Reasons, quality.Reasons(r))
	}
	w.count(q.SourceFile, func(t *lake.Totals) { t.Quarantined++ })
	return b.quarantine.Add(worker, in.seq, q)
}

// count changes the totals of the source file of each row.
func (w *worker) count(sourceFile arrow.Array, change func(*lake.Totals)) {
	text := vec.TextOf(sourceFile)
	for row := range sourceFile.Len() {
		name := text.Value(row)
		t := w.totals[name]
		change(&t)
		w.totals[name] = t
	}
}

// doubt sends rows to the candidates.
func (b *build) doubt(worker int, seq uint64, all []arrow.Array, rows []int32, home int32) error {
	if len(rows) == 0 {
		return nil
	}
	w := b.workers[worker]
	n := all[0].Len()
	order, err := b.order(all[b.own+atSourceFile], all[b.own+atSourceRow])
	if err != nil {
		return err
	}
	hashes := make([]int64, n)
	for i, h := range w.hashes {
		hashes[i] = int64(h)
	}
	cols := append(append([]arrow.Array(nil), all...), vec.Int64s(hashes), vec.Int64s(order), vec.Repeat32(schema.T(schema.Integer), home, n))
	parts := make([][]int32, candidateParts)
	for _, row := range rows {
		p := w.hashes[row] >> (64 - candidatePartBits)
		parts[p] = append(parts[p], row)
	}
	for p, rows := range parts {
		if len(rows) == 0 {
			continue
		}
		if err := b.candidates.Append(worker, seq, p, cols, rows); err != nil {
			return err
		}
	}
	return nil
}

// order returns the place of each row in the order of ingestion.
func (b *build) order(sourceFile, sourceRow arrow.Array) ([]int64, error) {
	files, rows := vec.TextOf(sourceFile), sourceRow.(*array.Int64).Int64Values()
	out := make([]int64, len(rows))
	last, base := "", int64(-1)
	for i, row := range rows {
		if name := files.Value(i); name != last || base < 0 {
			number, ok := b.req.Order[name]
			if !ok {
				return nil, fmt.Errorf("a row says that it is of %s, which was never ingested", name)
			}
			last, base = name, number<<rowBits
		}
		out[i] = base | row
	}
	return out, nil
}

// place sends rows to their files.
func (b *build) place(worker int, seq uint64, all []arrow.Array, rows []int32) error {
	if len(rows) == 0 {
		return nil
	}
	w := b.workers[worker]
	if cap(w.ids) < all[0].Len() {
		w.ids = make([]int32, all[0].Len())
	}
	w.ids = w.ids[:all[0].Len()]
	w.finder.Of(w.ids, pick(all, b.req.Table.PartitionBy))
	cols := b.fileColumns(all)
	if w.fresh == nil {
		w.fresh = map[int32]bool{}
	}
	b.changes.add(b, worker, all, rows)
	if b.buckets > 1 {
		w.buckets = w.bucketer.Rows(w.buckets, pick(all, b.req.Table.Key), all[0].Len(), b.buckets)
	}
	return groupRows(rows, w.ids, func(partition int32, rows []int32) error {
		return b.byBucket(w, rows, func(bucket int32, rows []int32) error {
			file, err := b.fileOf(partition, bucket)
			if err != nil {
				return err
			}
			w.fresh[file] = true
			return b.store.Append(worker, seq, int(file), cols, rows)
		})
	})
}

// byBucket groups rows of a partition by the worker's buckets.
func (b *build) byBucket(w *worker, rows []int32, do func(bucket int32, rows []int32) error) error {
	if b.buckets == 1 {
		return do(0, rows)
	}
	return groupRows(rows, w.buckets, do)
}

// groupRows groups rows by their ids, keeping their order: by counting, unless
// the ids are many more than the rows.
func groupRows(rows, ids []int32, do func(id int32, rows []int32) error) error {
	const manyMore = 8
	most := int32(0)
	for _, row := range rows {
		most = max(most, ids[row])
	}
	if int(most) > manyMore*len(rows) {
		return groupBySorting(rows, ids, do)
	}
	ends := make([]int32, most+2)
	for _, row := range rows {
		ends[ids[row]+1]++
	}
	for id := range most + 1 {
		ends[id+1] += ends[id]
	}
	sorted := make([]int32, len(rows))
	next := append([]int32(nil), ends[:most+1]...)
	for _, row := range rows {
		sorted[next[ids[row]]] = row
		next[ids[row]]++
	}
	for id := range most + 1 {
		if ends[id] == ends[id+1] {
			continue
		}
		if err := do(id, sorted[ends[id]:ends[id+1]]); err != nil {
			return err
		}
	}
	return nil
}

// groupBySorting does the same by sorting.
func groupBySorting(rows, ids []int32, do func(id int32, rows []int32) error) error {
	keys, sorted := make([]uint64, len(rows)), make([]int32, len(rows))
	for i, row := range rows {
		keys[i] = uint64(ids[row])<<32 | uint64(i)
	}
	slices.Sort(keys)
	for i, key := range keys {
		sorted[i] = rows[uint32(key)]
	}
	for start := 0; start < len(keys); {
		id, end := keys[start]>>32, start+1
		for end < len(keys) && keys[end]>>32 == id {
			end++
		}
		if err := do(int32(id), sorted[start:end]); err != nil {
			return err
		}
		start = end
	}
	return nil
}

// others returns the rows 0..n-1 that are not in the ascending list.
func others(list []int32, n int) []int32 {
	out := make([]int32, 0, n-len(list))
	for row := range int32(n) {
		if len(list) > 0 && list[0] == row {
			list = list[1:]
			continue
		}
		out = append(out, row)
	}
	return out
}

// split divides rows by whether their hash is in the set.
func split(rows []int32, hashes []uint64, set *engine.HashSet) (out, in []int32) {
	for _, row := range rows {
		if set.Has(hashes[row]) {
			in = append(in, row)
		}
	}
	if in == nil {
		return rows, nil
	}
	return without(rows, in), in
}

// without returns the rows of an ascending list that are not in another.
func without(rows, drop []int32) []int32 {
	out := make([]int32, 0, len(rows)-len(drop))
	for _, row := range rows {
		if len(drop) > 0 && drop[0] == row {
			drop = drop[1:]
			continue
		}
		out = append(out, row)
	}
	return out
}

// pick returns some of the columns.
func pick(all []arrow.Array, columns []int) []arrow.Array {
	out := make([]arrow.Array, len(columns))
	for i, c := range columns {
		out[i] = all[c]
	}
	return out
}
