package quarantine

import (
	"cmp"
	"context"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// Rows is a batch of rows on their way to quarantine. Each array has a value
// for each of the reasons.
type Rows struct {
	Raw                []arrow.Array // the raw columns, as in the Writer's
	SourceFile         arrow.Array
	SourceRow          arrow.Array
	SourceLine         arrow.Array // may be nil: not known
	SourceOffset       arrow.Array // may be nil
	RawRecord          arrow.Array // may be nil
	IngestionTimestamp arrow.Array
	IngestionDate      arrow.Array
	Reasons            []string // as quality.Reasons prints them
}

// Writer collects quarantined rows of one dataset and writes a file for each
// ingestion date. Add may be called by all workers at once, each with its own
// number.
type Writer struct {
	o      Options
	table  schema.Table
	store  *engine.Store
	parts  *table.Partitions
	finder []*table.PartitionOf
}

// Options say what a Writer writes.
type Options struct {
	Dataset string
	Raw     []string // raw columns
	Stage   string
	Run     string
	Workers int
	Store   engine.StoreOptions // Budget and Spill; the rest is set by NewWriter
}

// NewWriter returns an empty writer.
func NewWriter(o Options) *Writer {
	w := &Writer{o: o, table: Schema(o.Raw), parts: table.NewPartitions([]schema.Column{Partition()})}
	o.Store.Workers = o.Workers
	for _, c := range w.table.Columns {
		o.Store.Types = append(o.Store.Types, c.Type)
	}
	w.store = engine.NewStore(o.Store)
	for range max(1, o.Workers) {
		w.finder = append(w.finder, w.parts.Finder())
	}
	return w
}

// Add takes rows. seq orders the batches, as in engine.Store.
func (w *Writer) Add(worker int, seq uint64, r Rows) error {
	n := len(r.Reasons)
	cols := append([]arrow.Array(nil), r.Raw...)
	cols = append(cols, r.SourceFile, r.SourceRow, orNulls(r.SourceLine, schema.Bigint, n), orNulls(r.SourceOffset, schema.Bigint, n),
		orNulls(r.RawRecord, schema.Binary, n), r.IngestionTimestamp, vec.Constant(w.o.Stage, n), texts(r.Reasons), vec.Constant(w.o.Run, n))
	ids := make([]int32, n)
	w.finder[worker].Of(ids, []arrow.Array{r.IngestionDate})
	for start := 0; start < n; {
		end := start + 1
		for end < n && ids[end] == ids[start] {
			end++
		}
		rows := make([]int32, end-start)
		for i := range rows {
			rows[i] = int32(start + i)
		}
		if err := w.store.Append(worker, seq, int(ids[start]), cols, rows); err != nil {
			return err
		}
		start = end
	}
	return nil
}

// Finish writes the rows collected, to the file that path gives for each
// partition. It ends the writer.
func (w *Writer) Finish(ctx context.Context, s table.Stager, path func(partition string) string) ([]lake.FileChange, error) {
	defer w.store.Close()
	var files []lake.FileChange
	ids := make([]int32, w.parts.Len())
	for i := range ids {
		ids[i] = int32(i)
	}
	// Numbers are given to partitions as workers meet them.
	slices.SortFunc(ids, func(i, j int32) int { return cmp.Compare(w.parts.At(i).Path, w.parts.At(j).Path) })
	for _, id := range ids {
		part := w.parts.At(id)
		target := table.Target{Table: lake.TableRef{Layer: lake.Quarantine, Name: w.o.Dataset}, Path: path(part.Path), Partition: part.Values}
		out, err := table.Create(ctx, s, target, w.table, parquetio.WriterOptions{})
		if err != nil {
			return nil, err
		}
		if err := w.store.Scan(int(id), out.WriteColumns); err != nil {
			out.Abort()
			return nil, err
		}
		f, err := out.Close(ctx)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// Discard drops the rows collected. It ends the writer, and may follow Finish.
func (w *Writer) Discard() { w.store.Close() }

func orNulls(a arrow.Array, kind schema.Kind, n int) arrow.Array {
	if a == nil {
		return vec.Nulls(schema.T(kind), n)
	}
	return a
}

// texts makes a column of texts.
func texts(values []string) arrow.Array {
	offsets, text := make([]int32, 1, len(values)+1), []byte(nil)
	for _, v := range values {
		text = append(text, v...)
		offsets = append(offsets, int32(len(text)))
	}
	return vec.StringsOf(offsets, text)
}
