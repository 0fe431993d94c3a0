package silver

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/budget"
	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/table"
)

// Options are settings of a build that do not change its rows.
type Options struct {
	Workers int
	Budget  *budget.Budget
	Spill   *engine.Spill
	Now     time.Time // of the run: processed_timestamp of the rows that enter
	Run     string
	// Progress is told of rows that were judged and of rows that were written. It
	// may be nil and must be safe for concurrent use.
	Progress func(judged, written int64)

	settleBytes int64 // in tests; 0 means settleBytes
	mostHashes  int   // in tests; 0 means mostHashes
}

// Request is what a build works on.
type Request struct {
	Table *project.Silver
	// RawColumns are all raw columns of the bronze table; rows keep them in quarantine.
	RawColumns []string
	// Inputs are the files whose rows the table has not judged yet, by the order
	// in which they were ingested: of bronze, and of quarantine for rows that are
	// judged again.
	Inputs     []string
	InputBytes int64 // of them all
	InputRows  int64
	// Files are the table's own files, none for a build from scratch, and Indexes
	// the paths of its index files by the commit that wrote them.
	Files   []*lake.File
	Indexes []*lake.File
	// Order numbers the source files by bronze commit and path: which of two
	// versions of a key came later.
	Order map[string]int64
	// References are, by check, the files that the table it refers to is about to
	// have, and Sets the values in them; nil for other checks.
	References [][]lake.FileChange
	Sets       []*quality.Set
	// Changed are, by check, the hashes of values that came to or went from the
	// referenced table since the table was last judged; nil: none. RejudgeAll says
	// that it is not known which.
	Changed    []*engine.HashSet
	RejudgeAll bool
	// Replay are the quarantine files among Inputs: their rows leave quarantine,
	// and return if they still fail.
	Replay []*lake.File
	// Sequence is the number that the commit will have.
	Sequence uint64
	Bucket   storage.Bucket // that the lake is in
	Stager   table.Stager
}

// Result is what a build did. Nothing of it is visible before it is committed.
type Result struct {
	Put     []lake.FileChange // files of the table and its index
	Removed []*lake.File      // indexes that no file needs any more
	// Quarantined are new quarantine files; those of Request.Replay are to be removed.
	Quarantined []lake.FileChange
	// Changes says by source file how many records moved where.
	Changes map[string]lake.Totals
	Judged  int64            // rows that were read and judged
	Counts  map[string]int64 // of them, those that failed, by reason or check
	Fatal   []string         // checks with on_fail: fail that failed, each with an example
	Rows    int64            // of the table, after the commit
	// NeedsRebuild says that a row which is in the table fails now because a
	// value it refers to has gone: only a build from scratch tells which version
	// of its key counts instead. Nothing else in the result is set.
	NeedsRebuild bool
}

// Build brings a table up to date.
func Build(ctx context.Context, req Request, o Options) (*Result, error) {
	b := newBuild(req, o)
	defer b.close()
	steps := []func(context.Context) error{b.openFiles, b.findRepeatedKeys, b.judgeInputs, b.readExisting, b.settle, b.write, b.finish}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("silver.%s: %w", req.Table.Name, err)
		}
		if b.needsRebuild.Load() {
			return &Result{NeedsRebuild: true}, nil
		}
	}
	return b.result, nil
}

// Slots of the columns that lakectl adds, counted from the end of the table's own.
const (
	atFlag = iota
	atIssues
	atSourceFile
	atSourceRow
	atIngestionTime
	atIngestionDate
	atProcessed
	addedColumns
)

// newBuild prepares what the steps share.
func newBuild(req Request, o Options) *build {
	o.Workers = max(1, o.Workers)
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	if o.settleBytes == 0 {
		o.settleBytes = settleBytes
	}
	if o.mostHashes == 0 {
		o.mostHashes = mostHashes
	}
	all := req.Table.Table()
	var parts []schema.Column
	for _, c := range req.Table.PartitionBy {
		parts = append(parts, all.Columns[c])
	}
	b := &build{
		req: req, o: o, all: all, own: len(req.Table.Columns), file: req.Table.FileTable(),
		rawAt: rawColumns(req.Table, req.RawColumns), partitions: table.NewPartitions(parts), buckets: max(1, req.Table.Buckets),
		compare: keyOf(req.Table),
		workers: make([]*worker, o.Workers),
		changes: newChangeLog(o.Workers, len(req.Table.Referenced)),
		result:  &Result{Changes: map[string]lake.Totals{}, Counts: map[string]int64{}},
		quarantine: quarantine.NewWriter(quarantine.Options{Dataset: req.Table.Name, Raw: req.RawColumns, Stage: quarantine.Check, Run: o.Run, Workers: o.Workers,
			Store: engine.StoreOptions{Budget: o.Budget, Spill: o.Spill}}),
	}
	if len(req.Files) > 0 {
		b.referenced = req.Table.Referenced
	}
	b.store = engine.NewStore(engine.StoreOptions{Types: typesOf(b.file), Workers: o.Workers, Budget: o.Budget, Spill: o.Spill})
	hidden := schema.Table{Columns: append(append([]schema.Column(nil), all.Columns...), candidateColumns...)}
	b.candidates = engine.NewStore(engine.StoreOptions{Types: typesOf(hidden), Workers: o.Workers, Budget: o.Budget, Spill: o.Spill})
	b.inFile = make([]int, len(b.file.Columns))
	for i, c := range b.file.Columns {
		b.inFile[i] = all.Index(c.Name)
	}
	for i := range b.workers {
		b.workers[i] = &worker{judge: newJudge(req.Table, req.Sets), finder: b.partitions.Finder(), totals: map[string]lake.Totals{}, fatal: map[string]example{}}
	}
	return b
}

func typesOf(t schema.Table) []schema.Type {
	types := make([]schema.Type, len(t.Columns))
	for i, c := range t.Columns {
		types[i] = c.Type
	}
	return types
}

// fileColumns picks the columns that stand in files from all columns of the table.
func (b *build) fileColumns(cols []arrow.Array) []arrow.Array {
	out := make([]arrow.Array, len(b.inFile))
	for i, at := range b.inFile {
		out[i] = cols[at]
	}
	return out
}
