// Package pipeline runs a project: files to bronze, bronze to silver, silver to
// gold, each layer in one commit.
//
// A run takes the lake's lease, finishes what an earlier one left, and builds
// what is out of date: tables whose inputs have changed since their last commit
// or whose definition has. What is up to date is not read. A layer whose gates
// fail publishes nothing, and the layers after it are not built.
package pipeline
