package silver

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// loadIndexes reads what the indexes say of the table's files: the hashes of
// their keys, and whether they hold rows that must be judged again.
func (b *build) loadIndexes(ctx context.Context) error {
	bySequence := map[uint64][]*existing{}
	for _, e := range b.existing {
		bySequence[e.Sequence] = append(bySequence[e.Sequence], e)
	}
	paths := map[uint64][]string{}
	for _, f := range b.req.Indexes {
		paths[f.Sequence] = append(paths[f.Sequence], f.Path)
	}
	for sequence, files := range bySequence {
		known, err := b.openIndexes(ctx, paths[sequence])
		if err != nil {
			return err
		}
		for _, e := range files {
			if err := b.consult(ctx, known, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// openIndexes returns the indexes of a commit that are whole. There may be many,
// and of small ones on S3 most of the time is waiting.
func (b *build) openIndexes(ctx context.Context, paths []string) (indexes, error) {
	const atOnce = 16
	known := make(indexes, len(paths))
	err := engine.ForEach(ctx, atOnce, len(paths), func(ctx context.Context, _, i int) (err error) {
		known[i], err = b.openIndex(ctx, paths[i])
		return err
	})
	return slices.DeleteFunc(known, func(x *index) bool { return x == nil }), err
}

// openIndex returns the index at path, or nil if it is lost or damaged: then
// the files themselves are read.
func (b *build) openIndex(ctx context.Context, path string) (*index, error) {
	data, _, err := storage.ReadAll(ctx, b.req.Bucket, path)
	if err == nil {
		var x *index
		if x, err = readIndex(data); err == nil {
			return x, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errIndex) {
		return nil, nil
	}
	return nil, err
}

// consult looks a file up in the indexes of its commit, or makes the entries anew.
func (b *build) consult(ctx context.Context, known indexes, e *existing) error {
	at, ok := b.placeOf(e.id), true
	if b.compare.columns != nil {
		e.keys, ok = known.hashes(keyHashes, at)
	}
	for i, check := range b.req.Table.Checks {
		if check.References == nil || b.req.Changed[i] == nil {
			continue
		}
		column := b.req.Table.Columns[check.Reads[0]].Name
		hashes, ok := known.hashes(columnHashes+column, at)
		e.rejudge = e.rejudge || !ok || slices.ContainsFunc(hashes, b.req.Changed[i].Has)
	}
	e.rejudge = e.rejudge || b.req.RejudgeAll
	if ok {
		return nil
	}
	var hasher vec.Hasher
	err := b.scanExisting(ctx, e, func(all []arrow.Array, n int) error {
		e.keys = append(e.keys, hasher.Rows(nil, pick(all, b.compare.columns), n)...)
		return nil
	})
	slices.Sort(e.keys)
	return err
}

// scanExisting gives the rows of a file of the table to do, with all columns.
func (b *build) scanExisting(ctx context.Context, e *existing, do func(all []arrow.Array, n int) error) error {
	r, err := table.Open(ctx, b.req.Bucket, e.Path)
	if err != nil {
		return err
	}
	defer r.Close()
	return r.ScanAll(b.file.Columns, func(cols []arrow.Array, n int) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return do(b.withPartition(e.id, cols, n), n)
	})
}

// withPartition puts the columns of a file and those of its path into the
// table's order.
func (b *build) withPartition(file int32, cols []arrow.Array, n int) []arrow.Array {
	all := make([]arrow.Array, len(b.all.Columns))
	for i, at := range b.inFile {
		all[at] = cols[i]
	}
	for i, col := range b.partitions.Columns(file/int32(b.buckets), n) {
		all[b.req.Table.PartitionBy[i]] = col
	}
	return all
}

// readExisting moves the rows whose keys came again from the touched files to
// the candidates, and finds out which files must be written because references
// of their rows came or went.
func (b *build) readExisting(ctx context.Context) error {
	return engine.ForEach(ctx, len(b.workers), len(b.existing), func(ctx context.Context, worker, i int) error {
		e, w := b.existing[i], b.workers[worker]
		if !e.touched && !e.rejudge {
			return nil
		}
		return b.scanExisting(ctx, e, func(all []arrow.Array, n int) error {
			if e.rejudge {
				changed, err := b.rejudge(w, all, n)
				if err != nil {
					return err
				}
				if changed {
					b.mustWrite(e.id)
				}
			}
			if !e.touched {
				return nil
			}
			w.hashes = w.hasher.Rows(w.hashes, pick(all, b.compare.columns), n)
			_, again := split(others(nil, n), w.hashes, b.repeated)
			return b.doubt(worker, existingSeq+uint64(i), all, again, e.id)
		})
	})
}

// existingSeq is the first sequence number of rows from the table's own files,
// and settledSeq of rows that were settled; inputs count from zero.
const (
	existingSeq = 1 << 61
	settledSeq  = 1 << 62
)

// mustWrite notes that a file has to be written.
func (b *build) mustWrite(file int32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changed[file] = true
}

// rejudge judges the references of rows of the table again and puts their flags
// into all. It says whether any row's changed.
func (b *build) rejudge(w *worker, all []arrow.Array, n int) (changed bool, err error) {
	v := &verdict{rows: n, cols: all[:b.own], failed: make([][]bool, b.own)}
	for i, check := range b.req.Table.Checks {
		if check.References == nil {
			continue
		}
		failing, err := w.judge.failing(v, check, w.judge.lookups[i])
		if err != nil {
			return false, err
		}
		if check.OnFail != project.Flag {
			if len(failing) > 0 {
				b.needsRebuild.Store(true)
			}
			continue
		}
		if v.marks == nil {
			v.marks = make([]uint64, n)
		}
		for _, row := range failing {
			v.marks[row] |= 1 << i
		}
	}
	if v.marks == nil {
		return false, nil
	}
	if !w.judge.remark(v.marks, all[b.own+atIssues]) {
		return false, nil
	}
	all[b.own+atFlag], all[b.own+atIssues] = w.judge.flags(v)
	return true, nil
}

// remark adds the checks that do not refer to other tables to marks, from the
// issues that rows have so far, and says whether any row's issues change.
func (j *judge) remark(marks []uint64, issues arrow.Array) (changed bool) {
	bits := map[string]uint64{}
	refers := uint64(0)
	for i, check := range j.table.Checks {
		bits[check.Name] = 1 << i
		if check.References != nil {
			refers |= 1 << i
		}
	}
	known := map[string]uint64{}
	text := vec.TextOf(issues)
	for row := range marks {
		old := uint64(0)
		if !text.IsNull(row) {
			value := text.Value(row)
			mark, ok := known[value]
			if !ok {
				for name := range strings.SplitSeq(value, ",") {
					mark |= bits[name]
				}
				known[strings.Clone(value)] = mark
			}
			old = mark
		}
		marks[row] |= old &^ refers
		changed = changed || marks[row] != old
	}
	return changed
}

// ingestionDate returns the day of the ingestion_date folder in a path.
func ingestionDate(path string) (int32, error) {
	for part := range strings.SplitSeq(path, "/") {
		if value, ok := strings.CutPrefix(part, project.IngestionDate+"="); ok {
			if day, ok := vec.ParseDate([]byte(value)); ok {
				return day, nil
			}
		}
	}
	return 0, errors.New(path + " is not in the folder of an ingestion date")
}
