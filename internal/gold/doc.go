// Package gold builds the business tables from silver.
//
// All tables that a run builds are built together. Each silver table is read
// once, all gold tables that need it being fed from the same scan; only tables
// that join each other both ways, and `latest` where statistics do not tell the
// greatest value, make it read one twice. What several tables compute alike (a
// filter, a group key, the code of a customer) is computed once for a batch.
//
// A join keeps one side in memory: the joined table, or, of a join that may
// match several rows, the table that is joined from; the larger side streams.
// Group keys, joins and counts of distinct values work on codes that tables
// share (see engine.Codes).
//
// Results depend neither on workers nor on batches. Groups are in the order of
// their keys, nulls first; rows of a table that is not grouped are in the order
// of the files they come from.
//
// Groups, sets of distinct values and joined tables are held in memory. They ask
// the budget for it; when it refuses, the table that holds the most gives up, the
// others go on, and it is built in parts afterwards: by the keys of its groups, by
// the columns that a join compares, or by the values that are counted, whichever
// takes the memory (see parts.split). Parts are merged in order, so that the file
// is the same as that of a build in one go. What cannot be divided fails and says
// so: two joined tables, each too large, that are joined by different columns. Tables
// that are not grouped stream, whatever their size.
package gold
