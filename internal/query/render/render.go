package render

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/schema"
)

// The formats.
const (
	CSV      = "csv"
	JSON     = "json"
	NDJSON   = "ndjson"
	Markdown = "markdown"
	Parquet  = "parquet"
	Arrow    = "arrow"
)

// Formats returns the names of all formats, those of text first.
func Formats() []string { return []string{CSV, JSON, NDJSON, Markdown, Parquet, Arrow} }

// Binary says whether a format is not text, and of no use on a terminal.
func Binary(format string) bool { return format == Parquet || format == Arrow }

// Writer takes the rows of a result, batch by batch. It is for one goroutine.
type Writer interface {
	// Write writes the rows of a batch: of the columns' Arrow types, with strings
	// plain or dictionary-coded. It does not keep the batch.
	Write(batch arrow.Record) error
	// Close completes the output, also where there were no rows. It does not
	// close what is written to.
	Close() error
}

// New returns a writer of a format. It writes nothing before the first batch, or
// Close. JSON is a document {"rows": [...]}; NewDocument says more in it.
func New(format string, w io.Writer, columns []schema.Column) (Writer, error) {
	switch format {
	case CSV:
		return newRows(w, columns, csvLayout(columns)), nil
	case JSON:
		return NewDocument(w, columns, DocumentOptions{})
	case NDJSON:
		return newRows(w, columns, ndjsonLayout(columns)), nil
	case Markdown:
		return newRows(w, columns, markdownLayout(columns)), nil
	case Parquet:
		return newParquet(w, columns)
	case Arrow:
		return newArrow(w, columns), nil
	}
	return nil, fmt.Errorf("there is no format %q of rows", format)
}

// uniqueNames returns names of columns for formats in which values are found by
// name: of those that repeat, later ones get a number, and none is empty.
func uniqueNames(columns []schema.Column) []string {
	names := schema.Table{Columns: columns}.Names()
	unique := make([]string, 0, len(names))
	for i, name := range names {
		base, number := name, 2
		if base == "" {
			base, name = "column", "column_"+strconv.Itoa(i+1)
		}
		// A name of the result itself is never taken from its column.
		for slices.Contains(unique, name) || name != names[i] && slices.Contains(names, name) {
			name = base + "_" + strconv.Itoa(number)
			number++
		}
		unique = append(unique, name)
	}
	return unique
}
