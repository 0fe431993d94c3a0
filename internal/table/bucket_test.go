package table_test

import (
	"testing"

	"github.com/lakectl/lakectl/internal/table"
)

func TestBucketsAreInTheNamesOfFiles(t *testing.T) {
	for _, bucket := range []int{0, 7, 10, 999} {
		path := "silver/t/day=2026-01-01/" + table.PartFile(bucket)
		if got, ok := table.BucketOf(path); got != bucket || !ok {
			t.Errorf("%s is of bucket %d, %v", path, got, ok)
		}
	}
	if got := table.PartFile(0); got != "part-0.parquet" {
		t.Errorf("without buckets the file is %s", got)
	}
	for _, bad := range []string{"", "part-.parquet", "part-00.parquet", "part-+1.parquet", "part--1.parquet", "part-1", "1.parquet", "xpart-1.parquet",
		"part-1.parquet/x", "part-99999999999999999999.parquet"} {
		if got, ok := table.BucketOf(bad); ok {
			t.Errorf("%q is of bucket %d", bad, got)
		}
	}
}
