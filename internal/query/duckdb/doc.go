// Package duckdb runs statements in this process, on DuckDB: the engine of
// laptops, of tests, and of lakes in a folder.
//
// The tables of a lake are views over its Parquet files as of one commit, with
// their declared types and with the columns of their partitions. A statement may
// read them and nothing else: no other file, no network, and nothing is written.
// The functions that Trino calls otherwise, or answers otherwise, are macros, so
// that the SQL of Athena runs unchanged (macros.sql).
//
// The files of a lake on S3 are fetched to a cache on this machine: those alone
// of the partitions that the statement needs, which DuckDB's own optimizer tells.
//
// DuckDB is C++, linked statically. Without cgo, New returns an error.
package duckdb
