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

// shape is a table of items: what tells rows apart and where they lie.
type shape struct {
	name      string
	keys      []string // nil: every row counts
	distinct  bool
	latestBy  bool
	partition []string // of p (text), n (integer), d (date) and f (boolean)
	buckets   int      // of each partition; 0 is none
}

func shapes() []shape {
	var out []shape
	for _, partition := range [][]string{nil, {"p"}, {"n"}, {"d"}, {"f"}, {"p", "n"}} {
		for _, s := range []shape{
			{name: "no key"}, {name: "distinct", distinct: true},
			{name: "key", keys: []string{"a"}}, {name: "key, latest by", keys: []string{"a"}, latestBy: true},
			{name: "two keys, latest by", keys: []string{"a", "b"}, latestBy: true},
		} {
			s.partition = partition
			s.name = fmt.Sprint(s.name, " by ", partition)
			out = append(out, s)
		}
	}
	// The key itself, or a part of it, stands in the path.
	return append(out, shape{name: "key in the path", keys: []string{"p", "a"}, partition: []string{"p"}, latestBy: true},
		shape{name: "key is the path", keys: []string{"n"}, partition: []string{"n"}},
		shape{name: "keys of other types", keys: []string{"d", "f", "t"}, partition: []string{"n"}},
		shape{name: "keys of decimals and times", keys: []string{"m", "w"}, latestBy: true},
		shape{name: "keys of other types in the path", keys: []string{"d", "f", "b"}, partition: []string{"f", "d"}, latestBy: true},
		shape{name: "buckets", keys: []string{"a"}, latestBy: true, buckets: 3},
		shape{name: "buckets of partitions", keys: []string{"a", "b"}, partition: []string{"p", "n"}, buckets: 2},
		shape{name: "buckets by decimals and times", keys: []string{"m", "w", "d"}, partition: []string{"d"}, latestBy: true, buckets: 1000},
		shape{name: "buckets, and the key is the path", keys: []string{"n", "f", "t"}, partition: []string{"n", "f"}, buckets: 7})
}

func (s shape) yaml() string {
	var b strings.Builder
	b.WriteString("project: items\nlake: ./lake\nbronze:\n  items: {source: \"items_*.csv\"}\nsilver:\n  items:\n")
	if s.keys != nil {
		fmt.Fprintf(&b, "    key: [%s]\n", strings.Join(s.keys, ", "))
	}
	if s.distinct {
		b.WriteString("    distinct: true\n")
	}
	if s.latestBy {
		b.WriteString("    latest_by: t\n")
	}
	if s.buckets > 0 {
		fmt.Fprintf(&b, "    buckets: %d\n", s.buckets)
	}
	if s.partition != nil {
		fmt.Fprintf(&b, "    partition_by: [%s]\n", strings.Join(s.partition, ", "))
	}
	b.WriteString(`    columns:
      a: {type: string}
      b: {type: integer}
      p: {type: string, expr: "p"}
      n: {type: integer}
      d: {type: date}
      f: {type: boolean}
      t: {type: bigint}
      m: {type: "decimal(20,3)"}
      w: {type: timestamp}
      v: {type: string}
    checks:
      not_bad:  {expect: "v <> 'bad'", null_ok: true}
      not_ugly: {expect: "v <> 'ugly'", null_ok: true, on_fail: flag}
`)
	return b.String()
}

// odd are texts that are hard on paths.
var odd = []string{"", "plain", "a/b", "x=y", "%41", "A", "Ünï cødé", "..", ".", " ", "a b", "it's", `"q"`, `\`, "#?*", "__HIVE_DEFAULT_PARTITION__", "NULL", "null", "_tmp", "🦆", "a%2Fb"}

// item is a raw row; values by column.
type item map[string]string

var itemColumns = []string{"a", "b", "p", "n", "d", "f", "t", "m", "w", "v"}

// randomItems adds a file of items to files, some of them repeats of any before.
func randomItems(rng *rand.Rand, files [][]item, n int) [][]item {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	var items []item
	for range n {
		it := item{
			"a": pick("k1", "k2", "k3", "K1", " k1", "", "é", "k"+strconv.Itoa(rng.IntN(40))), "b": pick("1", "2", "-3", ""),
			"p": odd[rng.IntN(len(odd))], "n": pick("0", "-5", "2147483647", "-2147483648", "", "7"),
			"d": pick("2026-01-01", "0001-01-01", "9999-12-31", "", "1969-12-31"), "f": pick("true", "false", ""),
			"m": pick("0.000", "-99999999999999999.999", "99999999999999999.999", "1.500", ""), "w": pick("2026-01-01 10:00:00", "1969-12-31 23:59:59.999999", ""),
			"t": pick("", "1", "2", "3", "9223372036854775807", "-9223372036854775808"), "v": pick("", "ok", "fine", "bad", "ugly"),
		}
		items = append(items, it)
		if rng.IntN(5) == 0 { // an exact repeat, somewhere
			from := items
			if len(files) > 0 && rng.IntN(2) == 0 {
				from = files[rng.IntN(len(files))]
			}
			items = append(items, maps.Clone(from[rng.IntN(len(from))]))
		}
	}
	return append(files, items)
}

func itemsCSV(items []item) string {
	var b strings.Builder
	b.WriteString(strings.Join(itemColumns, ",") + "\n")
	for _, it := range items {
		for i, c := range itemColumns {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(it[c], `"`, `""`) + `"`)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// model is what becomes of files of items: slow and plain.
func (s shape) model(files [][]item) (rows []lab.Row, totals lake.Totals) {
	type version struct {
		row  lab.Row
		t    int64
		null bool
	}
	best := map[string]version{}
	var order []string
	for f, items := range files {
		for i, it := range items {
			row := lab.Row{"source_file": fileOfItems(f), "source_row": strconv.Itoa(i + 1), "data_quality_flag": "PASSED"}
			for c, value := range it {
				if value != "" || c == "p" && !slices.Contains(s.partition, "p") {
					row[c] = value
				}
			}
			missing := slices.ContainsFunc(s.keys, func(c string) bool { _, ok := row[c]; return !ok })
			if missing || it["v"] == "bad" {
				totals.Quarantined++
				continue
			}
			key := fmt.Sprint(f, " ", i)
			columns := s.keys
			if s.distinct {
				columns = itemColumns
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
			case s.distinct:
				totals.Duplicate++
			default:
				totals.Superseded++
				if !s.latestBy || old.null || !now.null && now.t >= old.t {
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

func fileOfItems(i int) string { return fmt.Sprintf("items_%03d.csv", i) }

func itemsLab(t *testing.T, s shape) *lab.Lab {
	t.Helper()
	l := lab.New(t)
	l.Bucket = mem.New(mem.Options{})
	l.Write("lakehouse.yaml", s.yaml())
	return l
}

func TestTablesOfAllShapesAreWhatAModelSays(t *testing.T) {
	for i, s := range shapes() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(i), 9))
			var files [][]item
			for range 5 {
				files = randomItems(rng, files, 60)
			}
			rows, totals := s.model(files)
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
				once.Write(fileOfItems(f), itemsCSV(items))
				each.Write(fileOfItems(f), itemsCSV(items))
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
// to partition: what is left behind has no rows, and takes new ones again.
func TestKeysMoveAndPartitionsEmpty(t *testing.T) {
	s := shape{keys: []string{"a"}, latestBy: true, partition: []string{"p"}}
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
		l.Write(fileOfItems(step), itemsCSV([]item{{"a": "k", "p": p, "t": at}}))
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
	l.Write("lakehouse.yaml", shape{keys: []string{"a"}}.yaml()+`gold:
  by_p:
    from: items
    group_by: {p: p, n: n}
    partition_by: p
    measures: {rows: "count(*)"}
`)
	var items []item
	want := map[string]int{}
	for i := range 3 * len(odd) {
		p := odd[i%len(odd)]
		items = append(items, item{"a": strconv.Itoa(i), "p": p, "n": "1"})
		want[p]++
	}
	l.Write(fileOfItems(0), itemsCSV(items))
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
	l.Write(fileOfItems(1), itemsCSV([]item{{"a": "0", "p": "plain", "n": "1"}, {"a": "1", "p": "new", "n": "1"}, {"a": "22", "p": "new", "n": "1"}, {"a": "43", "p": "new", "n": "1"}}))
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
	l := itemsLab(t, shape{keys: []string{"a"}, partition: []string{"p"}})
	l.Bucket = nil // a file system is what has the limit
	fits := []string{strings.Repeat("x", 253), strings.Repeat("/", 84), strings.Repeat("é", 126)}
	tooLong := []string{strings.Repeat("x", 254), strings.Repeat("/", 85), strings.Repeat("é", 127), strings.Repeat("x", 2000)}
	var items []item
	for i, p := range append(slices.Clone(fits), tooLong...) {
		items = append(items, item{"a": strconv.Itoa(i), "p": p})
	}
	l.Write(fileOfItems(0), itemsCSV(items))
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
	l := itemsLab(t, shape{keys: []string{"a"}})
	yaml := shape{keys: []string{"a"}}.yaml() + "gold:\n  by_p:\n    from: items\n    group_by: {p: p}\n    partition_by: p\n    measures: {rows: \"count(*)\", last: \"max(a)\"}\n"
	l.Bucket = nil
	l.Write("lakehouse.yaml", yaml)
	l.Write(fileOfItems(0), itemsCSV([]item{{"a": "1", "p": strings.Repeat("x", 254)}}))
	_, err := l.Run()
	wantClass(t, err, diag.Gate, "gold.by_p", "256 bytes")
	l.Write("lakehouse.yaml", strings.Replace(yaml, "{p: p}", "{p: \"substr(p, 1, 60)\"}", 1))
	l.MustRun()
	if got := len(l.Rows("gold.by_p")); got != 1 {
		t.Errorf("%d rows", got)
	}
}
