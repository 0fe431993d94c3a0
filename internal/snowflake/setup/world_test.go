package setup

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/snowflake/setup/accounttest"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// world is a lake with silver.orders, by day and shop, and gold.total, and an
// account in which it was set up.
type world struct {
	t       *testing.T
	lake    *lake.Lake
	lease   *lake.Lease
	account *accounttest.Account
	run     int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, account: accounttest.New()}
	var err error
	if w.lake, err = lake.Open(t.Context(), mem.New(mem.Options{}), lake.Options{LeaseTTL: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if w.lease, err = w.lake.Lock(t.Context(), lake.LockOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.lease.Release(context.Background()) })
	if err := setUp(t, w.open()); err != nil {
		t.Fatal(err)
	}
	w.account.Sent()
	return w
}

func orders() Table {
	return Table{Ref: lake.TableRef{Layer: lake.Silver, Name: "orders"}, Keys: []string{"day", "shop"}, Columns: schema.Table{Columns: []schema.Column{
		{Name: "id", Type: schema.T(schema.String)}, {Name: "day", Type: schema.T(schema.Date)}, {Name: "shop", Type: schema.T(schema.String)}}}}
}

func total() Table {
	return Table{Ref: lake.TableRef{Layer: lake.Gold, Name: "total"}, Columns: schema.Table{Columns: []schema.Column{{Name: "n", Type: schema.T(schema.Bigint)}}}}
}

func (w *world) spec() Spec {
	return Spec{Project: "shop", Environment: "dev", Account: "x", Database: "shop", Schema: "analytics", Warehouse: "lakehouse_wh", Bucket: "the-lake", Prefix: "top/",
		Partition: "aws", RoleARN: "arn:aws:iam::1:role/x", Tables: []Table{orders(), total()}}
}

func (w *world) open() *Setup { return open(w.t, w.spec(), w.account) }

// commit makes one commit; rows are by path below the lake, and -1 removes.
func (w *world) commit(rows map[string]int64) {
	w.t.Helper()
	ctx := w.t.Context()
	w.run++
	tx, err := w.lake.Begin(ctx, w.lease, lake.TxOptions{Run: fmt.Sprintf("run-%d", w.run), Layer: "x"})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, t := range w.spec().Tables {
		for path, n := range rows {
			if len(path) <= len(t.Ref.Dir()) || path[:len(t.Ref.Dir())] != t.Ref.Dir() {
				continue
			}
			tx.SetTable(t.Ref, lake.TableSettings{Schema: lake.Columns(t.Columns)})
			if n < 0 {
				tx.Remove(t.Ref, tx.Base().Tables[t.Ref].File(path))
				delete(w.account.Lake, "s3://the-lake/top/"+path)
				continue
			}
			w.stage(tx, t.Ref, path, n)
			w.account.Lake["s3://the-lake/top/"+path] = n
		}
	}
	if _, err := tx.Commit(ctx); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stage(tx *lake.Tx, ref lake.TableRef, path string, rows int64) {
	w.t.Helper()
	f, err := tx.Stage(w.t.Context(), ref, path)
	if err == nil {
		_, err = fmt.Fprint(f, "rows of", w.run, path)
	}
	if err == nil {
		_, err = f.Commit(w.t.Context())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	tx.Put(ref, lake.FileChange{Path: path, Rows: rows})
}
