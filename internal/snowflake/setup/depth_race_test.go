//go:build race

package setup

// thin is every how many cases of long tests are tried: with the race detector, which
// makes all ten times slower, one in four.
const thin = 4
