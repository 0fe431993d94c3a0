package task

import (
	"bufio"
	"context"
	"fmt"
	"path"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
)

// MarkColumn is a column of the stream of Write beside the table's. Where it is
// true the row only says that there is such a partition, which may have no rows.
const MarkColumn = "0_mark"

// shape is what a table's files are like.
type shape struct {
	ref   lake.TableRef
	all   schema.Table
	file  schema.Table
	parts []string // partition columns
	bloom []string
}

func shapeOf(p *project.Project, ref lake.TableRef) (*shape, error) {
	if s := p.SilverTable(ref.Name); s != nil && ref.Layer == lake.Silver {
		return &shape{ref: ref, all: s.Table(), file: s.FileTable(), parts: s.PartitionNames(), bloom: s.Bloom()}, nil
	}
	if g := p.GoldTable(ref.Name); g != nil && ref.Layer == lake.Gold {
		return &shape{ref: ref, all: g.Table(), file: g.FileTable(), parts: g.PartitionNames()}, nil
	}
	return nil, fmt.Errorf("the project has no table %s", ref)
}

// partWriter writes rows that come ordered by partition.
type partWriter struct {
	ctx    context.Context
	shape  *shape
	stager table.Stager
	inFile []int
	inPath []int
	parts  *table.Partitions
	find   *table.PartitionOf
	open   *table.Writer // of partition id
	id     int32
	done   map[int32]bool
	files  []lake.FileChange
}

// write writes a file for each partition of the rows.
func write(ctx context.Context, o Order, in *bufio.Reader, env Environment, stager *lake.Stager) ([]lake.FileChange, error) {
	s, err := shapeOf(env.Project, o.Table)
	if err != nil {
		return nil, err
	}
	w := newPartWriter(ctx, s, stager)
	defer w.abort()
	columns := append(append([]schema.Column(nil), s.all.Columns...), schema.Column{Name: MarkColumn, Type: schema.T(schema.Boolean)})
	if err := batches(in, columns, w.add); err != nil {
		return nil, err
	}
	if err := w.close(); err != nil {
		return nil, err
	}
	return w.files, nil
}

func newPartWriter(ctx context.Context, s *shape, stager table.Stager) *partWriter {
	w := &partWriter{ctx: ctx, shape: s, stager: stager, done: map[int32]bool{}}
	for _, c := range s.file.Columns {
		w.inFile = append(w.inFile, s.all.Index(c.Name))
	}
	var columns []schema.Column
	for _, name := range s.parts {
		w.inPath = append(w.inPath, s.all.Index(name))
		columns = append(columns, s.all.Columns[s.all.Index(name)])
	}
	w.parts = table.NewPartitions(columns)
	w.find = w.parts.Finder()
	return w
}

// add writes a batch: the table's columns, then the marks.
func (w *partWriter) add(cols []arrow.Array, n int) error {
	ids := make([]int32, n)
	w.find.Of(ids, pick(cols, w.inPath))
	marks := cols[len(cols)-1].(*array.Boolean)
	for start := 0; start < n; {
		end := start + 1
		for end < n && ids[end] == ids[start] && marks.Value(end) == marks.Value(start) {
			end++
		}
		if err := w.turnTo(ids[start]); err != nil {
			return err
		}
		if !marks.Value(start) {
			if err := w.rows(cols, start, end); err != nil {
				return err
			}
		}
		start = end
	}
	return nil
}

// rows writes some rows to the open file.
func (w *partWriter) rows(cols []arrow.Array, start, end int) error {
	part := pick(cols, w.inFile)
	for i, col := range part {
		part[i] = array.NewSlice(col, int64(start), int64(end))
		defer part[i].Release()
	}
	return w.open.WriteColumns(part, end-start)
}

// turnTo opens the file of a partition.
func (w *partWriter) turnTo(id int32) error {
	if w.open != nil && w.id == id {
		return nil
	}
	if err := w.close(); err != nil {
		return err
	}
	p := w.parts.At(id)
	if w.done[id] {
		return fmt.Errorf("%s: the rows of partition %q do not come together", w.shape.ref, p.Path)
	}
	target := table.Target{Table: w.shape.ref, Path: path.Join(w.shape.ref.Dir(), p.Path, "part-0.parquet"), Partition: p.Values}
	var err error
	w.open, err = table.Create(w.ctx, w.stager, target, w.shape.file, parquetio.WriterOptions{Bloom: w.shape.bloom})
	w.id, w.done[id] = id, true
	return err
}

// close ends the open file, if there is one.
func (w *partWriter) close() error {
	if w.open == nil {
		return nil
	}
	f, err := w.open.Close(w.ctx)
	w.open = nil
	if err == nil {
		w.files = append(w.files, f)
	}
	return err
}

func (w *partWriter) abort() {
	if w.open != nil {
		w.open.Abort()
	}
}

func pick(cols []arrow.Array, at []int) []arrow.Array {
	out := make([]arrow.Array, len(at))
	for i, c := range at {
		out[i] = cols[c]
	}
	return out
}
