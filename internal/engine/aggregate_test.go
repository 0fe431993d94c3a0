package engine

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/schema"
)

// testCase is a random table and what to compute of it.
type testCase struct {
	types      []schema.Type
	columns    [][]cell
	rows       int
	keep       []bool
	keys       []int
	aggregates []Aggregate
}

func randomCase(r *rand.Rand) *testCase {
	c := &testCase{types: testTypes, rows: r.IntN(900)}
	for _, typ := range c.types {
		cells := make([]cell, c.rows)
		for i := range cells {
			cells[i] = randomCell(r, typ)
		}
		c.columns = append(c.columns, cells)
	}
	if r.IntN(2) == 0 {
		c.keep = make([]bool, c.rows)
		for i := range c.keep {
			c.keep[i] = r.IntN(3) > 0
		}
	}
	for range r.IntN(4) {
		c.keys = append(c.keys, r.IntN(len(c.types)))
	}
	c.aggregates = append(c.aggregates, Aggregate{Function: CountRows, Out: schema.T(schema.Bigint)})
	for argument, typ := range c.types {
		for _, f := range []Function{Count, CountDistinct, Sum, Average, Min, Max} {
			if out, ok := resultType(f, typ); ok && r.IntN(2) == 0 {
				c.aggregates = append(c.aggregates, Aggregate{Function: f, Argument: argument, In: typ, Out: out})
			}
		}
	}
	return c
}

func resultType(f Function, in schema.Type) (schema.Type, bool) {
	switch f {
	case Count, CountDistinct:
		return schema.T(schema.Bigint), true
	case Min, Max:
		return in, true
	}
	switch {
	case in.Kind == schema.Double:
		return in, true
	case !in.Numeric():
		return in, false
	case f == Average:
		return schema.DecimalOf(38, int(in.Scale)+4), true
	case in.Kind == schema.Decimal:
		return schema.DecimalOf(38, int(in.Scale)), true
	}
	return schema.T(schema.Bigint), true
}

// reference computes the case row by row and returns one line for each group.
func (c *testCase) reference() []string {
	groups := map[string][]int{}
	if len(c.keys) == 0 {
		groups["[]"] = nil // is there even without rows
	}
	for row := range c.rows {
		if c.keep == nil || c.keep[row] {
			key := c.key(row)
			groups[key] = append(groups[key], row)
		}
	}
	members := make([][]int, 0, len(groups))
	for _, rows := range groups {
		members = append(members, rows)
	}
	slices.SortFunc(members, func(a, b []int) int {
		for _, k := range c.keys {
			if order := compareCells(c.columns[k][a[0]], c.columns[k][b[0]]); order != 0 {
				return order
			}
		}
		return 0
	})
	var lines []string
	for _, rows := range members {
		line := "[]"
		if len(c.keys) > 0 {
			line = c.key(rows[0])
		}
		for _, agg := range c.aggregates {
			line += " " + show(c.referenceAggregate(agg, rows))
		}
		lines = append(lines, line)
	}
	return lines
}

func (c *testCase) key(row int) string {
	var key []string
	for _, k := range c.keys {
		key = append(key, show(c.columns[k][row]))
	}
	return "[" + strings.Join(key, " ") + "]"
}

func (c *testCase) referenceAggregate(agg Aggregate, rows []int) cell {
	if agg.Function == CountRows {
		return int64(len(rows))
	}
	var values []cell
	distinct := map[string]bool{}
	for _, row := range rows {
		if v := c.columns[agg.Argument][row]; v != nil {
			values = append(values, v)
			distinct[show(v)] = true
		}
	}
	switch {
	case agg.Function == Count:
		return int64(len(values))
	case agg.Function == CountDistinct:
		return int64(len(distinct))
	case len(values) == 0:
		return nil
	case agg.Function == Min:
		return slices.MinFunc(values, compareCells)
	case agg.Function == Max:
		return slices.MaxFunc(values, compareCells)
	case agg.In.Kind == schema.Double:
		return referenceDoubles(agg.Function, values)
	}
	return referenceExact(agg, values)
}

func referenceDoubles(f Function, values []cell) cell {
	sum := new(big.Float).SetPrec(4000)
	for _, v := range values {
		if v.(float64) != v.(float64) {
			return math.NaN()
		}
		sum.Add(sum, new(big.Float).SetFloat64(v.(float64)))
	}
	v, _ := sum.Float64()
	if f == Average {
		v /= float64(len(values))
	}
	return v
}

func referenceExact(agg Aggregate, values []cell) cell {
	sum := new(big.Int)
	for _, v := range values {
		if n, ok := v.(int64); ok {
			v = big.NewInt(n)
		}
		sum.Add(sum, v.(*big.Int))
	}
	if agg.Function == Average {
		shift := int(agg.Out.Scale) - int(agg.In.Scale)
		exact := new(big.Rat).SetFrac(sum.Mul(sum, pow10(shift)), big.NewInt(int64(len(values))))
		rounded, _ := new(big.Int).SetString(exact.FloatString(0), 10) // half away from zero
		return rounded
	}
	return sum
}

// run computes the case by the operators, its rows spread at random over
// batches and workers.
func (c *testCase) run(t *testing.T, r *rand.Rand, workers int) []string {
	codes := make([]*Codes, len(c.types))
	for i, typ := range c.types {
		codes[i] = NewCodes(typ)
	}
	aggregates := slices.Clone(c.aggregates)
	for i := range aggregates {
		aggregates[i].Codes = codes[aggregates[i].Argument]
	}
	var keyCodes []*Codes
	for _, k := range c.keys {
		keyCodes = append(keyCodes, codes[k])
	}
	batches := c.split(r)
	states := make([]*Aggregation, workers)
	var wg sync.WaitGroup
	for worker := range workers {
		states[worker] = NewAggregation(NewGroups(keyCodes), aggregates)
		wg.Go(func() {
			coders := make([]*Coder, len(codes))
			for i := range coders {
				coders[i] = codes[i].NewCoder()
			}
			var ids []uint32
			for i := worker; i < len(batches); i += workers {
				ids = c.update(states[worker], coders, batches[i], ids)
			}
		})
	}
	wg.Wait()
	for _, other := range states[1:] {
		states[0].Merge(other)
	}
	return c.lines(t, states[0])
}

type testBatch struct {
	columns []arrow.Array
	keep    []bool
}

// split cuts the rows, shuffled, into batches of random length.
func (c *testCase) split(r *rand.Rand) []testBatch {
	order := r.Perm(c.rows)
	var batches []testBatch
	for len(order) > 0 {
		n := min(1+r.IntN(200), len(order))
		var b testBatch
		for i, typ := range c.types {
			cells := make([]cell, n)
			for j, row := range order[:n] {
				cells[j] = c.columns[i][row]
			}
			b.columns = append(b.columns, arrayOf(typ, cells, r.IntN(2) == 0))
		}
		if c.keep != nil {
			for _, row := range order[:n] {
				b.keep = append(b.keep, c.keep[row])
			}
		}
		batches, order = append(batches, b), order[n:]
	}
	return batches
}

func (c *testCase) update(a *Aggregation, coders []*Coder, b testBatch, ids []uint32) []uint32 {
	columns, n := make([]Column, len(c.types)), 0
	for i, values := range b.columns {
		columns[i] = Column{Values: values, Codes: coders[i].Encode(nil, values)}
		n = values.Len()
	}
	keys := make([][]uint32, len(c.keys))
	for i, k := range c.keys {
		keys[i] = columns[k].Codes
	}
	ids = a.Groups().Add(ids, keys, n, b.keep)
	a.Update(ids, columns)
	return ids
}

func (c *testCase) lines(t *testing.T, a *Aggregation) []string {
	ids := a.Groups().Order()
	lines := make([]string, len(ids))
	for i := range lines {
		var key []string
		for k := range c.keys {
			key = append(key, show(cellsOf(a.Groups().Key(k, ids))[i]))
		}
		lines[i] = "[" + strings.Join(key, " ") + "]"
	}
	results, err := a.Finish(ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range results {
		for i, c := range cellsOf(result) {
			lines[i] += " " + show(c)
		}
	}
	return lines
}

func TestAggregationIsTheReferencesForAllSplits(t *testing.T) {
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := randomCase(r)
		want := c.reference()
		for _, workers := range []int{1, 2, 8} {
			got := c.run(t, r, workers)
			if !slices.Equal(got, want) {
				for i := range max(len(got), len(want)) {
					if i >= len(got) || i >= len(want) || got[i] != want[i] {
						t.Fatalf("seed %d, %d workers, group %d of %d and %d:\ngot  %s\nwant %s", seed, workers, i, len(got), len(want),
							got[min(i, len(got)):min(i+1, len(got))], want[min(i, len(want)):min(i+1, len(want))])
					}
				}
			}
		}
	}
}

func TestOverflowNamesTheGroup(t *testing.T) {
	decimals := schema.DecimalOf(38, 2)
	nines := new(big.Int).Sub(pow10(38), big.NewInt(1))
	for _, test := range []struct {
		in, out  schema.Type
		function Function
		cells    []cell
		want     string
	}{
		{schema.T(schema.Bigint), schema.T(schema.Bigint), Sum, []cell{int64(math.MaxInt64), int64(1)}, "the result 9223372036854775808 does not fit bigint"},
		{schema.T(schema.Bigint), schema.T(schema.Bigint), Sum, []cell{int64(math.MaxInt64), int64(1), int64(-1)}, ""},
		{schema.T(schema.Bigint), schema.T(schema.Bigint), Sum, []cell{int64(math.MinInt64), int64(-1)}, "the result -9223372036854775809 does not fit bigint"},
		{decimals, decimals, Sum, []cell{nines, big.NewInt(1)}, "the result 1000000000000000000000000000000000000.00 does not fit decimal(38,2)"},
		{decimals, decimals, Sum, []cell{nines, nines, new(big.Int).Neg(nines)}, ""},
		{decimals, schema.DecimalOf(38, 6), Average, []cell{nines}, "the result 999999999999999999999999999999999999.990000 does not fit decimal(38,6)"},
	} {
		codes := NewCodes(schema.T(schema.Integer))
		a := NewAggregation(NewGroups([]*Codes{codes}), []Aggregate{{Function: CountRows}, {Function: test.function, In: test.in, Out: test.out}})
		keys := codes.NewCoder().Encode(nil, arrayOf(codes.Type(), []cell{int64(5), int64(7), int64(7), int64(7)}[:len(test.cells)+1], false))
		cells := append([]cell{test.cells[len(test.cells)-1]}, test.cells...)
		if test.function == Average {
			cells[0] = nil
		}
		a.Update(a.Groups().Add(nil, [][]uint32{keys}, len(cells), nil), []Column{{Values: arrayOf(test.in, cells, false)}})
		_, err := a.Finish(a.Groups().Order())
		if test.want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		var overflow *OverflowError
		if !errors.As(err, &overflow) || err.Error() != test.want || overflow.Aggregate != 1 {
			t.Errorf("%v, want %s", err, test.want)
			continue
		}
		if key := cellsOf(a.Groups().Key(0, []uint32{overflow.Group})); key[0] != int64(7) {
			t.Errorf("group %v, want 7", key)
		}
	}
}

func TestMergeIntoCoarserGroups(t *testing.T) {
	days, weeks, customers := NewCodes(schema.T(schema.Integer)), NewCodes(schema.T(schema.Integer)), NewCodes(schema.T(schema.Integer))
	aggregates := []Aggregate{{Function: CountRows}, {Function: CountDistinct, Codes: customers}}
	day, week := NewAggregation(NewGroups([]*Codes{days}), aggregates), NewAggregation(NewGroups([]*Codes{weeks}), aggregates)
	r := rand.New(rand.NewPCG(1, 2))
	seen := make([]map[int64]bool, 4)
	rows := make([]int64, 4)
	for range 50 {
		dates, who := make([]cell, 500), make([]cell, 500)
		for i := range dates {
			d, c := r.Int64N(28), r.Int64N(400)
			dates[i], who[i] = d, c
			if seen[d/7] == nil {
				seen[d/7] = map[int64]bool{}
			}
			seen[d/7][c] = true
			rows[d/7]++
		}
		keys := days.NewCoder().Encode(nil, arrayOf(days.Type(), dates, false))
		day.Update(day.Groups().Add(nil, [][]uint32{keys}, 500, nil), []Column{{Codes: customers.NewCoder().Encode(nil, arrayOf(customers.Type(), who, false))}})
	}
	ids := day.Groups().Order()
	ofDay := make([]cell, len(ids))
	for i, d := range cellsOf(day.Groups().Key(0, ids)) {
		ofDay[i] = d.(int64) / 7
	}
	mapping := make([]uint32, day.Groups().Len())
	keys := weeks.NewCoder().Encode(nil, arrayOf(weeks.Type(), ofDay, false))
	for i, id := range week.Groups().Add(nil, [][]uint32{keys}, len(keys), nil) {
		mapping[ids[i]] = id
	}
	week.MergeInto(day, mapping)
	out, err := week.Finish(week.Groups().Order())
	if err != nil {
		t.Fatal(err)
	}
	for w := range 4 {
		if n, d := cellsOf(out[0])[w], cellsOf(out[1])[w]; n != rows[w] || d != int64(len(seen[w])) {
			t.Errorf("week %d: %v rows, %v customers; want %d, %d", w, n, d, rows[w], len(seen[w]))
		}
	}
}

func TestResultRowsOfLongTexts(t *testing.T) {
	text := schema.T(schema.String)
	codes := NewCodes(text)
	a := NewAggregation(NewGroups([]*Codes{codes}), []Aggregate{{Function: Max, In: text, Out: text}})
	update := func(key, value string) {
		keys := codes.NewCoder().Encode(nil, arrayOf(text, []cell{key}, false))
		a.Update(a.Groups().Add(nil, [][]uint32{keys}, 1, nil), []Column{{Values: arrayOf(text, []cell{value}, false)}})
	}
	for _, test := range []struct {
		key, value int
		want       int
	}{{1, 1, 1 << 16}, {1 << 20, 1, 1 << 10}, {1, 1 << 24, 64}} {
		if update(strings.Repeat("x", test.key), strings.Repeat("y", test.value)); a.ResultRows(1<<16) != test.want {
			t.Errorf("keys of %d bytes, values of %d: %d rows, want %d", test.key, test.value, a.ResultRows(1<<16), test.want)
		}
	}
}
