//go:build !race

package gold

const (
	keysBeyondMemory = 300_000 // keys that are more than there is memory for
	thin             = 1       // every how many cases of long tests are tried
)
