// Package term is what lakectl knows of terminals: streams, colours, tables,
// progress and questions, and numbers as people read them.
//
// Results go to IO.Out, everything else to IO.Err. Only a terminal gets colour,
// progress and truncated tables; a pipe gets the same text, plain and whole.
// NO_COLOR, CLICOLOR_FORCE and TERM=dumb are respected. Text that comes from
// data is made harmless before it is shown (Clean).
package term
