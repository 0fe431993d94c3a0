package gold

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/table"
)

// source is a silver table as a build reads it: the terms that are computed of
// its batches, each once for all who need it.
type source struct {
	silver *project.Silver
	table  schema.Table
	files  []File
	bucket storage.Bucket
	codes  *codebook
	terms  []*term
	byText map[string]int // terms by the identity of their programs

	partitions *table.Partitions
	inPath     []int // columns that stand in the path
	progress   func(rows int64)
	stopped    func() bool  // nobody needs any more rows
	rows       int64        // of all files
	seen       atomic.Int64 // rows of the scan in work
}

// term is a program over the columns of a source.
type term struct {
	program *expr.Program
	codes   *engine.Codes // nil until somebody needs codes
}

func newSource(s *project.Silver, b *build) *source {
	src := &source{silver: s, table: s.Table(), bucket: b.req.Bucket, codes: b.codes, byText: map[string]int{}, inPath: s.PartitionBy, progress: b.o.Progress, stopped: b.stopped}
	src.files = slices.Clone(b.req.Inputs[s])
	slices.SortFunc(src.files, func(a, b File) int { return compareText(a.Path, b.Path) })
	for _, f := range src.files {
		src.rows += f.Rows
	}
	columns := make([]schema.Column, len(src.inPath))
	for i, c := range src.inPath {
		columns[i] = src.table.Columns[c]
	}
	src.partitions = table.NewPartitions(columns)
	return src
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// term returns the number of the term that a program over the table is.
func (s *source) term(p *expr.Program) int {
	text := identity(p)
	if i, ok := s.byText[text]; ok {
		return i
	}
	s.byText[text] = len(s.terms)
	s.terms = append(s.terms, &term{program: p})
	return len(s.terms) - 1
}

// column returns the number of the term that is a column of the table.
func (s *source) column(i int) int { return s.term(columnProgram(s.table, i)) }

// coded returns the codes of a term.
func (s *source) coded(i int) *engine.Codes {
	t := s.terms[i]
	if t.codes == nil {
		if root := t.program.Root; root.Op == expr.OpColumn {
			t.codes = s.codes.of(column{s.silver, root.Slot}, root.Type)
		} else {
			t.codes = s.codes.add(root.Type)
		}
	}
	return t.codes
}

// consumer takes the batches of a scan.
type consumer interface {
	// begin is called before the scan, with the number of its tasks.
	begin(ctx context.Context, tasks int) error
	// add takes a batch of a task; those of one task come in order and from one
	// worker.
	add(ctx context.Context, b *batch) error
	// done ends a task.
	done(ctx context.Context, worker, task int) error
	// end is called after the last task.
	end(ctx context.Context) error
	// needs returns the terms of the source that it asks batches for.
	needs() []int
	// skips says that it needs no rows of a file.
	skips(file int) bool
}

// Rows of the files that make a task, at least; files have up to a million.
const taskRows = 1 << 17

// part is some row groups of a file.
type part struct {
	file        int
	reader      *table.Reader // nil: to be opened
	first, last int           // row groups; last is not included and -1 for all
	row         int64         // number of the first row, among all of the source
}

// tasks divides the files among tasks, which depends on nothing but their rows.
// Files that are several tasks are open until closed.
func (s *source) tasks(ctx context.Context) (tasks [][]part, readers []*table.Reader, err error) {
	var open []part
	rows, row := int64(0), int64(0)
	add := func(p part, n int64) {
		p.row, row = row, row+n
		if open, rows = append(open, p), rows+n; rows >= taskRows {
			tasks, open, rows = append(tasks, open), nil, 0
		}
	}
	for i, f := range s.files {
		if f.Rows == 0 {
			continue
		}
		if f.Rows < 2*taskRows {
			add(part{file: i, last: -1}, f.Rows)
			continue
		}
		r, err := table.Open(ctx, s.bucket, f.Path)
		if err != nil {
			return nil, readers, err
		}
		readers = append(readers, r)
		for g := range r.RowGroups() {
			add(part{file: i, reader: r, first: g, last: g + 1}, r.File().RowGroupRows(g))
		}
	}
	if len(open) > 0 {
		tasks = append(tasks, open)
	}
	return tasks, readers, nil
}

// scan reads the source once for all consumers.
func (s *source) scan(ctx context.Context, workers int, consumers []consumer) error {
	tasks, readers, err := s.tasks(ctx)
	defer func() {
		for _, r := range readers {
			r.Close()
		}
	}()
	if err != nil {
		return err
	}
	for _, c := range consumers {
		if err := c.begin(ctx, len(tasks)); err != nil {
			return err
		}
	}
	plan, err := s.plan(consumers)
	if err != nil {
		return err
	}
	s.seen.Store(0)
	batches := make([]*batch, workers)
	err = engine.ForEach(ctx, workers, len(tasks), func(ctx context.Context, worker, i int) error {
		if batches[worker] == nil {
			batches[worker] = s.newBatch(worker)
		}
		batches[worker].task = i
		return s.read(ctx, plan, tasks[i], batches[worker])
	})
	if err != nil {
		return err
	}
	for _, c := range consumers {
		if err := c.end(ctx); err != nil {
			return err
		}
	}
	return nil
}

// scanPlan says for each file who needs it, and which columns.
type scanPlan struct {
	consumers []consumer // all
	layouts   []*layout  // by file; nil: nobody needs it
	partition []int32    // by file
}

// layout is which columns a file is read for.
type layout struct {
	consumers  []consumer
	inFile     []int // columns of the table
	columns    []schema.Column
	inPath     []int // columns of the table
	pathColumn []int // of Partitions.Columns
}

func (s *source) plan(consumers []consumer) (*scanPlan, error) {
	p := &scanPlan{consumers: consumers, layouts: make([]*layout, len(s.files)), partition: make([]int32, len(s.files))}
	same := map[string]*layout{}
	for i, f := range s.files {
		id, err := s.partitions.AddValues(f.Partition)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		p.partition[i] = id
		var active []consumer
		who := make([]byte, len(consumers))
		for k, c := range consumers {
			if !c.skips(i) {
				who[k], active = 1, append(active, c)
			}
		}
		if len(active) == 0 {
			continue
		}
		if same[string(who)] == nil {
			same[string(who)] = s.layout(active)
		}
		p.layouts[i] = same[string(who)]
	}
	return p, nil
}

func (s *source) layout(consumers []consumer) *layout {
	l := &layout{consumers: consumers}
	used := map[int]bool{}
	for _, c := range consumers {
		for _, t := range c.needs() {
			for _, slot := range s.terms[t].program.Columns() {
				used[slot] = true
			}
		}
	}
	for i, c := range s.table.Columns {
		switch at := slices.Index(s.inPath, i); {
		case !used[i]:
		case at >= 0:
			l.inPath, l.pathColumn = append(l.inPath, i), append(l.pathColumn, at)
		default:
			l.inFile, l.columns = append(l.inFile, i), append(l.columns, c)
		}
	}
	return l
}

// errStopped ends a scan that nobody needs to go on.
var errStopped = errors.New("all tables of the scan gave up")

// read feeds the batches of a task to the consumers.
func (s *source) read(ctx context.Context, plan *scanPlan, parts []part, b *batch) error {
	for _, p := range parts {
		l := plan.layouts[p.file]
		if l == nil {
			continue
		}
		row := p.row
		err := s.readPart(ctx, p, l.columns, func(cols []arrow.Array, n int) error {
			if s.stopped() {
				return errStopped
			}
			b.reset(n)
			b.first, row = row, row+int64(n)
			s.progress(int64(n))
			s.seen.Add(int64(n))
			for i, col := range cols {
				b.cols[l.inFile[i]] = col
			}
			if len(l.inPath) > 0 {
				values := s.partitions.Columns(plan.partition[p.file], n)
				for i, at := range l.pathColumn {
					b.cols[l.inPath[i]] = values[at]
				}
			}
			for _, c := range l.consumers {
				if err := c.add(ctx, b); err != nil {
					return err
				}
			}
			s.codes.hold()
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	for _, c := range plan.consumers {
		if err := c.done(ctx, b.worker, b.task); err != nil {
			return err
		}
	}
	return nil
}

func (s *source) readPart(ctx context.Context, p part, columns []schema.Column, do func([]arrow.Array, int) error) error {
	r := p.reader
	if r == nil {
		opened, err := table.Open(ctx, s.bucket, s.files[p.file].Path)
		if err != nil {
			return err
		}
		defer opened.Close()
		r = opened
	}
	if p.last < 0 {
		return r.ScanAll(columns, do)
	}
	for g := p.first; g < p.last; g++ {
		if err := r.Scan(g, columns, do); err != nil {
			return err
		}
	}
	return nil
}
