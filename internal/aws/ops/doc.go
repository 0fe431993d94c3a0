// Package ops keeps the bucket that is there before the stack: of large templates,
// the scripts of jobs and the compiled project. It also says whom a bucket
// belongs to, and empties and deletes buckets with all their versions.
package ops
