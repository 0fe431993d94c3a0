//go:build !race

package gold

// keysBeyondMemory is how many keys are more than there is memory for.
const keysBeyondMemory = 300_000
