package silver

import (
	"math"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
)

// inBuckets is a table with a key and two buckets in each partition.
const inBuckets = `
bronze: {t: {source: "t*.csv"}}
silver:
  t:
    key: id
    buckets: 2
    partition_by: shop
    columns: {id: {type: integer}, shop: {type: string}}
`

// A build must know each file that is there: one that it does not would stay, and
// its rows would be in the table twice.
func TestFilesThatAreNotInTheirPlaceAreRefused(t *testing.T) {
	w := newWorld(t, silverOf(t, bind(t, inBuckets), "t"), "id", "shop")
	w.ingest(1, "t1.csv", false, [][]*string{some("1", "a"), some("2", "a"), some("4", "a"), some("5", "b")}, parquetio.WriterOptions{})
	w.commit(changes{rebuild: true}, settings{workers: 2, memory: -1})
	if len(w.files) != 3 {
		t.Fatalf("the files are %v", lines(w.silver()))
	}
	const good = "silver/t/shop=a/part-1.parquet"
	for _, bad := range []string{"silver/t/shop=a/part-2.parquet", "silver/t/shop=a/part-01.parquet", "silver/t/shop=a/part--1.parquet", "silver/t/shop=b/part-1.parquet",
		"silver/t/part-1.parquet", "silver/t/shop=a/part-1", "silver/t/shop=a/1.parquet"} {
		req := w.request(changes{}, "stage/")
		for i, f := range req.Files {
			if f.Path == good {
				moved := *f
				moved.Path = bad
				req.Files[i] = &moved
			}
		}
		_, err := w.build(req, settings{workers: 1, memory: -1})
		if want := "silver.t: " + bad + " is not named as files are in a table with `buckets: 2`"; err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestMoreFilesThanNumbersAreRefused(t *testing.T) {
	b := &build{buckets: 1000, req: Request{Table: silverOf(t, bind(t, inBuckets), "t")}}
	if id, err := b.fileOf(math.MaxInt32/1000-1, 999); err != nil || id < 0 {
		t.Errorf("the last file is %d, %v", id, err)
	}
	if id, err := b.fileOf(math.MaxInt32/1000, 0); err == nil || diag.ClassOf(err) != diag.Gate || !strings.HasPrefix(err.Error(), "silver.t would have more than") {
		t.Errorf("a file beyond is %d, %v", id, err)
	}
}

// A bucket that loses its last row keeps its file, without rows.
func TestAnEmptiedBucketIsAFileWithoutRows(t *testing.T) {
	w := newWorld(t, silverOf(t, bind(t, inBuckets), "t"), "id", "shop")
	w.ingest(1, "t1.csv", false, [][]*string{some("1", "a"), some("4", "a")}, parquetio.WriterOptions{})
	w.commit(changes{rebuild: true}, settings{workers: 2, memory: -1})
	rows := func() map[string]int64 {
		out := map[string]int64{}
		for _, f := range w.files {
			out[strings.TrimPrefix(f.Path, "silver/t/")] = f.Rows
		}
		return out
	}
	before := rows()
	w.ingest(2, "t2.csv", false, [][]*string{some("1", "b")}, parquetio.WriterOptions{})
	r := w.commit(changes{}, settings{workers: 2, memory: -1}, settings{workers: 1, memory: 0})
	after := rows()
	if len(before) != 2 || before["shop=a/part-1.parquet"] != 1 || len(after) != 3 || after["shop=a/part-1.parquet"] != 0 || after["shop=b/part-1.parquet"] != 1 {
		t.Errorf("%v becomes %v", before, after)
	}
	var put []string
	for _, f := range r.Put {
		if f.Kind == lake.Data {
			put = append(put, f.Path)
		}
	}
	if len(put) != 2 {
		t.Errorf("%v were written: the other bucket of shop a was not touched", put)
	}
}
