package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// model is what becomes of files of items in a table: slow and plain.
func model(s lab.Shape, files [][]lab.Item) (rows []lab.Row, totals lake.Totals) {
	type version struct {
		row  lab.Row
		t    int64
		null bool
	}
	best := map[string]version{}
	var order []string
	for f, items := range files {
		for i, it := range items {
			row := lab.Row{"source_file": lab.ItemsFile(f), "source_row": strconv.Itoa(i + 1), "data_quality_flag": "PASSED"}
			for c, value := range it {
				if value != "" || c == "p" && !slices.Contains(s.Partition, "p") {
					row[c] = value
				}
			}
			missing := slices.ContainsFunc(s.Keys, func(c string) bool { _, ok := row[c]; return !ok })
			if missing || it["v"] == "bad" {
				totals.Quarantined++
				continue
			}
			key := fmt.Sprint(f, " ", i)
			columns := s.Keys
			if s.Distinct {
				columns = lab.ItemColumns()
			}
			if columns != nil {
				key = ""
				for _, c := range columns {
					value, ok := row[c]
					key += fmt.Sprintf("%v%q", ok, value)
				}
			}
			if it["v"] == "ugly" {
				row["data_quality_flag"], row["data_quality_issues"] = "WARNED", "not_ugly"
			}
			t, err := strconv.ParseInt(it["t"], 10, 64)
			now := version{row, t, err != nil}
			old, again := best[key]
			switch {
			case !again:
				order = append(order, key)
				best[key] = now
			case s.Distinct:
				totals.Duplicate++
			default:
				totals.Superseded++
				if !s.LatestBy || old.null || !now.null && now.t >= old.t {
					best[key] = now
				}
			}
		}
	}
	for _, key := range order {
		rows = append(rows, best[key].row)
	}
	totals.Silver = int64(len(rows))
	return rows, totals
}

func itemsLab(t *testing.T, s lab.Shape) *lab.Lab {
	t.Helper()
	l := lab.New(t)
	l.Bucket = mem.New(mem.Options{})
	l.Write("lakehouse.yaml", s.YAML())
	return l
}

func TestTablesOfAllShapesAreWhatAModelSays(t *testing.T) {
	for i, s := range lab.Shapes() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(i), 9))
			var files [][]lab.Item
			for range 5 {
				files = lab.RandomItems(rng, files, 60)
			}
			rows, totals := model(s, files)
			want := lab.Lines(rows)
			check := func(l *lab.Lab, how string) {
				t.Helper()
				lab.SameLines(t, how, lab.Lines(lab.Without(l.Rows("silver.items"), lab.Dependent()...)), want)
				l.CheckLedger()
				if got := l.Ledger()[0].Totals; got != totals {
					t.Errorf("%s: the ledger is %+v, want %+v", how, got, totals)
				}
			}
			once, each := itemsLab(t, s), itemsLab(t, s)
			each.Workers = 1
			for f, items := range files {
				once.Write(lab.ItemsFile(f), lab.ItemsCSV(items))
				each.Write(lab.ItemsFile(f), lab.ItemsCSV(items))
				each.MustRun()
				each.Now = each.Now.Add(9 * time.Hour)
			}
			once.MustRun()
			check(once, "one run")
			check(each, "file by file")
			each.MustRun(func(o *pipeline.Options) { o.FullRefresh = true })
			check(each, "full refresh")
		})
	}
}

// TestKeysMoveAndPartitionsEmpty follows the versions of one key from partition
// to Partition: what is left behind has no rows, and takes new ones again.
func TestKeysMoveAndPartitionsEmpty(t *testing.T) {
	s := lab.Shape{Keys: []string{"a"}, LatestBy: true, Partition: []string{"p"}}
	l := itemsLab(t, s)
	for step, want := range []string{"north", "south", "north", "south"} {
		p := want
		if step == 3 {
			p = "west" // an old version: it does not count
			want = "north"
		}
		at := strconv.Itoa(step + 1)
		if step == 3 {
			at = "0"
		}
		l.Write(lab.ItemsFile(step), lab.ItemsCSV([]lab.Item{{"a": "k", "p": p, "t": at}}))
		result := l.MustRun()
		rows := l.Rows("silver.items")
		if len(rows) != 1 || rows[0]["p"] != want {
			t.Fatalf("step %d: %v, want one row in %s", step, rows, want)
		}
		if got := result.Silver[0].Rows; got != 1 {
			t.Errorf("step %d: the run says %d rows", step, got)
		}
		l.CheckLedger()
	}
	if again := l.MustRun(); again.Outcome != pipeline.NothingToDo {
		t.Errorf("a run without files: %s", again.Outcome)
	}
}

// TestGoldPartitions has gold in folders of odd names; the empty text, which has
// no folder of its own, is null there.
func TestGoldPartitions(t *testing.T) {
	l := lab.New(t)
	l.Bucket = mem.New(mem.Options{})
	l.Write("lakehouse.yaml", lab.Shape{Keys: []string{"a"}}.YAML()+`gold:
  by_p:
    from: items
    group_by: {p: p, n: n}
    partition_by: p
    measures: {rows: "count(*)"}
`)
	var items []lab.Item
	want := map[string]int{}
	odd := lab.OddTexts()
	for i := range 3 * len(odd) {
		p := odd[i%len(odd)]
		items = append(items, lab.Item{"a": strconv.Itoa(i), "p": p, "n": "1"})
		want[p]++
	}
	l.Write(lab.ItemsFile(0), lab.ItemsCSV(items))
	l.MustRun()
	got := map[string]int{}
	for _, r := range l.Rows("gold.by_p") {
		n, err := strconv.Atoi(r["rows"])
		if err != nil {
			t.Fatal(err)
		}
		if _, again := got[r["p"]]; again {
			t.Errorf("two groups are %q", r["p"])
		}
		got[r["p"]] = n
	}
	if !maps.Equal(got, want) {
		t.Errorf("rows by p: %v, want %v", got, want)
	}
	l.Write(lab.ItemsFile(1), lab.ItemsCSV([]lab.Item{{"a": "0", "p": "plain", "n": "1"}, {"a": "1", "p": "new", "n": "1"}, {"a": "22", "p": "new", "n": "1"}, {"a": "43", "p": "new", "n": "1"}}))
	l.MustRun()
	for _, r := range l.Rows("gold.by_p") {
		if r["p"] == "plain" && r["rows"] != "1" || r["p"] == "new" && r["rows"] != "3" {
			t.Errorf("%v", r)
		}
	}
}

// TestLongPartitionValues: a text that is too long for the name of a folder costs
// its own row, and not the lake.
func TestLongPartitionValues(t *testing.T) {
	l := itemsLab(t, lab.Shape{Keys: []string{"a"}, Partition: []string{"p"}})
	l.Bucket = nil // a file system is what has the limit
	fits := []string{strings.Repeat("x", 253), strings.Repeat("/", 84), strings.Repeat("é", 126)}
	tooLong := []string{strings.Repeat("x", 254), strings.Repeat("/", 85), strings.Repeat("é", 127), strings.Repeat("x", 2000)}
	var items []lab.Item
	for i, p := range append(slices.Clone(fits), tooLong...) {
		items = append(items, lab.Item{"a": strconv.Itoa(i), "p": p})
	}
	l.Write(lab.ItemsFile(0), lab.ItemsCSV(items))
	l.MustRun()
	l.CheckLedger()
	if got := len(l.Rows("silver.items")); got != len(fits) {
		t.Errorf("%d rows, want %d", got, len(fits))
	}
	for _, r := range l.Rows("quarantine.items") {
		if !strings.Contains(r["reasons"], "type:p") || !strings.Contains(r["reasons"], "too long for the name of a folder") {
			t.Errorf("reasons: %s", r["reasons"])
		}
	}
}

// TestLongGoldPartitionValues has no row to set aside: the table is refused before
// anything of it is recorded, and another definition is built.
func TestLongGoldPartitionValues(t *testing.T) {
	l := itemsLab(t, lab.Shape{Keys: []string{"a"}})
	yaml := lab.Shape{Keys: []string{"a"}}.YAML() + "gold:\n  by_p:\n    from: items\n    group_by: {p: p}\n    partition_by: p\n    measures: {rows: \"count(*)\", last: \"max(a)\"}\n"
	l.Bucket = nil
	l.Write("lakehouse.yaml", yaml)
	l.Write(lab.ItemsFile(0), lab.ItemsCSV([]lab.Item{{"a": "1", "p": strings.Repeat("x", 254)}}))
	_, err := l.Run()
	wantClass(t, err, diag.Gate, "gold.by_p", "256 bytes")
	l.Write("lakehouse.yaml", strings.Replace(yaml, "{p: p}", "{p: \"substr(p, 1, 60)\"}", 1))
	l.MustRun()
	if got := len(l.Rows("gold.by_p")); got != 1 {
		t.Errorf("%d rows", got)
	}
}
