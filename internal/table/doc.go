// Package table reads and writes the files of a table: the one place that knows
// that they are Parquet, and how partition values stand in their paths.
//
// It knows nothing of commits: files are read from a bucket by name and written
// through a Stager, which the lake's transaction is.
package table
