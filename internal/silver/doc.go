// Package silver makes clean tables of bronze: rows typed and judged, one for
// each key, in partitions.
//
// A build reads the bronze files that the table has not consumed yet, and the
// partitions of the table that their keys touch, nothing else. It runs in two
// passes: the first reads the keys alone and finds those that may occur twice;
// the second sends rows with other keys straight to their partitions and
// settles the rest among themselves. What does not fit the memory budget goes
// to disk. Which rows result depends neither on the number of workers nor on
// how files were grouped into runs (SEMANTICS section 3).
package silver
