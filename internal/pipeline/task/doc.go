// Package task is what lakectl does inside a task of Spark: it reads one raw
// file, or writes rows that come as an Arrow stream, by the same code as a run on
// one machine. The files are staged for the transaction of the process that
// conducts the run, which is told of them.
//
// A task reads its Order, one line of JSON, then the stream if it is one that
// writes rows, and prints one Report. A task may be run twice, also at the same
// time; it stages the same bytes.
package task
