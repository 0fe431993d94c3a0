// Package querytest asks lakes every question that has a name, and compares the
// answers of the embedded engine with what stands in the raw files, computed
// here once more and otherwise. It has no code of its own; it is a directory of
// its own because linking DuckDB takes long.
package querytest
