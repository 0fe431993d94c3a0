//go:build race

package gold

// keysBeyondMemory is how many keys are more than there is memory for; with the
// race detector, which makes all ten times slower, just so.
const keysBeyondMemory = 120_000
