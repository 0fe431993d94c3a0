package silver

import (
	"context"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/parquetio"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// written is a file that was written.
type written struct {
	change lake.FileChange
	before map[string]int64 // rows by source file
	after  map[string]int64
	hashes *fileHashes
}

// write writes the files that changed, and the index.
func (b *build) write(ctx context.Context) error {
	for _, w := range b.workers {
		maps.Copy(b.changed, w.fresh)
	}
	ids := slices.SortedFunc(maps.Keys(b.changed), b.compareFiles)
	var index storage.Writer
	x := &indexWriter{open: func() (out io.Writer, err error) {
		index, err = b.req.Stager.Stage(ctx, b.ref(), b.indexPath())
		return index, err
	}}
	err := b.writeFiles(ctx, ids, x)
	if err == nil {
		err = b.finishIndex(x)
	}
	if index == nil {
		return err
	}
	defer index.Abort()
	if err != nil {
		return err
	}
	if _, err := index.Commit(ctx); err != nil {
		return err
	}
	b.result.Put = append(b.result.Put, lake.FileChange{Path: b.indexPath(), Kind: lake.Index})
	return nil
}

func (b *build) indexPath() string { return IndexPath(b.req.Table, b.req.Sequence, "") }

// writeFiles writes files, and takes note of them in their order: what the index
// says of one need not wait for all.
func (b *build) writeFiles(ctx context.Context, ids []int32, x *indexWriter) error {
	var mu sync.Mutex
	done, next := make([]*written, len(ids)), 0
	return engine.ForEach(ctx, len(b.workers), len(ids), func(ctx context.Context, worker, i int) error {
		w, err := b.writeFile(ctx, b.workers[worker], ids[i])
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for done[i] = w; next < len(ids) && done[next] != nil; next++ {
			if err := b.note(x, b.placeOf(ids[next]), done[next]); err != nil {
				return err
			}
			done[next] = nil
		}
		return nil
	})
}

// note adds a file that was written to the result and the index.
func (b *build) note(x *indexWriter, at place, w *written) error {
	b.result.Put = append(b.result.Put, w.change)
	for name, n := range w.after {
		b.move(name, lake.Totals{Silver: n})
	}
	for name, n := range w.before {
		b.move(name, lake.Totals{Silver: -n})
	}
	return w.hashes.write(x, at)
}

func (b *build) move(sourceFile string, t lake.Totals) {
	b.result.Changes[sourceFile] = b.result.Changes[sourceFile].Add(t)
}

// writeFile writes a file: the rows that stay, then those that come.
func (b *build) writeFile(ctx context.Context, w *worker, id int32) (*written, error) {
	out, err := table.Create(ctx, b.req.Stager, b.targetOf(id), b.file, parquetio.WriterOptions{Bloom: b.req.Table.Bloom()})
	if err != nil {
		return nil, err
	}
	defer out.Abort()
	done := &written{before: map[string]int64{}, after: map[string]int64{}, hashes: newFileHashes(b.req.Table, b.all, b.o.mostHashes)}
	if at, ok := b.byID[id]; ok {
		if err := b.copyExisting(ctx, w, b.existing[at], out, done); err != nil {
			return nil, err
		}
	}
	err = b.store.Scan(int(id), func(cols []arrow.Array, n int) error {
		return b.writeRows(w, out, done, b.withPartition(id, cols, n), n)
	})
	if err != nil {
		return nil, err
	}
	done.hashes.sort() // here, where all workers do it
	done.change, err = out.Close(ctx)
	return done, err
}

func (b *build) ref() lake.TableRef { return lake.TableRef{Layer: lake.Silver, Name: b.req.Table.Name} }

// copyExisting writes the rows of a file that stay where they are. Those that
// were candidates come back from the store, if they count.
func (b *build) copyExisting(ctx context.Context, w *worker, e *existing, out *table.Writer, done *written) error {
	return b.scanExisting(ctx, e, func(all []arrow.Array, n int) error {
		count(done.before, all[b.own+atSourceFile])
		if e.rejudge {
			if _, err := b.rejudge(w, all, n); err != nil {
				return err
			}
		}
		if e.touched {
			w.hashes = w.hasher.Rows(w.hashes, pick(all, b.compare.columns), n)
			stay, again := split(others(nil, n), w.hashes, b.repeated)
			if len(again) > 0 {
				all, n = vec.TakeColumns(all, typesOf(b.all), stay), len(stay)
			}
		}
		return b.writeRows(w, out, done, all, n)
	})
}

// writeRows writes rows, and notes what the ledger and the index need of them.
func (b *build) writeRows(w *worker, out *table.Writer, done *written, all []arrow.Array, n int) error {
	count(done.after, all[b.own+atSourceFile])
	b.o.Progress(0, int64(n))
	done.hashes.add(&w.hasher, all, n)
	return out.WriteColumns(b.fileColumns(all), n)
}

// count adds the rows of each source file.
func count(into map[string]int64, sourceFile arrow.Array) {
	text := vec.TextOf(sourceFile)
	for start, n := 0, sourceFile.Len(); start < n; {
		name, end := text.Value(start), start+1
		for end < n && text.Value(end) == name {
			end++
		}
		into[name] += int64(end - start)
		start = end
	}
}

// finishIndex ends the index, and removes the indexes that no file needs any more.
func (b *build) finishIndex(x *indexWriter) error {
	for i, column := range b.referenced {
		if err := x.add(changedHashes+b.all.Columns[column].Name, place{}, &hashList{most: b.o.mostHashes, hashes: b.changes.changed(i)}); err != nil {
			return err
		}
	}
	needed := map[uint64]bool{}
	for _, e := range b.existing {
		needed[e.Sequence] = needed[e.Sequence] || !b.changed[e.id]
	}
	for _, f := range b.req.Indexes {
		if !needed[f.Sequence] {
			b.result.Removed = append(b.result.Removed, f)
		}
	}
	if x.empty() {
		return nil
	}
	return x.close()
}

// finish writes quarantine and adds up what the workers counted.
func (b *build) finish(ctx context.Context) error {
	files, err := b.quarantine.Finish(ctx, b.req.Stager, func(partition string) string {
		return quarantine.RowsPath(b.req.Table.Name, partition, b.req.Sequence)
	})
	if err != nil {
		return err
	}
	b.result.Quarantined = files
	fatal := map[string]example{}
	for _, w := range b.workers {
		addTotals(b.result.Changes, w.totals)
		b.result.Judged += w.judged
		for name, n := range w.judge.counts {
			b.result.Counts[name] += n
		}
		for name, e := range w.fatal {
			if old, ok := fatal[name]; !ok || e.seq < old.seq {
				fatal[name] = e
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fatal)) {
		b.result.Fatal = append(b.result.Fatal, name+": "+fatal[name].text)
	}
	for _, e := range b.existing {
		if !b.changed[e.id] {
			b.result.Rows += e.Rows
		}
	}
	for _, f := range b.result.Put {
		b.result.Rows += f.Rows
	}
	return nil
}
