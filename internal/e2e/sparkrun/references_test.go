//go:build e2e

package sparkrun

import (
	"math/rand/v2"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/pipeline"
)

const chainYAML = `
project: chain
lake: ./lake
bronze:
  strict: {source: "payments_*.csv"}
  mild:   {source: "payments_*.csv"}
  orders: {source: "orders_*.csv"}
  people: {source: "people_*.csv"}
silver:
  strict:
    key: payment
    partition_by: region
    columns: {payment: {type: string}, order: {type: string, from: order_id}, region: {type: string}}
    checks:
      known_order: {column: order, references: {dataset: orders, column: id}}
      in_a_region: {expect: "region <> 'x'", on_fail: flag}
  mild:
    distinct: true
    columns: {payment: {type: string}, order: {type: string, from: order_id}, region: {type: string}}
    checks:
      in_a_region: {expect: "region <> 'x'", on_fail: flag}
      known_order: {column: order, references: {dataset: orders, column: id}, on_fail: flag}
      at_home:     {column: region, references: {dataset: people, column: region}, on_fail: flag}
  orders:
    key: id
    latest_by: version
    partition_by: [region, id]
    columns: {id: {type: string}, mail: {type: string}, region: {type: string}, version: {type: integer}}
    checks:
      known_mail:   {references: {dataset: people, column: mail}}
      known_region: {references: {dataset: people, column: region}, on_fail: flag}
  people:
    key: id
    latest_by: version
    partition_by: region
    columns: {id: {type: integer}, mail: {type: string}, region: {type: string}, version: {type: integer}}
    checks:
      a_mail: {expect: "mail like '%@%'", null_ok: true}
`

// TestReferencesThatComeAndGo has the values come and go that rows refer to, in
// columns of files and in names of folders, with both engines in turn: tables are
// built from scratch by Spark where they are on this machine, and only there.
func TestReferencesThatComeAndGo(t *testing.T) {
	got, want := lab.New(t), lab.New(t)
	files := lab.ChainFiles(rand.New(rand.NewPCG(25, 3)))
	write := func(files ...lab.Row) {
		for _, l := range []*lab.Lab{got, want} {
			l.Write("lakehouse.yaml", chainYAML)
			for _, f := range files {
				l.Write(f["name"], f["text"])
			}
		}
	}
	run := func(spark bool, change ...func(*pipeline.Options)) {
		inTurns(t, got, want, spark, change...)
		compare(t, got, want)
		sameLedgers(t, got, want)
	}
	for i, spark := range []bool{false, true, false, true} {
		write(files[3*i+1 : 3*i+3]...) // what refers comes before what is referred to
		if i > 0 {
			write(files[3*(i-1)])
		}
		run(spark)
	}
	write(files[9])
	run(true, replay)
	run(true, fullRefresh)
}
