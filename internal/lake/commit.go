package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
)

// Commit makes the changes of the transaction one commit of the lake, and
// publishes it. It audits them first; if that fails, or the lease is lost, or
// another commit was quicker, nothing is changed.
//
// The commit exists from the moment its record does. If publishing fails after
// that, Commit returns the record as well as the error; Recover finishes it.
// Once the record exists a cancelled context no longer stops the commit.
func (tx *Tx) Commit(ctx context.Context) (*Record, error) {
	after, err := tx.Audit()
	if err != nil {
		return nil, err
	}
	data, err := tx.record.marshal()
	if err != nil {
		return nil, err
	}
	syncErr := storage.Sync(ctx, tx.lake.bucket, tx.record.stagedFiles())
	if err := tx.lease.Check(ctx); err != nil {
		return nil, err // also if files are not there: a new holder swept them
	}
	if syncErr != nil {
		return nil, syncErr
	}
	if err := tx.writeRecord(ctx, data); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if err := tx.lake.finish(ctx, tx.lease, tx.base, after, tx.record); err != nil {
		return tx.record, notPublished(tx.Sequence(), err)
	}
	return tx.record, nil
}

// stagedFiles returns the names of the staged objects of the commit.
func (r *Record) stagedFiles() []string {
	var names []string
	for _, ref := range slices.SortedFunc(maps.Keys(r.Tables), TableRef.Compare) {
		for _, f := range r.Tables[ref].Put {
			names = append(names, r.stage().object(f.Path, f.Staged))
		}
	}
	return names
}

func notPublished(sequence uint64, err error) error {
	if errors.Is(err, errTakenOver) {
		return err
	}
	cause := "remove the cause"
	if e, ok := errors.AsType[*diag.Error](err); ok && e.Next != "" {
		cause = e.Next
	}
	return diag.Errorf(diag.ClassOf(err), "commit %d is recorded, but could not be published: %w", sequence, err).
		WithNext("%s; the next run publishes it first", cause)
}

// writeRecord writes the record, if the transaction can still end and no other
// commit has its number.
func (tx *Tx) writeRecord(ctx context.Context, data []byte) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.ended {
		return errors.New("the transaction has ended")
	}
	name := recordName(tx.Sequence())
	w, err := tx.lake.bucket.Create(ctx, name, storage.CreateOptions{IfNoneMatch: true})
	if err != nil {
		return err // for certain nothing was written; the stage can be dropped
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return err
	}
	tx.ended = true // from here on the stage may be needed
	if _, err = w.Commit(ctx); err == nil {
		return nil
	}
	return tx.settle(context.WithoutCancel(ctx), err)
}

// settle finds out whether a record was written although writing it failed:
// the answer may have been lost, or a repeated request may have met itself.
func (tx *Tx) settle(ctx context.Context, cause error) error {
	there, err := tx.lake.readRecord(ctx, tx.Sequence())
	switch {
	case err == nil && there.Nonce == tx.record.Nonce && there.Fence == tx.record.Fence:
		return nil
	case err == nil:
		return errors.Join(overtaken(there), tx.lake.deleteAll(ctx, tx.stage.dir()))
	case errors.Is(err, fs.ErrNotExist):
		// A request may still be under way, so the stage stays until a commit
		// of this number exists.
		tx.lease.doubt()
		return cause
	}
	tx.lease.doubt()
	return fmt.Errorf("%w (and whether it was written is not known: %w)", cause, err)
}

func overtaken(other *Record) error {
	return diag.Errorf(diag.Locked, "run %s has made commit %d while this run was about to", other.Run, other.Sequence).
		WithNext("run again; what this run has committed before is safe")
}

// errTakenOver says that another run took the lease and published the commit.
var errTakenOver = errors.New("took over the lock of the lake")

// finish publishes a recorded commit and tidies up. after is the state with
// the commit, base the one before.
func (l *Lake) finish(ctx context.Context, lease *Lease, base, after *State, r *Record) error {
	if err := l.publish(ctx, base, r); err != nil {
		return err
	}
	if err := l.advancePointer(ctx, r.Sequence); err != nil {
		return err
	}
	l.writeCheckpoint(ctx, after)
	l.remember(after)
	_, err := l.sweepStages(ctx, lease, r.Sequence)
	return err
}

// sweepStages deletes the staged files that no commit needs any more, and
// returns how many. Those of commits up to published are over. Those of the
// next can go if they are of an older lease whose holder is known to be done:
// of one that may live on they must stay, as it may yet commit them.
func (l *Lake) sweepStages(ctx context.Context, lease *Lease, published uint64) (int, error) {
	count, doubtful := 0, lease.doubtful()
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(l.opts.Parallel)
	var listing error
	for info, err := range l.bucket.List(ctx, stageDir) {
		if err != nil {
			listing = err
			break
		}
		s, ok := parseStage(info.Name)
		over := s.sequence <= published || s.fence > doubtful && s.fence < lease.Fence()
		if !ok || !over {
			continue
		}
		count++
		group.Go(func() error { return l.bucket.Delete(groupCtx, info.Name, storage.DeleteOptions{}) })
	}
	return count, errors.Join(listing, group.Wait())
}

// Recovered says what Recover found to do.
type Recovered struct {
	Published uint64 // the commit whose publishing was finished; 0 for none
	Unstaged  int    // staged files of dead runs that were deleted
}

// Recover finishes what a crash left: a commit that is recorded but not
// published is published, staged files that no commit will need are deleted,
// temporary files are swept. Whoever takes the lease calls it before Begin.
func (l *Lake) Recover(ctx context.Context, lease *Lease) (Recovered, error) {
	done := Recovered{}
	if err := lease.Check(ctx); err != nil {
		return done, err
	}
	base, err := l.State(ctx)
	if err != nil {
		return done, err
	}
	published := base.Sequence
	if r := base.Pending; r != nil {
		after := base.clone()
		if err := after.apply(r); err != nil {
			return done, brokenRecord(r.Sequence, err)
		}
		if err := l.finish(ctx, lease, base, after, r); err != nil {
			return done, notPublished(r.Sequence, err)
		}
		base = after
		published, done.Published = r.Sequence, r.Sequence
	}
	if done.Unstaged, err = l.sweepStages(ctx, lease, published); err != nil {
		return done, err
	}
	if sweeper, ok := l.bucket.(storage.Sweeper); ok {
		err = sweeper.Sweep(ctx, folders(base)...)
	}
	return done, err
}

// folders returns those folders of the lake that are lakectl's alone. A lake may
// share its root with files of the user's.
func folders(s *State) []string {
	list := []string{strings.TrimSuffix(ownDir, "/")}
	for _, ref := range s.TableRefs() {
		list = append(list, ref.Dir())
	}
	return list
}
