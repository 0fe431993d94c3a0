// Package remote is the engine that has Spark do the work on rows: see
// pipeline.Engine. It speaks with the program lakehouse_spark, which holds the
// session of Spark, over a connection: a line of JSON for each request, lines of
// JSON as answers.
//
// What a table is made of stands in the compiled project (package spark), which
// is sent first. A request says which files are to be read and what else only the
// log knows; it carries orders for tasks (package task), which the program hands
// on to lakectl's own tasks on the executors without looking into them.
//
// Rows are found, judged, deduplicated and aggregated by Spark, which also reads
// large tables for their checks. Files are read and written, and reasons given, by
// tasks: they are as on one machine.
package remote
