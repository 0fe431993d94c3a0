package quality

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/vec"
)

// model is what random rows are, counted slowly.
type model struct {
	rows    [][]string
	columns int
}

func (m model) unique(columns []int) bool {
	seen := map[string]bool{}
	for _, row := range m.rows {
		var key []string
		for _, c := range columns {
			key = append(key, row[c])
		}
		if slices.Contains(key, "-") {
			continue
		}
		text := strings.Join(key, "|")
		if seen[text] {
			return false
		}
		seen[text] = true
	}
	return true
}

func (m model) values(column int) []string {
	var values []string
	for _, row := range m.rows {
		if row[column] != "-" {
			values = append(values, row[column])
		}
	}
	return values
}

// randomRows returns rows of key, day, small, amount, x.
func randomRows(r *rand.Rand) model {
	m := model{columns: 5}
	distinct := 1 + r.IntN(5000)
	for range r.IntN(1500) {
		row := []string{fmt.Sprintf("k%d", r.IntN(distinct)), fmt.Sprintf("2026-11-%02d", 1+r.IntN(4)), fmt.Sprint(r.IntN(1 + distinct/40)),
			fmt.Sprintf("%d.%02d", r.IntN(2000)-1000, r.IntN(100)), fmt.Sprint(math.Ldexp(r.Float64()-0.5, r.IntN(80)))}
		if r.IntN(20) == 0 {
			row[r.IntN(len(row))] = "-"
		}
		m.rows = append(m.rows, row)
	}
	return m
}

// table spreads the rows over files at random.
func (m model) table(t *testing.T, r *rand.Rand, partitioned bool) Table {
	files := make([][]string, 1+r.IntN(6))
	byDay := map[string][]string{}
	for _, row := range m.rows {
		text := strings.Join(row, "|")
		at := r.IntN(len(files))
		files[at] = append(files[at], text)
		byDay[row[1]] = append(byDay[row[1]], text)
	}
	s := columns("key string; day date; small integer; amount decimal(12,2); x double")
	if !partitioned {
		return makeTable(t, s, nil, files...)
	}
	files = nil
	for _, day := range slices.Sorted(maps.Keys(byDay)) {
		files = append(files, byDay[day])
	}
	return makeTable(t, s, []string{"day"}, files...)
}

func (m model) checks(r *rand.Rand) (checks []*project.TableCheck, failed []bool) {
	add := func(c project.TableCheck, fails bool) {
		c.Name, c.OnFail = fmt.Sprintf("check%d", len(checks)), project.Fail
		checks, failed = append(checks, &c), append(failed, fails)
	}
	for _, columns := range [][]int{{0}, {1}, {2}, {0, 1}, {2, 0}, {4}, {3, 2}, {0, 1, 2, 3}} {
		add(project.TableCheck{Kind: project.Unique, Columns: columns}, !m.unique(columns))
	}
	for column := range m.columns {
		nulls := len(m.rows) - len(m.values(column))
		most := float64(r.IntN(10)) / 200
		add(project.TableCheck{Kind: project.NullShare, Columns: []int{column}, MaxNulls: most}, float64(nulls) > most*float64(len(m.rows)))
	}
	days := m.values(1)
	for _, within := range []time.Duration{time.Hour, 24 * 19 * time.Hour, 24 * 20 * time.Hour, 24 * 22 * time.Hour} {
		at := time.Time{}
		if len(days) > 0 {
			at, _ = time.Parse(time.DateOnly, slices.Max(days))
		}
		add(project.TableCheck{Kind: project.Newest, Columns: []int{1}, Within: within}, now.Sub(at) > within)
	}
	for _, column := range []int{2, 3} {
		sum := new(big.Rat)
		for _, v := range m.values(column) {
			sum.Add(sum, rat(v))
		}
		bound := new(big.Rat).Add(sum, big.NewRat(int64(r.IntN(3)-1), 100))
		add(project.TableCheck{Kind: project.Sum, Columns: []int{column}, Min: bound}, sum.Cmp(bound) < 0)
	}
	return checks, failed
}

func TestChecksAgreeWithASlowModel(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	for round := range 14 {
		m := randomRows(r)
		checks, failed := m.checks(r)
		// Sums of doubles have no slow model here: they must be the same however they are added.
		checks = append(checks, &project.TableCheck{Name: "x", Kind: project.Sum, OnFail: project.Flag, Columns: []int{4}, Min: rat("0")})
		var first []lake.CheckResult
		for variant := range 4 {
			o := Options{Workers: 1 + 3*(variant%2), Now: now, Spill: engine.NewSpill(t.TempDir())}
			if variant > 1 {
				o.Budget = budget.New(1 << 10)
			}
			results, err := CheckTable(t.Context(), m.table(t, r, variant > 0 && len(m.rows) > 0), checks, noOther, o)
			if err != nil {
				t.Fatal(err)
			}
			if used := o.Budget.Used(); used != 0 {
				t.Errorf("%d bytes of the budget were not given back", used)
			}
			if first == nil {
				first = results
			} else if !reflect.DeepEqual(results, first) {
				t.Fatalf("round %d: variant %d gives\n%+v\nnot\n%+v", round, variant, results, first)
			}
			for i, fails := range failed {
				if (results[i].Failed == 1) != fails {
					t.Errorf("round %d: %+v, but the model says failed %v", round, results[i], fails)
				}
			}
		}
	}
}

// Hashes may be the same by chance: a thousand and more that are suspected and
// innocent hide none that is guilty.
func TestRepeatsLooksAtEveryCandidate(t *testing.T) {
	const rows = 2 * countedValues
	texts := make([]string, 0, rows+1)
	for i := range rows {
		texts = append(texts, fmt.Sprint(i*i))
	}
	suspects := func(guilty ...string) (Table, *engine.HashSet) {
		tab := makeTable(t, columns("n bigint"), nil, append(guilty, texts...))
		set := engine.NewHashSet(0)
		for i := range rows {
			set.Add(vec.HashUint64(uint64(i * i)))
		}
		return tab, set
	}
	last := int64(0) // the value whose hash comes last
	for i := range int64(rows) {
		if vec.HashUint64(uint64(i*i)) > vec.HashUint64(uint64(last)) {
			last = i * i
		}
	}
	for _, guilty := range [][]string{{}, {"4"}, {fmt.Sprint(last)}, {fmt.Sprint(last), fmt.Sprint(last)}} {
		tab, set := suspects(guilty...)
		c := &tableChecker{table: tab, rows: tab.Rows(), o: options()}
		r, err := c.repeats(t.Context(), []int{0}, set)
		if err != nil {
			t.Fatal(err)
		}
		if len(guilty) == 0 && r.values != 0 || len(guilty) > 0 && (r.values != 1 || r.count != int64(1+len(guilty))) {
			t.Errorf("%v: %d values repeat, the example in %d rows", guilty, r.values, r.count)
		}
	}
}

func TestUniqueOfManyRepeats(t *testing.T) {
	var files [][]string
	for range 3 {
		var rows []string
		for i := range 4 * countedValues {
			rows = append(rows, fmt.Sprintf("k%05d", i))
		}
		files = append(files, rows)
	}
	tab := makeTable(t, columns("key string"), nil, files...)
	failed, detail := judge(t, tab, project.TableCheck{Kind: project.Unique, Columns: []int{0}}, noOther)
	if !failed || !strings.Contains(detail, " stands in 3 rows; at least 1,000 values repeat; none may repeat in 12,000 rows") {
		t.Error(failed, detail)
	}
}

func TestFrequentPassesHashesOnTwiceAtLeast(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var f frequent
	in, out := map[uint64]int{}, map[uint64]int{}
	for range 200 {
		hashes := make([]uint64, 500)
		for i := range hashes {
			hashes[i] = uint64(r.IntN(20)) * uint64(1+r.IntN(3)*len(f.slots))
			in[hashes[i]]++
		}
		for _, hash := range f.twice(hashes) {
			out[hash]++
		}
	}
	for hash, n := range in {
		if out[hash] < min(n, 2) {
			t.Errorf("hash %d came %d times and went on %d times", hash, n, out[hash])
		}
	}
	if f = (frequent{}); len(f.twice(make([]uint64, 9))) != 2 {
		t.Error("a hash that is always there is passed on more than twice")
	}
}

// A file of many row groups is read by several workers.
func TestLargeFiles(t *testing.T) {
	n := wholeFileRows + 5
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprint(i)
	}
	rows[n-1] = "17"
	tab := makeTable(t, columns("n bigint"), nil, rows)
	if failed, detail := judge(t, tab, project.TableCheck{Kind: project.Unique, Columns: []int{0}}, noOther); !failed || !strings.HasPrefix(detail, "n = 17 stands in 2 rows; none") {
		t.Error(failed, detail)
	}
	want := big.NewRat(int64(n-1)*int64(n-2)/2+17, 1)
	if failed, detail := judge(t, tab, project.TableCheck{Kind: project.Sum, Columns: []int{0}, Min: want, Max: want}, noOther); failed {
		t.Error(detail)
	}
}

func BenchmarkUnique(b *testing.B) {
	var files [][]string
	for f := range 8 {
		rows := make([]string, 100_000)
		for i := range rows {
			rows[i] = fmt.Sprintf("T%09d", f*len(rows)+i)
		}
		files = append(files, rows)
	}
	t := makeTable(b, columns("id string"), nil, files...)
	check := []*project.TableCheck{{Name: "u", Kind: project.Unique, OnFail: project.Fail, Columns: []int{0}}}
	for b.Loop() {
		if r, err := CheckTable(b.Context(), t, check, noOther, options()); err != nil || r[0].Failed != 0 {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/800_000, "ns/row")
}
