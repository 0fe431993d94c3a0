package quality

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

func (c *tableChecker) sum(ctx context.Context, check *project.TableCheck) (verdict, error) {
	query := sumQuery{table: c.table, column: check.Columns[0]}
	total, err := c.total(ctx, query)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{detail: fmt.Sprintf("sum of %s is %s", query.typed().Name, total.text)}
	v.bound(total, check)
	if check.Equals != nil {
		err = c.compare(ctx, &v, total, check.Equals)
	}
	return v, err
}

// bound judges a sum by Min and Max.
func (v *verdict) bound(total amount, check *project.TableCheck) {
	switch least, most := check.Min != nil, check.Max != nil; {
	case least && most:
		v.detail += fmt.Sprintf("; %s to %s wanted", numberText(check.Min), numberText(check.Max))
	case least:
		v.detail += fmt.Sprintf("; at least %s wanted", numberText(check.Min))
	case most:
		v.detail += fmt.Sprintf("; at most %s allowed", numberText(check.Max))
	default:
		return
	}
	v.failed = total.value == nil || check.Min != nil && total.value.Cmp(check.Min) < 0 || check.Max != nil && total.value.Cmp(check.Max) > 0
}

// compare judges a sum by that of another table.
func (c *tableChecker) compare(ctx context.Context, v *verdict, total amount, equals *project.OtherSum) error {
	other, err := c.other(equals)
	if err != nil {
		return err
	}
	query := sumQuery{table: other.data(), column: equals.Column, where: equals.Where}
	theirs, err := c.total(ctx, query)
	if err != nil {
		return err
	}
	of := other.Ref.String() + "." + query.typed().Name
	if equals.Where != nil {
		of = "the chosen rows of " + of
	}
	if theirs.undecided != "" {
		v.failed = true
		v.detail += fmt.Sprintf("; that of %s is not known: %s", of, theirs.undecided)
		return nil
	}
	v.detail += fmt.Sprintf("; that of %s is %s", of, theirs.text)
	if total.value == nil || theirs.value == nil {
		v.failed = true
		return nil
	}
	difference := new(big.Rat).Sub(total.value, theirs.value)
	text := numberText(difference.Abs(difference))
	if total.rounded || theirs.rounded {
		approximate, _ := difference.Float64()
		text = string(vec.AppendDouble(nil, approximate))
	}
	allowed := "they must be equal"
	if equals.Tolerance.Sign() > 0 {
		allowed = fmt.Sprintf("at most %s allowed", numberText(equals.Tolerance))
	}
	v.detail += fmt.Sprintf(", a difference of %s; %s", text, allowed)
	v.failed = v.failed || difference.Cmp(equals.Tolerance) > 0
	return nil
}

// sumQuery is which values to add up.
type sumQuery struct {
	table  Table
	column int
	where  *expr.Program // over table.Schema; nil takes all rows
}

func (q sumQuery) typed() schema.Column { return q.table.Schema.Columns[q.column] }

// amount is a sum. That of no values is 0.
type amount struct {
	value     *big.Rat // nil: it is NaN or infinite
	text      string
	rounded   bool   // it is of doubles: exact until it was rounded to a double, once
	undecided string // why it is not known which rows to add, or empty
}

func (c *tableChecker) total(ctx context.Context, q sumQuery) (amount, error) {
	if total, known, err := c.totalElsewhere(ctx, q); known || err != nil {
		return total, err
	}
	columns := []int{q.column}
	if q.where != nil {
		columns = append(columns, q.where.Columns()...)
	}
	slices.Sort(columns)
	columns = slices.Compact(columns)
	workers, groups := make([]*summer, c.o.Workers), engine.NewGroups(nil)
	for i := range workers {
		workers[i] = newSummer(q, columns, groups)
	}
	s := scan{table: q.table, columns: columns, do: func(worker int, cols []arrow.Array, n int) error {
		return workers[worker].add(cols, n)
	}}
	if err := s.run(ctx, c.o.Workers); err != nil {
		return amount{}, err
	}
	all := workers[0]
	for _, w := range workers[1:] {
		all.sum.Merge(w.sum)
		all.failures.merge(w.failures)
	}
	t, err := all.total()
	t.undecided = all.failures.text()
	return t, err
}

// onlyGroup is the group of the rows that are added up.
const onlyGroup = engine.NoGroup + 1

// summer adds up what one worker reads.
type summer struct {
	query    sumQuery
	columns  []int         // that are read
	slots    []arrow.Array // of the batch in work, by column of the table
	sum      *engine.Aggregation
	groups   []uint32
	scratch  *expr.Scratch
	failures failures
}

func newSummer(q sumQuery, columns []int, groups *engine.Groups) *summer {
	typ := q.typed().Type
	out := typ
	if typ.Exact() { // more digits do not fit the result's type, but the error for it has them
		out = schema.DecimalOf(schema.MaxPrecision, int(typ.AsDecimal().Scale))
	}
	return &summer{query: q, columns: columns, slots: make([]arrow.Array, len(q.table.Schema.Columns)), scratch: expr.NewScratch(),
		sum: engine.NewAggregation(groups, []engine.Aggregate{{Function: engine.Sum, In: typ, Out: out}})}
}

func (s *summer) add(cols []arrow.Array, n int) error {
	for i, col := range cols {
		s.slots[s.columns[i]] = col
	}
	s.groups = slices.Grow(s.groups[:0], n)[:n]
	for i := range s.groups {
		s.groups[i] = onlyGroup
	}
	if s.query.where != nil {
		result, errs, err := s.query.where.Eval(s.scratch, s.slots, n)
		if err != nil {
			return err
		}
		s.failures.add(errs)
		keep := result.(*array.Boolean)
		for i := range s.groups {
			if keep.IsNull(i) || !keep.Value(i) {
				s.groups[i] = engine.NoGroup
			}
		}
		result.Release()
	}
	s.sum.Update(s.groups, []engine.Column{{Values: s.slots[s.query.column]}})
	return nil
}

// total returns the sum of all that was added.
func (s *summer) total() (amount, error) {
	results, err := s.sum.Finish([]uint32{onlyGroup})
	if overflow, ok := errors.AsType[*engine.OverflowError](err); ok {
		return exactAmount(overflow.Value), nil
	}
	if err != nil {
		return amount{}, err
	}
	sum := results[0]
	doubles, rounded := sum.(*array.Float64)
	switch {
	case sum.IsNull(0):
		return amount{value: new(big.Rat), text: "0", rounded: rounded}, nil
	case rounded: // SetFloat64 gives nil for what is not finite
		return amount{new(big.Rat).SetFloat64(doubles.Value(0)), string(vec.AppendText(nil, sum, 0)), true, ""}, nil
	}
	return exactAmount(string(vec.AppendText(nil, sum, 0))), nil
}

func exactAmount(text string) amount {
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("quality: a sum is no number: " + text)
	}
	return amount{value: value, text: text}
}

// failures are the rows for which a condition has no value.
type failures struct {
	rows  int64
	least expr.RowError // by kind and value, so that it depends on no order
}

func (f *failures) add(errs expr.RowErrors) {
	for _, e := range errs {
		f.merge(failures{1, e})
	}
}

func (f *failures) merge(other failures) {
	before := cmp.Or(cmp.Compare(other.least.Kind, f.least.Kind), strings.Compare(other.least.Value, f.least.Value)) < 0
	if other.rows > 0 && (f.rows == 0 || before) {
		f.least = other.least
	}
	f.rows += other.rows
}

// text says what failed; it is empty if nothing did.
func (f *failures) text() string {
	if f.rows == 0 {
		return ""
	}
	text := fmt.Sprintf("its condition has no value for %s, such as %s", rowsText(f.rows), f.least.Kind)
	if f.least.Value != "" {
		text += ": " + f.least.Value
	}
	return text
}
