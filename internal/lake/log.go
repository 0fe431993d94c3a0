package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
)

// State returns the lake as of the last commit that is published whole. It
// only reads, and needs no lease. A record that is missing, cannot be read, or
// does not follow from the one before is an error that names it.
func (l *Lake) State(ctx context.Context) (*State, error) {
	for range 10 {
		state, err := l.load(ctx)
		if state != nil || err != nil {
			return state, err
		}
	}
	return nil, diag.Errorf(diag.Unexpected, "%s is ahead of the log: the last records are missing", publishedName).
		WithNext("restore the folder %s of the lake from a backup", logDir)
}

// load folds the log once. It returns no state when a writer went on between
// the two looks at the lake, so that they do not fit.
func (l *Lake) load(ctx context.Context) (*State, error) {
	last, checkpoints, err := l.listLog(ctx)
	if err != nil {
		return nil, err
	}
	pointer, err := l.readPointer(ctx)
	if err != nil {
		return nil, err
	}
	if pointer.Sequence > last {
		return nil, nil
	}
	// No commit is recorded before the one before it is published, so only
	// the last can be open. The pointer, if it is older or lost, loses nothing.
	published := max(pointer.Sequence, max(last, 1)-1)
	state, err := l.base(ctx, published, checkpoints)
	if err != nil {
		return nil, err
	}
	if state, err = l.fold(ctx, state, published); err != nil {
		return nil, err
	}
	l.remember(state)
	if last == published {
		return state, nil
	}
	withPending := *state
	withPending.Pending, err = l.readRecord(ctx, last)
	if err == nil && withPending.Pending.Previous != state.nonce {
		err = brokenRecord(last, errors.New("it follows another commit than the one in this log"))
	}
	return &withPending, err
}

// listLog returns the sequence of the last record and those of the checkpoints.
func (l *Lake) listLog(ctx context.Context) (last uint64, checkpoints []uint64, err error) {
	for info, err := range l.bucket.List(ctx, logDir) {
		if err != nil {
			return 0, nil, err
		}
		if info.Name[len(logDir)] == '.' {
			continue // of a file manager
		}
		sequence, checkpoint, err := parseLogName(info.Name)
		switch {
		case err != nil:
			return 0, nil, diag.Errorf(diag.Unexpected, "%w", err).WithNext("move it out of the folder %s of the lake", logDir)
		case checkpoint:
			checkpoints = append(checkpoints, sequence)
		case sequence != last+1:
			return 0, nil, diag.Errorf(diag.Unexpected, "the log has a gap: %s is missing, but %s is there", recordName(last+1), info.Name).
				WithNext("restore the missing record from a backup of the lake")
		default:
			last = sequence
		}
	}
	return last, checkpoints, nil
}

// base returns the newest known state that is not after published: remembered,
// of a checkpoint, or empty. It is not to be changed.
func (l *Lake) base(ctx context.Context, published uint64, checkpoints []uint64) (*State, error) {
	if s := l.remembered(); s != nil && s.Sequence <= published {
		return s, nil
	}
	for _, sequence := range slices.Backward(checkpoints) {
		if sequence > published {
			continue
		}
		if s, err := l.readCheckpoint(ctx, sequence); err == nil {
			return s, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return newState(), nil
}

// fold returns the state after the commit until, from an earlier one.
func (l *Lake) fold(ctx context.Context, from *State, until uint64) (*State, error) {
	if from.Sequence == until {
		return from, nil
	}
	state := from.clone()
	records := make([]*Record, until-from.Sequence)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(l.opts.Parallel)
	for i := range records {
		group.Go(func() (err error) {
			records[i], err = l.readRecord(groupCtx, from.Sequence+1+uint64(i))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, r := range records {
		if err := state.apply(r); err != nil {
			return nil, brokenRecord(r.Sequence, err)
		}
	}
	return state, nil
}

// Record returns the whole record of a commit, whose summary is in
// State.Commits. It fails with fs.ErrNotExist if there is no such commit.
func (l *Lake) Record(ctx context.Context, sequence uint64) (*Record, error) {
	return l.readRecord(ctx, sequence)
}

// readRecord reads the record of a commit.
func (l *Lake) readRecord(ctx context.Context, sequence uint64) (*Record, error) {
	data, _, err := storage.ReadAll(ctx, l.bucket, recordName(sequence))
	if err != nil {
		return nil, err
	}
	r, err := ParseRecord(data)
	if err == nil && r.Sequence != sequence {
		err = fmt.Errorf("it is that of commit %d", r.Sequence)
	}
	if err != nil {
		return nil, brokenRecord(sequence, err)
	}
	return r, nil
}

func brokenRecord(sequence uint64, err error) error {
	return diag.Errorf(diag.Unexpected, "the record %s cannot be used: %w", recordName(sequence), err).
		WithNext("use a lakectl that is at least as new as the one that wrote it, or restore the record from a backup of the lake")
}

// pointer is the object _lakectl/published: the last commit that is published whole.
type pointer struct {
	Format   int    `json:"format"`
	Sequence uint64 `json:"sequence"`

	version string // of the object; "" if there is none
}

const pointerFormat = 1

// readPointer returns the pointer, of sequence 0 if there is none or it cannot
// be understood: it only saves work.
func (l *Lake) readPointer(ctx context.Context) (pointer, error) {
	data, info, err := storage.ReadAll(ctx, l.bucket, publishedName)
	if errors.Is(err, fs.ErrNotExist) {
		return pointer{}, nil
	}
	if err != nil {
		return pointer{}, err
	}
	p := pointer{}
	if err := decode(data, &p); err != nil || p.Format != pointerFormat {
		p = pointer{}
	}
	p.version = info.Version
	return p, nil
}

// advancePointer says that a commit is published whole. The pointer never goes back.
func (l *Lake) advancePointer(ctx context.Context, sequence uint64) error {
	data, err := encode(pointer{Format: pointerFormat, Sequence: sequence})
	if err != nil {
		return err
	}
	for range 5 {
		old, err := l.readPointer(ctx)
		if err != nil || old.Sequence >= sequence {
			return err
		}
		opts := storage.CreateOptions{IfNoneMatch: old.version == "", IfMatch: old.version}
		_, err = storage.WriteAll(ctx, l.bucket, publishedName, data, opts)
		if !errors.Is(err, storage.ErrPrecondition) {
			return err
		}
	}
	return fmt.Errorf("%s: %w", publishedName, storage.ErrPrecondition)
}
