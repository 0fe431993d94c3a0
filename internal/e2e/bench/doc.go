// Command bench runs the sample project with lakectl, and the same job as SQL in
// DuckDB, side by side on the same raw files, and says how they compare. It is
// what `make bench` runs.
//
// The sides take turns, each run a process of its own that starts from nothing,
// and a run ends when the file system has all it wrote on disk. After every
// round the tables of both lakes are compared: every column of every table, by
// sums of hashes that do not depend on the order of rows, and the small gold
// tables row by row. A figure counts only if the tables are equal.
//
// What is fair about it: DuckDB has the settings and the SQL that were found to
// be fastest (sql/), is told the dialect instead of sniffing it, and is spared
// the number of a record in its file, which would keep it from reading on
// several threads. Both sides write the same columns otherwise, those of lineage
// included, in Snappy, with the same partitions. lakectl also hashes its inputs
// and outputs, keeps an index of keys and a log, and syncs as it commits; DuckDB
// does not, and no allowance is made for that.
//
// With -against spark, as `make bench-spark` runs it, the other side is lakectl with
// Spark for the rows, on this machine: what the same file takes on either engine,
// and whether all columns of all tables are the same but the names of runs. The raw
// files have all defects then, those too that DuckDB is spared.
//
// It exits with 1 if results differ or a bar is missed.
package main
