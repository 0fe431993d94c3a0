//go:build !nightly && !race

package e2e

// How much is tried in the normal tests.
const (
	faultStep     = 11      // every how many operations of a run one goes wrong
	faultTurn     = 1       // how many of the ways in which it can are tried
	interruptStep = 7       // every how many operations a run is interrupted
	kills         = 6       // times that a process is killed
	killRows      = 240_000 // transactions of the run that is killed
	smallRows     = 1500    // transactions of data for runs that are many
	seeds         = 2       // sets of files that come in different ways
	allWays       = true    // whether they come in all ways, or in two of them
	thin          = 1       // every how many cases of other long tests are tried
)
