package gold

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/expr"
)

// grouped is a table with one row for each group.
type grouped struct {
	job        *job
	keys       []int           // inputs
	codes      []*engine.Codes // of the keys that make the groups: the first ones
	arguments  []argument
	aggregates []engine.Aggregate
	// measures say for each measure which aggregates its Post reads.
	measures [][]int
	workers  []*groupedWorker
	shares   []rowShare   // of rows, by inputs
	most     atomic.Int64 // groups that a worker had when the job gave up

	// shared are the groups of the rows of side 0, where that is a relation and
	// the keys do not depend on the side that streams: every streaming row finds
	// its group with its row.
	shared  *engine.Groups
	ofRow   []uint32 // the group of each row of side 0
	firstOf []int32  // a row of side 0 of each group
}

// argument is what aggregates read.
type argument struct {
	input   int
	measure string // the first that reads it, for messages
	values  bool   // whether some aggregate reads the values,
	coded   bool   // or the codes
}

type groupedWorker struct {
	state     *engine.Aggregation
	account   *account
	ids       []uint32
	keys      [][]uint32
	arguments []engine.Column
}

func newGrouped(j *job) *grouped {
	g := &grouped{job: j, workers: make([]*groupedWorker, j.build.o.Workers)}
	deciding := g.deciding()
	if j.build.division.absorbs() {
		deciding = len(j.gold.Groups) // rows of the same group may have been read in another pass
	}
	for k, key := range j.gold.Groups {
		if k >= deciding {
			g.keys = append(g.keys, j.input(key.Program))
			continue
		}
		i, codes := j.coded(key.Program)
		g.keys, g.codes = append(g.keys, i), append(g.codes, codes)
	}
	for _, m := range j.gold.Measures {
		var reads []int
		for _, a := range m.Measure.Aggregates {
			reads = append(reads, g.aggregate(a, m.Name))
		}
		g.measures = append(g.measures, reads)
	}
	g.divide()
	return g
}

func functionOf(f expr.AggFunc) engine.Function {
	switch f {
	case expr.CountAll:
		return engine.CountRows
	case expr.Count:
		return engine.Count
	case expr.CountDistinct:
		return engine.CountDistinct
	case expr.Sum:
		return engine.Sum
	case expr.Avg:
		return engine.Average
	case expr.Min:
		return engine.Min
	case expr.Max:
		return engine.Max
	default:
		panic(fmt.Sprintf("gold: aggregate function %d", f))
	}
}

// aggregate returns the number of an aggregate, which is computed once however
// many measures read it.
func (g *grouped) aggregate(a expr.Aggregate, measure string) int {
	agg := engine.Aggregate{Function: functionOf(a.Func), Out: a.Type}
	if a.Arg != nil {
		agg.In = a.Arg.Type()
		agg.Argument = g.argument(a.Arg, measure)
		arg := &g.arguments[agg.Argument]
		if agg.Function == engine.CountDistinct {
			_, agg.Codes = g.job.coded(a.Arg)
			arg.coded = true
		} else {
			arg.values = true
		}
	}
	if i := slices.Index(g.aggregates, agg); i >= 0 {
		return i
	}
	g.aggregates = append(g.aggregates, agg)
	return len(g.aggregates) - 1
}

func (g *grouped) argument(p *expr.Program, measure string) int {
	in := g.job.input(p)
	if i := slices.IndexFunc(g.arguments, func(a argument) bool { return a.input == in }); i >= 0 {
		return i
	}
	g.arguments = append(g.arguments, argument{input: in, measure: measure})
	return len(g.arguments) - 1
}

func (g *grouped) begin(context.Context, int) error {
	if g.sharesGroups() {
		return g.shareGroups()
	}
	return nil
}

// sharesGroups says whether the group of a row follows from the row of side 0, which
// does not stream.
func (g *grouped) sharesGroups() bool {
	j := g.job
	for _, key := range j.gold.Groups {
		for _, slot := range key.Program.Columns() {
			if j.sideOf(slot) == j.stream {
				return false
			}
		}
	}
	return j.stream > 0
}

// deciding returns how many of the first keys make the groups. If groups are
// shared and the first keys hold the key of side 0, each of its rows is a group
// and the other keys follow from it.
func (g *grouped) deciding() int {
	all, from := g.job.gold.Groups, g.job.gold.From
	if !g.sharesGroups() || len(from.Key) == 0 {
		return len(all)
	}
	missing := slices.Clone(from.Key)
	for k, key := range all {
		if root := key.Program.Root; root.Op == expr.OpColumn {
			missing = slices.DeleteFunc(missing, func(c int) bool { return c == root.Slot })
		}
		if len(missing) == 0 {
			return k + 1
		}
	}
	return len(all)
}

// shareGroups finds the groups of all rows of side 0. As each of them comes at
// least once in a left join, these are the groups of the result.
func (g *grouped) shareGroups() error {
	j := g.job
	from := j.sides[0].relation
	b := j.sides[j.stream].source.newBatch(0)
	f := newFrame(j, 0)
	g.shared = engine.NewGroups(g.codes)
	g.ofRow = make([]uint32, from.n+1) // the row of nulls is of no group
	const rows = 1 << 15
	all := firstRows(from.n)
	w := &groupedWorker{}
	for start := 0; start < from.n; start += rows {
		end := min(start+rows, from.n)
		b.reset(end - start) // the keys read none of its columns
		f.unmatched(b, all[start:end])
		if of := j.build.division.groups(); !of.whole() {
			if err := f.divide(rowShare{g.keys[:len(g.codes)], of}); err != nil {
				return err
			}
		}
		if err := g.keyCodes(w, f); err != nil {
			return err
		}
		w.ids = g.shared.Add(w.ids, w.keys, f.n, nil)
		for i, row := range f.rows[0] {
			g.ofRow[row] = w.ids[i]
		}
	}
	g.firstOf = make([]int32, g.shared.Len())
	for row, id := range slices.Backward(g.ofRow) {
		g.firstOf[id] = int32(row)
	}
	j.account.add(g.shared.Bytes() + 4*int64(len(g.ofRow)+len(g.firstOf)))
	return nil
}

// keyCodes sets the worker's keys to the codes of the keys that make the groups.
func (g *grouped) keyCodes(w *groupedWorker, f *frame) error {
	w.keys = w.keys[:0]
	for i := range g.codes {
		codes, err := f.codes(g.keys[i])
		if err != nil {
			return err
		}
		w.keys = append(w.keys, codes)
		if p := g.job.inputs[g.keys[i]].program; p.Root.Op == expr.OpColumn {
			continue
		}
		if _, err := g.keyValues(f, i); err != nil {
			return err
		}
	}
	return nil
}

// keyValues returns the values of a key.
func (g *grouped) keyValues(f *frame, i int) (arrow.Array, error) {
	values, errs, err := f.values(g.keys[i])
	if err != nil {
		return nil, err
	}
	for _, e := range errs {
		if f.counts(e.Row) {
			return nil, rowError(fmt.Sprintf("gold.%s: group key %s", g.job.gold.Name, g.job.gold.Groups[i].Name), e)
		}
	}
	return values, nil
}

func (g *grouped) worker(i int) *groupedWorker {
	if g.workers[i] == nil {
		groups := g.shared
		if groups == nil {
			groups = engine.NewGroups(g.codes)
		}
		g.workers[i] = &groupedWorker{state: engine.NewAggregation(groups, g.aggregates), account: g.job.newAccount()}
	}
	return g.workers[i]
}

func (g *grouped) add(_ context.Context, f *frame) error {
	w := g.worker(f.worker)
	for _, by := range g.shares {
		if err := f.divide(by); err != nil {
			return err
		}
	}
	if g.shared != nil {
		w.ids = take(w.ids, g.ofRow, f.rows[0])
		if f.keep != nil {
			for i, keep := range f.keep {
				if !keep {
					w.ids[i] = engine.NoGroup
				}
			}
		}
	} else {
		if err := g.keyCodes(w, f); err != nil {
			return err
		}
		w.ids = w.state.Groups().Add(w.ids, w.keys, f.n, f.keep)
	}
	if err := g.setArguments(w, f); err != nil {
		return err
	}
	w.state.Update(w.ids, w.arguments)
	w.account.hold(w.state.Bytes())
	return nil
}

func (g *grouped) setArguments(w *groupedWorker, f *frame) error {
	w.arguments = w.arguments[:0]
	for _, a := range g.arguments {
		var c engine.Column
		var errs expr.RowErrors
		var err error
		if a.values || g.job.inputs[a.input].program.Root.Op != expr.OpColumn {
			var values arrow.Array
			if values, errs, err = f.values(a.input); err != nil {
				return err
			}
			if a.values {
				c.Values = values
			}
		}
		for _, e := range errs {
			if id := w.ids[e.Row]; id != engine.NoGroup {
				return rowError(fmt.Sprintf("gold.%s: measure %s of group %s", g.job.gold.Name, a.measure, g.group(w.state, id)), e)
			}
		}
		if a.coded {
			if c.Codes, err = f.codes(a.input); err != nil {
				return err
			}
		}
		w.arguments = append(w.arguments, c)
	}
	return nil
}

// group prints the key of a group.
func (g *grouped) group(state *engine.Aggregation, id uint32) string {
	names, cols := make([]string, len(g.codes)), make([]arrow.Array, len(g.codes))
	for i := range g.codes {
		names[i], cols[i] = g.job.gold.Groups[i].Name, state.Groups().Key(i, []uint32{id})
	}
	return describeRow(names, cols, 0)
}

func (g *grouped) done(context.Context, int, int) error { return nil }

// resultRows is how many groups are finished at a time, at most.
const resultRows = 1 << 16

// merge puts the groups of all workers together.
func (g *grouped) merge() *groupedWorker {
	total := g.worker(0)
	for i, w := range g.workers[1:] {
		if w != nil {
			total.state.Merge(w.state)
			w.account.close()
			g.workers[i+1] = nil
			total.account.hold(total.state.Bytes())
		}
	}
	return total
}

// finish puts the workers' groups together and writes them, unless the job gives
// up while it does so.
func (g *grouped) finish(ctx context.Context) error {
	total := g.merge()
	if g.job.gaveUp() {
		return nil
	}
	g.workers = nil
	ids := total.state.Groups().Order()
	chunks := slices.Collect(slices.Chunk(ids, total.state.ResultRows(resultRows)))
	out := g.job.sink
	if err := out.begin(ctx, len(chunks)); err != nil {
		return err
	}
	frames := make([]*frame, g.job.build.o.Workers)
	return engine.ForEach(ctx, len(frames), len(chunks), func(ctx context.Context, worker, i int) error {
		if frames[worker] == nil {
			frames[worker] = newFrame(g.job, worker)
			frames[worker].batch = g.job.sides[g.job.stream].source.newBatch(worker)
		}
		cols, err := g.results(total.state, frames[worker], chunks[i])
		if err != nil {
			return err
		}
		if err := out.add(worker, i, cols, len(chunks[i])); err != nil {
			return err
		}
		return out.done(ctx, worker, i)
	})
}

// results returns the columns of some groups: keys and measures.
func (g *grouped) results(state *engine.Aggregation, f *frame, ids []uint32) ([]arrow.Array, error) {
	cols, err := g.keyColumns(state, f, ids)
	if err != nil {
		return nil, err
	}
	aggregates, err := state.Finish(ids)
	if err != nil {
		return nil, g.overflow(state, err)
	}
	for i, m := range g.job.gold.Measures {
		inputs := make([]arrow.Array, len(g.measures[i]))
		for k, a := range g.measures[i] {
			inputs[k] = aggregates[a]
		}
		values, errs, err := m.Measure.Post.Eval(f.batch.scratch, inputs, len(ids))
		if err != nil {
			return nil, err
		}
		if len(errs) > 0 {
			return nil, rowError(fmt.Sprintf("gold.%s: measure %s of group %s", g.job.gold.Name, m.Name, g.group(state, ids[errs[0].Row])), errs[0])
		}
		cols = append(cols, values)
	}
	return cols, nil
}

// keyColumns returns the keys of some groups: those that make the groups, then
// those that follow from them.
func (g *grouped) keyColumns(state *engine.Aggregation, f *frame, ids []uint32) ([]arrow.Array, error) {
	var cols []arrow.Array
	for k := range g.codes {
		cols = append(cols, state.Groups().Key(k, ids))
	}
	if len(g.codes) == len(g.keys) {
		return cols, nil
	}
	rows := make([]int32, len(ids))
	for i, id := range ids {
		rows[i] = g.firstOf[id]
	}
	f.batch.reset(len(rows)) // the keys read none of its columns
	f.unmatched(f.batch, rows)
	for k := len(g.codes); k < len(g.keys); k++ {
		values, err := g.keyValues(f, k)
		if err != nil {
			return nil, err
		}
		cols = append(cols, values)
	}
	return cols, nil
}

// overflow names the measure and the group of an aggregate that does not fit.
func (g *grouped) overflow(state *engine.Aggregation, err error) error {
	var o *engine.OverflowError
	if !errors.As(err, &o) {
		return err
	}
	for i, reads := range g.measures {
		if slices.Contains(reads, o.Aggregate) {
			return dataError("gold.%s: measure %s of group %s: %s", g.job.gold.Name, g.job.gold.Measures[i].Name, g.group(state, o.Group), o.Error())
		}
	}
	return diag.Errorf(diag.Unexpected, "gold.%s: %w", g.job.gold.Name, err)
}
