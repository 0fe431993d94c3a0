package task

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/silver"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// MarkColumn is a column of the stream of Write beside the table's. Where it is
// true the row only says that there is such a partition, which may have no rows.
const MarkColumn = "0_mark"

// BucketColumn is another: which of the files of its partition the row is in.
const BucketColumn = "0_bucket"

// shape is what a table's files are like.
type shape struct {
	ref   lake.TableRef
	all   schema.Table
	file  schema.Table
	parts []string // partition columns
	bloom []string

	key     []int // columns by which a row is in a bucket; nil: there are none
	buckets int
	silver  *project.Silver // nil for gold
}

func shapeOf(p *project.Project, ref lake.TableRef) (*shape, error) {
	if s := p.SilverTable(ref.Name); s != nil && ref.Layer == lake.Silver {
		out := &shape{ref: ref, all: s.Table(), file: s.FileTable(), parts: s.PartitionNames(), bloom: s.Bloom(), buckets: 1, silver: s}
		if s.Buckets > 1 {
			out.key, out.buckets = s.Key, s.Buckets
		}
		return out, nil
	}
	if g := p.GoldTable(ref.Name); g != nil && ref.Layer == lake.Gold {
		return &shape{ref: ref, all: g.Table(), file: g.FileTable(), parts: g.PartitionNames(), buckets: 1}, nil
	}
	return nil, fmt.Errorf("the project has no table %s", ref)
}

// partFile is a file: a bucket of a partition.
type partFile struct{ partition, bucket int32 }

// partWriter writes rows that come ordered by file.
type partWriter struct {
	ctx    context.Context
	shape  *shape
	stager table.Stager
	inFile []int
	inPath []int
	parts  *table.Partitions
	find   *table.PartitionOf
	bucket vec.Bucketer
	in     []int32       // buckets of the rows of a batch
	open   *table.Writer // of at
	at     partFile
	done   map[partFile]bool
	files  []lake.FileChange
	index  *silver.Indexer // of all files; nil for gold, and before the first file
}

// write writes a file for each partition of the rows.
func write(ctx context.Context, o Order, in *bufio.Reader, env Environment, stager *lake.Stager) ([]lake.FileChange, error) {
	s, err := shapeOf(env.Project, o.Table)
	if err != nil {
		return nil, err
	}
	w := newPartWriter(ctx, s, stager)
	defer w.abort()
	columns := append(append([]schema.Column(nil), s.all.Columns...), schema.Column{Name: BucketColumn, Type: schema.T(schema.Integer)},
		schema.Column{Name: MarkColumn, Type: schema.T(schema.Boolean)})
	if err := batches(in, columns, w.add); err != nil {
		return nil, err
	}
	if err := w.close(); err != nil {
		return nil, err
	}
	if err := w.closeIndex(); err != nil {
		return nil, err
	}
	return w.files, nil
}

func newPartWriter(ctx context.Context, s *shape, stager table.Stager) *partWriter {
	w := &partWriter{ctx: ctx, shape: s, stager: stager, done: map[partFile]bool{}}
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

// add writes a batch: the table's columns, then the buckets and the marks.
func (w *partWriter) add(cols []arrow.Array, n int) error {
	ids := make([]int32, n)
	w.find.Of(ids, pick(cols, w.inPath))
	buckets, marks := cols[len(cols)-2].(*array.Int32).Int32Values(), cols[len(cols)-1].(*array.Boolean)
	if err := w.check(cols, buckets, marks); err != nil {
		return err
	}
	for start := 0; start < n; {
		end := start + 1
		for end < n && ids[end] == ids[start] && buckets[end] == buckets[start] && marks.Value(end) == marks.Value(start) {
			end++
		}
		if err := w.turnTo(partFile{ids[start], buckets[start]}); err != nil {
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

// check looks whether Spark has put the rows into the buckets that lakectl has
// them in.
func (w *partWriter) check(cols []arrow.Array, buckets []int32, marks *array.Boolean) error {
	w.in = w.bucket.Rows(w.in, pick(cols, w.shape.key), len(buckets), w.shape.buckets)
	for row, bucket := range buckets {
		if bucket < 0 || int(bucket) >= w.shape.buckets || !marks.Value(row) && bucket != w.in[row] {
			return fmt.Errorf("%s: Spark puts a row into bucket %d instead of %d: please report it, with the key of the table", w.shape.ref, bucket, w.in[row])
		}
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
	if w.index != nil {
		all := make([]arrow.Array, len(w.shape.all.Columns))
		for i := range all {
			all[i] = array.NewSlice(cols[i], int64(start), int64(end))
			defer all[i].Release()
		}
		w.index.Rows(all, end-start)
	}
	return w.open.WriteColumns(part, end-start)
}

// turnTo opens a file.
func (w *partWriter) turnTo(at partFile) error {
	if w.open != nil && w.at == at {
		return nil
	}
	if err := w.close(); err != nil {
		return err
	}
	p := w.parts.At(at.partition)
	if w.done[at] {
		return fmt.Errorf("%s: the rows of partition %q do not come together", w.shape.ref, p.Path)
	}
	target := table.Target{Table: w.shape.ref, Path: path.Join(w.shape.ref.Dir(), p.Path, table.PartFile(int(at.bucket))), Partition: p.Values}
	var err error
	w.open, err = table.Create(w.ctx, w.stager, target, w.shape.file, parquetio.WriterOptions{Bloom: w.shape.bloom})
	w.at, w.done[at] = at, true
	if w.shape.silver != nil && w.index == nil {
		w.index = silver.NewIndexer(w.ctx, w.shape.silver, w.stager, silver.IndexPath(w.shape.silver, w.stager.Sequence(), partOf(target.Path)))
	}
	return err
}

// partOf returns what tells the index of a task from those of others, by the first
// file that it writes, which no other task writes.
func partOf(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:8])
}

// close ends the open file, if there is one.
func (w *partWriter) close() error {
	if w.open == nil {
		return nil
	}
	f, err := w.open.Close(w.ctx)
	w.open = nil
	if err != nil {
		return err
	}
	w.files = append(w.files, f)
	if w.index == nil {
		return nil
	}
	return w.index.EndFile(w.parts.At(w.at.partition).Path, int(w.at.bucket))
}

// closeIndex ends the index of the files.
func (w *partWriter) closeIndex() error {
	if w.index == nil {
		return nil
	}
	files, err := w.index.Close(w.ctx)
	w.files = append(w.files, files...)
	return err
}

func (w *partWriter) abort() {
	if w.open != nil {
		w.open.Abort()
	}
	if w.index != nil {
		w.index.Abort()
	}
}

func pick(cols []arrow.Array, at []int) []arrow.Array {
	out := make([]arrow.Array, len(at))
	for i, c := range at {
		out[i] = cols[c]
	}
	return out
}
