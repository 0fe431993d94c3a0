package lake

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/schema"
)

// The layers of a lake.
const (
	Bronze     = "bronze"
	Silver     = "silver"
	Gold       = "gold"
	Quarantine = "quarantine"
)

// TableRef names a table: a dataset in a layer. It is comparable, and is
// written as "silver.transactions".
type TableRef struct{ Layer, Name string }

// ParseTableRef reads what String prints.
func ParseTableRef(text string) (TableRef, error) {
	layer, name, _ := strings.Cut(text, ".")
	ref := TableRef{layer, name}
	return ref, ref.check()
}

// check says whether the reference can name a folder of the lake. A layer that
// begins with an underscore would be among lakectl's own folders.
func (t TableRef) check() error {
	bad := t.Layer == "" || t.Name == "" || strings.ContainsAny(t.Layer, "./_") || strings.ContainsAny(t.Name, "/\x00") ||
		strings.HasPrefix(t.Name, ".") || strings.HasPrefix(t.Name, "_")
	if bad {
		return fmt.Errorf("%q does not name a table of a layer", t.String())
	}
	return nil
}

// String prints layer.name.
func (t TableRef) String() string { return t.Layer + "." + t.Name }

// Dir returns the folder of the table's files in the lake, without a slash at its end.
func (t TableRef) Dir() string { return t.Layer + "/" + t.Name }

// IndexDir returns the folder of the table's index files, which engines do not read.
func (t TableRef) IndexDir() string { return keysDir + t.String() }

// MarshalText implements encoding.TextMarshaler.
func (t TableRef) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *TableRef) UnmarshalText(text []byte) (err error) {
	*t, err = ParseTableRef(string(text))
	return err
}

// Compare orders references by their text.
func (t TableRef) Compare(other TableRef) int { return strings.Compare(t.String(), other.String()) }

// Column is a column of a table as a commit records it. Type is written as
// schema.Type prints it.
type Column struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable,omitempty"`
}

// Columns returns the columns of a table as a commit records them.
func Columns(t schema.Table) []Column {
	columns := make([]Column, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = Column{c.Name, c.Type.String(), c.Nullable}
	}
	return columns
}

// SchemaOf is the inverse of Columns. It fails on types that this version of
// lakectl does not know.
func SchemaOf(columns []Column) (schema.Table, error) {
	var t schema.Table
	for _, c := range columns {
		kind := schema.T(schema.Binary)
		if c.Type != kind.String() {
			var err error
			if kind, err = schema.ParseType(c.Type); err != nil {
				return schema.Table{}, fmt.Errorf("column %s: %w", c.Name, err)
			}
		}
		t.Columns = append(t.Columns, schema.Column{Name: c.Name, Type: kind, Nullable: c.Nullable})
	}
	return t, nil
}
