package lab

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Shape is a table of items: what tells rows apart and where they lie.
type Shape struct {
	Name      string
	Keys      []string // nil: every row counts
	Distinct  bool
	LatestBy  bool     // t
	Partition []string // of p (text), n (integer), d (date) and f (boolean)
	Buckets   int      // of each partition; 0 is none
}

// Shapes are tables of all kinds, with and without partitions.
func Shapes() []Shape {
	var out []Shape
	for _, partition := range [][]string{nil, {"p"}, {"n"}, {"d"}, {"f"}, {"p", "n"}} {
		for _, s := range []Shape{
			{Name: "no key"}, {Name: "distinct", Distinct: true},
			{Name: "key", Keys: []string{"a"}}, {Name: "key, latest by", Keys: []string{"a"}, LatestBy: true},
			{Name: "two keys, latest by", Keys: []string{"a", "b"}, LatestBy: true},
		} {
			s.Partition = partition
			s.Name = fmt.Sprint(s.Name, " by ", partition)
			out = append(out, s)
		}
	}
	// The key itself, or a part of it, stands in the path.
	return append(out, Shape{Name: "key in the path", Keys: []string{"p", "a"}, Partition: []string{"p"}, LatestBy: true},
		Shape{Name: "key is the path", Keys: []string{"n"}, Partition: []string{"n"}},
		Shape{Name: "keys of other types", Keys: []string{"d", "f", "t"}, Partition: []string{"n"}},
		Shape{Name: "keys of decimals and times", Keys: []string{"m", "w"}, LatestBy: true},
		Shape{Name: "keys of other types in the path", Keys: []string{"d", "f", "b"}, Partition: []string{"f", "d"}, LatestBy: true},
		Shape{Name: "buckets", Keys: []string{"a"}, LatestBy: true, Buckets: 3},
		Shape{Name: "buckets of partitions", Keys: []string{"a", "b"}, Partition: []string{"p", "n"}, Buckets: 2},
		Shape{Name: "buckets by decimals and times", Keys: []string{"m", "w", "d"}, Partition: []string{"d"}, LatestBy: true, Buckets: 1000},
		Shape{Name: "buckets, and the key is the path", Keys: []string{"n", "f", "t"}, Partition: []string{"n", "f"}, Buckets: 7})
}

// YAML is a project with a table of the shape, called items, of files items_*.csv.
func (s Shape) YAML() string {
	return "project: items\nlake: ./lake\nbronze:\n  items: {source: \"items_*.csv\"}\nsilver:\n" + s.Table("items")
}

// Table is the table as it stands under silver.
func (s Shape) Table(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s:\n", name)
	if s.Keys != nil {
		fmt.Fprintf(&b, "    key: [%s]\n", strings.Join(s.Keys, ", "))
	}
	if s.Distinct {
		b.WriteString("    distinct: true\n")
	}
	if s.LatestBy {
		b.WriteString("    latest_by: t\n")
	}
	if s.Buckets > 0 {
		fmt.Fprintf(&b, "    buckets: %d\n", s.Buckets)
	}
	if s.Partition != nil {
		fmt.Fprintf(&b, "    partition_by: [%s]\n", strings.Join(s.Partition, ", "))
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

// OddTexts are texts that are hard on paths.
func OddTexts() []string {
	return []string{"", "plain", "a/b", "x=y", "%41", "A", "Ünï cødé", "..", ".", " ", "a b", "it's", `"q"`, `\`, "#?*", "__HIVE_DEFAULT_PARTITION__", "NULL", "null", "_tmp", "🦆", "a%2Fb"}
}

// Item is a raw row; values by column.
type Item map[string]string

// ItemColumns are the columns of items.
func ItemColumns() []string { return []string{"a", "b", "p", "n", "d", "f", "t", "m", "w", "v"} }

// RandomItems adds a file of items to files, some of them repeats of any before.
func RandomItems(rng *rand.Rand, files [][]Item, n int) [][]Item {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	odd := OddTexts()
	var items []Item
	for range n {
		it := Item{
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

// ItemsCSV is the text of a file of items.
func ItemsCSV(items []Item) string {
	var b strings.Builder
	b.WriteString(strings.Join(ItemColumns(), ",") + "\n")
	for _, it := range items {
		for i, c := range ItemColumns() {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(it[c], `"`, `""`) + `"`)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// ItemsFile is the name of file i of items.
func ItemsFile(i int) string { return fmt.Sprintf("items_%03d.csv", i) }
