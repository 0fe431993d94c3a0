package quarantine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// Reason is why a row is in quarantine: one element of the column Reasons.
type Reason struct {
	Check  string `json:"check"`
	Column string `json:"column,omitempty"`
	Value  string `json:"value,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Row is a row in quarantine.
type Row struct {
	SourceFile string
	SourceRow  int64
	Line       *int64 // physical line; nil where it is not known
	Offset     *int64 // byte in the decompressed file; nil where it is not known
	Ingested   time.Time
	Stage      string
	Run        string
	Reasons    []Reason
	Columns    []string  // the raw columns, shared by all rows
	Raw        []*string // their values; nil is null
	Record     []byte    // a record that could not be split, as it came; else nil
}

// Files are the files of a dataset's quarantine as of a commit.
type Files struct {
	Table *lake.Table // nil is an empty quarantine
	Open  table.Opener
}

// Filter chooses rows.
type Filter struct {
	Reason string // rows with this reason among theirs; empty is any
	File   string // rows of this source file, or of those that the glob matches; empty is any
}

// Scan gives the rows that the filter chooses to do, file by file in the order
// of their paths. It ends early, without an error, when do returns false. Memory
// does not depend on the number of rows. A row is do's.
func (f Files) Scan(ctx context.Context, filter Filter, do func(*Row) (more bool, err error)) error {
	if f.Table == nil {
		return nil
	}
	all, err := lake.SchemaOf(f.Table.Schema)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Table.Ref, err)
	}
	r := &rowReader{filter: filter, raw: rawColumns(all), reasons: newReasonReader(), do: do}
	for i, c := range Schema(nil).Columns {
		r.added[i] = all.Index(c.Name)
	}
	return scan(ctx, f.Open, f.paths(), all.Columns, func(cols []arrow.Array, n int) error { return r.batch(ctx, cols, n) })
}

func (f Files) paths() []string {
	var paths []string
	for _, file := range f.Table.Files() {
		paths = append(paths, file.Path)
	}
	return paths
}

// errEnough ends a scan whose caller wants no more.
var errEnough = errors.New("enough")

// scan gives the batches of files to do, with these columns.
func scan(ctx context.Context, open table.Opener, paths []string, columns []schema.Column, do func(cols []arrow.Array, n int) error) error {
	for _, path := range paths {
		r, err := table.Open(ctx, open, path)
		if err != nil {
			return err
		}
		err = r.ScanAll(columns, do)
		r.Close()
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rawColumns is the inverse of Schema.
func rawColumns(t schema.Table) []string {
	names := t.Names()
	return names[:max(0, len(names)-len(Schema(nil).Columns))]
}

// rowReader makes rows of batches.
type rowReader struct {
	filter  Filter
	raw     []string
	added   [addedColumns]int // places of the columns that follow the raw ones
	reasons *reasonReader
	do      func(*Row) (bool, error)
}

// addedColumns is the number of columns that Schema adds, in this order.
const (
	atSourceFile = iota
	atSourceRow
	atSourceLine
	atSourceOffset
	atRawRecord
	atIngested
	atStage
	atReasons
	atRun
	addedColumns
)

func (r *rowReader) batch(ctx context.Context, cols []arrow.Array, n int) error {
	for i := range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		reasons, err := r.reasons.read(text(cols[r.added[atReasons]], i))
		if err != nil {
			return err
		}
		file := text(cols[r.added[atSourceFile]], i)
		if !r.filter.keeps(file, reasons) {
			continue
		}
		row := r.row(cols, i)
		row.SourceFile, row.Reasons = file, reasons
		more, err := r.do(row)
		if err != nil {
			return err
		}
		if !more {
			return errEnough
		}
	}
	return nil
}

// keeps says whether the filter chooses a row.
func (f Filter) keeps(file string, reasons []Reason) bool {
	if f.File != "" && f.File != file {
		if ok, err := path.Match(f.File, file); err != nil || !ok {
			return false
		}
	}
	return f.Reason == "" || slices.ContainsFunc(reasons, func(r Reason) bool { return r.Check == f.Reason })
}

// row makes a row but for its file and reasons.
func (r *rowReader) row(cols []arrow.Array, i int) *Row {
	at := func(column int) arrow.Array { return cols[r.added[column]] }
	row := &Row{Columns: r.raw, Raw: make([]*string, len(r.raw)), SourceRow: *number(at(atSourceRow), i), Line: number(at(atSourceLine), i),
		Offset: number(at(atSourceOffset), i), Stage: text(at(atStage), i), Run: text(at(atRun), i)}
	for c := range r.raw {
		if cols[c].IsValid(i) {
			value := text(cols[c], i)
			row.Raw[c] = &value
		}
	}
	if record := at(atRawRecord); record.IsValid(i) {
		row.Record = vec.AppendText([]byte{}, record, i)
	}
	if times, ok := at(atIngested).(*array.Timestamp); ok {
		row.Ingested = time.UnixMicro(int64(times.Value(i))).UTC()
	}
	return row
}

func text(col arrow.Array, i int) string { return string(vec.AppendText(nil, col, i)) }

// number returns a value of a bigint column; nil is null.
func number(col arrow.Array, i int) *int64 {
	if col.IsNull(i) {
		return nil
	}
	n := col.(*array.Int64).Value(i)
	return &n
}

// reasonReader reads the column Reasons. It keeps what it has read: many rows
// have the same.
type reasonReader struct{ seen map[string][]Reason }

// mostSeen bounds what a reasonReader keeps.
const mostSeen = 4096

func newReasonReader() *reasonReader { return &reasonReader{seen: map[string][]Reason{}} }

func (r *reasonReader) read(text string) ([]Reason, error) {
	if reasons, ok := r.seen[text]; ok {
		return reasons, nil
	}
	var reasons []Reason
	if err := json.Unmarshal([]byte(text), &reasons); err != nil {
		return nil, fmt.Errorf("the reasons %q cannot be read: %w", text, err)
	}
	if len(r.seen) < mostSeen {
		r.seen[text] = reasons
	}
	return reasons, nil
}

// Summary says what is in a dataset's quarantine.
type Summary struct {
	Dataset string        `json:"dataset"`
	Rows    int64         `json:"rows"`
	Reasons []ReasonCount `json:"reasons"` // most rows first
	Files   []FileCount   `json:"files"`   // by source file
}

// ReasonCount counts the rows with a reason. A row counts for each of its
// reasons, once.
type ReasonCount struct {
	Check   string  `json:"reason"`
	Rows    int64   `json:"rows"`
	Example Example `json:"example"`
}

// Example is the first row with a reason.
type Example struct {
	SourceFile string `json:"source_file"`
	SourceRow  int64  `json:"source_row"`
	Column     string `json:"column,omitempty"`
	Value      string `json:"value,omitempty"`
	Detail     string `json:"detail,omitempty"`
}

// FileCount counts the rows of a source file.
type FileCount struct {
	SourceFile string           `json:"source_file"`
	Rows       int64            `json:"rows"`
	Reasons    map[string]int64 `json:"reasons"`
}

// Summarise counts the rows by reason and by source file. It reads three
// columns; memory grows with the number of reasons and source files only.
func (f Files) Summarise(ctx context.Context) (*Summary, error) {
	if f.Table == nil {
		return Summarise(ctx, f.Open, "", nil)
	}
	return Summarise(ctx, f.Open, f.Table.Ref.Name, f.paths())
}

// Summarise is Files.Summarise for these files of a dataset, which may be staged.
func Summarise(ctx context.Context, open table.Opener, dataset string, paths []string) (*Summary, error) {
	s := &summariser{reasons: newReasonReader(), byCheck: map[string]*ReasonCount{}, byFile: map[string]*FileCount{}}
	var columns []schema.Column
	for _, c := range Schema(nil).Columns {
		if c.Name == SourceFile || c.Name == SourceRow || c.Name == Reasons {
			columns = append(columns, c)
		}
	}
	err := scan(ctx, open, paths, columns, func(cols []arrow.Array, n int) error {
		for i := range n {
			if err := s.add(text(cols[0], i), *number(cols[1], i), text(cols[2], i)); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	return s.summary(dataset), err
}

// summariser counts rows.
type summariser struct {
	reasons *reasonReader
	rows    int64
	byCheck map[string]*ReasonCount
	byFile  map[string]*FileCount
}

func (s *summariser) add(file string, row int64, text string) error {
	reasons, err := s.reasons.read(text)
	if err != nil {
		return err
	}
	s.rows++
	of := s.byFile[file]
	if of == nil {
		of = &FileCount{SourceFile: file, Reasons: map[string]int64{}}
		s.byFile[file] = of
	}
	of.Rows++
	for i, r := range reasons {
		if slices.ContainsFunc(reasons[:i], func(earlier Reason) bool { return earlier.Check == r.Check }) {
			continue
		}
		count := s.byCheck[r.Check]
		if count == nil {
			count = &ReasonCount{Check: r.Check, Example: Example{SourceFile: file, SourceRow: row, Column: r.Column, Value: r.Value, Detail: r.Detail}}
			s.byCheck[r.Check] = count
		}
		count.Rows++
		of.Reasons[r.Check]++
	}
	return nil
}

func (s *summariser) summary(dataset string) *Summary {
	out := &Summary{Dataset: dataset, Rows: s.rows, Reasons: []ReasonCount{}, Files: []FileCount{}}
	for _, count := range s.byCheck {
		out.Reasons = append(out.Reasons, *count)
	}
	slices.SortFunc(out.Reasons, func(a, b ReasonCount) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Check, b.Check))
	})
	for _, count := range s.byFile {
		out.Files = append(out.Files, *count)
	}
	slices.SortFunc(out.Files, func(a, b FileCount) int { return cmp.Compare(a.SourceFile, b.SourceFile) })
	return out
}
