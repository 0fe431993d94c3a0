package queries

import (
	"regexp"
	"slices"
	"strings"
)

var mentionRegexp = regexp.MustCompile(`(?i)(?:\$\{(bronze|silver|gold|quarantine)\}|"(bronze|silver|gold|quarantine)"|\b(bronze|silver|gold|quarantine))\s*\.\s*(?:"([^"]+)"|([a-z_][a-z0-9_]*))`)

// Mentions returns what may be tables of layers in the SQL, as layer.table in
// lower case, each once, in order: names after the name of a layer, outside of
// texts and comments. Not all need be tables: a layer's name may be an alias.
func (q Query) Mentions() []string {
	var names []string
	for _, m := range mentionRegexp.FindAllStringSubmatch(code(q.SQL), -1) {
		name := strings.ToLower(m[1] + m[2] + m[3] + "." + m[4] + m[5])
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// code returns the SQL without its comments and with nothing in its texts.
func code(sql string) string {
	var b strings.Builder
	at := 0
	for _, t := range scan(sql) {
		if t.kind == comment || sql[t.at] == '\'' {
			b.WriteString(sql[at:t.at] + " ")
			at = t.end
		}
	}
	return b.String() + sql[at:]
}
