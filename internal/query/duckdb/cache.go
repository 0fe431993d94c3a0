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
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/storage"
)

// In the cache, objects/ has files by the hash of their content, and queries/ a
// folder for each statement at work, in which they are linked to where they are
// in the lake. So the cache never holds what the lake did not say, a file that
// is dropped from it stays as long as a statement reads it, and nothing is kept
// twice.
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
		return nil, fmt.Errorf("the cache of queries cannot be made: %w", err)
	}
	c.sweep()
	var err error
	if r.fetched, err = os.MkdirTemp(filepath.Join(c.Folder, queriesFolder), "q"); err != nil {
		return nil, fmt.Errorf("the cache of queries cannot be written: %w", err)
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
			path := filepath.FromSlash(f.Path)
			if err := c.link(f, filepath.Join(r.fetched, path)); err != nil {
				return nil, err
			}
			paths[rel.ref] = append(paths[rel.ref], filepath.Join(folder, path))
		}
	}
	return paths, c.evict()
}

// fetchMissing fetches the files that the cache does not have.
func (r *result) fetchMissing(ctx context.Context) error {
	c, missing, bytes := r.engine.o.Cache, []*lake.File{}, int64(0)
	for _, rel := range r.relations {
		for _, f := range rel.files {
			if !c.has(f) {
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
		group.Go(func() error { return c.fetch(ctx, bucket, f) })
	}
	return group.Wait()
}

// object returns where the cache keeps the content of a file.
func (c Cache) object(f *lake.File) string {
	return filepath.Join(c.Folder, objectsFolder, f.SHA256[:2], f.SHA256)
}

// has says whether the cache has a file, and marks it as used.
func (c Cache) has(f *lake.File) bool {
	info, err := os.Stat(c.object(f))
	if err != nil || info.Size() != f.Bytes {
		return false
	}
	now := time.Now()
	return os.Chtimes(c.object(f), now, now) == nil
}

// fetch copies a file to the cache. One whose content is not what its commit
// wrote was changed by a later one.
func (c Cache) fetch(ctx context.Context, bucket storage.Bucket, f *lake.File) error {
	object, err := bucket.Open(ctx, f.Path)
	if err != nil {
		return err
	}
	defer object.Close()
	path := c.object(f)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "fetch")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // unless it has its name by then
	defer temp.Close()
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(temp, hash), io.NewSectionReader(object, 0, object.Info().Size))
	if errors.Is(err, storage.ErrPrecondition) || err == nil && hex.EncodeToString(hash.Sum(nil)) != f.SHA256 {
		return diag.Errorf(diag.Transient, "%s is not as commit %d wrote it: another run changed it", f.Path, f.Sequence).WithNext("ask again")
	}
	if err != nil {
		return fmt.Errorf("%s cannot be fetched: %w", f.Path, err)
	}
	if err := temp.Close(); err != nil {
		return fmt.Errorf("the cache of queries cannot be written: %w", err)
	}
	return os.Rename(temp.Name(), path)
}

// link puts a file of the cache where a statement looks for it.
func (c Cache) link(f *lake.File, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	err := os.Link(c.object(f), path)
	if errors.Is(err, fs.ErrNotExist) {
		return diag.Errorf(diag.Transient, "the cache of queries has no room for %s: another query took it", f.Path).
			WithNext("ask again, or allow the cache more with LAKEHOUSE_CACHE_SIZE")
	}
	return err
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
			return fmt.Errorf("the cache of queries cannot be made smaller: %w", err)
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
