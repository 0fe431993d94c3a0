//go:build e2e

package sparkrun

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/sample"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/local"
)

// opens counts how often files of silver are opened.
type opens struct {
	storage.Bucket
	mu sync.Mutex
	of map[string]int
}

func (o *opens) Open(ctx context.Context, name string) (storage.Object, error) {
	if strings.HasPrefix(name, "silver/") {
		o.mu.Lock()
		o.of[name]++
		o.mu.Unlock()
	}
	return o.Bucket.Open(ctx, name)
}

// TestFilesOfSparkAreFoundByTheirIndexes lets a run on this machine follow one on
// Spark: it opens the files of silver that it would open had there been no Spark.
func TestFilesOfSparkAreFoundByTheirIndexes(t *testing.T) {
	got, want := lab.SampleProject(t), lab.SampleProject(t)
	for _, l := range []*lab.Lab{got, want} {
		l.Edit("key: customer_id\n", "key: customer_id\n    buckets: 5\n")
	}
	stock := got.Generate(sample.Options{Seed: 8, Transactions: 3000, Customers: 300, Days: 200, Files: 6, Defects: 0.05})
	customers, transactions := stock.Of("customers"), stock.Of("transactions")
	arrive := func(names ...string) {
		for _, l := range []*lab.Lab{got, want} {
			l.Arrive(stock, names...)
		}
	}
	arrive(append(transactions[:4:4], customers[0])...)
	inTurns(t, got, want, true)
	arrive(transactions[4], customers[1])
	inTurns(t, got, want, true)
	arrive(transactions[5])
	counted := map[*lab.Lab]*opens{}
	for _, l := range []*lab.Lab{got, want} {
		bucket, err := local.New(l.Lake, local.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		counted[l] = &opens{Bucket: bucket, of: map[string]int{}}
		l.Bucket, l.Workers = counted[l], 1
	}
	inTurns(t, got, want, false)
	if !maps.Equal(counted[got].of, counted[want].of) || len(counted[got].of) < 2 {
		t.Errorf("it opens %v, without Spark %v", counted[got].of, counted[want].of)
	}
	t.Logf("%d files are opened", len(counted[got].of))
	for _, l := range []*lab.Lab{got, want} {
		l.Bucket = nil
	}
	compare(t, got, want)
	sameLedgers(t, got, want)
}
