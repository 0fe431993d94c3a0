// Package engine holds the operators that the layers are built of: running
// tasks on several workers, storing rows by partition within a memory budget,
// finding repeated keys, joining and aggregating.
//
// Operators work on Arrow arrays, a batch at a time. Each takes the number of
// the worker that calls it and keeps its state apart for each, so that no lock
// is taken per batch; a sequence number fixes the order of the results,
// whichever worker computed them.
package engine
