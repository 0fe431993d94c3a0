package gold

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/expr"
)

// grouped is a table with one row for each group.
type grouped struct {
	job        *job
	keys       []int // inputs, coded
	codes      []*engine.Codes
	arguments  []argument
	aggregates []engine.Aggregate
	// measures say for each measure which aggregates its Post reads.
	measures [][]int
	workers  []*groupedWorker

	// shared are the groups of the rows of side 0, where that is a relation and
	// the keys depend on it alone: every streaming row finds its group with its
	// row. ofRow is the group of each such row.
	shared *engine.Groups
	ofRow  []uint32
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
	for _, key := range j.gold.Groups {
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
	j := g.job
	if j.stream == 0 {
		return nil
	}
	for _, slot := range g.keySlots() {
		if j.sideOf(slot) == j.stream {
			return nil
		}
	}
	return g.shareGroups()
}

// keySlots returns the slots that the group keys read.
func (g *grouped) keySlots() []int {
	var slots []int
	for _, key := range g.job.gold.Groups {
		slots = append(slots, key.Program.Columns()...)
	}
	return slots
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
		b.nulls(end - start)
		f.unmatched(b, all[start:end])
		if err := g.keyCodes(w, f); err != nil {
			return err
		}
		w.ids = g.shared.Add(w.ids, w.keys, f.n, nil)
		copy(g.ofRow[start:end], w.ids)
	}
	return j.account.hold(j.account.used + g.shared.Bytes() + 4*int64(len(g.ofRow)))
}

// keyCodes sets the worker's keys to the codes of the group keys.
func (g *grouped) keyCodes(w *groupedWorker, f *frame) error {
	w.keys = w.keys[:0]
	for i, in := range g.keys {
		codes, err := f.codes(in)
		if err != nil {
			return err
		}
		w.keys = append(w.keys, codes)
		if p := g.job.inputs[in].program; p.Root.Op == expr.OpColumn {
			continue
		}
		_, errs, err := f.values(in)
		if err != nil {
			return err
		}
		for _, e := range errs {
			if f.counts(e.Row) {
				return rowError(fmt.Sprintf("gold.%s: group key %s", g.job.gold.Name, g.job.gold.Groups[i].Name), e)
			}
		}
	}
	return nil
}

func (g *grouped) worker(i int) *groupedWorker {
	if g.workers[i] == nil {
		groups := g.shared
		if groups == nil {
			groups = engine.NewGroups(g.codes)
		}
		g.workers[i] = &groupedWorker{state: engine.NewAggregation(groups, g.aggregates), account: g.job.build.memory.account("gold." + g.job.gold.Name)}
	}
	return g.workers[i]
}

func (g *grouped) add(_ context.Context, f *frame) error {
	w := g.worker(f.worker)
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
	return w.account.hold(w.state.Bytes())
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
	names, cols := make([]string, len(g.keys)), make([]arrow.Array, len(g.keys))
	for i, key := range g.job.gold.Groups {
		names[i], cols[i] = key.Name, state.Groups().Key(i, []uint32{id})
	}
	return describeRow(names, cols, 0)
}

func (g *grouped) done(context.Context, int, int) error { return nil }

// resultRows is how many groups are finished at a time.
const resultRows = 1 << 16

// finish puts the workers' groups together and writes them.
func (g *grouped) finish(ctx context.Context) error {
	total := g.worker(0)
	for _, w := range g.workers[1:] {
		if w != nil {
			total.state.Merge(w.state)
		}
	}
	if err := total.account.hold(total.state.Bytes()); err != nil {
		return err
	}
	g.workers = nil
	ids := total.state.Groups().Order()
	chunks := slices.Collect(slices.Chunk(ids, resultRows))
	out := g.job.output
	if err := out.begin(ctx, len(chunks)); err != nil {
		return err
	}
	scratches := make([]*expr.Scratch, g.job.build.o.Workers)
	return engine.ForEach(ctx, len(scratches), len(chunks), func(ctx context.Context, worker, i int) error {
		if scratches[worker] == nil {
			scratches[worker] = expr.NewScratch()
		}
		cols, err := g.results(total.state, scratches[worker], chunks[i])
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
func (g *grouped) results(state *engine.Aggregation, scratch *expr.Scratch, ids []uint32) ([]arrow.Array, error) {
	var cols []arrow.Array
	for k := range g.keys {
		cols = append(cols, state.Groups().Key(k, ids))
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
		values, errs, err := m.Measure.Post.Eval(scratch, inputs, len(ids))
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
