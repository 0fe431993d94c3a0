package e2e

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// chainYAML is three tables in a row: payments refer to orders, which refer to
// the mail address of people, of which the latest version alone counts. So
// values come and go, and rows with them.
const chainYAML = `
project: chain
lake: ./lake
bronze:
  payments: {source: "payments_*.csv"}
  orders:   {source: "orders_*.csv"}
  people:   {source: "people_*.csv"}
silver:
  payments:
    key: payment
    partition_by: region
    columns:
      payment: {type: string}
      order:   {type: string, from: order_id}
      region:  {type: string}
    checks:
      known_order: {column: order, references: {dataset: orders, column: id}, on_fail: PAYMENTS}
      in_a_region: {expect: "region <> 'x'", on_fail: flag}
  orders:
    key: id
    latest_by: version
    partition_by: region
    columns:
      id:      {type: string}
      mail:    {type: string}
      region:  {type: string}
      version: {type: integer}
    checks:
      known_mail:   {references: {dataset: people, column: mail}, on_fail: ORDERS}
      known_region: {references: {dataset: people, column: region}, on_fail: flag}
  people:
    key: id
    latest_by: version
    partition_by: region
    columns:
      id:      {type: integer}
      mail:    {type: string}
      region:  {type: string}
      version: {type: integer}
    checks:
      a_mail: {expect: "mail like '%@%'", null_ok: true}
`

func chainLab(t *testing.T, orders, payments string) *lab.Lab {
	t.Helper()
	l := lab.New(t)
	l.Bucket = mem.New(mem.Options{})
	l.Write("lakehouse.yaml", strings.NewReplacer("ORDERS", orders, "PAYMENTS", payments).Replace(chainYAML))
	return l
}

// merge deals the files of the datasets out anew, each dataset's own in order.
func merge(rng *rand.Rand, files []lab.Row) []lab.Row {
	queues := map[string][]lab.Row{}
	var names []string
	for _, f := range files {
		dataset, _, _ := strings.Cut(f["name"], "_")
		if queues[dataset] == nil {
			names = append(names, dataset)
		}
		queues[dataset] = append(queues[dataset], f)
	}
	var out []lab.Row
	for len(out) < len(files) {
		name := names[rng.IntN(len(names))]
		if q := queues[name]; len(q) > 0 {
			out, queues[name] = append(out, q[0]), q[1:]
		}
	}
	return out
}

// TestReferencesThatComeAndGo compares one run on all files with runs on some of
// them at a time, in random orders.
func TestReferencesThatComeAndGo(t *testing.T) {
	for _, orders := range []string{"flag", "quarantine"} {
		for _, payments := range []string{"flag", "quarantine"} {
			t.Run(orders+" orders, "+payments+" payments", func(t *testing.T) {
				t.Parallel()
				for _, seed := range []uint64{1, 2, 25} { // of 25 superseded rows go to quarantine

					rng := rand.New(rand.NewPCG(seed, 3))
					files := lab.ChainFiles(rng)
					once := chainLab(t, orders, payments)
					for _, f := range files {
						once.Write(f["name"], f["text"])
					}
					once.MustRun()
					want := once.Contents()
					each := chainLab(t, orders, payments)
					var story []string
					for _, f := range merge(rng, files) {
						each.Write(f["name"], f["text"])
						story = append(story, f["name"])
						if rng.IntN(3) == 0 {
							continue // come with the next one
						}
						story = append(story, "run")
						each.MustRun()
						each.CheckLedger()
						each.Now = each.Now.Add(5 * time.Hour)
					}
					each.MustRun()
					lab.SameContents(t, each.Contents(), want)
					each.MustRun(func(o *pipeline.Options) { o.FullRefresh = true })
					lab.SameContents(t, each.Contents(), want)
					each.CheckLedger()
					if t.Failed() {
						t.Fatalf("seed %d: %v", seed, story)
					}
				}
			})
		}
	}
}
