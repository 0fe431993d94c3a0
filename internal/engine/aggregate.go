package engine

import (
	"errors"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/bitutil"

	"github.com/lakectl/lakectl/internal/schema"
)

// Function is an aggregate function.
type Function uint8

// The aggregate functions. All but CountRows skip nulls; of no values the
// counts are 0 and the others null.
const (
	CountRows     Function = iota // count(*)
	Count                         // count(x)
	CountDistinct                 // count(distinct x), exact
	Sum                           // of integers and bigints a bigint, of decimals a decimal: exact; of doubles exact and rounded once
	Average                       // exact sum / count: of exact numbers a decimal, rounded half away from zero; of doubles a double
	Min                           // of all types; text by its bytes, NaN greatest, false before true
	Max
)

// Aggregate is one aggregate to compute.
type Aggregate struct {
	Function Function
	Argument int         // position among the arguments given to Update; unused for CountRows
	In       schema.Type // of the argument
	Out      schema.Type // of the result: Sum's and Average's precision and scale are the caller's choice, the scale of Average not below the argument's
	Codes    *Codes      // CountDistinct: of the argument
}

// Aggregation computes aggregates for groups of rows. Results depend neither on
// the order of rows nor on how they are spread over batches and workers.
//
// An Aggregation belongs to one worker. Those of all workers are merged into
// one, which is then finished. Its memory grows with the number of groups and of
// distinct values in them; Bytes tells what to ask of a budget.
type Aggregation struct {
	groups     *Groups
	aggregates []Aggregate
	states     []state
	results    []result
	batch      []rowGroups // of the batch in work, by argument: nulls led to NoGroup
	scratch    [][]uint32  // memory of batch
}

// state is an accumulator and the argument that it reads, -1 for none.
type state struct {
	accumulator
	kind     stateKind
	argument int
}

type stateKind uint8

const (
	stateCount stateKind = iota
	stateSum
	stateMin
	stateMax
	stateDistinct
)

// result says of which states an aggregate is made.
type result struct{ main, count int }

// NewAggregation returns an aggregation over groups, which it may share with
// others that do not add to them. Aggregates that need the same state share it.
func NewAggregation(groups *Groups, aggregates []Aggregate) *Aggregation {
	a := &Aggregation{groups: groups, aggregates: aggregates}
	for _, agg := range aggregates {
		var r result
		switch agg.Function {
		case CountRows:
			r.main = a.state(stateCount, -1, agg)
		case Count:
			r.main = a.state(stateCount, agg.Argument, agg)
		case CountDistinct:
			r.main = a.state(stateDistinct, agg.Argument, agg)
		case Min:
			r.main = a.state(stateMin, agg.Argument, agg)
		case Max:
			r.main = a.state(stateMax, agg.Argument, agg)
		default: // a sum of none is null, so it needs the count
			r.main = a.state(stateSum, agg.Argument, agg)
			r.count = a.state(stateCount, agg.Argument, agg)
		}
		a.results = append(a.results, r)
	}
	return a
}

// state returns the position of the state of a kind over an argument.
func (a *Aggregation) state(kind stateKind, argument int, agg Aggregate) int {
	for i, s := range a.states {
		if s.kind == kind && s.argument == argument {
			return i
		}
	}
	a.states = append(a.states, state{newAccumulator(kind, agg), kind, argument})
	return len(a.states) - 1
}

func newAccumulator(kind stateKind, agg Aggregate) accumulator {
	switch {
	case kind == stateCount:
		return &countRows{}
	case kind == stateDistinct:
		return newCountDistinct(agg.Codes)
	case kind == stateMin || kind == stateMax:
		return newExtreme(agg.In, kind == stateMax)
	case agg.In.Kind == schema.Double:
		return &doubleSum{}
	default:
		return newExactSum(agg.In)
	}
}

// Groups returns the groups.
func (a *Aggregation) Groups() *Groups { return a.groups }

// Bytes returns the memory in use, with that of the groups.
func (a *Aggregation) Bytes() int64 {
	bytes := a.groups.Bytes()
	for _, s := range a.states {
		bytes += s.bytes()
	}
	return bytes
}

// Update adds a batch of rows, given the group of each and the arguments.
// CountDistinct reads the Codes of its argument, all others the Values.
func (a *Aggregation) Update(ids []uint32, arguments []Column) {
	if len(ids) == 0 {
		return
	}
	all := rowGroups{ids: ids, groups: a.groups.Len(), single: allEqual(ids)}
	a.batch = resize(a.batch, len(arguments))
	a.scratch = extend(a.scratch, len(arguments))
	clear(a.batch)
	for _, s := range a.states {
		if s.argument < 0 {
			s.update(all, Column{})
			continue
		}
		rows := &a.batch[s.argument]
		if rows.ids == nil {
			*rows = a.withoutNulls(all, s.argument, arguments[s.argument])
		}
		s.update(*rows, arguments[s.argument])
	}
}

// withoutNulls leads the rows with null arguments to NoGroup.
func (a *Aggregation) withoutNulls(rows rowGroups, argument int, in Column) rowGroups {
	if in.Values == nil || in.Values.NullN() == 0 { // codes say themselves which are null
		return rows
	}
	ids := resize(a.scratch[argument], len(rows.ids))
	a.scratch[argument] = ids
	bitmap, offset := in.Values.NullBitmapBytes(), in.Values.Data().Offset()
	for i, id := range rows.ids {
		if !bitutil.BitIsSet(bitmap, offset+i) {
			id = NoGroup
		}
		ids[i] = id
	}
	return rowGroups{ids: ids, groups: rows.groups, single: in.Values.NullN() == in.Values.Len()}
}

func allEqual(ids []uint32) bool {
	first := ids[0]
	for _, id := range ids[1:] {
		if id != first {
			return false
		}
	}
	return true
}

// Merge adds what another worker has computed. Both must have been made of the
// same aggregates; other must not be used any more.
func (a *Aggregation) Merge(other *Aggregation) {
	if a.groups != other.groups {
		a.MergeInto(other, a.groups.Merge(other.groups))
		return
	}
	mapping := make([]uint32, a.groups.Len())
	for id := range mapping {
		mapping[id] = uint32(id)
	}
	a.MergeInto(other, mapping)
}

// MergeInto adds what another aggregation has computed for coarser groups: its
// group g becomes part of mapping[g] here. The sales of weeks are merged from
// those of days.
func (a *Aggregation) MergeInto(other *Aggregation, mapping []uint32) {
	for i, s := range a.states {
		s.merge(other.states[i].accumulator, mapping, a.groups.Len())
	}
}

// maxResultText bounds the text of a result, as Arrow's offsets have 32 bits.
const maxResultText = 1 << 30

// ResultRows returns for how many groups, up to limit, Finish and Groups.Key may
// be called at once: few, if texts are very long.
func (a *Aggregation) ResultRows(limit int) int {
	longest := 1
	for _, c := range a.groups.columns {
		if c.texts != nil {
			longest = max(longest, c.texts.longest)
		}
	}
	for _, s := range a.states {
		if text, ok := s.accumulator.(*extremeText); ok {
			longest = max(longest, text.longest)
		}
	}
	return max(1, min(limit, maxResultText/longest))
}

// Finish returns the results for some groups, an array for each aggregate. The
// error for a result that does not fit its type is an *OverflowError.
func (a *Aggregation) Finish(ids []uint32) ([]arrow.Array, error) {
	out := make([]arrow.Array, len(a.aggregates))
	for i := range a.aggregates {
		var err error
		if out[i], err = a.finish(i, ids); err != nil {
			var overflow *OverflowError
			if errors.As(err, &overflow) {
				overflow.Aggregate = i
			}
			return nil, err
		}
	}
	return out, nil
}

func (a *Aggregation) finish(i int, ids []uint32) (arrow.Array, error) {
	agg, r := a.aggregates[i], a.results[i]
	main := a.states[r.main].accumulator
	if agg.Function != Sum && agg.Function != Average {
		return main.(finisher).finish(ids), nil
	}
	count := a.states[r.count].accumulator.(*countRows)
	switch sum := main.(type) {
	case *doubleSum:
		if agg.Function == Average {
			return averageDouble(sum, count, ids), nil
		}
		return sumDouble(sum, count, ids), nil
	case exactSum:
		if agg.Function == Average {
			return averageExact(sum, count, agg, ids)
		}
		return sumExact(sum, count, agg.Out, ids)
	default:
		panic("engine: no sum")
	}
}
