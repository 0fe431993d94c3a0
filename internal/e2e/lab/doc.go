// Package lab runs projects in temporary folders for tests, and reads back what
// they made, row by row. Only tests import it.
package lab
