package config

import (
	"github.com/lakectl/lakectl/internal/diag"
)

// Gold is a business table made from silver tables.
type Gold struct {
	Pos         diag.Pos        `yaml:"-"`
	From        String          `yaml:"from,required" doc:"The silver table it is made from."`
	Where       String          `yaml:"where" doc:"Which rows of it are used."`
	Join        Map[Join]       `yaml:"join" doc:"Silver tables to join (left join), by name."`
	Latest      String          `yaml:"latest" doc:"Keep only the rows with the greatest value of this column."`
	GroupBy     Map[Measure]    `yaml:"group_by" names:"gold column" doc:"Columns to group by: a name and what it is made of."`
	Measures    Map[Measure]    `yaml:"measures" names:"gold column" doc:"Columns computed for each group: a name and an expression with aggregates."`
	Columns     Map[Measure]    `yaml:"columns" names:"gold column" doc:"Columns of a table that is not grouped; by default all columns of the silver table."`
	PartitionBy Strings         `yaml:"partition_by" doc:"Column or columns whose values become folders."`
	TableChecks Map[TableCheck] `yaml:"table_checks" names:"check" doc:"Conditions on the table as a whole."`
}

// Measure is an expression and the type of its result. `name: expression` is
// short for `name: {expr: expression}`.
type Measure struct {
	Pos  diag.Pos `yaml:"-"`
	Expr String   `yaml:"expr,required,short" doc:"The expression."`
	Type Type     `yaml:"type" doc:"The type of the column; by default the expression's own."`
}

// Join is a left join with a silver table.
type Join struct {
	Pos   diag.Pos `yaml:"-"`
	On    On       `yaml:"on,required" doc:"Columns that must be equal: a name, a list of names, or a map of this table's columns to the joined table's."`
	Where String   `yaml:"where" doc:"Which rows of the joined table are used."`
}

// On is the equal columns of a join.
type On struct {
	Pairs []OnPair
	Pos   diag.Pos
}

// OnPair is two columns that must be equal: Left of the table that is joined
// to, Right of the joined one. Written as one name, both are the same text.
type OnPair struct{ Left, Right String }

// decode implements decodable.
func (o *On) decode(d *decoder, n *node, r rules) {
	o.Pos = n.pos
	if n.kind != mapKind {
		var names Strings
		names.decode(d, n, r)
		for _, name := range names.Items {
			o.Pairs = append(o.Pairs, OnPair{name, name})
		}
		return
	}
	if len(n.entries) == 0 {
		d.add(n.pos, "name the columns that must be equal", "the map is empty")
	}
	for _, e := range n.entries {
		left := String{Value: e.name, Pos: e.pos, text: diag.Text{Value: e.name, Start: e.pos}}
		var right String
		if e.value.kind != refusedKind {
			right.decode(d, e.value, r)
		}
		o.Pairs = append(o.Pairs, OnPair{left, right})
	}
}
