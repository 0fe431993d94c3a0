package duckdb

import (
	_ "embed" // for the macros
	"strings"
)

//go:embed macros.sql
var macros string

const createMacro = "\ncreate macro "

// macrosFor returns the statements that make the macros that a statement may use:
// those whose names it has somewhere. All of them would take as long as many a
// statement itself.
func macrosFor(statement string) string {
	statement = strings.ToLower(statement)
	var b strings.Builder
	for _, macro := range strings.Split(macros, createMacro)[1:] {
		name, _, _ := strings.Cut(macro, "(")
		if strings.Contains(statement, name) { // comments that follow it do no harm
			b.WriteString(createMacro + strings.TrimSpace(macro))
		}
	}
	return b.String()
}
