package quarantine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/internal/vec"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// rows is a batch of quarantined rows of one source file, with the raw columns
// id and name; name is null where the id is odd.
func rows(file string, reasons ...[]quality.Reason) quarantine.Rows {
	n := len(reasons)
	r := quarantine.Rows{SourceFile: vec.Constant(file, n), IngestionTimestamp: vec.Repeat64(schema.T(schema.Timestamp), noon.UnixMicro(), n),
		IngestionDate: vec.Repeat32(schema.T(schema.Date), int32(noon.Unix()/86400), n)}
	numbers, offsets, text := make([]int64, n), make([]int32, 1, n+1), []byte(nil)
	for i, list := range reasons {
		numbers[i] = int64(i + 1)
		text = fmt.Appendf(text, "%s-%d", file, i+1)
		offsets = append(offsets, int32(len(text)))
		r.Reasons = append(r.Reasons, quality.Reasons(list))
	}
	r.SourceRow = vec.Int64s(numbers)
	r.Raw = []arrow.Array{vec.StringsOf(offsets, text), vec.Nulls(schema.T(schema.String), n)}
	return r
}

// damaged is a batch of records that could not be split.
func damaged(file string, records ...string) quarantine.Rows {
	n := len(records)
	reasons := make([][]quality.Reason, n)
	for i := range reasons {
		reasons[i] = []quality.Reason{{Check: "read:utf8", Detail: "not UTF-8"}}
	}
	r := rows(file, reasons...)
	lines, ends, raw := make([]int64, n), make([]int32, 1, n+1), []byte(nil)
	for i, record := range records {
		lines[i] = int64(10 + i)
		raw = append(raw, record...)
		ends = append(ends, int32(len(raw)))
	}
	r.Raw = []arrow.Array{vec.Nulls(schema.T(schema.String), n), vec.Nulls(schema.T(schema.String), n)}
	r.SourceLine, r.SourceOffset, r.RawRecord = vec.Int64s(lines), vec.Int64s(lines), vec.BinaryOf(ends, raw)
	return r
}

// committed commits batches to the quarantine of a lake, each as a file.
func committed(t *testing.T, batches map[string]quarantine.Rows) quarantine.Files {
	t.Helper()
	ctx := context.Background()
	l, err := lake.Open(ctx, mem.New(mem.Options{}), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := l.Lock(ctx, lake.LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release(ctx)
	tx, err := l.Begin(ctx, lease, lake.TxOptions{Run: "run", Layer: lake.Bronze})
	if err != nil {
		t.Fatal(err)
	}
	ref := lake.TableRef{Layer: lake.Quarantine, Name: "orders"}
	columns := []string{"id", "name"}
	tx.SetTable(ref, lake.TableSettings{Schema: lake.Columns(quarantine.Schema(columns))})
	for name, batch := range batches {
		stage := quarantine.Check
		if strings.HasPrefix(name, "read") {
			stage = quarantine.Read
		}
		w := quarantine.NewWriter(quarantine.Options{Dataset: "orders", Raw: columns, Stage: stage, Run: "run", Workers: 1, Store: engine.StoreOptions{}})
		if err := w.Add(0, 0, batch); err != nil {
			t.Fatal(err)
		}
		files, err := w.Finish(ctx, tx, func(partition string) string { return ref.Dir() + "/" + partition + "/" + name + ".parquet" })
		if err != nil {
			t.Fatal(err)
		}
		tx.Put(ref, files...)
	}
	if _, err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	state, err := l.State(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return quarantine.Files{Table: state.Tables[ref], Open: l.Bucket()}
}

func example(t *testing.T) quarantine.Files {
	amount := quality.Reason{Check: "type:amount", Column: "amount", Value: "x"}
	return committed(t, map[string]quarantine.Rows{
		"read-1": damaged("in/b.csv", "1,\xff", "2,,,"),
		"rows-1": rows("in/a.csv", []quality.Reason{amount}, []quality.Reason{amount, {Check: "positive"}}, []quality.Reason{{Check: "positive"}, {Check: "positive"}}),
		"rows-2": rows("in/b.csv", []quality.Reason{{Check: "positive"}}),
	})
}

func TestSummarise(t *testing.T) {
	got, err := example(t).Summarise(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := &quarantine.Summary{Dataset: "orders", Rows: 6,
		Reasons: []quarantine.ReasonCount{
			{Check: "positive", Rows: 3, Example: quarantine.Example{SourceFile: "in/a.csv", SourceRow: 2}},
			{Check: "read:utf8", Rows: 2, Example: quarantine.Example{SourceFile: "in/b.csv", SourceRow: 1, Detail: "not UTF-8"}},
			{Check: "type:amount", Rows: 2, Example: quarantine.Example{SourceFile: "in/a.csv", SourceRow: 1, Column: "amount", Value: "x"}},
		},
		Files: []quarantine.FileCount{
			{SourceFile: "in/a.csv", Rows: 3, Reasons: map[string]int64{"positive": 2, "type:amount": 2}},
			{SourceFile: "in/b.csv", Rows: 3, Reasons: map[string]int64{"positive": 1, "read:utf8": 2}},
		}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestScan(t *testing.T) {
	files := example(t)
	for name, test := range map[string]struct {
		filter quarantine.Filter
		limit  int
		want   string
	}{
		"all":       {quarantine.Filter{}, 9, "b.csv:1 b.csv:2 a.csv:1 a.csv:2 a.csv:3 b.csv:1"},
		"reason":    {quarantine.Filter{Reason: "type:amount"}, 9, "a.csv:1 a.csv:2"},
		"file":      {quarantine.Filter{File: "in/b.csv"}, 9, "b.csv:1 b.csv:2 b.csv:1"},
		"glob":      {quarantine.Filter{File: "in/a*"}, 9, "a.csv:1 a.csv:2 a.csv:3"},
		"both":      {quarantine.Filter{File: "in/b.csv", Reason: "positive"}, 9, "b.csv:1"},
		"no glob":   {quarantine.Filter{File: "in/[a"}, 9, ""},
		"none":      {quarantine.Filter{Reason: "positiv"}, 9, ""},
		"the first": {quarantine.Filter{}, 2, "b.csv:1 b.csv:2"},
	} {
		var got []string
		err := files.Scan(context.Background(), test.filter, func(row *quarantine.Row) (bool, error) {
			got = append(got, fmt.Sprintf("%s:%d", strings.TrimPrefix(row.SourceFile, "in/"), row.SourceRow))
			return len(got) < test.limit, nil
		})
		if text := strings.Join(got, " "); err != nil || text != test.want {
			t.Errorf("%s: %q, %v; want %q", name, text, err, test.want)
		}
	}
}

func TestRowsAreWhole(t *testing.T) {
	var got []*quarantine.Row
	err := example(t).Scan(context.Background(), quarantine.Filter{}, func(row *quarantine.Row) (bool, error) {
		got = append(got, row)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ten, id := int64(10), "in/a.csv-2"
	want := []*quarantine.Row{
		{SourceFile: "in/b.csv", SourceRow: 1, Line: &ten, Offset: &ten, Ingested: noon, Stage: quarantine.Read, Run: "run", Columns: []string{"id", "name"},
			Raw: []*string{nil, nil}, Record: []byte("1,\xff"), Reasons: []quarantine.Reason{{Check: "read:utf8", Detail: "not UTF-8"}}},
		{SourceFile: "in/a.csv", SourceRow: 2, Ingested: noon, Stage: quarantine.Check, Run: "run", Columns: []string{"id", "name"},
			Raw: []*string{&id, nil}, Reasons: []quarantine.Reason{{Check: "type:amount", Column: "amount", Value: "x"}, {Check: "positive"}}},
	}
	if diff := cmp.Diff(want, []*quarantine.Row{got[0], got[3]}); diff != "" {
		t.Error(diff)
	}
}

func TestEmptyQuarantine(t *testing.T) {
	var none quarantine.Files
	s, err := none.Summarise(context.Background())
	if err != nil || s.Rows != 0 || s.Reasons == nil || s.Files == nil {
		t.Errorf("got %+v, %v", s, err)
	}
	if err := none.Scan(context.Background(), quarantine.Filter{}, nil); err != nil {
		t.Error(err)
	}
}

func TestScanEndsWithItsContextAndItsCaller(t *testing.T) {
	files := example(t)
	ctx, cancel := context.WithCancel(context.Background())
	seen := 0
	err := files.Scan(ctx, quarantine.Filter{}, func(*quarantine.Row) (bool, error) {
		seen++
		cancel()
		return true, nil
	})
	if !errors.Is(err, context.Canceled) || seen != 1 {
		t.Errorf("cancelled: %d rows, %v", seen, err)
	}
	broken := errors.New("broken pipe")
	if err := files.Scan(context.Background(), quarantine.Filter{}, func(*quarantine.Row) (bool, error) { return true, broken }); !errors.Is(err, broken) {
		t.Errorf("the caller's error: %v", err)
	}
	if _, err := files.Summarise(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("summary: %v", err)
	}
}
