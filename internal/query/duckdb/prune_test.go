//go:build cgo

package duckdb

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
)

// conditionMaker makes random conditions on a column.
type conditionMaker struct {
	random *rand.Rand
	column string
	value  func() string   // a constant
	own    []func() string // conditions of kinds that others do not have
}

// next returns a condition in which others are nested up to a depth.
func (c *conditionMaker) next(depth int) string {
	if depth > 0 && c.random.IntN(2) == 0 {
		return "(" + c.next(depth-1) + c.one(" and ", " or ") + c.next(depth-1) + ")"
	}
	kind := c.random.IntN(8 + len(c.own))
	switch kind {
	case 0:
		return c.column + " between " + c.value() + " and " + c.value()
	case 1:
		return c.column + " in (" + c.value() + ", " + c.value() + ", null)"
	case 2:
		return c.column + " not in (" + c.value() + ", " + c.value() + ")"
	case 3:
		return c.column + c.one(" is null", " is not null")
	case 4:
		return "not (" + c.column + " > " + c.value() + ")"
	case 5:
		return "coalesce(" + c.column + ", " + c.value() + ") <> " + c.value()
	case 6, 7:
		return c.column + c.one(" = ", " < ", " >= ", " <> ", " is distinct from ", " is not distinct from ") + c.value()
	}
	return c.own[kind-8]()
}

func (c *conditionMaker) one(of ...string) string { return of[c.random.IntN(len(of))] }

// onDays are conditions on the partition column of silver.transactions.
func onDays(random *rand.Rand, column string) *conditionMaker {
	c := &conditionMaker{random: random, column: column}
	c.value = func() string { return fmt.Sprintf("date '2026-%02d-%02d'", 7+random.IntN(5), 1+random.IntN(28)) }
	c.own = []func() string{
		func() string { return "quantity > 1" },
		func() string {
			return "cast(" + column + " as varchar) like '2026-" + c.one("08", "09", "10") + "-_" + fmt.Sprint(random.IntN(10)) + "'"
		},
		func() string { return "day(" + column + ") = " + fmt.Sprint(1+random.IntN(31)) },
	}
	return c
}

// Whatever the conditions, what is fetched is enough for the same answer as on the
// whole lake.
func TestRandomConditions(t *testing.T) {
	l := sampleLake(t)
	here := engineOn(l)
	shapes := []string{
		"select count(*), sum(amount) from silver.transactions t where %s",
		"select count(*) from silver.transactions t join silver.customers c on c.customer_id = t.customer_id and %s",
		"select count(t.amount), count(*) from silver.customers c left join silver.transactions t on c.customer_id = t.customer_id and %s",
		"select count(*) from (select * from silver.transactions t where %s union all select * from silver.transactions t where %s)",
		"select count(*) from silver.customers c where exists (select 1 from silver.transactions t where t.customer_id = c.customer_id and %s)",
		"with d as (select t.transaction_date, sum(amount) as s from silver.transactions t where %s group by 1) select * from d where s > 100 order by 1",
	}
	random, fewer := rand.New(rand.NewPCG(4, 7)), 0
	cache := Cache{Folder: t.TempDir(), Bytes: 0} // so that each fetches all that it needs
	for range 25 / thin {
		shape := shapes[random.IntN(len(shapes))]
		parts := make([]any, strings.Count(shape, "%s"))
		for i := range parts {
			parts[i] = onDays(random, "t.transaction_date").next(2)
		}
		text := fmt.Sprintf(shape, parts...)
		e, fetched := elsewhere(l, cache)
		want := mustAsk(t, here, sql(text))
		if got := mustAsk(t, e, sql(text)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
		if sum(*fetched) < 80 {
			fewer++
		}
	}
	if fewer < 5/thin {
		t.Errorf("only %d statements were pruned", fewer)
	}
}

// oddTexts are what partitions may be named by that paths, patterns or SQL write
// otherwise.
var oddTexts = []string{"a b", "a/b", "100%", "%41", "x=y", "q'uote", `q"uote`, "über", "漢字", "*", "?q", "[z]", "a+b", "#", "{c}", "semi;colon", "..", "A", "a", "NULL", "null",
	"  lead", "__HIVE_DEFAULT_PARTITION__", "10", "9", "-1", "1e3", "true", "2026-01-01", `back\\slash`, "_", "a_b", "(x)", "x AND y", "date 'x'"}

// onOdd are conditions on a column p of such texts, or a column n of whole numbers,
// both of which may be null.
func onOdd(random *rand.Rand, column string) *conditionMaker {
	c := &conditionMaker{random: random, column: column}
	c.value = func() string { return fmt.Sprint(random.IntN(41) - 20) }
	if column == "t.p" {
		c.value = func() string { return literal(c.one(oddTexts...)) }
	}
	c.own = []func() string{
		func() string { return "t.id % 3 = 1" },
		func() string {
			return "cast(" + column + " as varchar) like '" + c.one("%a%", "1_", "-%", "%''%", "%/%", "\\%%", "_") + "'"
		},
		func() string { return "length(cast(" + column + " as varchar)) = " + fmt.Sprint(1+random.IntN(4)) },
		func() string {
			return "case when " + column + " = " + c.value() + " then t.id > 5 else " + column + " > " + c.value() + " end"
		},
	}
	return c
}

// oddLake returns a lake of which silver.t has folders for whole numbers n, and below
// them for texts p; silver.flat has the same rows in no folders. All texts are in it,
// and null in both columns.
func oddLake(t *testing.T, texts []string) *lab.Lab {
	t.Helper()
	l := lab.New(t)
	const columns = "columns: {id: {type: integer}, n: {type: integer}, p: {type: string}}"
	l.Write("lakehouse.yaml", "project: p\nlake: ./lake\nbronze: {t: {source: \"t*.csv\"}, flat: {source: \"flat*.csv\"}}\n"+
		"silver:\n  t: {key: id, partition_by: [n, p], "+columns+"}\n  flat: {key: id, "+columns+"}\n")
	var file strings.Builder
	file.WriteString("id,n,p\n0,,\n1,0,\n2,,a\n")
	for i, v := range texts {
		fmt.Fprintf(&file, "%d,%d,\"%s\"\n", i+3, i%11-5, strings.ReplaceAll(v, `"`, `""`))
	}
	l.Write("t.csv", file.String())
	l.Write("flat.csv", file.String())
	l.MustRun()
	return l
}

// So it is where partitions are numbers, or texts with any sign, or null: here and
// elsewhere the answer is that of a table without partitions.
func TestRandomConditionsOnOddPartitions(t *testing.T) {
	notNull := slices.DeleteFunc(slices.Clone(oddTexts), func(s string) bool { return strings.EqualFold(s, "null") })
	for _, test := range []struct {
		texts     []string
		asked     int
		fewerThan int // statements may need all files
	}{{notNull, 30, 21}, {oddTexts, 10, 10}} {
		l := oddLake(t, test.texts)
		here, cache := engineOn(l), Cache{Folder: t.TempDir(), Bytes: 0}
		random, whole := rand.New(rand.NewPCG(8, 15)), 0
		for range test.asked / thin {
			condition := ""
			for range 2 {
				made := onOdd(random, []string{"t.p", "t.n"}[random.IntN(2)])
				if condition != "" {
					condition += made.one(" and ", " or ")
				}
				condition += made.next(1)
			}
			text := "select count(*), count(n), count(p), sum(id), max(p) from silver.%s t where " + condition
			e, fetched := elsewhere(l, cache)
			want := mustAsk(t, here, sql(strings.Replace(text, "%s", "flat", 1)))
			for name, engine := range map[string]*Engine{"here": here, "elsewhere": e} {
				if got := mustAsk(t, engine, sql(strings.Replace(text, "%s", "t", 1))); !slices.Equal(got, want) {
					t.Errorf("%s: %s: %v, want %v", name, condition, got, want)
				}
			}
			if sum(*fetched) == len(test.texts)+3 {
				whole++
			}
		}
		if whole >= test.fewerThan/thin {
			t.Errorf("of %d statements, %d were not pruned", test.asked/thin, whole)
		}
	}
}
