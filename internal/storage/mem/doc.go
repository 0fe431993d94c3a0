// Package mem is a storage.Bucket in memory, for tests and dry runs. It has no
// latency and no capacity limit, and its clock can be set.
package mem
