package config

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
)

// Map holds named values in the order of the file. Names are unique.
type Map[T any] struct {
	Entries []Entry[T]
	Pos     diag.Pos // of the first key, or of the opening brace
}

// Entry is one named value; Pos is the place of the name.
type Entry[T any] struct {
	Name  string
	Pos   diag.Pos
	Value T
}

// IsSet says whether the map is in the file.
func (m Map[T]) IsSet() bool { return m.Pos.Line > 0 }

// Len returns the number of entries.
func (m Map[T]) Len() int { return len(m.Entries) }

// Get returns the entry of that name, or nil.
func (m Map[T]) Get(name string) *Entry[T] {
	i := slices.IndexFunc(m.Entries, func(e Entry[T]) bool { return e.Name == name })
	if i < 0 {
		return nil
	}
	return &m.Entries[i]
}

// Names returns the names in order.
func (m Map[T]) Names() []string {
	names := make([]string, len(m.Entries))
	for i, e := range m.Entries {
		names[i] = e.Name
	}
	return names
}

// decode implements decodable.
func (m *Map[T]) decode(d *decoder, n *node, r rules) {
	m.Pos = n.pos
	switch n.kind {
	case emptyKind, nullKind:
		return
	case mapKind:
	default:
		d.wrong(n, "a map of names")
		return
	}
	m.Entries = make([]Entry[T], len(n.entries))
	for i, e := range n.entries {
		d.name(e.name, e.pos, r.names)
		m.Entries[i].Name, m.Entries[i].Pos = e.name, e.pos
		d.value(reflect.ValueOf(&m.Entries[i].Value).Elem(), e.value, rules{}, e.pos)
	}
}

// The kinds of names that tags speak of.
const (
	tableNames  = "table"
	columnNames = "column"
	goldNames   = "gold column"
	checkNames  = "check"
	tagNames    = "tag"
	freeNames   = "" // names of things defined elsewhere
)

// namePatterns say what names look like. Glue and Hive lower-case names, and
// readers skip folders that begin with an underscore.
var namePatterns = map[string]string{
	tableNames:  `^[a-z][a-z0-9_]{0,127}$`,
	columnNames: `^[a-z_][a-z0-9_]{0,127}$`,
	goldNames:   `^[a-z_][a-z0-9_]{0,127}$`,
	checkNames:  `^[a-z_][a-z0-9_]{0,127}$`,
	tagNames:    `^[a-zA-Z0-9+=._:/@-][a-zA-Z0-9 +=._:/@-]{0,127}$`,
	freeNames:   ``,
}

var nameRegexps = func() map[string]*regexp.Regexp {
	out := make(map[string]*regexp.Regexp, len(namePatterns))
	for k, p := range namePatterns {
		out[k] = regexp.MustCompile(p)
	}
	return out
}()

// Reserved are the names of the columns that lakectl adds to tables of one
// layer or another. Silver columns and raw columns cannot have them.
var reserved = []string{
	"source_file", "source_row", "ingestion_timestamp", "ingestion_date", "processed_timestamp",
	"data_quality_flag", "data_quality_issues", AggregationTimestamp, "run_id", "reasons",
}

// AggregationTimestamp is the column that lakectl adds to gold tables.
const AggregationTimestamp = "aggregation_timestamp"

// Reserved says whether lakectl itself adds a column of that name to a table,
// ignoring case.
func Reserved(name string) bool { return slices.Contains(reserved, strings.ToLower(name)) }

// name checks a name of our own.
func (d *decoder) name(name string, pos diag.Pos, kind string) {
	pattern := nameRegexps[kind]
	switch {
	case !pattern.MatchString(name):
		hint := "names are of a-z, 0-9 and _, and begin with a letter"
		if better := NormaliseName(name); pattern.MatchString(better) {
			hint = "write " + better + ": names are of a-z, 0-9 and _, because Glue and Hive lower-case them"
		}
		d.add(pos, hint, "%s cannot be the name of a %s", quote(name), kind)
	case kind == columnNames && Reserved(name), kind == goldNames && name == AggregationTimestamp:
		d.add(pos, "choose another name", "the name %q is lakectl's own", name)
	case kind == checkNames && slices.Contains(limitNames(), name):
		d.add(pos, "choose another name", "the name %q is that of a limit", name)
	}
}

// limitNames are the names of gates that are limits.
func limitNames() []string { return shapeOf(reflect.TypeFor[Limits]()).names() }

// NormaliseName is what `normalise_names: true` makes of a raw column's name:
// lower case, an underscore for each run of blanks, and none for those around it.
func NormaliseName(name string) string {
	return strings.Join(strings.Fields(strings.ToLower(name)), "_")
}
