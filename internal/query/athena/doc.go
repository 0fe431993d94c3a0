// Package athena runs statements in Athena, in the workgroup of the lakehouse.
//
// Values are parameters of the execution, which Athena takes as literals of SQL;
// queries.Value.Literal writes them, and nothing of a value stands in the
// statement. A statement is started with a token of its own, so that an answer
// that was lost does not start it twice, and it is stopped when its context is.
//
// A small result comes by pages. A large one is read from the file that Athena
// wrote, as it comes, so that its size is no matter.
package athena
