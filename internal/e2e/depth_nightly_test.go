//go:build nightly

package e2e

// How much is tried at night: everything.
const (
	faultStep     = 1
	faultTurn     = 6
	interruptStep = 3
	kills         = 50
	killRows      = 240_000
	smallRows     = 1500
	seeds         = 2
	allWays       = true
	thin          = 1
)
