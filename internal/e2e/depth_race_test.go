//go:build race && !nightly

package e2e

// How much is tried with the race detector, which makes all ten times slower.
const (
	faultStep     = 53
	faultTurn     = 1
	interruptStep = 17
	kills         = 2
	killRows      = 30_000
	smallRows     = 400
	seeds         = 1
	allWays       = false
	thin          = 3
)
