package project

import (
	"math/big"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

// Gold is a business table.
//
// Its programs read slots: first all columns of From.Table(), in order, then
// those of each join's Table.Table(), beginning at Join.First. Where alone and
// the Where of a join see one table: its slots are those of that table's
// Table(), from 0.
//
// The rows are made in this order: Where, Latest, joins, then groups and
// measures, or Columns.
type Gold struct {
	Name   string
	From   *Silver
	Where  *expr.Program // over From.Table(); nil keeps all rows
	Latest int           // index of From.Table(): keep the rows of its greatest value; -1
	Joins  []*Join       // left joins, in the file's order

	// A table is grouped, then Groups is not empty and Columns is; or it is not
	// and the other way round.
	Groups   []*GoldColumn
	Measures []*GoldMeasure
	Columns  []*GoldColumn

	PartitionBy []int // indexes of Table()
	TableChecks []*TableCheck
	Definition  string            // hash of the definition and of all upstream of it, hex
	Parts       map[string]string // hashes of its parts, such as measures.total
	Pos         diag.Pos
}

// Join is a left join with a silver table.
type Join struct {
	Table *Silver
	First int // slot of the first column of Table.Table()
	On    []JoinOn
	Where *expr.Program // over Table.Table(); nil keeps all rows
	// Unique says that the table's key makes at most one row match. At most one
	// join of a table is not; that one may match several rows.
	Unique bool
	Pos    diag.Pos
}

// JoinOn is two columns of the same type that must be equal.
type JoinOn struct {
	Left  int // index of From.Table()
	Right int // index of Join.Table.Table()
}

// GoldColumn is a group key or a column of a table that is not grouped.
type GoldColumn struct {
	Name     string
	Type     schema.Type
	Nullable bool
	Program  *expr.Program // its type is Type
	Pos      diag.Pos
}

// GoldMeasure is an aggregated column; the type of its Post is Type.
type GoldMeasure struct {
	Name     string
	Type     schema.Type
	Nullable bool
	Measure  *expr.Measure
	Pos      diag.Pos
}

// Grouped says whether the table has one row for each group.
func (g *Gold) Grouped() bool { return len(g.Groups) > 0 }

// Slots returns how many slots the programs may read.
func (g *Gold) Slots() int {
	n := len(g.From.Table().Columns)
	for _, j := range g.Joins {
		n += len(j.Table.Table().Columns)
	}
	return n
}

// Table returns all columns in order: group keys and measures, or the columns,
// then aggregation_timestamp.
func (g *Gold) Table() schema.Table {
	var t schema.Table
	for _, columns := range [][]*GoldColumn{g.Groups, g.Columns} {
		for _, c := range columns {
			t.Columns = append(t.Columns, schema.Column{Name: c.Name, Type: c.Type, Nullable: c.Nullable})
		}
	}
	for _, m := range g.Measures {
		t.Columns = append(t.Columns, schema.Column{Name: m.Name, Type: m.Type, Nullable: m.Nullable})
	}
	t.Columns = append(t.Columns, schema.Column{Name: AggregationTime, Type: schema.T(schema.Timestamp)})
	return t
}

// PartitionNames returns the names of the columns in PartitionBy.
func (g *Gold) PartitionNames() []string {
	names := make([]string, len(g.PartitionBy))
	columns := g.Table().Columns
	for i, c := range g.PartitionBy {
		names[i] = columns[c].Name
	}
	return names
}

// FileTable returns the columns that stand in the table's files: all but those
// in the path.
func (g *Gold) FileTable() schema.Table { return g.Table().Without(g.PartitionNames()...) }

// TableCheckKind is what a table check looks at.
type TableCheckKind uint8

// The kinds of table checks.
const (
	RowCount  TableCheckKind = iota + 1 // MinRows, MaxRows
	Unique                              // Columns together never repeat; rows with a null in one of them do not count
	NullShare                           // MaxNulls of Columns[0]
	Newest                              // the greatest value of Columns[0], a date or timestamp, is at most Within old
	Sum                                 // the sum of Columns[0]: Min, Max, Equals
)

// TableCheck is a condition on a table as a whole.
type TableCheck struct {
	Name     string
	Kind     TableCheckKind
	OnFail   OnFail        // Flag or Fail
	Columns  []int         // indexes of the table's Table()
	MinRows  int64         // -1 is no bound
	MaxRows  int64         // -1 is no bound
	MaxNulls float64       // 0.05 is 5 %
	Within   time.Duration // more than 0
	Min, Max *big.Rat      // nil is no bound
	Equals   *OtherSum     // nil if the sum is not compared
	Pos      diag.Pos
}

// OtherSum is the sum that another must equal. One of Silver and Gold is set;
// a check of a silver table compares silver tables alone. The other table is
// that of the same run, as it is about to be published.
type OtherSum struct {
	Silver    *Silver
	Gold      *Gold
	Column    int           // index of the other's Table()
	Where     *expr.Program // over the other's Table(); nil counts all rows
	Tolerance *big.Rat      // the greatest difference allowed; zero if none is given
}
