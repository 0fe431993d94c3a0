//go:build e2e

package sparkrun

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
)

const goldYAML = `project: gold
lake: ./lake
bronze:
  sales:  {source: "sales_*.csv"}
  shops:  {source: "shops_*.csv"}
  people: {source: "people_*.csv"}
  none:   {source: "none_*.csv"}
silver:
  sales:
    key: id
    partition_by: day
    columns: {id: {type: integer}, shop: {type: string}, person: {type: integer}, day: {type: date}, at: {type: timestamp}, amount: {type: "decimal(10,2)"}, big: {type: bigint}, real: {type: double, allow_nan: true}, ok: {type: boolean}}
  shops:
    key: [shop, person]
    columns: {shop: {type: string}, person: {type: integer}, town: {type: string}}
  people:
    key: person
    columns: {person: {type: integer}, name: {type: string}}
  none:
    columns: {id: {type: integer}, shop: {type: string}}
`

const goldTables = `gold:
  by_shop:
    from: sales
    group_by: {shop: shop, week: "date_trunc('week', day)"}
    partition_by: [shop, week]
    measures:
      rows: "count(*)"
      ids: "count(id)"
      shops: "count(distinct amount)"
      reals: "count(distinct real)"
      amount: "sum(amount)"
      ids_sum: "sum(id)"
      mean: "avg(amount)"
      mean_id: "avg(id)"
      mean_real: "avg(real)"
      real: "sum(real)"
      least: "min(real)"
      greatest: "max(real)"
      first: "min(at)"
      last: "max(shop)"
      yes: "max(ok)"
      share: "cast(sum(amount) as decimal(20,2)) / count(*)"
      half: {expr: "avg(amount) / 2", type: "decimal(10,1)"}
  all_of_it:
    from: sales
    group_by: {all: "'all'"}
    measures: {rows: "count(*)", amount: "sum(amount)", mean: "avg(amount)", last: "max(at)", big: "min(big)"}
  by_real:
    from: sales
    group_by: {real: real, ok: ok}
    measures: {rows: "count(*)", shops: "count(distinct shop)"}
  plain:
    from: sales
    where: "amount > 1 and shop is not null"
    partition_by: shop
    columns: {id: id, shop: "nullif(lower(shop), 'a')", half: {expr: "amount / 2", type: "decimal(10,1)"}, file: source_file}
  latest_days: {from: sales, latest: day}
  latest_real: {from: sales, latest: real}
  latest_null: {from: sales, where: "at is null", latest: at}
  latest_none: {from: none, latest: shop, partition_by: shop, columns: {shop: shop, id: id}}
  joined:
    from: sales
    where: "ok"
    join:
      people: {on: person}
      shops: {on: [shop, person], where: "town <> 'x'"}
    group_by: {name: people.name, town: shops.town}
    measures: {rows: "count(*)", people: "count(distinct people.person)", amount: "sum(sales.amount)"}
  to_many:
    from: people
    join: {sales: {on: {person: person}, where: "amount > 0"}}
    group_by: {name: name}
    measures: {rows: "count(*)", sales: "count(sales.id)", amount: "coalesce(sum(sales.amount), 0)"}
  to_many_plain:
    from: people
    join: {sales: {on: person}}
    columns: {name: name, id: sales.id, next: "coalesce(sales.id, 0) + 1"}
  of_none: {from: none, group_by: {shop: shop}, partition_by: shop, measures: {rows: "count(*)"}}
  sum_of_none: {from: none, group_by: {all: "'all'"}, measures: {rows: "count(*)", ids: "sum(id)"}}
  all_of_none: {from: none}
  nobody: {from: sales, where: "id < 0", group_by: {all: "'all'"}, measures: {rows: "count(*)", amount: "avg(amount)"}}
`

func goldLab(t *testing.T, tables string) *lab.Lab {
	t.Helper()
	l := lab.New(t)
	l.Write("lakehouse.yaml", goldYAML+tables)
	l.Write("sales_1.csv", "id,shop,person,day,at,amount,big,real,ok\n"+
		"1,a,1,2026-01-01,2026-01-01 10:00:00,1.50,9223372036854775807,1.1,true\n2,a,2,2026-01-04,,2.55,1,2.2,false\n3,A,1,2026-01-05,,,1,-0.0,true\n"+
		"4,,1,,,0.01,,0.0,true\n5,,9,,,-3.00,,NaN,true\n6,a/b,,0001-01-01,1582-10-10 00:00:00,99999999.99,-5,nan,true\n7,é,2,9999-12-31,,1.05,,Inf,\n8,a,1,2026-01-01,,1.01,-1,1e300,true\n9,a,3,9999-12-31,,3.35,,,false\n")
	l.Write("shops_1.csv", "shop,person,town\na,1,n\na,2,x\nA,1,s\né,2,\n")
	l.Write("people_1.csv", "person,name\n1,Ann\n2,Bob\n3,\n4,Zoë\n")
	l.Write("none_1.csv", "id,shop\n")
	return l
}

// TestGold has tables of all kinds, with null groups, empty tables and sums of doubles.
func TestGold(t *testing.T) {
	got, want := goldLab(t, goldTables), goldLab(t, goldTables)
	if err := sameRun(t, got, want); err != nil {
		t.Error(err)
	}
	compare(t, got, want)
	for _, l := range []*lab.Lab{got, want} {
		l.Write("sales_2.csv", "id,shop,person,day,at,amount,big,real,ok\n3,a,1,2026-01-05,,7,1,5,true\n4,b,1,,,0.01,,0.0,true\n5,,4,,,-3.00,,NaN,true\n")
	}
	if err := sameRun(t, got, want); err != nil {
		t.Error(err)
	}
	compare(t, got, want)
}

// TestGoldWithoutAValue has tables that the data do not allow.
func TestGoldWithoutAValue(t *testing.T) {
	got, want := goldLab(t, ""), goldLab(t, "")
	if err := sameRun(t, got, want); err != nil {
		t.Error(err)
	}
	for i, test := range []struct{ table, says, row string }{
		{`{from: sales, group_by: {shop: "substr(shop, 1, 1)"}, measures: {big: "sum(abs(big))"}}`, "measure big of group shop=a", ""},
		{`{from: sales, group_by: {shop: shop}, measures: {rows: "count(*)", none: "sum(amount) / (count(at) - 1)"}}`, "measure none of group shop=a", ""},
		{`{from: sales, group_by: {all: "'all'"}, measures: {none: "max(1 / (id - 4))"}}`, "measure none of group all=all", ""},
		{`{from: sales, group_by: {ok: ok}, measures: {narrow: {expr: "sum(amount)", type: "decimal(8,2)"}}}`, "measure narrow of group ok=true", ""},
		{`{from: sales, group_by: {none: "id / (id - 4)"}, measures: {rows: "count(*)"}}`, "group key none", "row 4 of sales_1.csv"},
		{`{from: sales, where: "1 / (id - 4) > 0"}`, "where", "row 4 of sales_1.csv"},
		{`{from: sales, join: {people: {on: person, where: "1 / (person - 2) > 0"}}, columns: {id: id, name: people.name}}`, "where of join people", "row 2 of people_1.csv"},
		{`{from: sales, columns: {id: id, none: "id * 2147483647"}}`, "column none", " of sales_1.csv"},
		{`{from: sales, group_by: {real: real, at: at}, measures: {narrow: {expr: "avg(amount)", type: "decimal(4,2)"}}}`, "measure narrow of group real=", ""},
		{`{from: sales, where: "shop = 'é'", group_by: {p: "concat(shop, '` + strings.Repeat("x", 252) + `')"}, partition_by: p, measures: {rows: "count(*)"}}`, "", ""},
	} {
		for _, l := range []*lab.Lab{got, want} {
			l.Write("lakehouse.yaml", goldYAML+fmt.Sprintf("gold:\n  g%d: %s\n", i, test.table))
		}
		gotErr, wantErr := bothRun(t, got, want)
		for _, err := range []error{gotErr, wantErr} {
			if says := fmt.Sprintf("gold.g%d: %s", i, test.says); diag.ClassOf(err) != diag.Gate || !strings.Contains(err.Error(), says) {
				t.Errorf("%v, not %q", err, says)
			}
		}
		if !strings.Contains(fmt.Sprint(gotErr), test.row) {
			t.Errorf("%v does not name %s", gotErr, test.row)
		}
		t.Logf("%v | %v", gotErr, wantErr)
	}
}
