package queries

import (
	"slices"
	"strings"
)

// reading are the words with which a statement begins that changes nothing.
var reading = []string{"select", "with", "values", "table", "show", "describe", "desc"}

// explaining are those that may stand before such a word: how it would be run.
var explaining = []string{"explain", "analyze", "verbose", "type", "logical", "distributed", "validate", "io", "format", "text", "json", "graphviz", "using", "tabular"}

// Reads says whether the statement is one that only reads, by its first words: for
// engines that would also run another.
func (q Query) Reads() bool {
	words := strings.FieldsFunc(strings.ToLower(code(q.SQL)), func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	if len(words) > 0 && words[0] == explaining[0] {
		for len(words) > 0 && slices.Contains(explaining, words[0]) {
			words = words[1:]
		}
	}
	return len(words) > 0 && slices.Contains(reading, words[0])
}
