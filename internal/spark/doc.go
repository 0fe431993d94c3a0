// Package spark makes of a project what Spark needs to run it: the compiled
// project, one JSON document with all that lakehouse.yaml says, names resolved,
// types known and expressions as Spark SQL; and the programs that read it.
//
// # The compiled project
//
// The same project compiles to the same bytes, so that its hash names it. The
// format is Format; a program refuses one that it does not know.
//
// Expressions are for Spark 3.5 with the settings in spark_settings. Each has
// the SQL of its value, which is null where the row has an error, and the SQL of
// the condition that it has one, which is never null. Columns are named in them
// so:
//
//   - in silver columns, `name` is a column of the table and `0_raw`.`name` a raw
//     column: the raw columns are a struct of that name, which no column of a
//     table can have. Columns are computed in the order of compute_order;
//   - in row checks, `name` is a column of the table;
//   - in gold, `table`.`name` is a column of a silver table, with those that
//     lakectl adds. A where stands before joins, and sees its own table alone;
//   - in the where of a sum that is compared with another, `table`.`name` is a
//     column of that other table.
//
// A measure has aggregates for a query with GROUP BY, and an expression over their
// results, so that a measure without a value is told by its group.
package spark
