// Package arch holds the tests of the shape of this code: which package may
// import which, and how long files and functions may be. It has no code.
//
// Packages stand in rows, and import from lower rows only:
//
//	cmd e2e
//	cli > term
//	pipeline
//	query
//	report doctor
//	aws snowflake
//	bronze silver gold
//	spark
//	quality quarantine source lineage sample
//	project
//	table
//	lake journal
//	engine
//	expr
//	vec
//	csvio jsonio parquetio
//	config storage
//	aws/session
//	schema budget diag
//
// Those of one row do not import each other. A sub-package stands in the row of
// its parent and may import its family. So a layer is read from the top, a
// lower package is understood without those above it, and what bronze, silver
// and gold have in common has a name of its own.
package arch
