//go:build race

package duckdb

// thin is every how many cases of long tests are tried: with the race detector, which
// makes all ten times slower, one in two.
const thin = 2
