// Package diag is how lakectl speaks about what is wrong: positions in files,
// problems with hints, and errors that carry the exit code they end the
// process with.
//
// Every layer returns these; only package cli prints them, once.
package diag
