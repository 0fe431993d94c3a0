// Package project binds lakehouse.yaml to types: the checked plan that every
// engine, catalog and report is made from.
//
// Bind resolves every name, types every expression and orders what depends on
// one another, and reports all that is wrong with its place in the file. A
// Project that it returned needs no further checking: columns are indexes and
// expressions are programs over slots, which Silver and Gold define.
package project
