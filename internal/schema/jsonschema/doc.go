// Package jsonschema describes what encoding/json makes of a Go type as a JSON
// Schema (draft 2020-12), so that other programs can check files that lakectl
// writes for them. It knows what lakectl's types use: structs, also embedded,
// maps, lists, pointers, numbers, texts and times.
package jsonschema
