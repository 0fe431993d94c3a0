package quarantine

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
)

// Columns that follow the raw columns of a quarantined row.
const (
	SourceFile         = "source_file"
	SourceRow          = "source_row"
	SourceLine         = "source_line"   // physical line, where known
	SourceOffset       = "source_offset" // byte in the decompressed file, where known
	RawRecord          = "raw_record"    // the bytes of a record that could not be split
	IngestionTimestamp = "ingestion_timestamp"
	IngestionDate      = "ingestion_date" // the partition
	Stage              = "stage"          // read or check
	Reasons            = "reasons"        // JSON: [{"check", "column", "value", "detail"}]
	RunID              = "run_id"
)

// Stages at which rows end in quarantine.
const (
	Read  = "read"  // the record could not be read; it never reached bronze
	Check = "check" // the row failed a check
)

// Schema returns the columns of a quarantine file with these raw columns.
func Schema(raw []string) schema.Table {
	var t schema.Table
	add := func(name string, kind schema.Kind, nullable bool) {
		t.Columns = append(t.Columns, schema.Column{Name: name, Type: schema.T(kind), Nullable: nullable})
	}
	for _, name := range raw {
		add(name, schema.String, true)
	}
	add(SourceFile, schema.String, false)
	add(SourceRow, schema.Bigint, false)
	add(SourceLine, schema.Bigint, true)
	add(SourceOffset, schema.Bigint, true)
	add(RawRecord, schema.Binary, true)
	add(IngestionTimestamp, schema.Timestamp, false)
	add(Stage, schema.String, false)
	add(Reasons, schema.String, false)
	add(RunID, schema.String, false)
	return t
}

// Partition returns the partition column of quarantine and bronze.
func Partition() schema.Column {
	return schema.Column{Name: IngestionDate, Type: schema.T(schema.Date)}
}

// ReadPath returns the path of the records of one source file that could not be
// read. id tells the version of the source file from all others.
func ReadPath(dataset, partition, id string) string {
	return fmt.Sprintf("%s/%s/read-%s.parquet", lake.TableRef{Layer: lake.Quarantine, Name: dataset}.Dir(), partition, id)
}

// RowsPath returns the path of the rows that a silver commit quarantined.
func RowsPath(dataset, partition string, sequence uint64) string {
	return fmt.Sprintf("%s/%s/rows-%020d.parquet", lake.TableRef{Layer: lake.Quarantine, Name: dataset}.Dir(), partition, sequence)
}

// Judged says whether a file holds rows that failed a check, which a rebuild
// derives anew, and not records that could not be read.
func Judged(path string) bool {
	return strings.HasPrefix(path[strings.LastIndexByte(path, '/')+1:], "rows-")
}
