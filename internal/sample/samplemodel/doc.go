// Package samplemodel is the referee of the sample project: a slow model, a row
// at a time, of what SEMANTICS makes of its raw files, from bytes to gold. Only
// tests import it.
//
// It shares no code with the engine and knows one project, whose lakehouse.yaml
// it follows by hand: with maps, math/big and time.Parse, so that it can be
// checked by reading. It works on files of any seed and size that fit in memory.
//
// Values are text in one canonical form: decimals with all digits of their
// scale, dates as 2006-01-02, timestamps as time.Format gives them in UTC with
// the layout Timestamp. A null is a column that a Row does not have.
package samplemodel
