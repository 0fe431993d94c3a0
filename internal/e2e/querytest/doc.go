// Package querytest asks the named queries on whole lakes, on DuckDB, and
// compares the answers with figures that were found in another way. It has no
// code of its own; it is a directory of its own because linking DuckDB takes
// long.
package querytest
