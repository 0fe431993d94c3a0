// Package queries holds named questions to a lake, in Trino's SQL (folder
// athena), and reads such files; those of a project, too, which stand in its own
// folder queries and come first.
//
// A file begins with comments that say what it is:
//
//	-- name: gold_daily
//	-- description: Sales of each day
//	-- parameter: since date 2026-01-01 The first day that is shown
//
// The name is that of the file. A parameter has a name, a type, a default (- if
// it has none; 'in quotes' if it has blanks) and a description; the SQL says
// :since where its value goes. ${bronze}, ${silver} and ${gold} in the SQL are
// the databases of the layers.
package queries
