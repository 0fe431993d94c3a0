//go:build cgo

package duckdb

import (
	"context"
	"path/filepath"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
)

// files returns where the files of the statement's tables are on this machine.
// Those of a lake elsewhere are fetched, as far as the statement needs them.
func (r *result) files(ctx context.Context, sql string, values []string) (map[lake.TableRef][]string, error) {
	o := r.engine.o
	if err := r.settled(); err != nil {
		return nil, err
	}
	if o.Folder == "" || o.MaxScan > 0 {
		if err := r.prune(ctx, sql, values); err != nil {
			return nil, err
		}
		for _, rel := range r.relations {
			r.scanned += rel.bytes()
		}
		if o.MaxScan > 0 && r.scanned > o.MaxScan {
			return nil, diag.Errorf(diag.Budget, "the query would read %d bytes, and may read %d", r.scanned, o.MaxScan).
				WithNext("ask for less, such as fewer partitions, or allow more with --max-scan")
		}
	}
	if o.Folder == "" {
		return r.fetchFiles(ctx)
	}
	folder, err := r.plain(o.Folder)
	if err != nil {
		return nil, err
	}
	paths := map[lake.TableRef][]string{}
	files := o.Lake.At(r.state)
	for _, rel := range r.relations {
		for _, f := range rel.files {
			object, err := files.Open(ctx, f.Path) // that it is there, and as it was written
			if err != nil {
				return nil, err
			}
			if err := object.Close(); err != nil {
				return nil, err
			}
			paths[rel.ref] = append(paths[rel.ref], filepath.Join(folder, filepath.FromSlash(f.Path)))
		}
	}
	return paths, nil
}

// settled returns an error while a commit is being published that changes a
// table of the statement: a part of its files may be old, the others new.
func (r *result) settled() error {
	for _, rel := range r.relations {
		if pending(r.state, rel.ref) {
			return diag.Errorf(diag.Transient, "commit %d, which changes %s, is being published", r.state.Pending.Sequence, rel.ref).
				WithNext("wait for the run that does it; if there is none, `lakectl run` finishes what one left")
		}
	}
	return nil
}
