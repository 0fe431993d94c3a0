// Package s3test is S3 in the process of a test: gofakes3, which keeps objects
// in memory, behind what it lacks, the conditions of reads, of deletions and of
// completing multipart uploads.
package s3test
