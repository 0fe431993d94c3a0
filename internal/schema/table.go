package schema

import (
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
)

// Column is a named, typed column. Nullable columns may hold nulls.
type Column struct {
	Name     string
	Type     Type
	Nullable bool
}

// Table is the ordered columns of a table. The order is the file's order.
type Table struct{ Columns []Column }

// Index returns the position of the column of that name, or -1.
func (t Table) Index(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// Names returns the columns' names in order.
func (t Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// Without returns the table less the columns of these names: those that stand
// in the path of a partition are not in its file.
func (t Table) Without(names ...string) Table {
	var out Table
	for _, c := range t.Columns {
		if !slices.Contains(names, c.Name) {
			out.Columns = append(out.Columns, c)
		}
	}
	return out
}

// Arrow returns the Arrow schema with plain (not dictionary) strings.
func (t Table) Arrow() *arrow.Schema {
	fields := make([]arrow.Field, len(t.Columns))
	for i, c := range t.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type.Arrow(), Nullable: c.Nullable}
	}
	return arrow.NewSchema(fields, nil)
}
