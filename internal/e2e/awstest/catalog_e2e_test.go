//go:build e2e

package awstest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/aws/catalog"
	"github.com/lakectl/lakectl/internal/aws/names"
	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// catalogLab is a lake in memory and its catalog in moto, of a project that no
// other test has.
type catalogLab struct {
	t       *testing.T
	lake    *lake.Lake
	catalog *catalog.Catalog
	glue    *glue.Client
	names   names.Names
}

func newCatalogLab(t *testing.T) *catalogLab {
	t.Helper()
	s := moto(t)
	text := fmt.Sprintf("project: cat%d\nlake: s3://lake/top\nbronze: {orders: {source: x}}", time.Now().UnixNano())
	cfg, problems := config.Parse("lakehouse.yaml", []byte(text), config.Options{})
	p, more := project.Bind(cfg, nil)
	if problems.Add(more); problems.Err() != nil {
		t.Fatal(problems.Err())
	}
	n, err := names.Of(cfg, "123456789012", "eu-central-1")
	if err != nil {
		t.Fatal(err)
	}
	l, err := lake.Open(t.Context(), mem.New(mem.Options{}), lake.Options{LeaseTTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return &catalogLab{t, l, catalog.New(catalog.Options{Glue: catalog.Client(s), Lake: l, Names: n, Project: p}), glue.NewFromConfig(s.Config), n}
}

// commit makes one commit that puts files, each of so many rows, into a table of
// these columns, and removes others.
func (c *catalogLab) commit(table, columns string, put map[string]int64, remove ...string) {
	c.t.Helper()
	ctx := c.t.Context()
	must := func(err error) {
		c.t.Helper()
		if err != nil {
			c.t.Fatal(err)
		}
	}
	lease, err := c.lake.Lock(ctx, lake.LockOptions{})
	must(err)
	defer func() { must(lease.Release(context.Background())) }()
	ref, err := lake.ParseTableRef(table)
	must(err)
	tx, err := c.lake.Begin(ctx, lease, lake.TxOptions{Run: fmt.Sprint("run-", time.Now().UnixNano()), Layer: ref.Layer})
	must(err)
	settings := lake.TableSettings{}
	for part := range strings.SplitSeq(columns, ", ") {
		name, typ, _ := strings.Cut(part, " ")
		settings.Schema = append(settings.Schema, lake.Column{Name: name, Type: typ})
	}
	tx.SetTable(ref, settings)
	for path, rows := range put {
		w, err := tx.Stage(ctx, ref, ref.Dir()+"/"+path)
		must(err)
		_, err = w.Write([]byte(path))
		must(err)
		_, err = w.Commit(ctx)
		must(err)
		tx.Put(ref, lake.FileChange{Path: ref.Dir() + "/" + path, Rows: rows})
	}
	for _, path := range remove {
		tx.Remove(ref, tx.Base().Tables[ref].File(ref.Dir()+"/"+path))
	}
	_, err = tx.Commit(ctx)
	must(err)
}

func (c *catalogLab) sync(o catalog.SyncOptions, changes int) {
	c.t.Helper()
	r, err := c.catalog.Sync(c.t.Context(), o)
	if err != nil || r.Changes != changes {
		c.t.Fatalf("%v, %+v; want %d changes", err, r, changes)
	}
}

// wantFound checks what Check finds: the beginnings of texts.
func (c *catalogLab) wantFound(want ...string) {
	c.t.Helper()
	found, err := c.catalog.Check(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	if !slices.EqualFunc(found.Differences, want, func(d catalog.Difference, text string) bool { return strings.HasPrefix(d.What, text) }) {
		c.t.Errorf("found %+v, want %q", found.Differences, want)
	}
}

func TestCatalog(t *testing.T) {
	c := newCatalogLab(t)
	c.commit("bronze.orders", "Order_No string, source_file string", map[string]int64{"ingestion_date=2026-11-23/a.parquet": 5})
	days := map[string]int64{"day=__HIVE_DEFAULT_PARTITION__/shop=K%C3%B6ln%2FS/part.parquet": 1}
	for day := range 130 {
		days[time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC).Format("day=2006-01-02")+"/shop=a b/part.parquet"] = 2
	}
	const columns = "id bigint, amount decimal(10,2), at timestamp, day date, shop string"
	c.commit("silver.orders", columns, days)
	c.wantFound("it is not in the catalog", "it is not in the catalog")
	c.sync(catalog.SyncOptions{}, 2+1+131)
	c.sync(catalog.SyncOptions{}, 0)
	c.sync(catalog.SyncOptions{Full: true}, 0)
	c.wantFound()

	// A partition more, and 40 less.
	var gone []string
	for path := range days {
		if strings.HasPrefix(path, "day=2026-02") || strings.HasPrefix(path, "day=2026-01-0") || strings.HasPrefix(path, "day=2026-01-1") {
			gone = append(gone, path)
		}
	}
	c.commit("silver.orders", columns, map[string]int64{"day=2026-11-23/shop=c/part.parquet": 1}, gone...)
	c.wantFound("1 partition is missing in the catalog: day=2026-11-23/shop=c", fmt.Sprintf("%d partitions are in the catalog and not in the lake", len(gone)),
		"the catalog is at commit 2 of the table, the lake at 3")
	c.sync(catalog.SyncOptions{}, 1+len(gone)+1)
	c.wantFound()

	// A column more, for the table and all partitions.
	c.commit("silver.orders", columns+", note string", map[string]int64{"day=2026-11-23/shop=c/part.parquet": 1})
	c.sync(catalog.SyncOptions{}, 131-len(gone)+1+1)
	c.wantFound()
	c.asAthenaSeesIt(131 - len(gone) + 1)
	c.changedByOthers()
}

// asAthenaSeesIt looks at the catalog by itself.
func (c *catalogLab) asAthenaSeesIt(partitions int) {
	c.t.Helper()
	database := aws.String(c.names.Database(lake.Silver))
	table, err := c.glue.GetTable(c.t.Context(), &glue.GetTableInput{DatabaseName: database, Name: aws.String("orders")})
	if err != nil {
		c.t.Fatal(err)
	}
	got := aws.ToString(table.Table.StorageDescriptor.Location) + " " + *table.Table.PartitionKeys[0].Type + " " + table.Table.Parameters["lakectl_commit"]
	if got != "s3://lake/top/silver/orders/ date 4" || len(table.Table.StorageDescriptor.Columns) != 4 {
		c.t.Errorf("%s, %+v", got, table.Table)
	}
	list, err := c.glue.GetPartitions(c.t.Context(), &glue.GetPartitionsInput{DatabaseName: database, TableName: aws.String("orders")})
	if err != nil || len(list.Partitions) != partitions {
		c.t.Fatalf("%v, %d partitions, want %d", err, len(list.Partitions), partitions)
	}
	for _, p := range list.Partitions {
		if p.Values[0] == lake.DefaultPartition && (p.Values[1] != "Köln/S" || *p.StorageDescriptor.Location != "s3://lake/top/silver/orders/day=__HIVE_DEFAULT_PARTITION__/shop=K%C3%B6ln%2FS/") {
			c.t.Errorf("%v at %s", p.Values, *p.StorageDescriptor.Location)
		}
	}
}

// changedByOthers has Check find what somebody else did, and Sync repair it.
func (c *catalogLab) changedByOthers() {
	c.t.Helper()
	database := aws.String(c.names.Database(lake.Silver))
	table, err := c.glue.GetTable(c.t.Context(), &glue.GetTableInput{DatabaseName: database, Name: aws.String("orders")})
	if err != nil {
		c.t.Fatal(err)
	}
	sd := table.Table.StorageDescriptor
	sd.Columns[1].Type = aws.String("double")
	sd.Columns[0].Comment = aws.String("theirs")
	_, err = c.glue.UpdateTable(c.t.Context(), &glue.UpdateTableInput{DatabaseName: database, TableInput: &types.TableInput{Name: aws.String("orders"),
		TableType: table.Table.TableType, Parameters: table.Table.Parameters, PartitionKeys: table.Table.PartitionKeys, StorageDescriptor: sd}})
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = c.glue.DeletePartition(c.t.Context(), &glue.DeletePartitionInput{DatabaseName: database, TableName: aws.String("orders"), PartitionValues: []string{"2026-11-23", "c"}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.wantFound("amount is double in the catalog, decimal(10,2) in the lake", "1 partition is missing in the catalog: day=2026-11-23/shop=c")
	c.sync(catalog.SyncOptions{Full: true}, 2)
	c.wantFound()
	table, err = c.glue.GetTable(c.t.Context(), &glue.GetTableInput{DatabaseName: database, Name: aws.String("orders")})
	if err != nil || aws.ToString(table.Table.StorageDescriptor.Columns[0].Comment) != "theirs" {
		c.t.Errorf("%v: the comment of somebody else is gone", err)
	}
}
