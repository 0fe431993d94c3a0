package gold

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// output writes the rows of one gold table, which tasks give to it in any
// order, in the order of the tasks.
//
// A table without partitions is written as the tasks come. One with partitions
// goes through a store, which spills what does not fit.
type output struct {
	gold    *project.Gold
	all     schema.Table // with the partition columns
	file    schema.Table
	inFile  []int // columns of all that stand in files
	inPath  []int
	workers int
	now     int64
	stager  table.Stager

	writer *table.Writer
	turns  []chan struct{} // closed when it is the task's turn to write
	parts  []*outputPart   // by worker: of the task in work

	partitions *table.Partitions // nil: there are none
	store      *engine.Store
	finders    []*table.PartitionOf
	options    Options
	rows       int64
}

// outputPart is what a worker holds of its task: batches, or row groups once
// there are enough rows to make one.
type outputPart struct {
	batches []piece
	rows    int
	groups  []*parquetio.RowGroup // all but the last are encoded
}

const (
	// groupRows is how many rows a task must have to be row groups of its own,
	// which its worker encodes. Fewer are put together with those of other tasks.
	groupRows = 1 << 16
	// fullGroup closes a row group; encoded it takes much less memory.
	fullGroup = 1 << 18
)

func newOutput(g *project.Gold, b *build) *output {
	o := &output{gold: g, all: g.Table(), file: g.FileTable(), inPath: g.PartitionBy, workers: b.o.Workers, now: micros(b.o.Now), stager: b.req.Stager, options: b.o}
	for i := range o.all.Columns {
		if !slices.Contains(o.inPath, i) {
			o.inFile = append(o.inFile, i)
		}
	}
	return o
}

func micros(t time.Time) int64 { return t.UnixMicro() }

// begin prepares for so many tasks, and for one more after them.
func (o *output) begin(ctx context.Context, tasks int) (err error) {
	if len(o.inPath) > 0 {
		o.beginPartitions()
		return nil
	}
	o.turns, o.parts = make([]chan struct{}, tasks+2), make([]*outputPart, o.workers)
	for i := range o.turns {
		o.turns[i] = make(chan struct{})
	}
	close(o.turns[0])
	for i := range o.parts {
		o.parts[i] = &outputPart{}
	}
	o.writer, err = table.Create(ctx, o.stager, o.target(table.Partition{}), o.file, parquetio.WriterOptions{})
	return err
}

func (o *output) beginPartitions() {
	columns := make([]schema.Column, len(o.inPath))
	for i, c := range o.inPath {
		columns[i] = o.all.Columns[c]
	}
	types := make([]schema.Type, len(o.inFile))
	for i, c := range o.inFile {
		types[i] = o.all.Columns[c].Type
	}
	o.partitions = table.NewPartitions(columns)
	o.store = engine.NewStore(engine.StoreOptions{Types: types, Workers: o.workers, Budget: o.options.Budget, Spill: o.options.Spill})
	o.finders = make([]*table.PartitionOf, o.workers)
	for i := range o.finders {
		o.finders[i] = o.partitions.Finder()
	}
}

// target returns where the file of a partition is to appear.
func (o *output) target(p table.Partition) table.Target {
	ref := lake.TableRef{Layer: lake.Gold, Name: o.gold.Name}
	return table.Target{Table: ref, Path: path.Join(ref.Dir(), p.Path, partFile), Partition: p.Values}
}

// partFile is the name of the one file of a partition.
const partFile = "part-0.parquet"

// add takes rows of a task: all columns of the table but aggregation_timestamp,
// the last.
func (o *output) add(worker, task int, cols []arrow.Array, n int) error {
	if n == 0 {
		return nil
	}
	cols = append(slices.Clone(cols), vec.Repeat64(schema.T(schema.Timestamp), o.now, n))
	if o.partitions != nil {
		return o.addPartitioned(worker, task, cols, n)
	}
	p := o.parts[worker]
	p.batches, p.rows = append(p.batches, piece{cols: cols, n: n}), p.rows+n
	if p.groups == nil && p.rows < groupRows {
		return nil
	}
	for _, b := range p.batches {
		if err := p.group(o.writer).Write(table.Record(o.file, b.cols, b.n)); err != nil {
			return err
		}
	}
	p.batches = nil
	return nil
}

// group returns the row group that takes the next rows.
func (p *outputPart) group(w *table.Writer) *parquetio.RowGroup {
	if n := len(p.groups); n > 0 {
		last := p.groups[n-1]
		if last.Rows() < fullGroup {
			return last
		}
		last.Encode()
	}
	g := w.BeginRowGroup()
	p.groups = append(p.groups, g)
	return g
}

func (o *output) addPartitioned(worker, task int, cols []arrow.Array, n int) error {
	keys, ids := o.pick(cols, o.inPath), make([]int32, n)
	o.finders[worker].Of(ids, keys)
	byPart := map[int32][]int32{}
	for row, id := range ids {
		byPart[id] = append(byPart[id], int32(row))
	}
	values := o.pick(cols, o.inFile)
	for id, rows := range byPart {
		if err := o.store.Append(worker, uint64(task+1), int(id), values, rows); err != nil {
			return err
		}
	}
	return nil
}

func (o *output) pick(cols []arrow.Array, at []int) []arrow.Array {
	out := make([]arrow.Array, len(at))
	for i, c := range at {
		out[i] = cols[c]
	}
	return out
}

// done ends a task: it writes its rows when it is the task's turn. Tasks are
// begun in order, so the one whose turn it is never waits for another.
func (o *output) done(ctx context.Context, worker, task int) error {
	if o.partitions != nil {
		return nil
	}
	p := o.parts[worker]
	o.parts[worker] = &outputPart{}
	if n := len(p.groups); n > 0 {
		p.groups[n-1].Encode()
	}
	select {
	case <-o.turns[task]:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer close(o.turns[task+1])
	o.rows += int64(p.rows)
	for _, g := range p.groups {
		if err := o.writer.Append(g); err != nil {
			return err
		}
	}
	for _, b := range p.batches {
		if err := o.writer.WriteColumns(b.cols, b.n); err != nil {
			return err
		}
	}
	return nil
}

// finish ends the files.
func (o *output) finish(ctx context.Context) (Result, error) {
	if o.partitions != nil {
		return o.writePartitions(ctx)
	}
	file, err := o.writer.Close(ctx)
	if err != nil {
		return Result{}, err
	}
	return Result{Table: o.gold, Rows: o.rows, Parts: 1, Files: []lake.FileChange{file}}, nil
}

func (o *output) writePartitions(ctx context.Context) (Result, error) {
	result := Result{Table: o.gold, Parts: 1, Files: make([]lake.FileChange, o.partitions.Len())}
	err := engine.ForEach(ctx, o.workers, len(result.Files), func(ctx context.Context, _, i int) error {
		p := o.partitions.At(int32(i))
		w, err := table.Create(ctx, o.stager, o.target(p), o.file, parquetio.WriterOptions{})
		if err != nil {
			return err
		}
		defer w.Abort()
		if err := o.store.Scan(i, w.WriteColumns); err != nil {
			return err
		}
		result.Files[i], err = w.Close(ctx)
		return err
	})
	for _, f := range result.Files {
		result.Rows += f.Rows
	}
	slices.SortFunc(result.Files, func(a, b lake.FileChange) int { return strings.Compare(a.Path, b.Path) })
	return result, err
}

// abort drops what was not finished.
func (o *output) abort() {
	if o.writer != nil {
		o.writer.Abort()
	}
	if o.store != nil {
		o.store.Close()
	}
}

// describe prints values of a row for a message, such as "day=2026-11-23".
func describeRow(names []string, cols []arrow.Array, row int) string {
	texts := make([]string, len(cols))
	for i, col := range cols {
		value := "null"
		if col.IsValid(row) {
			value = string(vec.AppendText(nil, col, row))
		}
		texts[i] = fmt.Sprintf("%s=%s", names[i], value)
	}
	return strings.Join(texts, ", ")
}
