package gold

import (
	"math"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/vec"
)

// frame is rows of a job after its joins: row i stands for rows of the sides.
// It belongs to one worker, which uses it again for the next rows.
type frame struct {
	job     *job
	worker  int
	batch   *batch
	n       int
	keep    []bool    // rows that count; nil: all
	all     bool      // row i is row i of batch; else
	stream  []int32   // it is this row of batch
	missing bool      // they are rows of side 0 without a match
	chosen  []int32   // memory of stream where rows were left out, as others are not of the share
	divided bool      // rows were left out; they get no codes
	rows    [][]int32 // the rows of the other sides, by side
	inputs  []computed
	coders  []*engine.Coder

	keys    [][]uint32 // scratch
	mask    []bool
	mine    *batch // the rows of the job's share of a batch
	sharer  sharer
	marks   []int32
	matches engine.Matches
}

func newFrame(j *job, worker int) *frame {
	return &frame{job: j, mine: j.sides[j.stream].source.newBatch(worker), worker: worker, rows: make([][]int32, len(j.sides)), inputs: make([]computed, len(j.inputs)), coders: make([]*engine.Coder, len(j.inputs))}
}

func (f *frame) reset(b *batch, n int) {
	f.batch, f.n, f.keep, f.all, f.missing, f.divided = b, n, nil, true, false, false
	f.forget()
}

// forget drops what was computed of the rows.
func (f *frame) forget() {
	for i := range f.inputs {
		f.inputs[i].values, f.inputs[i].errs, f.inputs[i].coded = nil, nil, false
	}
}

// join makes the rows of a batch of the side that streams.
func (f *frame) join(b *batch) error {
	f.reset(b, b.n)
	keep, err := b.filter(f.mask, f.job.filters)
	if err != nil {
		return err
	}
	if f.keep = keep; f.job.stream > 0 {
		return f.joinMany()
	}
	for i := range f.job.sides {
		s := &f.job.sides[i]
		if i == 0 {
			continue
		}
		if err := f.streamKeys(s.left); err != nil {
			return err
		}
		f.rows[i] = s.table.One(f.rows[i], f.keys, f.n)
		orLast(f.rows[i], s.relation.n)
	}
	return nil
}

// streamKeys sets keys to the codes of columns of the batch.
func (f *frame) streamKeys(columns []int) error {
	f.keys = f.keys[:0]
	for _, c := range columns {
		codes, err := f.batch.codes(f.batch.source.column(c))
		if err != nil {
			return err
		}
		f.keys = append(f.keys, codes)
	}
	return nil
}

// joinMany finds the rows of side 0 that the streaming rows belong to.
func (f *frame) joinMany() error {
	s, from := &f.job.sides[f.job.stream], f.job.sides[0].relation
	if err := f.streamKeys(s.right); err != nil {
		return err
	}
	if _, _, unique := s.table.Unique(); unique {
		f.rows[0] = s.table.One(f.rows[0], f.keys, f.n)
		f.dropUnmatched(from.n)
		f.job.matched.Mark(f.marks)
	} else {
		f.matches.Probe, f.matches.Build = f.matches.Probe[:0], f.matches.Build[:0]
		f.matches = s.table.All(f.matches, f.keys, f.n, f.keep)
		f.n, f.keep, f.all, f.stream, f.rows[0] = len(f.matches.Probe), nil, false, f.matches.Probe, f.matches.Build
		f.job.matched.Mark(f.rows[0])
	}
	f.followRows()
	return nil
}

// dropUnmatched leaves out the rows that are of no row of side 0.
func (f *frame) dropUnmatched(last int) {
	f.mask, f.marks = resize(f.mask, f.n), f.marks[:0]
	for i, row := range f.rows[0] {
		kept := row != engine.NoRow && (f.keep == nil || f.keep[i])
		if f.mask[i] = kept; kept {
			f.marks = append(f.marks, row)
		} else {
			f.rows[0][i] = int32(last)
		}
	}
	f.keep = f.mask
}

// followRows sets the rows of the sides that join side 0, a relation.
func (f *frame) followRows() {
	for i := range f.job.sides {
		if s := &f.job.sides[i]; s.rowOf != nil {
			f.rows[i] = resize(f.rows[i], f.n)
			for k, row := range f.rows[0] {
				f.rows[i][k] = s.rowOf[row]
			}
		}
	}
}

// unmatched makes rows of side 0, a relation, that have no match; b is nulls.
func (f *frame) unmatched(b *batch, rows []int32) {
	f.reset(b, len(rows))
	f.missing = true
	f.rows[0] = append(f.rows[0][:0:0], rows...)
	f.followRows()
}

// divide leaves out the rows that are not in a share by some inputs.
func (f *frame) divide(by rowShare) error {
	f.sharer.cols = f.sharer.cols[:0]
	for _, i := range by.columns {
		values, _, err := f.values(i)
		if err != nil {
			return err
		}
		f.sharer.cols = append(f.sharer.cols, values)
	}
	var rows []int32
	for i, in := range f.sharer.rows(by.share, f.n) {
		if in && (f.keep == nil || f.keep[i]) {
			rows = append(rows, int32(i))
		}
	}
	f.only(rows)
	return nil
}

// only leaves out all rows but these.
func (f *frame) only(rows []int32) {
	chosen := resize(f.chosen, len(rows))
	for i, row := range rows { // stream may be chosen: rows ascend, so what is read is not yet overwritten
		if !f.all {
			row = f.stream[row]
		}
		chosen[i] = row
	}
	for side, of := range f.rows {
		if side != f.job.stream {
			for i, row := range rows {
				of[i] = of[row]
			}
			f.rows[side] = of[:len(rows)]
		}
	}
	f.chosen, f.all, f.stream = chosen, false, chosen
	f.n, f.keep, f.divided = len(rows), nil, true
	f.forget()
}

// order returns two columns that order the given rows, all if nil, as they stand
// in the result: the number of the row of the side that streams, then that of
// side 0 where it does not.
func (f *frame) order(rows []int32) []arrow.Array {
	if rows == nil {
		rows = firstRows(f.n)
	}
	streaming, from := make([]int64, len(rows)), make([]int64, len(rows))
	for i, row := range rows {
		switch {
		case f.missing:
			streaming[i] = math.MaxInt64
		case !f.all:
			streaming[i] = f.batch.number(f.stream[row])
		default:
			streaming[i] = f.batch.number(row)
		}
		if f.job.stream > 0 {
			from[i] = f.job.sides[0].relation.numbers[f.rows[0][row]]
		}
	}
	return []arrow.Array{vec.Int64s(streaming), vec.Int64s(from)}
}

// values returns an input and the rows in which it failed, which may be rows
// that do not count.
func (f *frame) values(i int) (arrow.Array, expr.RowErrors, error) {
	c := &f.inputs[i]
	if c.values != nil {
		return c.values, c.errs, nil
	}
	in := &f.job.inputs[i]
	var err error
	switch {
	case in.side == severalSides:
		c.values, c.errs, err = f.compute(in)
	case in.side != f.job.stream:
		r := f.job.sides[in.side].relation
		c.values = vec.Take(r.values[in.term], in.program.Type(), f.rows[in.side])
	default:
		if c.values, c.errs, err = f.batch.values(in.term); err == nil && !f.all {
			c.values, c.errs = vec.Take(c.values, in.program.Type(), f.stream), f.streamErrors(c.errs)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	return c.values, c.errs, nil
}

// compute evaluates an input that reads several sides.
func (f *frame) compute(in *input) (arrow.Array, expr.RowErrors, error) {
	cols := make([]arrow.Array, f.job.gold.Slots())
	for i, slot := range in.slots {
		values, _, err := f.values(in.columns[i])
		if err != nil {
			return nil, nil, err
		}
		cols[slot] = values
	}
	return in.program.Eval(f.batch.scratch, cols, f.n)
}

// streamErrors returns errors in rows of the batch as errors in rows of the frame.
func (f *frame) streamErrors(errs expr.RowErrors) expr.RowErrors {
	if len(errs) == 0 {
		return nil
	}
	byRow := make(map[int32]expr.RowError, len(errs))
	for _, e := range errs {
		byRow[int32(e.Row)] = e
	}
	var out expr.RowErrors
	for i, row := range f.stream {
		if e, ok := byRow[row]; ok {
			e.Row = i
			out = append(out, e)
		}
	}
	return out
}

// codes returns the codes of an input, which was planned as coded.
func (f *frame) codes(i int) ([]uint32, error) {
	c, in := &f.inputs[i], &f.job.inputs[i]
	if c.coded {
		return c.codes, nil
	}
	switch {
	case in.side == severalSides || f.divided && in.side == f.job.stream:
		values, _, err := f.values(i)
		if err != nil {
			return nil, err
		}
		if f.coders[i] == nil {
			f.coders[i] = f.job.codesOf(in).NewCoder()
		}
		c.codes = f.coders[i].Encode(c.codes, values)
	case in.side != f.job.stream:
		c.codes = take(c.codes, f.job.sides[in.side].relation.codes[in.term], f.rows[in.side])
	default:
		codes, err := f.batch.codes(in.term)
		if err != nil || f.all {
			return codes, err
		}
		c.codes = take(c.codes, codes, f.stream)
	}
	c.coded = true
	return c.codes, nil
}

func take(dst, codes []uint32, rows []int32) []uint32 {
	dst = resize(dst, len(rows))
	for i, row := range rows {
		dst[i] = codes[row]
	}
	return dst
}

// counts says whether a row counts.
func (f *frame) counts(row int) bool { return f.keep == nil || f.keep[row] }
