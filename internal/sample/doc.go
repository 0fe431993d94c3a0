// Package sample makes the raw files of the sample project: customers and their
// transactions as CSV, of any number of rows, with known defects.
//
// A row is a pure function of the seed and its number. So the files are the
// same whatever the number of workers, ids are unique without a set of those
// given out, a later version of a row can be written gigabytes after it without
// remembering it, and memory does not grow with the number of rows.
//
// Defects are spread evenly and dealt from a fixed cycle of classes, so that
// even a small file holds each of them. Summary counts what was written and
// what the sample project makes of it; tests and the benchmark assert on it.
package sample
