//go:build !linux

package doctor

// freeMemory does not know how much memory is free.
func freeMemory() (free int64, source string) { return 0, "" }
