package silver

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// IndexPath is where the index is that a commit writes of a table. An engine that
// has many tasks write files has each write an index of its files; they are told
// apart by part. What came to the columns that others refer to, or went from them,
// stands in the one without a part.
func IndexPath(t *project.Silver, sequence uint64, part string) string {
	if part != "" {
		part = "-" + part
	}
	return fmt.Sprintf("%s/%020d%s.keys", lake.TableRef{Layer: lake.Silver, Name: t.Name}.IndexDir(), sequence, part)
}

// fileHashes are the hashes of a file's rows that its index has.
type fileHashes struct {
	all     schema.Table
	key     []int // columns of the key; nil: every row counts
	refer   []int // columns that refer to other tables
	keys    hashList
	columns []hashList // by refer
	scratch []uint64
}

// newFileHashes returns a list for each section that may have so many hashes.
func newFileHashes(t *project.Silver, all schema.Table, most int) *fileHashes {
	h := &fileHashes{all: all, key: keyOf(t).columns, refer: referring(t), keys: hashList{most: most}}
	h.columns = newHashLists(len(h.refer), most)
	return h
}

// referring returns the columns of a table that refer to other tables, each once.
func referring(t *project.Silver) []int {
	var columns []int
	for _, check := range t.Checks {
		if check.References != nil && !slices.Contains(columns, check.Reads[0]) {
			columns = append(columns, check.Reads[0])
		}
	}
	return columns
}

// add adds rows, which have all columns of the table.
func (h *fileHashes) add(hasher *vec.Hasher, all []arrow.Array, n int) {
	if h.key != nil {
		h.scratch = hasher.Rows(h.scratch, pick(all, h.key), n)
		h.keys.add(h.scratch)
	}
	for i, column := range h.refer {
		h.scratch = hasher.Rows(h.scratch, []arrow.Array{all[column]}, n)
		h.columns[i].add(h.scratch)
	}
}

// sort frees the hashes of repeats.
func (h *fileHashes) sort() {
	h.keys.sort()
	for i := range h.columns {
		h.columns[i].sort()
	}
}

// write writes the sections of a file.
func (h *fileHashes) write(x *indexWriter, at place) error {
	if h.key != nil {
		if err := x.add(keyHashes, at, &h.keys); err != nil {
			return err
		}
	}
	for i, column := range h.refer {
		if err := x.add(columnHashes+h.all.Columns[column].Name, at, &h.columns[i]); err != nil {
			return err
		}
	}
	return nil
}

// Indexer writes the index of files that another engine writes, one after another,
// or of the values that came to a table and went from it. It is for one goroutine.
type Indexer struct {
	table   *project.Silver
	all     schema.Table
	hasher  vec.Hasher
	file    *fileHashes // the rows since the last EndFile
	changed []hashList  // by referenced column
	out     storage.Writer
	path    string
	index   indexWriter
}

// NewIndexer returns an Indexer that stages an index at a path of IndexPath, if there
// is anything in it. The caller closes or aborts it.
func NewIndexer(ctx context.Context, t *project.Silver, stager table.Stager, path string) *Indexer {
	x := &Indexer{table: t, all: t.Table(), path: path, changed: newHashLists(len(t.Referenced), mostHashes)}
	x.file = newFileHashes(t, x.all, mostHashes)
	x.index.open = func() (out io.Writer, err error) {
		x.out, err = stager.Stage(ctx, lake.TableRef{Layer: lake.Silver, Name: t.Name}, path)
		return x.out, err
	}
	return x
}

// Rows adds rows of a file; all are the columns of the table.
func (x *Indexer) Rows(all []arrow.Array, n int) { x.file.add(&x.hasher, all, n) }

// EndFile says where the file of the rows since the last call is, which may be none.
func (x *Indexer) EndFile(partition string, bucket int) error {
	x.file.sort()
	err := x.file.write(&x.index, place{partition, bucket})
	x.file = newFileHashes(x.table, x.all, mostHashes)
	return err
}

// Changed adds values that may have come to a column or gone from it: the one with
// number i among those that others refer to.
func (x *Indexer) Changed(i int, values arrow.Array) {
	x.changed[i].add(x.hasher.Rows(nil, []arrow.Array{values}, values.Len()))
}

// EndChanged says that all values were added which came or went.
func (x *Indexer) EndChanged() error {
	for i, column := range x.table.Referenced {
		if err := x.index.add(changedHashes+x.all.Columns[column].Name, place{}, &x.changed[i]); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the index, and returns its file; none if nothing is in it.
func (x *Indexer) Close(ctx context.Context) ([]lake.FileChange, error) {
	if x.index.empty() {
		return nil, nil
	}
	defer x.Abort()
	err := x.index.close()
	if err == nil {
		_, err = x.out.Commit(ctx)
	}
	if err != nil {
		return nil, err
	}
	return []lake.FileChange{{Path: x.path, Kind: lake.Index}}, nil
}

// Abort gives the index up.
func (x *Indexer) Abort() {
	if x.out != nil {
		x.out.Abort()
	}
}
