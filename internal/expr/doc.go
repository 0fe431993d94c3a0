// Package expr is the small SQL in which lakehouse.yaml says what columns,
// checks and measures are.
//
// An expression is parsed and type-checked once (Bind), evaluated a column at
// a time on Arrow arrays (Program.Eval), and printed as DuckDB and Spark SQL
// from the same tree. SEMANTICS section 5 says what each operation gives; the
// reference evaluator in this package's tests is the judge of it.
//
// Nothing here fails on data: a value that cannot be computed is a RowError.
package expr
