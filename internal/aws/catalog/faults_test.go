package catalog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/lakectl/lakectl/internal/aws/catalog/catalogtest"
	"github.com/lakectl/lakectl/internal/diag"
)

var errCrash = errors.New("the process is killed")

// history makes a lake in steps, after each of which the catalog may be synced.
func (w *world) history(after func()) {
	w.t.Helper()
	steps := [][]change{
		{{"silver.orders", orderColumns, map[string]int64{"day=2026-11-22/part.parquet": 3, "day=2026-11-23/part.parquet": 4}, nil}, change0()},
		{{"silver.orders", "", map[string]int64{"day=2026-11-24/part.parquet": 1, "day=2026-11-22/part.parquet": 0}, nil}},
		{{"silver.orders", orderColumns + ", note: string", map[string]int64{"day=2026-11-25/part.parquet": 1, "day=2026-11-24/part.parquet": 1}, nil}},
		{{"silver.orders", "note: string, day: date", map[string]int64{"note=x/part.parquet": 1},
			[]string{"day=2026-11-22/part.parquet", "day=2026-11-23/part.parquet", "day=2026-11-24/part.parquet", "day=2026-11-25/part.parquet"}}},
	}
	for _, step := range steps {
		w.commit(step...)
		after()
	}
}

// Whatever call a process dies at, before or after it was done, the next Sync
// makes the catalog what it would have been.
func TestCrashAtEveryCall(t *testing.T) {
	counted := newWorld(t)
	counted.history(func() { counted.sync(SyncOptions{}) })
	calls := len(counted.glue.Calls())
	if calls < 30 {
		t.Fatalf("only %d calls", calls)
	}
	for n := 1; n <= calls; n++ {
		for _, done := range []bool{false, true} {
			w := newWorld(t)
			crash := func(call int, _ string) error {
				if call == n {
					return errCrash
				}
				return nil
			}
			if w.glue.Before = crash; done {
				w.glue.Before, w.glue.After = nil, crash
			}
			crashed := 0
			w.history(func() {
				if _, err := w.catalog(w.glue).Sync(t.Context(), SyncOptions{}); err != nil {
					if crashed++; !errors.Is(err, errCrash) {
						t.Fatal(err)
					}
				}
			})
			if crashed != 1 && !done { // a call that fails by itself is not done
				t.Fatalf("call %d: %d crashes", n, crashed)
			}
			w.glue.Before, w.glue.After = nil, nil
			w.sync(SyncOptions{})
			if w.wantSame(); t.Failed() {
				t.Fatalf("call %d, done %v", n, done)
			}
		}
	}
}

// The same for random lakes, where crashes come often and none is repaired at
// once; and somebody else changes the catalog, which a full Sync repairs.
func TestRandomLakes(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		w := newWorld(t)
		w.glue.Page = 1 + r.IntN(5)
		live := map[string]map[string]bool{}
		for range 25 {
			w.randomCommit(r, live)
			w.glue.Calls()
			dies := 1 + r.IntN(15)
			w.glue.After = func(call int, _ string) error {
				if call == dies && r.IntN(2) == 0 {
					return errCrash
				}
				return nil
			}
			if r.IntN(3) > 0 {
				_, err := w.catalog(w.glue).Sync(t.Context(), SyncOptions{Full: r.IntN(4) == 0})
				if err != nil && !errors.Is(err, errCrash) {
					t.Fatal(err)
				}
			}
		}
		w.glue.After = nil
		w.sync(SyncOptions{})
		if w.wantSame(); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (w *world) randomCommit(r *rand.Rand, live map[string]map[string]bool) {
	var changes []change
	for _, table := range []string{"silver.orders", "gold.a", "bronze.b"}[r.IntN(3):] {
		first := live[table] == nil
		if first {
			live[table] = map[string]bool{}
		}
		c := change{table: table, put: map[string]int64{}}
		if first || r.IntN(6) == 0 {
			c.columns = []string{"id: string, day: date", "id: bigint, day: date", "id: string, n: double, day: date"}[r.IntN(3)]
		}
		for range 1 + r.IntN(4) {
			c.put[fmt.Sprintf("day=2026-11-%02d/part-%d.parquet", 1+r.IntN(9), r.IntN(2))] = int64(r.IntN(3))
		}
		for _, path := range slices.Sorted(maps.Keys(live[table])) {
			if _, put := c.put[path]; !put && r.IntN(4) == 0 {
				c.remove = append(c.remove, path)
				delete(live[table], path)
			}
		}
		for path := range c.put {
			live[table][path] = true
		}
		changes = append(changes, c)
	}
	w.commit(changes...)
}

func TestSomebodyElse(t *testing.T) {
	w := newWorld(t)
	w.first()
	w.sync(SyncOptions{})
	day := []string{"2026-11-22"}
	for name, change := range map[string]func(){
		"silver.orders partitions: 1 partition is missing in the catalog: day=2026-11-22": func() {
			w.glue.ChangePartition(silverDB, "orders", day, func(*types.PartitionInput) *types.PartitionInput { return nil })
		},
		"silver.orders partitions: 1 partition is in the catalog and not in the lake: 2020-01-01": func() {
			w.glue.ChangePartition(silverDB, "orders", []string{"2020-01-01"}, func(p *types.PartitionInput) *types.PartitionInput {
				return &types.PartitionInput{Values: []string{"2020-01-01"}}
			})
		},
		"silver.orders partitions: 1 partition is at another place in the catalog: day=2026-11-22": func() {
			w.glue.ChangePartition(silverDB, "orders", day, func(p *types.PartitionInput) *types.PartitionInput {
				p.StorageDescriptor = descriptor("s3://elsewhere/", p.StorageDescriptor.Columns, nil)
				return p
			})
		},
		"silver.orders partitions: 1 partition is described otherwise than the table: day=2026-11-22": func() {
			w.glue.ChangePartition(silverDB, "orders", day, func(p *types.PartitionInput) *types.PartitionInput {
				p.StorageDescriptor = descriptor(*p.StorageDescriptor.Location, p.StorageDescriptor.Columns[:1], nil)
				return p
			})
		},
		`silver.orders parameters: projection.enabled is set (true): with projection Athena does not look at partitions`: func() {
			w.glue.Change(silverDB, "orders", func(in *types.TableInput) {
				in.Parameters = maps.Clone(in.Parameters)
				in.Parameters["projection.enabled"] = "true"
			})
		},
		`silver.orders parameters: classification is "csv", not "parquet"`: func() {
			w.glue.Change(silverDB, "orders", func(in *types.TableInput) {
				in.Parameters = maps.Clone(in.Parameters)
				in.Parameters["classification"] = "csv"
			})
		},
		"silver.orders location: at s3://the-lake/old in the catalog, at s3://the-lake/top/silver/orders/ in the lake": func() {
			w.glue.Change(silverDB, "orders", func(in *types.TableInput) {
				in.StorageDescriptor = descriptor("s3://the-lake/old", in.StorageDescriptor.Columns, nil)
			})
		},
		"silver.orders format: the catalog does not read it as an external table of Parquet files": func() {
			w.glue.Change(silverDB, "orders", func(in *types.TableInput) {
				in.StorageDescriptor = descriptor(*in.StorageDescriptor.Location, in.StorageDescriptor.Columns, nil)
				in.StorageDescriptor.InputFormat = aws.String("text")
			})
		},
		"silver.orders column: amount is string in the catalog, decimal(10,2) in the lake": func() {
			w.glue.Change(silverDB, "orders", func(in *types.TableInput) {
				sd := descriptor(*in.StorageDescriptor.Location, slices.Clone(in.StorageDescriptor.Columns), nil)
				sd.Columns[1].Type = aws.String("string")
				in.StorageDescriptor = sd
			})
		},
		"silver.orders column: the columns are in another order in the catalog": func() {
			w.glue.Change(silverDB, "orders", func(in *types.TableInput) {
				columns := slices.Clone(in.StorageDescriptor.Columns)
				slices.Reverse(columns)
				in.StorageDescriptor = descriptor(*in.StorageDescriptor.Location, columns, nil)
			})
		},
	} {
		change()
		w.wantFound(name)
		w.sync(SyncOptions{Full: true})
		if w.wantSame(); t.Failed() {
			t.Fatal(name)
		}
	}
}

// Somebody who is quicker makes all be compared again; who is always quicker is
// a failure that passes.
func TestConflicts(t *testing.T) {
	for _, always := range []bool{false, true} {
		w := newWorld(t)
		w.first()
		w.sync(SyncOptions{})
		w.commit(change{"silver.orders", "", map[string]int64{"day=2026-11-24/part.parquet": 1}, nil}, change0())
		times := 0
		w.glue.Before = func(_ int, operation string) error {
			if operation == "UpdateTable" && (always || times == 0) {
				times++
				w.glue.Change(silverDB, "orders", func(in *types.TableInput) { in.Owner = aws.String("eve") })
				w.glue.ChangePartition(silverDB, "orders", []string{"2026-11-22"}, func(*types.PartitionInput) *types.PartitionInput { return nil })
			}
			return nil
		}
		r, err := w.catalog(w.glue).Sync(t.Context(), SyncOptions{})
		if len(r.Tables) == 0 || r.Tables[len(r.Tables)-1].Table != "gold.other" {
			t.Errorf("always %v: the other table is not sent: %+v", always, r)
		}
		if always != (err != nil) || always && (diag.ClassOf(err) != diag.Transient || times != attempts || !strings.Contains(err.Error(), "changed by somebody else")) {
			t.Errorf("always %v: %v after %d times", always, err, times)
		}
		w.glue.Before = nil
		if !always {
			w.wantSame()
		}
	}
}

// A table that is dropped, or made, by somebody else in between.
func TestDroppedAndMadeMeanwhile(t *testing.T) {
	for _, operation := range []string{"BatchGetPartition", "BatchCreatePartition", "UpdateTable"} {
		w := newWorld(t)
		w.first()
		w.sync(SyncOptions{})
		w.commit(change{"silver.orders", "", map[string]int64{"day=2026-11-24/part.parquet": 1}, nil})
		done := false
		w.glue.Before = func(_ int, now string) error {
			if now == operation && !done {
				done = true
				w.glue.Drop(silverDB, "orders")
			}
			return nil
		}
		w.sync(SyncOptions{})
		w.glue.Before = nil
		w.wantSame()
	}
	w := newWorld(t)
	w.first()
	done := false
	w.glue.Before = func(_ int, operation string) error {
		if operation == "CreateTable" && !done {
			done = true
			_, err := w.catalog(w.glue).Sync(t.Context(), SyncOptions{})
			return err
		}
		return nil
	}
	w.sync(SyncOptions{})
	w.wantSame()
}

func TestErrorsOfSinglePartitions(t *testing.T) {
	for _, test := range []struct {
		operation, code string
		times           int // negative: for ever
		class           diag.Class
		want            string
	}{
		{"create", "InternalServiceException", 2, diag.OK, ""},
		{"delete", "ThrottlingException", 2, diag.OK, ""},
		{"delete", "EntityNotFoundException", -1, diag.OK, ""},
		{"update", "OperationTimeoutException", 1, diag.OK, ""},
		{"create", "ThrottlingException", -1, diag.Transient, "create the partition 2026-11-24 of " + silverDB + ".orders: api error ThrottlingException: this one"},
		{"create", "AccessDeniedException", -1, diag.Usage, "create the partition 2026-11-24"},
		{"create", "InvalidInputException", -1, diag.Unexpected, "create the partition 2026-11-24"},
		{"delete", "InvalidInputException", -1, diag.Unexpected, "delete the partition 2026-11-23"},
	} {
		w := newWorld(t)
		w.first()
		w.sync(SyncOptions{})
		columns := ""
		if test.operation == "update" {
			columns = orderColumns + ", note: string"
		}
		w.commit(change{"silver.orders", columns, map[string]int64{"day=2026-11-24/part.parquet": 1}, []string{"day=2026-11-23/part.parquet"}})
		times := 0
		w.glue.Item = func(operation string, values []string) string {
			if operation == test.operation && (test.times < 0 || times < test.times) {
				times++
				return test.code
			}
			return ""
		}
		_, err := w.catalog(w.glue).Sync(t.Context(), SyncOptions{})
		if diag.ClassOf(err) != test.class || test.want != "" && !strings.Contains(fmt.Sprint(err), test.want) || times == 0 {
			t.Errorf("%s %s: %v after %d times", test.operation, test.code, err, times)
		}
		if w.glue.Item = nil; test.class != diag.OK {
			w.sync(SyncOptions{})
		}
		if test.code != notFound {
			w.wantSame()
		}
	}
}

// A partition that is there although the catalog said that it was not is
// brought up to date.
func TestPartitionThatIsThereAlready(t *testing.T) {
	w := newWorld(t)
	w.first()
	w.sync(SyncOptions{})
	w.commit(change{"silver.orders", "", map[string]int64{"day=2026-11-24/part.parquet": 1}, nil})
	w.glue.Before = func(_ int, operation string) error {
		if operation == "BatchCreatePartition" {
			w.glue.ChangePartition(silverDB, "orders", []string{"2026-11-24"}, func(p *types.PartitionInput) *types.PartitionInput {
				return &types.PartitionInput{Values: []string{"2026-11-24"}, StorageDescriptor: descriptor("s3://wrong/", nil, nil)}
			})
		}
		return nil
	}
	w.sync(SyncOptions{})
	w.glue.Before = nil
	w.wantSame()
}

// What fails for one table leaves the others alone, but where all would fail.
func TestErrorsOfCalls(t *testing.T) {
	for _, test := range []struct {
		operation, code string
		class           diag.Class
		want            string
		others          int // tables that are sent nonetheless
	}{
		{"GetTables", "AccessDeniedException", diag.Usage, "read the tables of the database shop_x_dev_bronze: Glue call: AccessDeniedException", 0},
		{"CreateTable", "AccessDeniedException", diag.Usage, "create the table " + silverDB + ".orders: Glue call: AccessDeniedException", 1},
		{"CreateTable", "InvalidInputException", diag.Unexpected, "create the table", 1},
		{"CreateTable", "ThrottlingException", diag.Transient, "create the table", 0},
		{"GetTable", "InternalServiceException", diag.Transient, "read the table", 0},
		{"BatchCreatePartition", "InvalidInputException", diag.Unexpected, "create partitions of", 1},
		{"UpdateTable", "ResourceNumberLimitExceededException", diag.Unexpected, "update the table", 1},
		{"CreateDatabase", "AccessDeniedException", diag.Usage, "create the database", 0},
	} {
		w := newWorld(t)
		w.first()
		w.commit(change0())
		once := false
		w.glue.Before = func(_ int, operation string) error {
			if operation == test.operation && (!once || test.operation == "CreateDatabase") {
				once = true
				return catalogtest.Error(test.code)
			}
			return nil
		}
		r, err := w.catalog(w.glue).Sync(t.Context(), SyncOptions{})
		if diag.ClassOf(err) != test.class || !strings.Contains(fmt.Sprint(err), test.want) {
			t.Errorf("%s %s: %v", test.operation, test.code, err)
		}
		if r != nil && len(r.Tables) != test.others || r == nil && test.others > 0 {
			t.Errorf("%s %s: %+v, want %d tables", test.operation, test.code, r, test.others)
		}
		w.glue.Before = nil
		w.sync(SyncOptions{})
		w.wantSame()
	}
}

func TestInterrupted(t *testing.T) {
	w := newWorld(t)
	w.first()
	ctx, stop := context.WithCancel(t.Context())
	w.glue.Before = func(call int, _ string) error {
		if call == 5 {
			stop()
		}
		return ctx.Err()
	}
	if _, err := w.catalog(w.glue).Sync(ctx, SyncOptions{}); diag.ClassOf(err) != diag.Interrupted {
		t.Errorf("%v", err)
	}
	w.glue.Before = nil
	w.sync(SyncOptions{})
	w.wantSame()
}

// A schema of a later lakectl is an error and no crash.
func TestUnknownType(t *testing.T) {
	w := newWorld(t)
	w.commit(change{"silver.x", "a: map(string,string)", map[string]int64{"part.parquet": 1}, nil})
	_, err := w.catalog(w.glue).Sync(t.Context(), SyncOptions{})
	if err == nil || !strings.Contains(err.Error(), "the schema of silver.x cannot be used") {
		t.Error(err)
	}
	if _, err := w.catalog(w.glue).Check(t.Context()); err == nil {
		t.Error("Check finds nothing wrong with it")
	}
}
