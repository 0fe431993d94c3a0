// Package duckdbtest checks the SQL that package expr prints for DuckDB: over
// the same values it gives what the exact evaluator gives, and null where that
// fails. It is a package of its own because DuckDB is slow to link.
package duckdbtest
