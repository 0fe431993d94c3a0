package silver

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// build is one build on its way.
type build struct {
	req        Request
	o          Options
	all        schema.Table // all columns
	own        int          // of them, the table's own
	file       schema.Table // the columns that stand in files
	inFile     []int        // their places in all
	rawAt      []int        // places of the table's raw columns in those of bronze, or -1
	compare    comparison
	partitions *table.Partitions

	inputs     []task          // row groups of bronze and quarantine, in order
	existing   []*existing     // the table's files
	byID       map[int32]int   // partition to index of existing
	repeated   *engine.HashSet // hashes of keys that may occur twice; nil: no row has a key
	store      *engine.Store   // rows that go to partitions
	candidates *engine.Store   // rows whose key may occur twice
	quarantine *quarantine.Writer
	workers    []*worker

	needsRebuild atomic.Bool
	mu           sync.Mutex
	changed      map[int32]bool // partitions that must be written
	result       *Result
	changes      changeLog
}

// worker is what one worker keeps to itself.
type worker struct {
	judge  *judge
	finder *table.PartitionOf
	hasher vec.Hasher
	hashes []uint64
	ids    []int32
	totals map[string]lake.Totals
	judged int64
	fatal  map[string]example // by check
	fresh  map[int32]bool     // partitions that new rows went to
}

// task is a row group of an input.
type task struct {
	file  *table.Reader
	group int
}

// existing is a file of the table before the build.
type existing struct {
	*lake.File
	id      int32
	keys    []uint64 // sorted hashes of its keys
	touched bool     // it may hold keys that came again
	rejudge bool     // it may hold rows whose references came or went
}

func (b *build) close() {
	b.store.Close()
	b.candidates.Close()
	b.quarantine.Discard() // nothing is left in it unless the build failed
	for _, t := range b.inputs {
		if t.group == 0 {
			t.file.Close()
		}
	}
}

// openFiles opens the inputs and numbers the partitions that exist.
func (b *build) openFiles(ctx context.Context) error {
	for _, path := range b.req.Inputs {
		r, err := table.Open(ctx, b.req.Bucket, path)
		if err != nil {
			return err
		}
		if r.RowGroups() == 0 {
			r.Close()
			continue
		}
		for group := range r.RowGroups() {
			b.inputs = append(b.inputs, task{r, group})
		}
	}
	b.byID, b.changed = map[int32]int{}, map[int32]bool{}
	for _, f := range b.req.Files {
		id, err := b.partitions.AddValues(f.Partition)
		if err != nil {
			return err
		}
		b.byID[id] = len(b.existing)
		b.existing = append(b.existing, &existing{File: f, id: id})
	}
	return nil
}

// inputColumns are the columns read of an input: all raw columns, then
// source_file, source_row and ingestion_timestamp.
func (b *build) inputColumns() []schema.Column {
	var cols []schema.Column
	for _, name := range b.req.RawColumns {
		cols = append(cols, schema.Column{Name: name, Type: schema.T(schema.String), Nullable: true})
	}
	return append(cols, schema.Column{Name: project.SourceFile, Type: schema.T(schema.String)},
		schema.Column{Name: project.SourceRow, Type: schema.T(schema.Bigint)},
		schema.Column{Name: project.IngestionTimestamp, Type: schema.T(schema.Timestamp)})
}

// used picks the raw columns that the table reads from all raw columns.
func (b *build) used(raw []arrow.Array) []arrow.Array {
	out := make([]arrow.Array, len(b.req.Table.Raw))
	for i, at := range b.rawAt {
		if at >= 0 {
			out[i] = raw[at]
		} else { // no file has had the column yet
			out[i] = vec.Nulls(schema.T(schema.String), raw[len(b.req.RawColumns)].Len())
		}
	}
	return out
}

// rawColumns returns, for each raw column that the table reads, its place among
// the raw columns of bronze, or -1: names match exactly, else ignoring case.
func rawColumns(table *project.Silver, have []string) []int {
	at := make([]int, len(table.Raw))
	for i, name := range table.Raw {
		if at[i] = slices.Index(have, name); at[i] < 0 {
			at[i] = slices.IndexFunc(have, func(other string) bool { return strings.EqualFold(other, name) })
		}
	}
	return at
}
