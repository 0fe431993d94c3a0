//go:build race

package lake

// thin is every how many cases of long tests are tried: with the race detector, which
// makes all ten times slower, one in five.
const thin = 5
