package lake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
)

// publisher puts the files of one recorded commit in place. See the package's
// documentation for why this is right whenever it stops and whoever repeats it.
type publisher struct {
	lake   *Lake
	record *Record
}

// step is one file to put or to remove.
type step struct {
	path    string
	remove  bool
	put     FileChange
	version string // of the object at path when it was looked at; "" for none
	failed  bool   // the object changed since
}

// publish puts all files of the commit in place. Files that shrink, and data files
// that go, come before those that grow, so that a row that moves is at times
// missing for readers but never there twice. Index files follow; those that no
// data needs any more go last.
func (l *Lake) publish(ctx context.Context, base *State, r *Record) error {
	p := &publisher{l, r}
	var shrinking, going, growing, indexes, stale []step
	for _, ref := range slices.SortedFunc(maps.Keys(r.Tables), TableRef.Compare) {
		change, table := r.Tables[ref], base.Tables[ref]
		for _, f := range change.Put {
			s := step{path: f.Path, put: f}
			switch {
			case f.Kind == Index:
				indexes = append(indexes, s)
			case f.Replaces != 0 && table != nil && table.files[f.Path] != nil && f.Rows < table.files[f.Path].Rows:
				shrinking = append(shrinking, s)
			default:
				growing = append(growing, s)
			}
		}
		for _, f := range change.Removed {
			if s := (step{path: f.Path, remove: true}); f.Kind == Index {
				stale = append(stale, s)
			} else {
				going = append(going, s)
			}
		}
	}
	for _, steps := range [][]step{shrinking, going, growing, indexes, stale} {
		slices.SortFunc(steps, func(a, b step) int { return cmp.Compare(a.path, b.path) })
		if err := p.all(ctx, steps); err != nil {
			return err
		}
	}
	return nil
}

// all does steps, several at a time, and makes them last.
func (p *publisher) all(ctx context.Context, steps []step) error {
	var put []string
	for _, s := range steps {
		if !s.remove {
			put = append(put, s.path)
		}
	}
	for range 5 {
		if len(steps) == 0 {
			return storage.Sync(ctx, p.lake.bucket, put)
		}
		if err := p.each(ctx, steps, p.look); err != nil {
			return err
		}
		// Only now: what was looked at is from before the next commit, so that
		// no step can hit that one's files.
		if err := p.notOver(ctx); err != nil {
			return err
		}
		if err := p.each(ctx, steps, p.do); err != nil {
			return err
		}
		steps = slices.DeleteFunc(steps, func(s step) bool { return !s.failed })
	}
	return fmt.Errorf("%s: %w", steps[0].path, storage.ErrPrecondition)
}

func (p *publisher) each(ctx context.Context, steps []step, do func(context.Context, *step) error) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(p.lake.opts.Parallel)
	for i := range steps {
		group.Go(func() error { return do(groupCtx, &steps[i]) })
	}
	return group.Wait()
}

// look notes what is at the step's path.
func (p *publisher) look(ctx context.Context, s *step) error {
	info, err := storage.Stat(ctx, p.lake.bucket, s.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	s.version, s.failed = info.Version, false
	return err
}

// notOver fails if the next commit is recorded: then this one was published by
// another that took the lease, and whoever is still at it must stop.
func (p *publisher) notOver(ctx context.Context) error {
	next, err := p.lake.readRecord(ctx, p.record.Sequence+1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return diag.Errorf(diag.Locked, "run %s %w while this run published commit %d: it is published, and so is commit %d, which that run made", next.Run, errTakenOver, p.record.Sequence, next.Sequence).
		WithNext("run again; what this run has committed is safe")
}

// do does a step, on the condition that the object at its path is still the
// one that was looked at.
func (p *publisher) do(ctx context.Context, s *step) (err error) {
	if s.remove {
		if s.version != "" {
			err = p.lake.bucket.Delete(ctx, s.path, storage.DeleteOptions{IfMatch: s.version})
		}
	} else {
		opts := storage.CopyOptions{IfMatch: s.version, IfNoneMatch: s.version == "", Move: true, Deferred: true}
		_, err = p.lake.bucket.Copy(ctx, s.path, p.record.stage().object(s.path, s.put.Staged), opts)
		if errors.Is(err, fs.ErrNotExist) {
			return p.verify(ctx, s)
		}
	}
	if errors.Is(err, storage.ErrPrecondition) {
		s.failed, err = true, nil
	}
	return err
}

// verify makes sure that a file whose staged object is gone is in place.
func (p *publisher) verify(ctx context.Context, s *step) error {
	sum, err := p.sum(ctx, s.path)
	if err == nil && sum == s.put.SHA256 {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := p.notOver(ctx); err != nil {
		return err
	}
	return diag.Errorf(diag.Unexpected, "%s is not the file of commit %d, and neither is it staged any more", s.path, p.record.Sequence).
		WithNext("restore it from a backup (SHA-256 %s)", s.put.SHA256)
}

// sum returns the SHA-256 of an object, in hex.
func (p *publisher) sum(ctx context.Context, name string) (string, error) {
	o, err := p.lake.bucket.Open(ctx, name)
	if err != nil {
		return "", err
	}
	defer o.Close()
	h := sha256.New()
	buffer := make([]byte, 1<<20)
	if _, err := io.CopyBuffer(h, io.NewSectionReader(o, 0, o.Info().Size), buffer); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
