// Package catalogtest holds a Glue data catalog in memory, for tests: with
// versions, limits and errors as Glue has them, and faults where a test wants
// them.
package catalogtest
