// Package query asks a lake questions in SQL. An Engine runs the same statement
// wherever it is: embedded DuckDB (package duckdb below), Athena or Snowflake.
// Results stream as record batches of Arrow, of lakectl's own types, so that
// whatever shows or compares them need not know where they come from.
//
// A statement speaks of layers as ${bronze}, ${silver} and ${gold} and of values
// as :name; an engine writes the first as what the layers are called there, and
// hands the second over as parameters of its own. No value becomes text of SQL.
package query
