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
	"github.com/lakectl/lakectl/internal/storage"
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
	buckets    int // files of a partition

	inputs     []task          // row groups of bronze and quarantine, in order
	open       []*table.Reader // inputs that are kept open
	existing   []*existing     // the table's files
	byID       map[int32]int   // file to index of existing
	repeated   *engine.HashSet // hashes of keys that may occur twice; nil: no row has a key
	store      *engine.Store   // rows that go to the table, by file
	candidates *engine.Store   // rows whose key may occur twice
	quarantine *quarantine.Writer
	workers    []*worker

	needsRebuild atomic.Bool
	mu           sync.Mutex
	changed      map[int32]bool // files that must be written
	result       *Result
	changes      changeLog
	referenced   []int // columns whose values are logged in changes; nil for a build from scratch
}

// worker is what one worker keeps to itself.
type worker struct {
	judge    *judge
	finder   *table.PartitionOf
	ids      []int32
	bucketer vec.Bucketer
	buckets  []int32
	hasher   vec.Hasher
	hashes   []uint64
	totals   map[string]lake.Totals
	judged   int64
	fatal    map[string]example // by check
	fresh    map[int32]bool     // files that new rows went to
}

// inputFile is a file of rows to judge.
type inputFile struct {
	path   string
	day    int32         // ingestion_date
	replay bool          // of quarantine, which the rows leave
	open   *table.Reader // nil if it is opened for each row group
}

// task is a row group of an input.
type task struct {
	*inputFile
	group int
}

// maxOpen is how many inputs are kept open: a process may not open any number of
// files, and a lake has more.
const maxOpen = 256

// scan gives the batches of the row group to do, with these columns.
func (t task) scan(ctx context.Context, bucket storage.Bucket, columns []schema.Column, do func(cols []arrow.Array, n int) error) error {
	r := t.open
	if r == nil {
		var err error
		if r, err = table.Open(ctx, bucket, t.path); err != nil {
			return err
		}
		defer r.Close()
	}
	return r.Scan(t.group, columns, func(cols []arrow.Array, n int) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return do(cols, n)
	})
}

// existing is a file of the table before the build.
type existing struct {
	*lake.File
	id      int32    // of the file
	keys    []uint64 // sorted hashes of its keys, until repeated ones are found
	touched bool     // it may hold keys that came again
	rejudge bool     // it may hold rows whose references came or went
}

func (b *build) close() {
	if b.repeated != nil {
		b.o.Budget.Release(b.repeated.Bytes())
	}
	b.store.Close()
	b.candidates.Close()
	b.quarantine.Discard() // nothing is left in it unless the build failed
	for _, r := range b.open {
		r.Close()
	}
}

// openInput opens an input and adds its row groups to the tasks.
func (b *build) openInput(ctx context.Context, path string, replay bool) error {
	f := &inputFile{path: path, replay: replay}
	var err error
	if f.day, err = ingestionDate(path); err != nil {
		return err
	}
	r, err := table.Open(ctx, b.req.Bucket, path)
	if err != nil {
		return err
	}
	for group := range r.RowGroups() {
		b.inputs = append(b.inputs, task{f, group})
	}
	if r.RowGroups() == 0 || len(b.open) >= maxOpen {
		return r.Close()
	}
	f.open, b.open = r, append(b.open, r)
	return nil
}

// openFiles opens the inputs and numbers the files that exist.
func (b *build) openFiles(ctx context.Context) error {
	replay := map[string]bool{}
	for _, f := range b.req.Replay {
		replay[f.Path] = true
	}
	for _, path := range b.req.Inputs {
		if err := b.openInput(ctx, path, replay[path]); err != nil {
			return err
		}
	}
	b.byID, b.changed = map[int32]int{}, map[int32]bool{}
	for _, f := range b.req.Files {
		id, err := b.fileAt(f)
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
