package quarantine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// stager writes straight to where files are to be.
type stager struct{ storage.Bucket }

func (stager) Sequence() uint64 { return 1 }

func (s stager) Stage(ctx context.Context, _ lake.TableRef, path string) (storage.Writer, error) {
	return s.Create(ctx, path, storage.CreateOptions{})
}

// batch makes n rows of a source file, of days that alternate in runs.
func batch(seq, n int) Rows {
	numbers, days, in, codes := make([]int64, n), make([]int32, n), vec.NewInterner(0), make([]int32, n)
	reasons, raw, ends := make([]string, n), []byte(nil), []int32{0}
	for i := range n {
		numbers[i], days[i] = int64(seq*1000+i), int32(20_000+i/3%2)
		codes[i], _ = in.Code(fmt.Appendf(nil, "value %d", i%4))
		reasons[i] = fmt.Sprintf(`[{"check":"c%d"}]`, numbers[i])
		raw = fmt.Appendf(raw, "raw %d\x00", numbers[i])
		ends = append(ends, int32(len(raw)))
	}
	date := vec.FixedOf(schema.T(schema.Date), arrow.Int32Traits.CastToBytes(days), nil, n, 0)
	r := Rows{Raw: []arrow.Array{vec.DictionaryOf(codes, nil, 0, in.Data()), vec.Nulls(schema.T(schema.String), n)},
		SourceFile: vec.Constant("t.csv", n), SourceRow: vec.Int64s(numbers), IngestionTimestamp: vec.Repeat64(schema.T(schema.Timestamp), 0, n),
		IngestionDate: date, Reasons: reasons}
	if seq%2 == 0 {
		r.SourceLine, r.SourceOffset, r.RawRecord = vec.Int64s(slices.Clone(numbers)), vec.Int64s(slices.Clone(numbers)), vec.BinaryOf(ends, raw)
	}
	return r
}

func TestRowsComeBackByDateAndInOrder(t *testing.T) {
	for _, memory := range []int64{0, 1 << 30} {
		bucket, b, spill := stager{mem.New(mem.Options{})}, budget.New(memory), engine.NewSpill(t.TempDir())
		w := NewWriter(Options{Dataset: "d", Raw: []string{"a", "b"}, Stage: Check, Run: "run 1", Workers: 3, Store: engine.StoreOptions{Budget: b, Spill: spill}})
		err := engine.ForEach(t.Context(), 3, 20, func(_ context.Context, worker, task int) error {
			return w.Add(worker, uint64(task), batch(task, 50))
		})
		if err != nil {
			t.Fatal(err)
		}
		files, err := w.Finish(t.Context(), bucket, func(partition string) string { return RowsPath("d", partition, 9) })
		if err != nil || len(files) != 2 || b.Used() != 0 {
			t.Fatalf("%+v, %v, %d bytes in use", files, err, b.Used())
		}
		for day, f := range files {
			if want := fmt.Sprintf("quarantine/d/ingestion_date=2024-10-%02d/rows-00000000000000000009.parquet", 4+day); f.Path != want || !Judged(f.Path) {
				t.Errorf("%s, want %s", f.Path, want)
			}
			var want []string
			for task := range 20 {
				for i := range 50 {
					if i/3%2 == day {
						want = append(want, row(task, i))
					}
				}
			}
			if got := rowsOf(t, bucket, f); !slices.Equal(got, want) {
				t.Errorf("%s has\n%s\nwant\n%s", f.Path, strings.Join(got[:3], "\n"), strings.Join(want[:3], "\n"))
			}
		}
		if err := spill.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// row is row i of a batch as text, in the order of Schema.
func row(task, i int) string {
	number, place := task*1000+i, "<null>|<null>|<null>"
	if task%2 == 0 {
		place = fmt.Sprintf("%d|%d|raw %d\x00", number, number, number)
	}
	return fmt.Sprintf(`value %d|<null>|t.csv|%d|%s|1970-01-01 00:00:00|check|[{"check":"c%d"}]|run 1`, i%4, number, place, number)
}

func rowsOf(t *testing.T, bucket storage.Bucket, f lake.FileChange) []string {
	t.Helper()
	r, err := table.Open(t.Context(), bucket, f.Path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	err = r.ScanAll(Schema([]string{"a", "b"}).Columns, func(cols []arrow.Array, n int) error {
		for i := range n {
			values := make([]string, len(cols))
			for c, col := range cols {
				if values[c] = "<null>"; col.IsValid(i) {
					values[c] = string(vec.AppendText(nil, col, i))
				}
			}
			out = append(out, strings.Join(values, "|"))
		}
		return nil
	})
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDiscardedRowsGiveBackTheirMemory(t *testing.T) {
	b := budget.New(1 << 30)
	w := NewWriter(Options{Dataset: "d", Raw: []string{"a", "b"}, Stage: Check, Store: engine.StoreOptions{Budget: b}})
	if err := w.Add(0, 1, batch(1, 10)); err != nil {
		t.Fatal(err)
	}
	if w.Discard(); b.Used() != 0 {
		t.Errorf("%d bytes are still in use", b.Used())
	}
	if w.Discard(); b.Used() != 0 {
		t.Errorf("%d bytes are in use after a second time", b.Used())
	}
}

func TestPathsTellStages(t *testing.T) {
	if !Judged(RowsPath("d", "ingestion_date=2026-01-01", 3)) || Judged(ReadPath("d", "ingestion_date=2026-01-01", "id")) {
		t.Error("the stages of quarantine cannot be told by the paths")
	}
}
