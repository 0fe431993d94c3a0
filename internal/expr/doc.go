// Package expr is the small SQL in which lakehouse.yaml says what columns,
// checks and measures are.
//
// An expression is parsed and type-checked once (Bind), evaluated a column at
// a time on Arrow arrays (Program.Eval), and printed as DuckDB and Spark SQL
// from the same tree. SEMANTICS section 5 says what each operation gives; the
// reference evaluator in this package's tests is the judge of it.
//
// # The language
//
// From loosest to tightest: or; and; not; comparisons and the tests is null,
// in, between, like, which do not chain; + - ||; * / %; unary - +; literals,
// names, calls, case, cast. Keywords and functions ignore case. A column is
// found by its exact name, else ignoring case if only one matches; "quoted"
// names may hold anything. Texts stand in 'single quotes', a quote doubled.
//
// 12 is an integer, or a bigint or decimal if it is too large; 1.5 is
// decimal(2,1); 1e3 is a double. null takes the type of its context.
//
// Types mix in these cases only: integer with bigint; whole numbers with
// decimals; integer, and any literal number, with double. The results of + - *
// / % are Spark's (decimalResult); case, coalesce, nullif, greatest, least and
// in take the smallest type that holds all of theirs. round(x, n) of a
// decimal(p,s) has scale n and one more whole digit where it rounds; floor and
// ceil give decimal(p-s+1,0). Doubles overflow to infinity, all else to a row
// error; division by zero is a row error for doubles too.
//
// A row error of an operand is one of the whole expression, of `false and
// 1/0 = 1` too. Only what case and coalesce do not take cannot fail.
//
// Patterns are what RE2 and Java share; an empty match of regexp_extract is
// null. In the replacement of regexp_replace $0 to $9 are groups and $$ is a
// dollar. like has an escape character only where one is given, and then takes
// a literal pattern.
//
// Nothing here fails on data: a value that cannot be computed is a RowError.
package expr
