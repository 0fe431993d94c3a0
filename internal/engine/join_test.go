package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lakectl/lakectl/internal/schema"
)

// joinSide is one side of a random join, as cells and as codes.
type joinSide struct {
	cells [][]cell
	codes [][]uint32
	n     int
}

func randomSide(r *rand.Rand, columns []*Codes, n int) joinSide {
	s := joinSide{n: n}
	for _, column := range columns {
		cells := make([]cell, n)
		for i := range cells {
			cells[i] = randomCell(r, column.Type())
		}
		s.cells = append(s.cells, cells)
		s.codes = append(s.codes, column.NewCoder().Encode(nil, arrayOf(column.Type(), cells, r.IntN(2) == 0)))
	}
	return s
}

// matches says whether two rows join: all keys equal and none null.
func (s joinSide) matches(i int, other joinSide, j int) bool {
	for k := range s.cells {
		if a, b := s.cells[k][i], other.cells[k][j]; a == nil || b == nil || show(a) != show(b) {
			return false
		}
	}
	return true
}

func TestJoinTableFindsWhatNestedLoopsFind(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 3))
		var columns []*Codes
		for range 1 + r.IntN(3) {
			columns = append(columns, NewCodes(testTypes[r.IntN(len(testTypes))]))
		}
		build, probe := randomSide(r, columns, r.IntN(60)), randomSide(r, columns, r.IntN(60))
		table := NewJoinTable(build.codes, build.n)
		keep := make([]bool, probe.n)
		var want Matches
		unique := true
		matched := make([]bool, build.n)
		for j := range build.n {
			for i := range j {
				unique = unique && !build.matches(i, build, j)
			}
		}
		for i := range keep {
			keep[i] = r.IntN(4) > 0
			for j := range build.n {
				if keep[i] && probe.matches(i, build, j) {
					want.Probe, want.Build = append(want.Probe, int32(i)), append(want.Build, int32(j))
					matched[j] = true
				}
			}
		}
		got := table.All(Matches{}, probe.codes, probe.n, keep)
		if !slices.Equal(got.Probe, want.Probe) || !slices.Equal(got.Build, want.Build) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
		row, twin, ok := table.Unique()
		if ok != unique || (!ok && (row >= twin || !build.matches(int(row), build, int(twin)))) {
			t.Fatalf("seed %d: unique %v (%d, %d), want %v", seed, ok, row, twin, unique)
		}
		if unique {
			checkOne(t, table, build, probe)
		}
		note := NewMatched(build.n)
		note.Mark(got.Build)
		for _, missing := range note.Missing(build.n) {
			if matched[missing] {
				t.Fatalf("seed %d: build row %d has a match", seed, missing)
			}
			matched[missing] = true
		}
		if slices.Contains(matched, false) {
			t.Fatalf("seed %d: a build row without a match is not missing", seed)
		}
	}
}

func checkOne(t *testing.T, table *JoinTable, build, probe joinSide) {
	t.Helper()
	for i, row := range table.One(nil, probe.codes, probe.n) {
		want := NoRow
		for j := range build.n {
			if probe.matches(i, build, j) {
				want = int32(j)
			}
		}
		if row != want {
			t.Fatalf("row %d joins %d, want %d", i, row, want)
		}
	}
}

func TestOrderIsByKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, columns := range [][]schema.Type{testTypes[:1], testTypes[4:5], testTypes[5:6], testTypes[6:7], {testTypes[1], testTypes[0]}, {testTypes[0], testTypes[3], testTypes[6]}} {
		const rows = 6000
		codes, cells, keys := make([]*Codes, len(columns)), make([][]cell, len(columns)), make([][]uint32, len(columns))
		for k, typ := range columns {
			codes[k] = NewCodes(typ)
			for range rows {
				c := randomCell(r, typ)
				if text, ok := c.(string); ok && r.IntN(3) > 0 {
					c = fmt.Sprintf("%s%08d", text[:min(1, len(text))], r.IntN(5000))
				}
				if n, ok := c.(int64); ok {
					c = n * r.Int64N(1<<40)
				}
				cells[k] = append(cells[k], c)
			}
			keys[k] = codes[k].NewCoder().Encode(nil, arrayOf(typ, cells[k], false))
		}
		g := NewGroups(codes)
		g.Add(nil, keys, rows, nil)
		ids := g.Order()
		sorted := make([][]cell, len(columns))
		for k := range sorted {
			sorted[k] = cellsOf(g.Key(k, ids))
		}
		for i := 1; i < len(ids); i++ {
			order := 0
			for k := 0; k < len(columns) && order == 0; k++ {
				order = compareCells(sorted[k][i-1], sorted[k][i])
			}
			if order >= 0 {
				t.Fatalf("%v: group %d does not come before group %d", columns, i-1, i)
			}
		}
	}
}

// BenchmarkGroupByDate is daily_sales: five measures by day, one of them a
// count distinct of 500,000 customers; the customers plain texts, nearly all
// different in a batch.
func BenchmarkGroupByDate(b *testing.B) {
	const rows = 1 << 15
	r := rand.New(rand.NewPCG(1, 1))
	date, customer, revenue, quantity := schema.T(schema.Date), schema.T(schema.String), schema.DecimalOf(18, 2), schema.T(schema.Integer)
	var batches [][]Column
	for day := range 40 {
		var cells [4][]cell
		for range rows {
			cells[0] = append(cells[0], int64(20000+day))
			cells[1] = append(cells[1], fmt.Sprintf("C%07d", r.IntN(500_000)))
			cells[2] = append(cells[2], randomCell(r, testTypes[5]))
			cells[3] = append(cells[3], r.Int64N(9))
		}
		batches = append(batches, []Column{{Values: arrayOf(date, cells[0], false)}, {Values: arrayOf(customer, cells[1], false)},
			{Values: arrayOf(revenue, cells[2], false)}, {Values: arrayOf(quantity, cells[3], false)}})
	}
	dates, customers := NewCodes(date), NewCodes(customer)
	a := NewAggregation(NewGroups([]*Codes{dates}), []Aggregate{{Function: CountRows}, {Function: Sum, Argument: 2, In: revenue, Out: schema.DecimalOf(38, 2)},
		{Function: CountDistinct, Argument: 1, Codes: customers}, {Function: Average, Argument: 2, In: revenue, Out: schema.DecimalOf(38, 6)},
		{Function: Sum, Argument: 3, In: quantity, Out: schema.T(schema.Bigint)}})
	dateCoder, customerCoder := dates.NewCoder(), customers.NewCoder()
	keep := make([]bool, rows)
	for i := range keep {
		keep[i] = i%5 > 0
	}
	keys := make([][]uint32, 1)
	var ids, who []uint32
	i := 0
	for b.Loop() {
		batch := batches[i%len(batches)]
		keys[0] = dateCoder.Encode(keys[0], batch[0].Values)
		who = customerCoder.Encode(who, batch[1].Values)
		batch[1].Codes = who
		ids = a.Groups().Add(ids, keys, rows, keep)
		a.Update(ids, batch)
		i++
	}
	perRow(b, rows)
}

func BenchmarkGroupByText(b *testing.B) {
	const rows = 1 << 15
	text := schema.T(schema.String)
	for _, coded := range []bool{false, true} {
		b.Run(fmt.Sprintf("coded=%v", coded), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			var batches []Column
			for range 32 {
				cells := make([]cell, rows)
				for i := range cells {
					cells[i] = fmt.Sprintf("C%07d", r.IntN(500_000))
				}
				batches = append(batches, Column{Values: arrayOf(text, cells, coded)})
			}
			codes := NewCodes(text)
			a := NewAggregation(NewGroups([]*Codes{codes}), []Aggregate{{Function: CountRows}})
			coder, keys := codes.NewCoder(), make([][]uint32, 1)
			var ids []uint32
			i := 0
			for b.Loop() {
				keys[0] = coder.Encode(keys[0], batches[i%len(batches)].Values)
				ids = a.Groups().Add(ids, keys, rows, nil)
				a.Update(ids, nil)
				i++
			}
			perRow(b, rows)
		})
	}
}

func BenchmarkOrder(b *testing.B) {
	const n = 500_000
	codes := NewCodes(schema.T(schema.String))
	cells := make([]cell, n)
	for i, v := range rand.New(rand.NewPCG(1, 1)).Perm(n) {
		cells[i] = fmt.Sprintf("CUSTOMER-%08d", v)
	}
	g := NewGroups([]*Codes{codes})
	g.Add(nil, [][]uint32{codes.NewCoder().Encode(nil, arrayOf(codes.Type(), cells, false))}, n, nil)
	for b.Loop() {
		g.Order()
	}
	perRow(b, n)
}
