//go:build cgo

package duckdb

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// condition returns a random condition on the partition column of
// silver.transactions, and sometimes on others.
func condition(random *rand.Rand, column string, depth int) string {
	day := func() string {
		return fmt.Sprintf("date '2026-%02d-%02d'", 7+random.IntN(5), 1+random.IntN(28))
	}
	if depth > 0 && random.IntN(2) == 0 {
		word := []string{" and ", " or "}[random.IntN(2)]
		return "(" + condition(random, column, depth-1) + word + condition(random, column, depth-1) + ")"
	}
	switch random.IntN(9) {
	case 0:
		return column + " between " + day() + " and " + day()
	case 1:
		return column + " in (" + day() + ", " + day() + ", null)"
	case 2:
		return column + " is not null"
	case 3:
		return "not (" + column + " > " + day() + ")"
	case 4:
		return "quantity > 1"
	case 5:
		return "cast(" + column + " as varchar) like '2026-" + []string{"08", "09", "10"}[random.IntN(3)] + "-_" + fmt.Sprint(random.IntN(10)) + "'"
	case 6:
		return "coalesce(" + column + ", " + day() + ") <> " + day()
	case 7:
		return "day(" + column + ") = " + fmt.Sprint(1+random.IntN(31))
	}
	return column + " " + []string{"=", "<", ">=", "<>", "is distinct from"}[random.IntN(5)] + " " + day()
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
	for range 25 {
		shape := shapes[random.IntN(len(shapes))]
		parts := make([]any, strings.Count(shape, "%s"))
		for i := range parts {
			parts[i] = condition(random, "t.transaction_date", 2)
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
	if fewer < 5 {
		t.Errorf("only %d statements were pruned", fewer)
	}
}
