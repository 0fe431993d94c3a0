//go:build e2e

package sparkrun

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/pipeline"
)

// gates are rules of which each stops the run, by the table that has it.
func gates() []struct{ table, rules string } {
	return []struct{ table, rules string }{
		{"share", "    limits: {quarantined: 10%}"},
		{"rows", "    limits: {quarantined_rows: 1}"},
		{"cheap", `    checks: {cheap: {expect: "amount < 1000", on_fail: fail}, placed: {expect: "shop <> 's1' or id < 5", on_fail: fail}, odd: {expect: "id % 2 = 1", on_fail: flag}}`},
		{"known", "    checks: {known: {column: shop, references: {dataset: shops, column: shop}, on_fail: fail}, dear: {expect: \"amount > 1.40\", on_fail: fail}}"},
		{"tables", "    table_checks:\n      few: {row_count: {max: 5}}\n      many: {row_count: {min: 500}}\n      one_each: {unique: [amount, shop]}\n      prices: {unique: amount, on_fail: flag}\n" +
			"      placed: {null_share: {column: shop, max: 1%}}\n      total: {sum: {column: amount, max: 5}}\n      least: {sum: {column: amount, min: 1000000}}\n      fresh: {newest: {column: day, within: 48h}}"},
	}
}

func gatesYAML() string {
	var bronze, silver, gold strings.Builder
	for _, g := range gates() {
		fmt.Fprintf(&bronze, "  %s: {source: \"sales_*.csv\"}\n", g.table)
		fmt.Fprintf(&silver, "  %s:\n    key: id\n    partition_by: shop\n    columns:\n      id:     {type: integer}\n      shop:   {type: string}\n      amount: {type: \"decimal(8,2)\", required: true}\n      day:    {type: date}\n%s\n", g.table, g.rules)
	}
	fmt.Fprintf(&gold, "  by_shop:\n    from: share\n    group_by: {shop: shop}\n    measures: {amount: \"sum(amount)\", sales: \"count(*)\", real: \"sum(cast(amount as double))\"}\n"+
		"    table_checks:\n      few: {row_count: {max: 1}}\n      adds_up: {sum: {column: amount, equals: {table: share, column: amount}}}\n"+
		"      of_some: {sum: {column: amount, equals: {table: share, column: amount, where: \"shop <> 's0'\"}}}\n"+
		"      undecided: {sum: {column: amount, equals: {table: share, column: amount, where: \"1 / (id - 1) > 0\"}}}\n      other: {sum: {column: sales, equals: {table: rows, column: id}}}\n      reals: {sum: {column: real, max: 1}}\n")
	return "project: gates\nlake: ./lake\nbronze:\n" + bronze.String() + "  shops: {source: shops.csv}\nsilver:\n" + silver.String() +
		"  shops: {key: shop, columns: {shop: {type: string}}}\ngold:\n" + gold.String()
}

// TestGates has runs stopped for every reason, and let pass.
func TestGates(t *testing.T) {
	got, want := lab.New(t), lab.New(t)
	for _, l := range []*lab.Lab{got, want} {
		l.Write("lakehouse.yaml", gatesYAML())
		l.Write("shops.csv", "shop\ns0\ns1\n")
		l.Write("sales_1.csv", "id,shop,amount,day\n1,s0,1.50,2026-01-01\n2,s1,1.50,2026-01-01\n3,s0,1.50,\n4,,1.50,2026-03-30\n")
		l.Write("sales_2.csv", "id,shop,amount,day\n10,s0,,\n11,s2,1000.00,2026-01-01\n12,s1,2000.00,\n13,"+strings.Repeat("é", 120)+",1.10,\n14,s1,x,\n1,2\n")
	}
	if err := sameRun(t, got, want); diag.ClassOf(err) != diag.Gate {
		t.Errorf("the run ends with %v", err)
	}
	compare(t, got, want)
	accepted := map[string]string{}
	for _, gate := range []string{"share.quarantined", "rows.quarantined_rows", "rows.quarantined", "cheap.cheap", "cheap.placed", "known.known", "known.dear", "tables.few", "tables.many", "tables.one_each",
		"tables.placed", "tables.total", "tables.least", "tables.fresh"} {
		accepted["silver."+gate] = "it is known"
	}
	accept := func(o *pipeline.Options) { o.Accept = accepted }
	if err := sameRun(t, got, want, accept); diag.ClassOf(err) != diag.Gate || !strings.Contains(err.Error(), "gold.by_shop") {
		t.Errorf("the run ends with %v", err)
	}
	compare(t, got, want)
	for _, gate := range []string{"few", "adds_up", "of_some", "undecided", "other", "reals"} {
		accepted["gold.by_shop."+gate] = "it is known"
	}
	if err := sameRun(t, got, want, accept); err != nil {
		t.Errorf("the run ends with %v", err)
	}
	compare(t, got, want)
	sameLedgers(t, got, want)
}
