package gold

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/vec"
)

// batch is rows of a source, with the terms that somebody has asked for. It
// belongs to one worker, which uses it again for the next rows.
type batch struct {
	source  *source
	worker  int
	task    int
	n       int
	cols    []arrow.Array // by column of the source; nil where nobody reads it
	terms   []computed    // by term
	coders  []*engine.Coder
	scratch *expr.Scratch
	first   int64   // number of the first row, among all of the source,
	numbers []int64 // or of each, where some were left out
	sharer  sharer  // of filters
}

// computed is a term over the rows of a batch.
type computed struct {
	values arrow.Array // nil: not computed yet
	errs   expr.RowErrors
	codes  []uint32
	coded  bool
	mask   []bool
	masked bool
}

func (s *source) newBatch(worker int) *batch {
	return &batch{source: s, worker: worker, cols: make([]arrow.Array, len(s.table.Columns)), terms: make([]computed, len(s.terms)),
		coders: make([]*engine.Coder, len(s.terms)), scratch: expr.NewScratch()}
}

// number returns the number of a row among all of the source.
func (b *batch) number(row int32) int64 {
	if b.numbers != nil {
		return b.numbers[row]
	}
	return b.first + int64(row)
}

// only makes the batch some rows of another of its source.
func (b *batch) only(of *batch, rows []int32) {
	b.reset(len(rows))
	b.task = of.task
	for i, col := range of.cols {
		if col != nil {
			b.cols[i] = vec.Take(col, of.source.table.Columns[i].Type, rows)
		}
	}
	b.numbers = resize(b.numbers, len(rows))
	for i, row := range rows {
		b.numbers[i] = of.number(row)
	}
}

// reset makes the batch one of n other rows, whose columns are yet to be set.
func (b *batch) reset(n int) {
	b.n = n
	clear(b.cols)
	for i := range b.terms {
		t := &b.terms[i]
		t.values, t.errs, t.coded, t.masked = nil, nil, false, false
	}
}

// nulls makes the batch n rows of nulls: the side of a left join that has no match.
func (b *batch) nulls(n int) {
	b.reset(n)
	for _, t := range b.source.terms {
		for _, i := range t.program.Columns() {
			if b.cols[i] == nil {
				b.cols[i] = vec.Nulls(b.source.table.Columns[i].Type, n)
			}
		}
	}
}

// values returns a term and the rows in which it failed.
func (b *batch) values(i int) (arrow.Array, expr.RowErrors, error) {
	t := &b.terms[i]
	if t.values == nil {
		var err error
		if t.values, t.errs, err = b.source.terms[i].program.Eval(b.scratch, b.cols, b.n); err != nil {
			return nil, nil, err
		}
	}
	return t.values, t.errs, nil
}

// codes returns the codes of a term. They are overwritten with the next rows.
func (b *batch) codes(i int) ([]uint32, error) {
	t := &b.terms[i]
	if t.coded {
		return t.codes, nil
	}
	values, _, err := b.values(i)
	if err != nil {
		return nil, err
	}
	if b.coders[i] == nil {
		b.coders[i] = b.source.terms[i].codes.NewCoder()
	}
	t.codes, t.coded = b.coders[i].Encode(t.codes, values), true
	return t.codes, nil
}

// mask returns where a boolean term is true, and the rows in which it failed.
func (b *batch) mask(i int) ([]bool, expr.RowErrors, error) {
	values, errs, err := b.values(i)
	if err != nil {
		return nil, nil, err
	}
	t := &b.terms[i]
	if !t.masked {
		t.mask, t.masked = setTrue(t.mask, values.(*array.Boolean)), true
	}
	return t.mask, errs, nil
}

// filter is a condition on the rows of a source: a term, or a share of them.
type filter struct {
	term  int
	share *rowShare // nil: the term says it
	name  string    // for messages
}

// terms returns the terms that a filter reads.
func (f filter) terms() []int {
	if f.share != nil {
		return f.share.columns
	}
	return []int{f.term}
}

func (f filter) equal(o filter) bool { return f.term == o.term && f.share.equal(o.share) }

// passes returns the rows that pass a filter, and those in which it failed.
func (b *batch) passes(f filter) ([]bool, expr.RowErrors, error) {
	if f.share == nil {
		return b.mask(f.term)
	}
	b.sharer.cols = b.sharer.cols[:0]
	for _, t := range f.share.columns {
		values, _, err := b.values(t)
		if err != nil {
			return nil, nil, err
		}
		b.sharer.cols = append(b.sharer.cols, values)
	}
	return b.sharer.rows(f.share.share, b.n), nil, nil
}

// filter returns which rows pass all filters, in dst unless a memorised mask
// will do; nil if there are none. Rows that pass must not have failed one.
func (b *batch) filter(dst []bool, filters []filter) ([]bool, error) {
	var keep []bool
	for i, f := range filters {
		mask, errs, err := b.passes(f)
		if err != nil {
			return nil, err
		}
		for _, e := range errs {
			if keep == nil || keep[e.Row] {
				return nil, rowError(f.name, e)
			}
		}
		switch i {
		case 0:
			keep = mask
		case 1:
			dst = append(dst[:0], keep...)
			keep = dst
			fallthrough
		default:
			for row, m := range mask {
				keep[row] = keep[row] && m
			}
		}
	}
	return keep, nil
}

// setTrue sets mask to where a is true, neither false nor null.
func setTrue(mask []bool, a *array.Boolean) []bool {
	mask = resize(mask, a.Len())
	if len(mask) == 0 {
		return mask
	}
	bits, offset := a.Data().Buffers()[1].Bytes(), a.Data().Offset()
	for i := range mask {
		mask[i] = bitutil.BitIsSet(bits, offset+i)
	}
	if a.NullN() > 0 {
		for i := range mask {
			mask[i] = mask[i] && a.IsValid(i)
		}
	}
	return mask
}

// resize returns a slice of length n, s itself if it is long enough.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
