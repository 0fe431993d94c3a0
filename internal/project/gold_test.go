package project

import (
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/expr"
)

// shop has two tables to join with, and gold tables to come.
const shop = `project: p
lake: ./lake
bronze: {sales: {source: a}, people: {source: b}, regions: {source: c}}
silver:
  sales:
    columns: {id: {type: string}, person: {type: string, required: true}, price: {type: "decimal(10,2)"}, region: {type: string}}
  people:
    key: person
    columns: {person: {type: string}, name: {type: string}, region: {type: string}}
  regions:
    key: region
    columns: {region: {type: string}, country: {type: string}}
gold:
`

func TestGold(t *testing.T) {
	p, problems := bindText(t, shop+`  g:
    from: sales
    where: "sales.price > 0"
    latest: ingestion_date
    join:
      people: {on: person, where: "name <> ''"}
      regions: {on: {region: region}}
    group_by: {name: name, country: regions.country, region: region, also: people.region}
    measures: {n: count(*), total: {expr: sum(price) / count(id), type: "decimal(18,2)"}, first: min(people.ingestion_date)}
    partition_by: country
`, nil)
	if problems != "" {
		t.Fatal(problems)
	}
	g := p.GoldTable("g")
	const people, regions = 4 + 7, 4 + 7 + 3 + 7
	if g.Slots() != regions+2+7 || g.Joins[0].First != people || g.Joins[1].First != regions || !g.Joins[0].Unique || !g.Joins[1].Unique {
		t.Errorf("slots %d, joins %+v %+v", g.Slots(), g.Joins[0], g.Joins[1])
	}
	if g.Latest != g.From.Table().Index("ingestion_date") || !slices.Equal(g.Where.Columns(), []int{2}) || !slices.Equal(g.Joins[0].Where.Columns(), []int{1}) {
		t.Errorf("latest %d, where %v, %v", g.Latest, g.Where.Columns(), g.Joins[0].Where.Columns())
	}
	for i, want := range []int{people + 1, regions + 1, 3, people + 2} {
		if got := g.Groups[i].Program.Columns(); !slices.Equal(got, []int{want}) {
			t.Errorf("group %s reads %v, want %d", g.Groups[i].Name, got, want)
		}
	}
	var columns []string
	for _, c := range g.Table().Columns {
		columns = append(columns, c.Name+" "+c.Type.String())
	}
	want := "name string, country string, region string, also string, n bigint, total decimal(18,2), first date, aggregation_timestamp timestamp"
	if got := strings.Join(columns, ", "); got != want {
		t.Errorf("columns %s", got)
	}
	if aggs := g.Measures[1].Measure.Aggregates; len(aggs) != 2 || aggs[0].Func != expr.Sum || aggs[1].Func != expr.Count {
		t.Errorf("aggregates %+v", aggs)
	}
	if !slices.Equal(g.PartitionBy, []int{1}) || slices.Contains(g.FileTable().Names(), "country") {
		t.Errorf("partitions %v", g.PartitionBy)
	}
	if c := g.Table().Columns; c[4].Nullable || !c[6].Nullable || !c[0].Nullable {
		t.Errorf("nullable: %+v", c)
	}
}

func TestGoldWithoutGroups(t *testing.T) {
	p, problems := bindText(t, shop+"  all: {from: sales}\n  some: {from: sales, columns: {x: person, y: {expr: price, type: bigint}}}\n", nil)
	if problems != "" {
		t.Fatal(problems)
	}
	all, some := p.Gold[0], p.Gold[1]
	if got, want := all.Table().Names(), append(all.From.Table().Names(), AggregationTime); !slices.Equal(got, want) {
		t.Errorf("columns %v, want %v", got, want)
	}
	for i, c := range all.Columns {
		if !slices.Equal(c.Program.Columns(), []int{i}) {
			t.Errorf("column %s reads %v", c.Name, c.Program.Columns())
		}
	}
	if got := some.Table().Columns; len(got) != 3 || got[0].Nullable || !got[1].Nullable || got[1].Type.String() != "bigint" {
		t.Errorf("columns %+v", got)
	}
}

func TestJoinsThatMayMatchSeveralRows(t *testing.T) {
	for _, test := range []struct{ join, want string }{
		{"{sales: {on: person}}", ""},
		{"{sales: {on: person}, regions: {on: region}}", ""},
		{"{sales: {on: person}, regions: {on: {region: country}}}", "a second join, after sales, may match several rows"},
	} {
		p, problems := bindText(t, shop+"  g: {from: people, group_by: {p: people.person}, join: "+test.join+"}\n", nil)
		if !strings.Contains(problems, test.want) || (problems == "") != (test.want == "") {
			t.Errorf("%s: %s", test.join, problems)
		}
		if p != nil && p.Gold[0].Joins[0].Unique {
			t.Errorf("%s: unique without a key", test.join)
		}
	}
}

func TestTableChecks(t *testing.T) {
	p, problems := bindText(t, shop+`  g:
    from: sales
    group_by: {person: person}
    measures: {total: sum(price)}
    table_checks:
      rows: {row_count: {max: 5}, on_fail: flag}
      one: {unique: [person]}
      nulls: {null_share: {column: total, max: 5%}}
      fresh: {newest: {column: aggregation_timestamp, within: 1d}}
      same: {sum: {column: total, tolerance: 0.01, equals: {table: silver.sales, column: price, where: "id is not null"}}}
      other: {sum: {column: total, min: -1.5, equals: {table: g2, column: total}}}
  g2:
    from: sales
    group_by: {person: person}
    measures: {total: sum(price)}
`, nil)
	if problems != "" {
		t.Fatal(problems)
	}
	c := p.Gold[0].TableChecks
	switch {
	case c[0].Kind != RowCount || c[0].MinRows != -1 || c[0].MaxRows != 5 || c[0].OnFail != Flag:
		t.Errorf("row count %+v", c[0])
	case c[1].Kind != Unique || !slices.Equal(c[1].Columns, []int{0}) || c[1].OnFail != Fail:
		t.Errorf("unique %+v", c[1])
	case c[2].Kind != NullShare || c[2].MaxNulls != 0.05 || !slices.Equal(c[2].Columns, []int{1}):
		t.Errorf("nulls %+v", c[2])
	case c[3].Kind != Newest || c[3].Within != 24*time.Hour || !slices.Equal(c[3].Columns, []int{2}):
		t.Errorf("newest %+v", c[3])
	case c[4].Equals.Silver.Name != "sales" || c[4].Equals.Column != 2 || !slices.Equal(c[4].Equals.Where.Columns(), []int{0}) || c[4].Equals.Tolerance.Cmp(big.NewRat(1, 100)) != 0:
		t.Errorf("sum %+v", c[4].Equals)
	case c[5].Equals.Gold.Name != "g2" || c[5].Equals.Column != 1 || c[5].Min.Cmp(big.NewRat(-3, 2)) != 0 || c[5].Max != nil || c[5].Equals.Tolerance.Sign() != 0:
		t.Errorf("sum %+v", c[5])
	}
}
