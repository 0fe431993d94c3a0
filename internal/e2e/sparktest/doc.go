// Package sparktest has Spark 3.5 judge the SQL that package expr prints for
// it, on the cases of exprtest: expressions, measures and raw texts; and that of
// the buckets of keys. It has no code of its own. It needs Java 8, 11 or 17, and
// pyspark of 300 MB.
//
// One Spark computes all of it, in less than three minutes on 2 cores that are
// free. Most of that is Spark's analysis of the expressions, not their rows, so
// the test takes a third of the templates: SPARK_SEED=2 another third,
// SPARK_ALL=1 all of them. Spark interprets the expressions, as it would take
// twice the time to compile them: SPARK_CODEGEN=1 has it do so.
package sparktest
