//go:build race

package gold

// How much is tried with the race detector, which makes all ten times slower.
const (
	keysBeyondMemory = 120_000
	thin             = 2
)
