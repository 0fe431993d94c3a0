// Package source finds the raw files of a dataset and opens them.
//
// A file is known by its path as the project sees it: relative to the project's
// folder with forward slashes, or absolute where the source was given so. That
// path is the source_file of its rows and its identity in the lake's log.
package source
