// Package duckdbtest has DuckDB judge the files that parquetio writes. It is a
// directory of its own because linking DuckDB takes long.
package duckdbtest
