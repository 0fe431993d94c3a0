// Package cli is the commands of lakectl: it reads arguments, calls the packages
// below, and shows what they return. It is the only package that prints, that
// knows of exit codes, and that imports cobra.
//
// There is one file for each command. newXCmd(app, runF) makes the command and
// fills an XOptions; runX(ctx, opts) does the work. A test gives runF to look at
// the options instead of running them.
//
// Results go to standard output, everything else to standard error. With --json
// standard output holds one JSON document, the result, and after a failure
// standard error holds one as well:
//
//	{"error": {"class": "gate", "exit_code": 3, "message": "...", "next": "...", "problems": []}}
//
// Commands return errors; Main prints them, once, and turns the class of the
// error (package diag) into the exit code.
package cli
