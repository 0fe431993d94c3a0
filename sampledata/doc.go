// Package sampledata is the sample project: its lakehouse.yaml, raw files with
// known defects, and a description of all tables. `lakectl init` writes it into
// a folder; tests and `make demo` run it.
//
// The raw files are made by `lakectl generate --sample`, that is, by package
// internal/sample, whose tests make them again and compare.
package sampledata
