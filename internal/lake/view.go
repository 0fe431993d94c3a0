package lake

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
)

// Open opens a file as it will be after the commit: what was staged for its
// path, else what is there now.
func (tx *Tx) Open(ctx context.Context, path string) (storage.Object, error) {
	tx.mu.Lock()
	f, staged := tx.staged[path]
	tx.mu.Unlock()
	if staged {
		return tx.lake.bucket.Open(ctx, tx.stage.object(path, f.object))
	}
	return tx.lake.At(tx.base).Open(ctx, path)
}

// At returns the lake's bucket for reading the tables of a state. Opening one of
// their data files fails if it is missing or has not the size that its commit
// gave it: rows that somebody took from it, or added, must not be taken for
// lakectl's. Whoever reads while a run publishes may find a later content.
func (l *Lake) At(s *State) storage.Bucket { return &view{l.bucket, l, s} }

type view struct {
	storage.Bucket
	lake  *Lake
	state *State
}

// Open implements storage.Bucket.
func (v *view) Open(ctx context.Context, name string) (storage.Object, error) {
	ref, f := v.state.dataFile(name)
	o, err := v.Bucket.Open(ctx, name)
	missing := errors.Is(err, fs.ErrNotExist)
	if f == nil || err != nil && !missing || err == nil && o.Info().Size == f.Bytes {
		return o, err
	}
	now, stateErr := v.lake.State(ctx)
	moved := stateErr == nil && (now.Sequence != v.state.Sequence || now.Pending != nil)
	switch {
	case moved && missing:
		return nil, diag.Errorf(diag.Transient, "%s: the lake was changed by another run while it was read", ref).WithNext("try again")
	case moved:
		return o, nil
	case missing:
		return nil, errors.Join(stateErr, touched(ref, "%s is missing; commit %d wrote it (%d bytes)", name, f.Sequence, f.Bytes))
	}
	return nil, errors.Join(stateErr, o.Close(), touched(ref, "%s was changed by something else than lakectl: it has %d bytes, and commit %d wrote %d",
		name, o.Info().Size, f.Sequence, f.Bytes))
}

// touched is the error of a data file that is not as it was written, with what
// heals its table.
func touched(ref TableRef, format string, args ...any) error {
	next := "restore it from a backup"
	switch ref.Layer {
	case Bronze:
		next += "; without one, move the lake away and run: all is built anew from the raw files"
	case Silver, Gold:
		next += ", or build the table anew with `lakectl run --full-refresh`"
	}
	return diag.Errorf(diag.Unexpected, format, args...).WithNext("%s", next)
}

// dataFile returns the live data file of that path and its table, or nil.
func (s *State) dataFile(path string) (TableRef, *File) {
	layer, rest, _ := strings.Cut(path, "/")
	name, _, _ := strings.Cut(rest, "/")
	ref := TableRef{layer, name}
	if t := s.Tables[ref]; t != nil && t.files[path] != nil && t.files[path].Kind == Data {
		return ref, t.files[path]
	}
	return ref, nil
}
