package silver

import (
	"cmp"
	"math"
	"path"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/table"
)

// place is where a file of the table is.
type place struct {
	Partition string `json:"partition"` // the folders below the table's
	Bucket    int    `json:"bucket,omitempty"`
}

// The files that a table may have are numbered: those of a partition follow one
// another, by bucket.

// fileOf returns the number of a file. A table with more of them than there are
// numbers is an error of class Gate: it is the data that makes so many partitions.
func (b *build) fileOf(partition, bucket int32) (int32, error) {
	if int(partition) >= math.MaxInt32/b.buckets {
		return 0, diag.Errorf(diag.Gate, "%s would have more than %d files", b.ref(), math.MaxInt32).
			WithNext("partition it by a column with fewer values, or take fewer buckets")
	}
	return partition*int32(b.buckets) + bucket, nil
}

// partitionOf returns the partition of a file.
func (b *build) partitionOf(file int32) table.Partition {
	return b.partitions.At(file / int32(b.buckets))
}

// placeOf returns where a file is.
func (b *build) placeOf(file int32) place {
	return place{b.partitionOf(file).Path, int(file) % b.buckets}
}

// targetOf returns what the lake knows a file by.
func (b *build) targetOf(file int32) table.Target {
	at := b.placeOf(file)
	return table.Target{Table: b.ref(), Path: path.Join(b.ref().Dir(), at.Partition, table.PartFile(at.Bucket)), Partition: b.partitionOf(file).Values}
}

// compareFiles orders files by where they are.
func (b *build) compareFiles(x, y int32) int {
	return cmp.Or(cmp.Compare(b.partitionOf(x).Path, b.partitionOf(y).Path), cmp.Compare(x, y))
}

// fileAt returns the number of a file that the table has. One that is not in its
// place would stay beside the file that a build puts there, and its rows twice.
func (b *build) fileAt(f *lake.File) (int32, error) {
	partition, err := b.partitions.AddValues(f.Partition)
	if err != nil {
		return 0, err
	}
	file := int32(0)
	bucket, ok := table.BucketOf(f.Path)
	if ok = ok && bucket < b.buckets; ok {
		if file, err = b.fileOf(partition, int32(bucket)); err != nil {
			return 0, err
		}
	}
	if !ok || b.targetOf(file).Path != f.Path {
		return 0, diag.Errorf(diag.Unexpected, "%s is not named as files are in a table with `buckets: %d`", f.Path, b.buckets).
			WithNext("build the table anew: `lakectl run %s --full-refresh`", b.ref())
	}
	return file, nil
}
