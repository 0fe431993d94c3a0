//go:build cgo

package duckdb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/storage"
)

// In the cache, objects/ has files by the hash of their content, and queries/ a
// folder for each statement at work, in which they are linked to where they are
// in the lake. A file is fetched to the folder of its statement and linked to
// objects/ when it is whole. So the cache never holds what the lake did not say,
// a file that is dropped from it stays as long as a statement reads it, however
// small the cache is, and nothing is kept twice.
const (
	objectsFolder = "objects"
	queriesFolder = "queries"
	// parallel is how many files are fetched at a time.
	parallel = 16
	// abandoned is after how long the folder of a statement is taken for one
	// whose process was killed.
	abandoned = 24 * time.Hour
)

// fetchFiles puts the files of the statement's tables into a folder of its own.
func (r *result) fetchFiles(ctx context.Context) (map[lake.TableRef][]string, error) {
	c := r.engine.o.Cache
	if err := os.MkdirAll(filepath.Join(c.Folder, queriesFolder), 0o700); err != nil {
		return nil, unwritable(err)
	}
	c.sweep()
	var err error
	if r.fetched, err = os.MkdirTemp(filepath.Join(c.Folder, queriesFolder), "q"); err != nil {
		return nil, unwritable(err)
	}
	if err := r.fetchMissing(ctx); err != nil {
		return nil, err
	}
	folder, err := r.plain(r.fetched)
	if err != nil {
		return nil, err
	}
	paths := map[lake.TableRef][]string{}
	for _, rel := range r.relations {
		for _, f := range rel.files {
			paths[rel.ref] = append(paths[rel.ref], filepath.Join(folder, filepath.FromSlash(f.Path)))
		}
	}
	return paths, c.evict()
}

// fetchMissing links the files that the cache has into the statement's folder, and
// fetches the others.
func (r *result) fetchMissing(ctx context.Context) error {
	c, missing, bytes := r.engine.o.Cache, []*lake.File{}, int64(0)
	for _, rel := range r.relations {
		for _, f := range rel.files {
			linked, err := c.link(f, r.local(f))
			if err != nil {
				return err
			}
			if !linked {
				missing = append(missing, f)
				bytes += f.Bytes
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if r.engine.o.OnFetch != nil {
		r.engine.o.OnFetch(len(missing), bytes)
	}
	bucket := r.engine.o.Lake.At(r.state)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, f := range missing {
		group.Go(func() error { return c.fetch(ctx, bucket, f, r.local(f)) })
	}
	return group.Wait()
}

// local returns where the statement finds a file that is fetched.
func (r *result) local(f *lake.File) string {
	return filepath.Join(r.fetched, filepath.FromSlash(f.Path))
}

// object returns where the cache keeps the content of a file.
func (c Cache) object(f *lake.File) string {
	return filepath.Join(c.Folder, objectsFolder, f.SHA256[:2], f.SHA256)
}

// link puts a file of the cache where a statement looks for it, marks it as used,
// and says whether it is there. One that was written to since is dropped.
func (c Cache) link(f *lake.File, path string) (bool, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, unwritable(err)
	}
	if err := os.Link(c.object(f), path); err != nil {
		return false, unwritable(ignoreMissing(err))
	}
	info, err := os.Stat(path)
	if err == nil && info.Size() == f.Bytes && untouched(f, info.ModTime()) {
		return true, unwritable(use(f, path))
	}
	if err := os.Remove(path); err != nil {
		return false, unwritable(err)
	}
	return false, unwritable(ignoreMissing(os.Remove(c.object(f))))
}

// use marks a file of the cache as used now. The nanoseconds of that time say that
// it was the cache that wrote it last.
func use(f *lake.File, path string) error {
	at := time.Unix(time.Now().Unix(), nanoseconds(f))
	return os.Chtimes(path, at, at)
}

// untouched says whether only the cache has written to a file, by its time: whoever
// changes it changes that. Where files have whole seconds it is not known.
func untouched(f *lake.File, modified time.Time) bool {
	n := int64(modified.Nanosecond())
	return n == 0 || n == nanoseconds(f)
}

// nanoseconds returns those of the time at which a file of the cache was used:
// always the same of the same file, and never 0.
func nanoseconds(f *lake.File) int64 {
	n, err := strconv.ParseUint(f.SHA256[:12], 16, 64)
	if err != nil {
		return 1
	}
	return int64(1 + n%999_999_999)
}

// fetch copies a file to where a statement looks for it, and gives it to the cache.
// One whose content is not what its commit wrote was changed by a later one.
func (c Cache) fetch(ctx context.Context, bucket storage.Bucket, f *lake.File, path string) error {
	object, err := bucket.Open(ctx, f.Path)
	if err != nil {
		return err
	}
	defer object.Close()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return unwritable(err)
	}
	defer file.Close()
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(written{file}, hash), io.NewSectionReader(object, 0, object.Info().Size))
	if errors.Is(err, storage.ErrPrecondition) || err == nil && hex.EncodeToString(hash.Sum(nil)) != f.SHA256 {
		return diag.Errorf(diag.Transient, "%s is not as commit %d wrote it: another run changed it", f.Path, f.Sequence).WithNext("ask again")
	}
	if err != nil {
		return fmt.Errorf("%s cannot be fetched: %w", f.Path, err)
	}
	if err := file.Close(); err != nil {
		return unwritable(err)
	}
	return unwritable(c.keep(f, path))
}

// keep takes a file that was fetched into the cache.
func (c Cache) keep(f *lake.File, path string) error {
	if err := use(f, path); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.object(f)), 0o700); err != nil {
		return err
	}
	if err := os.Link(path, c.object(f)); !errors.Is(err, fs.ErrExist) { // another statement was faster
		return err
	}
	return nil
}

// written tells errors of writing a file of the cache from those of fetching it.
type written struct{ file *os.File }

// Write implements io.Writer.
func (w written) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	return n, unwritable(err)
}

// unwritable says of an error that it is the cache's, and what can be done.
func unwritable(err error) error {
	if err == nil {
		return nil
	}
	return diag.Errorf(diag.Usage, "the cache of queries cannot be written: %w", err).
		WithNext("make room there, or name another folder with LAKEHOUSE_CACHE")
}

// evict drops the files that were not used for longest until the cache is no
// larger than it may be.
func (c Cache) evict() error {
	type object struct {
		path string
		size int64
		used time.Time
	}
	var objects []object
	total := int64(0)
	err := filepath.WalkDir(filepath.Join(c.Folder, objectsFolder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return ignoreMissing(err)
		}
		info, err := entry.Info()
		if err == nil {
			objects = append(objects, object{path, info.Size(), info.ModTime()})
			total += info.Size()
		}
		return ignoreMissing(err)
	})
	if err != nil {
		return fmt.Errorf("the cache of queries cannot be read: %w", err)
	}
	slices.SortFunc(objects, func(a, b object) int { return a.used.Compare(b.used) })
	for _, o := range objects {
		if total <= c.Bytes {
			break
		}
		if err := ignoreMissing(os.Remove(o.path)); err != nil {
			return unwritable(err)
		}
		total -= o.size
	}
	return nil
}

// ignoreMissing takes it for done that another process was faster.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// sweep removes the folders of statements whose processes were killed. Those
// that cannot be removed harm nobody.
func (c Cache) sweep() { sweep(filepath.Join(c.Folder, queriesFolder), "q") }

// tempPrefix begins the names of folders for what does not fit the memory.
const tempPrefix = "lakectl-query"

// sweepTemp removes such folders of statements whose processes were killed.
func sweepTemp(folder string) {
	if folder == "" {
		folder = os.TempDir()
	}
	sweep(folder, tempPrefix)
}

// sweep removes the folders with a prefix that are abandoned. Links and files are
// nobody's folders, and are left.
func sweep(folder, prefix string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), prefix) {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.RemoveAll(filepath.Join(folder, entry.Name()))
		}
	}
}
