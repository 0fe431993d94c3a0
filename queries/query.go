package queries

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Query is one named question.
type Query struct {
	Name        string
	Description string
	Parameters  []Parameter
	File        string // where it was read
	SQL         string // without the header
	Line        int    // of the SQL's first line in the file
}

// Parameter is what a query asks for.
type Parameter struct {
	Name        string
	Type        string  // one of lakehouse.yaml's
	Default     *string // nil if a value must be given
	Description string
	Line        int
}

// Problem is something wrong with a file of a query.
type Problem struct {
	File    string
	Line    int // 0: the file as a whole
	Message string
	Hint    string // what to do, may be empty
}

// Error says what is wrong, and where.
func (p Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
}

var nameRegexp = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Load reads the queries for an engine: the .sql files at the root of a folder,
// and in its folder of the engine's name, which come first. They are sorted by
// name. A folder that is not there has none. Queries in which something is wrong
// are left out; problems with files are returned as such, all of them.
func Load(fsys fs.FS, engine string) ([]Query, []Problem, error) {
	byName := map[string]Query{}
	var problems []Problem
	for _, dir := range []string{".", engine} {
		files, err := fs.Glob(fsys, path.Join(dir, "*.sql"))
		if err != nil {
			return nil, nil, err
		}
		for _, name := range files {
			text, err := fs.ReadFile(fsys, name)
			if err != nil {
				return nil, nil, err
			}
			q, found := Parse(name, string(text))
			problems = append(problems, found...)
			if len(found) == 0 {
				byName[q.Name] = q
			}
		}
	}
	list := make([]Query, 0, len(byName))
	for _, q := range byName {
		list = append(list, q)
	}
	slices.SortFunc(list, func(a, b Query) int { return strings.Compare(a.Name, b.Name) })
	return list, problems, nil
}

// Merge returns the queries of both, sorted by name; of two of one name that of
// own.
func Merge(own, builtin []Query) []Query {
	return merge(own, builtin, func(q Query) string { return q.Name })
}

func merge[T any](own, builtin []T, name func(T) string) []T {
	list := slices.Clone(own)
	for _, b := range builtin {
		if !slices.ContainsFunc(own, func(o T) bool { return name(o) == name(b) }) {
			list = append(list, b)
		}
	}
	slices.SortFunc(list, func(a, b T) int { return strings.Compare(name(a), name(b)) })
	return list
}

// Parse reads the text of a file and returns all that is wrong with it.
func Parse(file, text string) (Query, []Problem) {
	p := &parser{query: Query{File: file}}
	p.header(text)
	p.finish(strings.TrimSuffix(path.Base(file), ".sql"))
	return p.query, p.problems
}
