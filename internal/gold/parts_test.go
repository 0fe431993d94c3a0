package gold

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
)

// ways returns all ways in which a table may be divided.
func ways(g *project.Gold) map[string][]division {
	ways := map[string][]division{"whole": {{}}}
	if g.Grouped() && len(g.Groups) > 0 {
		ways["groups"] = division{}.outwards(byGroups, 4)
	}
	for i, j := range g.Joins {
		d := division{}
		for _, on := range j.On {
			d.left = append(d.left, on.Left)
		}
		name := fmt.Sprintf("join %d", i)
		if disjoint(g, d.left) {
			ways[name] = d.outwards(byJoins, 4)
		}
		if g.Grouped() {
			ways[name+", absorbed"] = d.inwards(byJoins, 4)
			for _, outer := range d.outwards(byGroups, 2) {
				ways[name+", absorbed, and groups"] = append(ways[name+", absorbed, and groups"], outer.inwards(byJoins, 2)...)
			}
		}
	}
	for i := range aggregatesOf(g) {
		ways[fmt.Sprintf("values of aggregate %d", i)] = division{value: i}.inwards(byValues, 4)
		for _, outer := range (division{value: i}).outwards(byGroups, 2) {
			name := fmt.Sprintf("values of aggregate %d, and groups", i)
			ways[name] = append(ways[name], outer.inwards(byValues, 2)...)
		}
	}
	return ways
}

// aggregatesOf returns the numbers of the aggregates that count distinct values.
func aggregatesOf(g *project.Gold) map[int]bool {
	distinct := map[int]bool{}
	if !g.Grouped() {
		return distinct
	}
	b := newBuild(Request{}, Options{Workers: 1})
	b.latest = map[latestKey]*latest{latestOf(g): {}}
	for i, a := range newJob(b, g).rows.(*grouped).aggregates {
		if a.Function == engine.CountDistinct {
			distinct[i] = true
		}
	}
	return distinct
}

// TestPartsAreTheWhole builds every table in every way that it may be divided.
func TestPartsAreTheWhole(t *testing.T) {
	p := bindGold(t, testGold)
	for seed := uint64(thin - 1); seed < 3; seed += thin {
		r := rand.New(rand.NewPCG(seed, 11))
		l := newTestLake()
		for i, s := range p.Silver {
			l.randomRows(r, s, []int{0, 30, 90}[seed]*(1+i%2))
			l.write(t, r, s)
		}
		for _, g := range p.Gold {
			want := l.reference(t, g)
			for name, divisions := range ways(g) {
				got := l.lines(t, l.buildParts(t, g, divisions, 1+int(seed)))
				compareLines(t, fmt.Sprintf("seed %d, %s by %s", seed, g.Name, name), got, want)
			}
		}
	}
}

func (l *testLake) buildParts(t *testing.T, g *project.Gold, divisions []division, workers int) Result {
	t.Helper()
	spill := engine.NewSpill(t.TempDir())
	defer spill.Close()
	b := budget.New(1 << 30)
	p := newParts(g, Request{Inputs: l.files, Bucket: l.bucket, Stager: l},
		Options{Workers: workers, Budget: b, Spill: spill, Now: testNow, Progress: func(int64) {}})
	ctx := context.Background()
	for _, d := range divisions {
		if short, err := p.attempt(ctx, d); err != nil || short != nil {
			t.Fatalf("%s: %v, %+v", g.Name, err, short)
		}
	}
	result, err := p.write(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p.store.Close()
	if b.Used() != 0 {
		t.Errorf("%s: %d bytes were not given back", g.Name, b.Used())
	}
	return result
}

// TestLittleMemory builds all tables together with less and less memory: rows stay
// the same down to where it is refused, and memory is given back.
func TestLittleMemory(t *testing.T) {
	p := bindGold(t, testGold)
	r := rand.New(rand.NewPCG(5, 11))
	l := newTestLake()
	for _, s := range p.Silver {
		l.randomRows(r, s, 800)
		l.write(t, r, s)
	}
	whole, err := l.build(t, p, 2)
	if err != nil {
		t.Fatal(err)
	}
	var want [][]string
	for _, result := range whole {
		want = append(want, l.lines(t, result))
	}
	divided := 0
	for _, limit := range []int64{2 << 20, 1 << 20} {
		b, spill := budget.New(limit), engine.NewSpill(t.TempDir())
		results, err := Build(context.Background(), Request{Tables: p.Gold, Inputs: l.files, Bucket: l.bucket, Stager: l},
			Options{Workers: 2, Budget: b, Spill: spill, Now: testNow})
		if b.Used() != 0 {
			t.Errorf("%d bytes of %d were not given back", b.Used(), limit)
		}
		var e *diag.Error
		if err != nil && (diag.ClassOf(err) != diag.Budget || !errors.As(err, &e) || e.Next == "") {
			t.Fatal(err)
		}
		for i, result := range results {
			if got := l.lines(t, result); !slices.Equal(got, want[i]) {
				t.Errorf("%s: other rows with %d KiB", result.Table.Name, limit>>10)
			}
		}
		spill.Close()
		divided += inPartsOf(results)
		t.Logf("%d KiB: %d of %d tables in parts, %v", limit>>10, inPartsOf(results), len(p.Gold), err)
	}
	if divided == 0 {
		t.Error("no table was built in parts")
	}
}

func inPartsOf(results []Result) int {
	n := 0
	for _, r := range results {
		if r.Parts > 1 {
			n++
		}
	}
	return n
}

// TestPartsTakeLessMemory groups, joins and counts more keys than there is memory
// for, and looks at how much of it was taken.
func TestPartsTakeLessMemory(t *testing.T) {
	p := bindGold(t, `
  grouped: {from: visits, group_by: {minutes: minutes}, measures: {n: "count(*)", first: "min(visited)"}}
  counted: {from: visits, group_by: {customer_id: customer_id}, measures: {n: "count(distinct minutes)"}}
  joined: {from: visits, join: {transactions: {on: {minutes: quantity}}}, group_by: {minutes: minutes}, measures: {n: "count(transaction_id)"}}
  absorbed: {from: visits, join: {transactions: {on: {minutes: quantity}}}, group_by: {shop: shop}, measures: {n: "count(distinct minutes)"}}
  rows: {from: visits, join: {transactions: {on: {minutes: quantity}}}, columns: {minutes: minutes, id: transaction_id}}
`)
	const rows = keysBeyondMemory
	l := newTestLake()
	for name, column := range map[string]string{"visits": "minutes", "transactions": "quantity"} {
		s := p.SilverTable(name)
		cols := make([]arrow.Array, len(s.FileTable().Columns))
		for i, c := range s.FileTable().Columns {
			if cols[i] = constant(c.Type, rows); c.Name == column {
				cols[i] = running(0, rows)
			}
		}
		f := File{Path: "silver/" + name + "/part-0.parquet", Rows: rows}
		if len(s.PartitionBy) > 0 {
			f.Partition = map[string]*string{"transaction_date": nil}
		}
		l.put(t, s.FileTable(), f, cols)
		l.files[s] = []File{f}
	}
	for i, g := range p.Gold {
		if i%thin > 0 {
			continue
		}
		b, spill := budget.New(20*rows), engine.NewSpill(t.TempDir())
		results, err := Build(context.Background(), Request{Tables: []*project.Gold{g}, Inputs: l.files, Bucket: l.bucket, Stager: l},
			Options{Workers: 2, Budget: b, Spill: spill, Now: testNow})
		if err != nil {
			t.Fatal(err)
		}
		if results[0].Parts < 2 || b.Peak() > 55*rows || b.Used() != 0 {
			t.Errorf("%s: %d parts, peak %d KiB, %d bytes left", g.Name, results[0].Parts, b.Peak()>>10, b.Used())
		}
		t.Logf("%s: %d rows in %d parts, peak %d KiB, spilled %d KiB", g.Name, results[0].Rows, results[0].Parts, b.Peak()>>10, spill.Written()>>10)
		switch g.Name {
		case "counted", "absorbed": // to one row
			if got := l.lines(t, results[0])[0]; !strings.HasPrefix(got, fmt.Sprint(" x ", rows)) {
				t.Errorf("%s: %s", g.Name, got)
			}
		default:
			if results[0].Rows != rows {
				t.Errorf("%s: %d rows", g.Name, results[0].Rows)
			}
		}
		spill.Close()
	}
}

// TestPartsAreTheSameBytes builds a table of several row groups in one go and in
// parts.
func TestPartsAreTheSameBytes(t *testing.T) {
	p := bindGold(t, `  grouped: {from: visits, group_by: {minutes: minutes, customer_id: customer_id}, measures: {n: "count(*)", last: "max(visited)"}}`)
	const rows = 150_000
	l := newTestLake()
	s := p.SilverTable("visits")
	cols := []arrow.Array{constant(schema.T(schema.String), rows), constant(schema.T(schema.Timestamp), rows), running(0, rows)}
	for range len(s.Table().Columns) - len(cols) {
		cols = append(cols, constant(s.Table().Columns[len(cols)].Type, rows))
	}
	f := File{Path: "silver/visits/part-0.parquet", Rows: rows}
	l.put(t, s.FileTable(), f, cols)
	l.files[s] = []File{f}
	read := func(result Result) []byte {
		data, _, err := storage.ReadAll(context.Background(), l.bucket, result.Files[0].Path)
		if err != nil || result.Rows != rows {
			t.Fatal(result.Rows, err)
		}
		return data
	}
	whole, err := l.build(t, p, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := read(whole[0])
	if got := read(l.buildParts(t, p.Gold[0], division{}.outwards(byGroups, 8), 2)); !bytes.Equal(got, want) {
		t.Errorf("%d bytes in parts, %d in one go", len(got), len(want))
	}
}
