package overlay

import (
	"context"
	"iter"

	"github.com/lakectl/lakectl/internal/storage"
)

// List implements storage.Bucket.
//
// Whose each object is, is looked up once, at the beginning: an object that goes
// from the base to upper while both are listed is neither missed nor seen twice.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(storage.Info{}, err)
			return
		}
		ours := b.ourNames(prefix)
		if len(ours) == 0 {
			b.base.List(ctx, prefix)(yield)
			return
		}
		base, stopBase := iter.Pull2(b.base.List(ctx, prefix))
		defer stopBase()
		upper, stopUpper := iter.Pull2(b.upper.List(ctx, prefix))
		defer stopUpper()
		merge(side{next: base, skip: func(name string) bool { return ours[name] }},
			side{next: upper, skip: func(name string) bool { return !ours[name] }, info: upperInfo}, yield)
	}
}

// side is one of two listings that are merged.
type side struct {
	next func() (storage.Info, error, bool)
	skip func(name string) bool
	info func(storage.Info) storage.Info // nil leaves it as it is

	at  storage.Info
	err error
	ok  bool // there is at or err
}

// advance steps to the next object that is not skipped.
func (s *side) advance() {
	for {
		s.at, s.err, s.ok = s.next()
		if !s.ok || s.err != nil || !s.skip(s.at.Name) {
			break
		}
	}
	if s.ok && s.err == nil && s.info != nil {
		s.at = s.info(s.at)
	}
}

// merge yields two listings, which have no name in common, in order.
func merge(a, b side, yield func(storage.Info, error) bool) {
	a.advance()
	b.advance()
	for a.ok || b.ok {
		first := &a
		switch {
		case a.err != nil || b.err != nil:
			if a.err == nil {
				first = &b
			}
			yield(storage.Info{}, first.err)
			return
		case !a.ok || b.ok && b.at.Name < a.at.Name:
			first = &b
		}
		if !yield(first.at, nil) {
			return
		}
		first.advance()
	}
}
