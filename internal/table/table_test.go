package table_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// stage puts files where they are to appear at once.
type stage struct{ storage.Bucket }

func (stage) Sequence() uint64 { return 1 }

func (s stage) Stage(ctx context.Context, _ lake.TableRef, path string) (storage.Writer, error) {
	return s.Create(ctx, path, storage.CreateOptions{})
}

func column(name string, kind schema.Kind) schema.Column {
	return schema.Column{Name: name, Type: schema.T(kind), Nullable: true}
}

func TestWriterAndReader(t *testing.T) {
	ctx, bucket := context.Background(), mem.New(mem.Options{})
	columns := schema.Table{Columns: []schema.Column{column("n", schema.Bigint), column("day", schema.Date), column("text", schema.String)}}
	target := table.Target{Table: lake.TableRef{Layer: lake.Silver, Name: "t"}, Path: "silver/t/part-0.parquet"}
	w, err := table.Create(ctx, stage{bucket}, target, columns, parquetio.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range int32(3) {
		cols := []arrow.Array{vec.Int64s([]int64{int64(i), 7}), vec.Repeat32(schema.T(schema.Date), 20000+i, 2), vec.Constant("x", 2)}
		if err := w.WriteColumns(cols, 2); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	f, err := w.Close(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if s := f.Stats["day"]; f.Rows != 6 || s.Min == nil || *s.Min != "2024-10-04" || *s.Max != "2024-10-06" || len(f.Stats) != 1 {
		t.Errorf("recorded: %d rows, %v", f.Rows, f.Stats)
	}
	r, err := table.Open(ctx, bucket, f.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var got []string
	err = r.ScanAll([]schema.Column{column("absent", schema.String), column("n", schema.Bigint)}, func(cols []arrow.Array, n int) error {
		for i := range n {
			got = append(got, fmt.Sprint(cols[0].IsNull(i), cols[1].ValueStr(i)))
		}
		return nil
	})
	if want := []string{"true0", "true7", "true1", "true7", "true2", "true7"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("read %v, %v, want %v", got, err, want)
	}
	if err := r.ScanAll([]schema.Column{column("n", schema.String)}, nil); err == nil {
		t.Error("a column of another type was read")
	}
}

func TestPartitionsAreNumberedByValue(t *testing.T) {
	p := table.NewPartitions([]schema.Column{column("day", schema.Date), column("shop", schema.String)})
	days := vec.Repeat32(schema.T(schema.Date), 20000, 4)
	text := vec.StringsOf([]int32{0, 1, 4, 5, 5}, []byte("aK/öb"[:5]))
	ids := make([]int32, 4)
	p.Finder().Of(ids, []arrow.Array{days, text})
	p.Finder().Of(ids, []arrow.Array{days, text}) // another finder gives the same numbers
	if !slices.Equal(ids, []int32{0, 1, 2, 3}) || p.Len() != 4 {
		t.Fatalf("numbers %v of %d partitions", ids, p.Len())
	}
	if path := p.At(0).Path; path != "day=2024-10-04/shop=a" {
		t.Errorf("partition 0 is %s", path)
	}
	for id := range int32(4) {
		again, err := p.AddValues(p.At(id).Values)
		if err != nil || again != id {
			t.Errorf("the values of partition %d give %d, %v", id, again, err)
		}
		cols := p.Columns(id, 2)
		if cols[0].ValueStr(1) != "2024-10-04" || vec.Compare(cols[1], 1, text, int(id)) != 0 && id != 3 {
			t.Errorf("partition %d has the columns %v", id, cols)
		}
	}
	// The empty text has no folder of its own: readers see null.
	if cols := p.Columns(3, 1); p.At(3).Values["shop"] != nil || p.At(3).Path != "day=2024-10-04/shop=__HIVE_DEFAULT_PARTITION__" || cols[0].IsNull(0) {
		t.Errorf("the empty text is in %s", p.At(3).Path)
	}
}

func TestPartitionsOfEachType(t *testing.T) {
	bigint := vec.Int64s([]int64{-5, -5, 1 << 40})
	for _, test := range []struct {
		column schema.Column
		values arrow.Array
		want   []int32
	}{
		{column("d", schema.Date), vec.Repeat32(schema.T(schema.Date), 3, 3), []int32{0, 0, 0}},
		{column("i", schema.Integer), vec.Nulls(schema.T(schema.Integer), 3), []int32{0, 0, 0}},
		{column("b", schema.Bigint), bigint, []int32{0, 0, 1}},
		{column("t", schema.Boolean), vec.FixedOf(schema.T(schema.Boolean), []byte{0b101}, nil, 3, 0), []int32{0, 1, 0}},
	} {
		p := table.NewPartitions([]schema.Column{test.column})
		ids := make([]int32, 3)
		p.Finder().Of(ids, []arrow.Array{test.values})
		if !slices.Equal(ids, test.want) {
			t.Errorf("%s: %v, want %v", test.column.Name, ids, test.want)
		}
		for row, id := range ids {
			again, err := p.AddValues(p.At(id).Values)
			if err != nil || again != id || vec.Compare(p.Columns(id, 1)[0], 0, test.values, row) != 0 {
				t.Errorf("%s: row %d: partition %d comes back as %d, %v", test.column.Name, row, id, again, err)
			}
		}
	}
	none := table.NewPartitions(nil)
	ids := []int32{9, 9}
	none.Finder().Of(ids, nil)
	if !slices.Equal(ids, []int32{0, 0}) || none.At(0).Path != "" {
		t.Errorf("a table without partition columns: %v, %q", ids, none.At(0).Path)
	}
	bad := "x"
	if _, err := table.NewPartitions([]schema.Column{column("d", schema.Date)}).AddValues(map[string]*string{"d": &bad}); err == nil {
		t.Error("a partition value that is no date is taken")
	}
}
