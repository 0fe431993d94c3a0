// Package programtest builds a program for tests that passes for lakectl, but is
// small and does nothing.
package programtest
