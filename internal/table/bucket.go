package table

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	partPrefix = "part-"
	partSuffix = ".parquet"
)

// PartFile returns the name of the file of a bucket, counted from 0, in the folder
// of each partition. A partition without buckets has the one of bucket 0.
func PartFile(bucket int) string { return fmt.Sprint(partPrefix, bucket, partSuffix) }

// BucketOf returns the bucket of a file by its path; ok is false if PartFile
// gives it to none.
func BucketOf(path string) (bucket int, ok bool) {
	name := path[strings.LastIndexByte(path, '/')+1:]
	bucket, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(name, partPrefix), partSuffix))
	return bucket, err == nil && bucket >= 0 && name == PartFile(bucket)
}
