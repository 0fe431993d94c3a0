// Package duckdbtest has DuckDB judge whole lakes: that it reads every file of
// them as we do, and that it finds the same rows in the raw files. It has no
// code of its own; it is a directory of its own because linking DuckDB takes
// long.
package duckdbtest
