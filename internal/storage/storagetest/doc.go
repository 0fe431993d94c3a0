// Package storagetest is the tests that every storage.Bucket passes. An
// adapter calls Run from its own tests.
package storagetest
