//go:build unix

package local

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/storage"
)

// List implements storage.Bucket. Temporary files are left out; a file whose
// name no object can have is an error, lest it be overlooked.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		start := prefix[:strings.LastIndexByte(prefix, '/')+1]
		if start != "" {
			if err := storage.CheckName(strings.TrimSuffix(start, "/")); err != nil {
				yield(storage.Info{}, err)
				return
			}
		}
		l := lister{bucket: b, ctx: ctx, prefix: prefix, yield: yield}
		l.folder(start)
	}
}

// lister walks folders in the order of the bytes of whole names, in which the
// folder "a" stands as "a/", after the file "a-b".
type lister struct {
	bucket *Bucket
	ctx    context.Context //nolint:containedctx // it lives for one call of List
	prefix string
	yield  func(storage.Info, error) bool
}

// folder lists a folder, whose name is empty or ends in a slash. It returns
// false when the listing is over.
func (l *lister) folder(name string) bool {
	entries, err := os.ReadDir(l.bucket.file(name))
	if errors.Is(absent(err), fs.ErrNotExist) {
		return true
	}
	if err = errors.Join(err, l.ctx.Err()); err != nil {
		l.yield(storage.Info{}, l.bucket.wrap("list", name, err))
		return false
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(sortKey(a), sortKey(b)) })
	for _, entry := range entries {
		if !l.entry(name, entry) {
			return false
		}
	}
	return true
}

func sortKey(entry fs.DirEntry) string {
	if entry.IsDir() {
		return entry.Name() + "/"
	}
	return entry.Name()
}

func (l *lister) entry(folder string, entry fs.DirEntry) bool {
	name := folder + sortKey(entry)
	if entry.IsDir() {
		if strings.HasPrefix(name, l.prefix) || strings.HasPrefix(l.prefix, name) {
			return l.folder(name)
		}
		return true
	}
	if !strings.HasPrefix(name, l.prefix) || strings.HasPrefix(entry.Name(), storage.TempPrefix) {
		return true
	}
	if err := storage.CheckName(name); err != nil {
		l.yield(storage.Info{}, err)
		return false
	}
	stat, err := os.Stat(l.bucket.file(name)) // follows links to files
	if errors.Is(absent(err), fs.ErrNotExist) {
		return true
	}
	if err != nil {
		l.yield(storage.Info{}, l.bucket.wrap("list", name, err))
		return false
	}
	return !stat.Mode().IsRegular() || l.yield(info(name, stat), nil)
}
