package gold

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// TestOrderOfManyRows builds tables of several tasks and row groups; the rows
// come in the order of the files, or of the keys, and the files are the same
// bytes whatever the number of workers.
func TestOrderOfManyRows(t *testing.T) {
	p := bindGold(t, `
  all: {from: visits, columns: {minutes: minutes}}
  some: {from: visits, where: "minutes % 50 = 0", columns: {minutes: minutes}}
  grouped: {from: visits, group_by: {minutes: minutes}, measures: {n: "count(*)"}}
`)
	const rows, files = 600_000, 2 // more than a task, and than a row group, has
	l := newTestLake()
	s := p.SilverTable("visits")
	for file := range files {
		first := file * rows / files
		cols := make([]arrow.Array, len(s.Table().Columns))
		for i, c := range s.Table().Columns {
			cols[i] = constant(c.Type, rows/files)
		}
		cols[2] = running(first, rows/files)
		l.put(t, s.FileTable(), File{Path: fmt.Sprintf("silver/visits/part-%d.parquet", file), Rows: rows / files}, cols)
		l.files[s] = append(l.files[s], File{Path: fmt.Sprintf("silver/visits/part-%d.parquet", file), Rows: rows / files})
	}
	var first [][]byte
	for _, workers := range []int{1, 3} {
		results, err := l.build(t, p, workers)
		if err != nil {
			t.Fatal(err)
		}
		for i, step := range []int{1, 50, 1} {
			data, _, err := storage.ReadAll(context.Background(), l.bucket, results[i].Files[0].Path)
			if err != nil {
				t.Fatal(err)
			}
			if workers == 1 {
				first = append(first, data)
				l.checkRunning(t, results[i], rows, step)
			} else if !bytes.Equal(data, first[i]) {
				t.Errorf("%s: other bytes with %d workers", results[i].Table.Name, workers)
			}
		}
	}
}

// put writes a file of one row group.
func (l *testLake) put(t *testing.T, columns schema.Table, f File, cols []arrow.Array) {
	t.Helper()
	w, err := table.Create(context.Background(), l, table.Target{Path: f.Path}, columns, parquetio.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteColumns(cols, int(f.Rows)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func constant(typ schema.Type, n int) arrow.Array {
	switch typ.Kind {
	case schema.String:
		return vec.Constant("x", n)
	case schema.Integer, schema.Date:
		return vec.Repeat32(typ, 1, n)
	case schema.Decimal, schema.Boolean:
		return vec.Nulls(typ, n)
	default:
		return vec.Repeat64(typ, 1, n)
	}
}

// running returns the integers first, first+1, ...
func running(first, n int) arrow.Array {
	values := make([]int32, n)
	for i := range values {
		values[i] = int32(first + i)
	}
	return vec.FixedOf(schema.T(schema.Integer), arrow.Int32Traits.CastToBytes(values), nil, n, 0)
}

// checkRunning checks that the first column is 0, step, 2 * step, ... below rows.
func (l *testLake) checkRunning(t *testing.T, result Result, rows, step int) {
	t.Helper()
	r, err := table.Open(context.Background(), l.bucket, result.Files[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	err = r.ScanAll(result.Table.FileTable().Columns[:1], func(cols []arrow.Array, n int) error {
		for _, v := range cols[0].(*array.Int32).Int32Values() {
			if int(v) != next {
				return fmt.Errorf("%d after %d", v, next-step)
			}
			next += step
		}
		return nil
	})
	if err != nil || next != rows || result.Rows != int64(rows/step) {
		t.Errorf("%s: %v, %d rows end at %d, want %d", result.Table.Name, err, result.Rows, next, rows)
	}
}
