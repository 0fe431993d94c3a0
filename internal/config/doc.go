// Package config reads lakehouse.yaml.
//
// The Go types in this package are the file's grammar: their struct tags name
// the keys, say what is required and describe them. One decoder fills them
// from the syntax tree, and the JSON Schema for editors is made from the same
// types, so the two cannot disagree.
//
// Every value keeps its place, maps keep the file's order, and all problems of
// a file are reported at once with file, line and column. What needs types, such
// as whether a column exists, is the business of package project.
//
// Struct tags: `yaml` is the key, followed by ",required" or by ",short" if
// the struct may be written as this field's value alone; `doc` describes it;
// `enum` lists the values of a text and `later` those that are known but not
// supported yet; `default` is the value when the key is absent; `names` is the
// kind of name that a map's keys must be. A blank field tagged `oneof` lists
// the fields of which exactly one must be given.
package config
