package silver

import (
	"context"
	"errors"
	"io/fs"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// Values returns the set of the values of a column, over the files that the
// table is about to have.
func Values(ctx context.Context, open table.Opener, t *project.Silver, column int, files []lake.FileChange) (*quality.Set, error) {
	set := quality.NewSet(t.Columns[column].Type)
	return set, scanValues(ctx, open, t, column, files, func(values arrow.Array) { set.Add(values) })
}

// Vanished says whether a value with one of these hashes is not in a column, over
// the files that the table is about to have.
func Vanished(ctx context.Context, open table.Opener, t *project.Silver, column int, files []lake.FileChange, hashes []uint64) (bool, error) {
	asked, missing := engine.NewHashSet(len(hashes)), map[uint64]bool{}
	for _, h := range hashes {
		asked.Add(h)
		missing[h] = true
	}
	var hasher vec.Hasher
	var found []uint64
	err := scanValues(ctx, open, t, column, files, func(values arrow.Array) {
		found = hasher.Rows(found, []arrow.Array{values}, values.Len())
		for i, h := range found {
			if asked.Has(h) && values.IsValid(i) {
				delete(missing, h)
			}
		}
	})
	null := hasher.Rows(nil, []arrow.Array{vec.Nulls(t.Columns[column].Type, 1)}, 1)
	delete(missing, null[0]) // which nothing refers to
	return len(missing) > 0, err
}

// scanValues gives the values of a column to do, over all files of a table.
func scanValues(ctx context.Context, open table.Opener, t *project.Silver, column int, files []lake.FileChange, do func(values arrow.Array)) error {
	all := t.Table()
	c := all.Columns[column]
	inPath := t.FileTable().Index(c.Name) < 0
	var parts []schema.Column
	for _, p := range t.PartitionBy {
		parts = append(parts, all.Columns[p])
	}
	partitions := table.NewPartitions(parts)
	for _, f := range files {
		if inPath {
			id, err := partitions.AddValues(f.Partition)
			if err != nil {
				return err
			}
			if f.Rows > 0 {
				for i, col := range partitions.Columns(id, 1) {
					if parts[i].Name == c.Name {
						do(col)
					}
				}
			}
			continue
		}
		r, err := table.Open(ctx, open, f.Path)
		if err != nil {
			return err
		}
		err = r.ScanAll([]schema.Column{c}, func(cols []arrow.Array, _ int) error {
			do(cols[0])
			return nil
		})
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Changed returns the hashes of the values of a column that a commit brought to
// the table or took from it, as the index that the commit wrote says. ok is
// false if it does not say.
func Changed(ctx context.Context, open table.Opener, path, column string) (hashes []uint64, ok bool, err error) {
	object, err := open.Open(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer object.Close()
	data, err := storage.ReadObject(object)
	if err != nil {
		return nil, false, err
	}
	x, err := readIndex(data)
	if err != nil {
		return nil, false, nil //nolint:nilerr // a damaged index says nothing
	}
	hashes, ok = x.hashes(changedHashes+column, place{})
	return hashes, ok, nil
}
