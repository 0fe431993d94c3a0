package project

import (
	"time"

	"github.com/lakectl/lakectl/internal/config"
	"github.com/lakectl/lakectl/internal/csvio"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

// Project is lakehouse.yaml bound to types: the checked plan that everything is
// made from. It is never changed and may be shared by goroutines.
type Project struct {
	Config      *config.Config
	Name        string
	Environment string
	Lake        string    // s3:// or a path that this process can open
	Bronze      []*Bronze // in the file's order
	Silver      []*Silver // a table stands after those it refers to
	Gold        []*Gold   // in the file's order
}

// Bronze is a stream of raw files.
type Bronze struct {
	Name            string
	Sources         []string // as the file has them: relative to its folder
	Dialect         csvio.Dialect
	NormaliseNames  bool
	RequiredColumns []string      // raw columns whose absence fails a file, those of required silver columns among them
	Settle          time.Duration // files that changed less than this ago are left alone
	Definition      string        // hash of the dialect, hex
	Pos             diag.Pos
}

// Silver is a clean table.
//
// Its programs read slots: first the raw columns of Raw, then the columns of
// the table in the order of Columns.
type Silver struct {
	Name        string
	From        *Bronze
	Raw         []string  // raw columns that are read: slots 0..len(Raw)-1; a file's columns match exactly, else ignoring case
	Columns     []*Column // in the file's order: slots len(Raw)...
	Order       []int     // indexes of Columns such that each stands after those it reads
	Key         []int     // indexes of Columns; key columns are Required
	LatestBy    int       // index of Columns, or -1
	PartitionBy []int     // indexes of Columns
	Buckets     int       // files of each partition, from 1 to 1000: a row is in the one that its key says
	Distinct    bool
	Checks      []*Check // row checks, in the file's order
	TableChecks []*TableCheck
	Limits      Limits
	// Referenced are the columns (indexes of Columns) that checks of other tables refer to.
	Referenced []int
	Definition string            // hash of the definition and of all upstream of it, hex
	Parts      map[string]string // hashes of its parts, such as columns.amount
	Pos        diag.Pos
}

// Column is one column of a silver table.
type Column struct {
	Name     string
	Type     schema.Type
	Program  *expr.Program // reads slots; its type is Type
	Reads    []int         // indexes of Columns that Program reads
	Required bool
	Pos      diag.Pos
}

// OnFail says what happens when a check fails.
type OnFail uint8

// What happens when a check fails.
const (
	Quarantine OnFail = iota + 1 // the row goes to quarantine (row checks)
	Flag                         // the row, or the table, is flagged
	Fail                         // the run fails, nothing is published
)

// Check is a condition on rows: Expect or References is set.
type Check struct {
	Name   string
	OnFail OnFail
	NullOK bool
	Expect *expr.Program // reads slots of silver columns only
	Reads  []int         // indexes of Columns that the check reads

	References *Reference
	Pos        diag.Pos
}

// Reference is the column of another silver table in which values must occur.
type Reference struct {
	Table  *Silver
	Column int // index of Table.Columns
}

// Limits are gates on how many records of a run and of each file may go to
// quarantine. Negative is no limit.
type Limits struct {
	QuarantinedShare float64 // 0.05 is 5 %
	QuarantinedRows  int64
}

// Lineage and processing columns that lakectl adds.
const (
	SourceFile         = "source_file"
	SourceRow          = "source_row"
	IngestionTimestamp = "ingestion_timestamp"
	IngestionDate      = "ingestion_date"
	ProcessedTimestamp = "processed_timestamp"
	QualityFlag        = "data_quality_flag"
	QualityIssues      = "data_quality_issues"
	AggregationTime    = "aggregation_timestamp"
)

// Table returns all columns of the table in order: those of the file, then
// data_quality_flag, data_quality_issues, source_file, source_row,
// ingestion_timestamp, ingestion_date, processed_timestamp.
func (s *Silver) Table() schema.Table {
	var t schema.Table
	for _, c := range s.Columns {
		t.Columns = append(t.Columns, schema.Column{Name: c.Name, Type: c.Type, Nullable: !c.Required})
	}
	add := func(name string, kind schema.Kind, nullable bool) {
		t.Columns = append(t.Columns, schema.Column{Name: name, Type: schema.T(kind), Nullable: nullable})
	}
	add(QualityFlag, schema.String, false)
	add(QualityIssues, schema.String, true)
	add(SourceFile, schema.String, false)
	add(SourceRow, schema.Bigint, false)
	add(IngestionTimestamp, schema.Timestamp, false)
	add(IngestionDate, schema.Date, false)
	add(ProcessedTimestamp, schema.Timestamp, false)
	return t
}

// PartitionNames returns the names of the columns in PartitionBy.
func (s *Silver) PartitionNames() []string {
	names := make([]string, len(s.PartitionBy))
	for i, c := range s.PartitionBy {
		names[i] = s.Columns[c].Name
	}
	return names
}

// FileTable returns the columns that stand in the table's files: all but those
// in the path.
func (s *Silver) FileTable() schema.Table { return s.Table().Without(s.PartitionNames()...) }

// Bloom returns the key columns that stand in files and can have a bloom
// filter, which a boolean cannot.
func (s *Silver) Bloom() []string {
	file := s.FileTable()
	var names []string
	for _, c := range s.Key {
		if col := s.Columns[c]; file.Index(col.Name) >= 0 && col.Type.Kind != schema.Boolean {
			names = append(names, col.Name)
		}
	}
	return names
}
