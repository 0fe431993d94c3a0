// Package program finds the program that jobs in Glue start beside Spark: lakectl
// itself, for Linux on x86-64, which needs nothing of the machine that it runs
// on. What it finds is looked at before a job gets it: a program that does not
// start there, or is of another version than the jobs are registered by, fails
// at the first run otherwise, in an account that is billed for it.
//
// The file is never held in memory whole.
package program
