package catalog

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/lake"
)

const (
	orderColumns = "id: string, amount: decimal(10,2), day: date"
	silverDB     = "shop_x_dev_silver"
)

// first commits two days of orders.
func (w *world) first() {
	w.t.Helper()
	w.commit(change{"silver.orders", orderColumns, map[string]int64{"day=2026-11-22/part.parquet": 3, "day=2026-11-23/part.parquet": 4}, nil})
}

func TestWhatIsSent(t *testing.T) {
	w := newWorld(t)
	w.commit(change{"bronze.orders", "Order No.: string, Amount: string, source_file: string, source_row: bigint", map[string]int64{"ingestion_date=2026-11-23/a.parquet": 7}, nil})
	w.first()
	w.commit(change{"gold.sales", "total: double, n: bigint, at: timestamp, ok: boolean, k: integer", map[string]int64{"part.parquet": 1}, nil},
		change{"quarantine.orders", "raw_record: binary, reasons: string", map[string]int64{"ingestion_date=2026-11-23/rows-1.parquet": 1}, nil})
	r := w.sync(SyncOptions{})
	if r.Commit != 3 || r.Changes != 8 || len(r.Tables) != 4 || len(r.Warnings) != 0 {
		t.Errorf("%+v", r)
	}
	const format = " org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
	var got []string
	for _, line := range w.glue.Dump() {
		if line, ok := strings.CutSuffix(line, format); ok || strings.Contains(line, "gold.sales") {
			got = append(got, line)
		}
	}
	bronze, silver := "(order no. string, amount string, source_file string, source_row bigint)", "(id string, amount decimal(10,2))"
	want := []string{
		"shop_x_dev_bronze.orders EXTERNAL_TABLE keys(ingestion_date date) s3://the-lake/top/bronze/orders/ " + bronze,
		`shop_x_dev_bronze.orders ["2026-11-23"] s3://the-lake/top/bronze/orders/ingestion_date=2026-11-23/ ` + bronze,
		"shop_x_dev_gold.sales EXTERNAL_TABLE keys() s3://the-lake/top/gold/sales/ (total double, n bigint, at timestamp, ok boolean, k int)",
		"shop_x_dev_gold.sales EXTERNAL=TRUE", "shop_x_dev_gold.sales classification=parquet", "shop_x_dev_gold.sales lakectl_commit=3",
		"shop_x_dev_gold.sales lakectl_environment=dev", "shop_x_dev_gold.sales lakectl_project=shop-x", "shop_x_dev_gold.sales lakectl_run=run-3",
		"shop_x_dev_gold.sales lakectl_table=gold.sales",
		"shop_x_dev_silver.orders EXTERNAL_TABLE keys(day date) s3://the-lake/top/silver/orders/ " + silver,
		`shop_x_dev_silver.orders ["2026-11-22"] s3://the-lake/top/silver/orders/day=2026-11-22/ ` + silver,
		`shop_x_dev_silver.orders ["2026-11-23"] s3://the-lake/top/silver/orders/day=2026-11-23/ ` + silver,
		"shop_x_dev_silver.orders_quarantine EXTERNAL_TABLE keys(ingestion_date date) s3://the-lake/top/quarantine/orders/ (raw_record binary, reasons string)",
		`shop_x_dev_silver.orders_quarantine ["2026-11-23"] s3://the-lake/top/quarantine/orders/ingestion_date=2026-11-23/ (raw_record binary, reasons string)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w.wantSame()
}

func TestOnlyWhatChangedIsSent(t *testing.T) {
	w := newWorld(t)
	w.first()
	w.sync(SyncOptions{})
	w.wantCalls("CreateTable", "CreateDatabase", "CreateTable", "GetTable", "BatchCreatePartition", "UpdateTable")
	w.sync(SyncOptions{})
	w.wantCalls()
	w.sync(SyncOptions{Full: true})
	w.wantCalls("GetPartitions")

	// New content of a partition changes nothing but the commit, and keeps no version.
	w.commit(change{"silver.orders", "", map[string]int64{"day=2026-11-23/part.parquet": 5}, nil})
	if r := w.sync(SyncOptions{DryRun: true}); !r.DryRun || r.Changes != 1 || r.Tables[0].Action != Updated || r.Tables[0].Why[0] != "the catalog is at commit 1 of the table, the lake at 2" {
		t.Errorf("%+v", r)
	}
	w.wantCalls("BatchGetPartition")
	w.sync(SyncOptions{})
	w.wantCalls("BatchGetPartition", "UpdateTable")
	if n := w.glue.Archived(silverDB, "orders"); n != 0 {
		t.Errorf("%d old versions are kept", n)
	}

	// A partition more, one without rows, one whose file is gone.
	w.commit(change{"silver.orders", "", map[string]int64{"day=2026-11-24/part.parquet": 1, "day=2026-11-22/part.parquet": 0}, []string{"day=2026-11-23/part.parquet"}})
	if r := w.sync(SyncOptions{}); r.Tables[0].Partitions != (Partitions{Created: 1, Dropped: 2}) || r.Changes != 4 {
		t.Errorf("%+v", r.Tables)
	}
	w.wantCalls("BatchGetPartition", "BatchCreatePartition", "BatchDeletePartition", "UpdateTable")

	// Other columns are those of every partition, and a version is kept.
	w.commit(change{"silver.orders", orderColumns + ", note: string", map[string]int64{"day=2026-11-25/part.parquet": 1}, nil})
	if r := w.sync(SyncOptions{}); r.Tables[0].Partitions != (Partitions{Created: 1, Updated: 1}) || r.Tables[0].Why[0] != "note (string) is missing in the catalog" {
		t.Errorf("%+v", r.Tables)
	}
	w.wantCalls("GetPartitions", "BatchCreatePartition", "BatchUpdatePartition", "UpdateTable")
	if n := w.glue.Archived(silverDB, "orders"); n != 1 {
		t.Errorf("%d old versions are kept, want 1", n)
	}
	w.wantSame()
}

func TestManyPartitions(t *testing.T) {
	w := newWorld(t)
	files := map[string]int64{}
	for day := range 230 {
		files["n="+strings.Repeat("1", day/10+1)+string(rune('a'+day%10))+"/part.parquet"] = 1
	}
	w.glue.Page = 7
	w.commit(change{"silver.many", "id: string, n: string", files, nil})
	if r := w.sync(SyncOptions{}); r.Tables[0].Partitions.Created != 230 {
		t.Errorf("%+v", r)
	}
	var names []string
	for name := range files {
		names = append(names, name)
		files[name] = 0
	}
	w.commit(change{"silver.many", "", files, names[:0]})
	w.glue.Calls()
	if r := w.sync(SyncOptions{}); r.Tables[0].Partitions.Dropped != 230 {
		t.Errorf("%+v", r)
	}
	count := func(calls []string, name string) (n int) {
		for _, c := range calls {
			if c == name {
				n++
			}
		}
		return n
	}
	if calls := w.glue.Calls(); count(calls, "BatchGetPartition") != 33 || count(calls, "BatchDeletePartition") != 10 {
		t.Errorf("calls: %v", calls)
	}
	w.wantSame()
}

func TestOtherPartitionKeys(t *testing.T) {
	w := newWorld(t)
	w.first()
	w.sync(SyncOptions{})
	w.commit(change{"silver.orders", orderColumns, map[string]int64{"id=x/part.parquet": 7}, []string{"day=2026-11-22/part.parquet", "day=2026-11-23/part.parquet"}})
	w.wantFound("silver.orders column: day (date) is missing in the catalog", "silver.orders column: id (string) is in the catalog, not in the lake",
		"silver.orders partition keys: partitioned by (day date) in the catalog, by (id string) in the lake",
		"silver.orders partitions: 1 partition is missing in the catalog: id=x",
		"silver.orders partitions: 2 partitions are in the catalog and not in the lake: 2026-11-22, 2026-11-23",
		"silver.orders commit: the catalog is at commit 1 of the table, the lake at 2")
	w.glue.Calls()
	w.sync(SyncOptions{})
	w.wantCalls("GetPartitions", "BatchDeletePartition", "UpdateTable", "GetTable", "BatchCreatePartition", "UpdateTable")
	w.wantSame()
}

func TestWhatOthersSetIsKept(t *testing.T) {
	w := newWorld(t)
	w.first()
	w.sync(SyncOptions{})
	w.glue.Change(silverDB, "orders", func(in *types.TableInput) {
		in.Description, in.Owner = aws.String("all orders"), aws.String("ann")
		in.Parameters["UPDATED_BY_CRAWLER"] = "theirs"
		in.StorageDescriptor = descriptor("s3://the-lake/top/silver/orders/", slices.Clone(in.StorageDescriptor.Columns), nil)
		in.StorageDescriptor.Columns[1].Comment = aws.String("in euros")
		in.StorageDescriptor.Parameters = map[string]string{"objectCount": "2"}
	})
	w.commit(change{"silver.orders", "id: string, amount: decimal(12,2), day: date", map[string]int64{"day=2026-11-23/part.parquet": 5}, nil})
	w.sync(SyncOptions{})
	w.glue.Change(silverDB, "orders", func(in *types.TableInput) {
		c := in.StorageDescriptor.Columns[1]
		if aws.ToString(in.Description) != "all orders" || aws.ToString(in.Owner) != "ann" || in.Parameters["UPDATED_BY_CRAWLER"] != "theirs" ||
			*c.Type != "decimal(12,2)" || aws.ToString(c.Comment) != "in euros" || in.StorageDescriptor.Parameters["objectCount"] != "2" {
			t.Errorf("%+v", in)
		}
	})
	w.wantFound()
}

func TestTablesOfOthers(t *testing.T) {
	w := newWorld(t)
	w.first()
	w.sync(SyncOptions{})
	for name, change := range map[string]func(*types.TableInput){
		"a table of the project other/dev, not of shop-x/dev": func(in *types.TableInput) {
			in.Parameters = map[string]string{paramProject: "other", paramEnvironment: "dev"}
		},
		"a view":                      func(in *types.TableInput) { in.TableType, in.Parameters = aws.String("VIRTUAL_VIEW"), nil },
		"a table of another format":   func(in *types.TableInput) { in.Parameters = map[string]string{"table_type": "ICEBERG"} },
		"a link to a table elsewhere": func(in *types.TableInput) { in.TargetTable = &types.TableIdentifier{} },
		"not lakectl's, at s3://elsewhere/": func(in *types.TableInput) {
			in.Parameters, in.StorageDescriptor = nil, &types.StorageDescriptor{Location: aws.String("s3://elsewhere/")}
		},
	} {
		var before types.TableInput
		w.glue.Change(silverDB, "orders", func(in *types.TableInput) { before = *in; change(in) })
		w.wantFound("silver.orders table of others: " + silverDB + ".orders in the catalog is " + name)
		w.commit(change0())
		r, err := w.catalog(w.glue).Sync(t.Context(), SyncOptions{})
		if err == nil || !strings.Contains(err.Error(), "is "+name) || len(r.Tables) != 1 || r.Tables[0].Table != "gold.other" {
			t.Errorf("%s: %v, %+v", name, err, r)
		}
		w.glue.Change(silverDB, "orders", func(in *types.TableInput) { *in = before })
	}

	// A crawler's table of the same place is taken over.
	w.glue.Change(silverDB, "orders", func(in *types.TableInput) { in.Parameters = map[string]string{"UPDATED_BY_CRAWLER": "c"} })
	w.sync(SyncOptions{})
	w.wantFound()
}

// change0 is a commit to another table.
func change0() change {
	return change{"gold.other", "n: bigint", map[string]int64{"part.parquet": 1}, nil}
}

func TestTablesThatAreGone(t *testing.T) {
	old := newWorld(t)
	old.first()
	old.commit(change0())
	old.sync(SyncOptions{})

	// An empty lake is more likely the wrong one.
	w := newWorld(t)
	w.glue, w.runs = old.glue, "again"
	if r := w.sync(SyncOptions{}); len(r.Warnings) != 2 || r.Changes != 0 || !strings.Contains(r.Warnings[0], "is `lake:` right?") {
		t.Errorf("%+v", r)
	}
	// A lake that was built anew at the same place has other commits of the same
	// numbers, and no gold.other.
	w.commit(change{"silver.orders", orderColumns, map[string]int64{"day=2026-11-29/part.parquet": 3}, nil})
	w.commit(change{"silver.orders", "", map[string]int64{"day=2026-11-29/part.parquet": 4}, nil})
	w.wantFound("silver.orders partitions: 1 partition is missing in the catalog: day=2026-11-29",
		"silver.orders partitions: 2 partitions are in the catalog and not in the lake: 2026-11-22, 2026-11-23",
		"silver.orders commit: the catalog has not been brought to a commit of this lake; the table is at 2",
		"gold.other table extra: it is in the catalog and not in the lake")
	if r := w.sync(SyncOptions{Tables: []lake.TableRef{{Layer: lake.Silver, Name: "orders"}}}); len(r.Tables) != 1 {
		t.Errorf("%+v", r)
	}
	if r := w.sync(SyncOptions{}); len(r.Tables) != 1 || r.Tables[0].Action != Dropped || r.Tables[0].Name != "shop_x_dev_gold.other" {
		t.Errorf("%+v", r)
	}
	w.wantSame()
}
