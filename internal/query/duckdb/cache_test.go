//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/local"
)

// cached returns the files in a cache and how many bytes they have.
func cached(t *testing.T, c Cache) (files []string, bytes int64) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(c.Folder, objectsFolder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return ignoreMissing(err)
		}
		info, err := entry.Info()
		files, bytes = append(files, path), bytes+info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, bytes
}

const aWeek = "select count(*) from silver.transactions where transaction_date between date '2026-10-01' and date '2026-10-07'"

func TestCache(t *testing.T) {
	l := sampleLake(t)
	cache := Cache{Folder: t.TempDir(), Bytes: 1 << 30}
	e, fetched := elsewhere(l, cache)
	want := mustAsk(t, engineOn(l), sql(aWeek))
	for range 2 {
		if got := mustAsk(t, e, sql(aWeek)); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	if !slices.Equal(*fetched, []int{7}) {
		t.Errorf("fetched: %v", *fetched)
	}
	files, _ := cached(t, cache)
	if err := os.Truncate(files[3], 10); err != nil { // a write that was cut off
		t.Fatal(err)
	}
	if got := mustAsk(t, e, sql(aWeek)); !slices.Equal(got, want) || !slices.Equal(*fetched, []int{7, 1}) {
		t.Errorf("after a torn write: %v, %v", got, *fetched)
	}
	for at := range 3 { // somebody wrote to files, which keep their size
		data, err := os.ReadFile(files[at])
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 0x10
		if err := os.WriteFile(files[at], data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := mustAsk(t, e, sql(aWeek)); !slices.Equal(got, want) || !slices.Equal(*fetched, []int{7, 1, 3}) {
		t.Errorf("after they were damaged: %v, %v", got, *fetched)
	}
	if left, err := os.ReadDir(filepath.Join(cache.Folder, queriesFolder)); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// Statements that share a cache which is too small for any of them do not take
// files from each other.
func TestCacheIsShared(t *testing.T) {
	l := sampleLake(t)
	cache := Cache{Folder: t.TempDir(), Bytes: 10_000}
	want := mustAsk(t, engineOn(l), sql(aWeek))
	var group errgroup.Group
	for range 4 {
		e, _ := elsewhere(l, cache)
		group.Go(func() error {
			for range 10 {
				if _, got, err := ask(context.Background(), e, sql(aWeek)); err != nil || !slices.Equal(got, want) {
					return fmt.Errorf("%v, want %v: %w", got, want, err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	if _, bytes := cached(t, cache); bytes > cache.Bytes {
		t.Errorf("%d bytes", bytes)
	}
}

// A cache that cannot be written says which it is, and what can be done.
func TestUnwritableCache(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e, _ := elsewhere(sampleLake(t), Cache{Folder: folder, Bytes: 1 << 30})
	_, _, err := ask(context.Background(), e, sql(aWeek))
	var typed *diag.Error
	if !errors.As(err, &typed) || typed.Class != diag.Usage || !strings.HasPrefix(err.Error(), "the cache of queries cannot be written: ") || typed.Next != "make room there, or name another folder with LAKEHOUSE_CACHE" {
		t.Errorf("%+v", err)
	}
}

// A cache never stays larger than it may be, and what was used last stays.
func TestCacheIsBounded(t *testing.T) {
	l := sampleLake(t)
	cache := Cache{Folder: t.TempDir(), Bytes: 1 << 30}
	e, fetched := elsewhere(l, cache)
	mustAsk(t, e, sql(aWeek))
	_, week := cached(t, cache)
	e.o.Cache.Bytes = week + 1
	old := time.Now().Add(-time.Hour)
	files, _ := cached(t, cache)
	for _, path := range files[:6] {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	mustAsk(t, e, sql("select count(*) from silver.transactions where transaction_date = date '2026-09-01'"))
	left, bytes := cached(t, cache)
	if bytes > week+1 || !slices.Contains(left, files[6]) {
		t.Errorf("%d bytes of %d, %d files", bytes, week+1, len(left))
	}
	// One that holds nothing still answers.
	e.o.Cache.Bytes = 0
	if got, want := mustAsk(t, e, sql(aWeek)), mustAsk(t, engineOn(l), sql(aWeek)); !slices.Equal(got, want) || len(*fetched) != 3 {
		t.Errorf("%v, want %v; fetched %v", got, want, *fetched)
	}
	if _, bytes := cached(t, cache); bytes != 0 {
		t.Errorf("%d bytes", bytes)
	}
}

// A file whose content is not that of the commit is not taken for it.
func TestCacheKnowsContent(t *testing.T) {
	l := sampleLake(t)
	files, err := filepath.Glob(filepath.Join(l.Lake, "silver", "customers", "*.parquet"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	data[100] ^= 1
	if err := os.WriteFile(files[0], data, 0o644); err != nil {
		t.Fatal(err)
	}
	e, _ := elsewhere(l, Cache{Folder: t.TempDir(), Bytes: 1 << 30})
	if _, _, err := ask(context.Background(), e, sql("select count(*) from silver.customers")); diag.ClassOf(err) != diag.Transient {
		t.Errorf("%v", err)
	}
	if files, _ := cached(t, e.o.Cache); len(files) > 0 {
		t.Errorf("in the cache: %v", files)
	}
}

func TestAbandonedFolders(t *testing.T) {
	cache := Cache{Folder: t.TempDir(), Bytes: 1 << 30}
	folder := filepath.Join(cache.Folder, queriesFolder)
	for name, age := range map[string]time.Duration{"q1": 48 * time.Hour, "q2": time.Minute} {
		if err := os.MkdirAll(filepath.Join(folder, name, "silver"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(folder, name), time.Now().Add(-age), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	cache.sweep()
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 || entries[0].Name() != "q2" {
		t.Errorf("%v, %v", entries, err)
	}
}

// What a killed process left among temporary files goes with a later statement; what
// is young, or somebody else's, stays.
func TestAbandonedTemp(t *testing.T) {
	e := engineOn(sampleLake(t))
	for name, age := range map[string]time.Duration{tempPrefix + "1": 48 * time.Hour, tempPrefix + "2": time.Minute, "other": 48 * time.Hour} {
		folder := filepath.Join(e.o.Temp, name)
		if err := os.WriteFile(filepath.Join(e.o.Temp, name+".txt"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(folder, "spilled"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{folder, folder + ".txt"} {
			if err := os.Chtimes(path, time.Now().Add(-age), time.Now().Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
	}
	mustAsk(t, e, sql("select 1"))
	var left []string
	entries, err := os.ReadDir(e.o.Temp)
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	want := []string{tempPrefix + "1.txt", tempPrefix + "2", tempPrefix + "2.txt", "other", "other.txt"}
	if slices.Sort(left); err != nil || !slices.Equal(left, want) {
		t.Errorf("left: %v, %v", left, err)
	}
}

// fragile is the store of a lake that is gone from when the first data file is asked
// for.
type fragile struct {
	storage.Bucket
	gone  atomic.Bool
	asked atomic.Int32 // since it is gone
}

var errGone = diag.Errorf(diag.Transient, "the store cannot be reached: %w", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})

// Open implements storage.Bucket.
func (f *fragile) Open(ctx context.Context, name string) (storage.Object, error) {
	if strings.HasSuffix(name, ".parquet") {
		f.gone.Store(true)
	}
	if f.gone.Load() {
		f.asked.Add(1)
		return nil, errGone
	}
	return f.Bucket.Open(ctx, name)
}

// List implements storage.Bucket.
func (f *fragile) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	if f.gone.Load() {
		f.asked.Add(1)
		return func(yield func(storage.Info, error) bool) { yield(storage.Info{}, errGone) }
	}
	return f.Bucket.List(ctx, prefix)
}

// A store that is gone is not asked again and again: its client has tried.
func TestGoneMeanwhile(t *testing.T) {
	l := sampleLake(t)
	folder, err := local.New(l.Lake, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := &fragile{Bucket: folder}
	opened, err := lake.Open(t.Context(), store, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, _ := elsewhere(l, Cache{Folder: t.TempDir(), Bytes: 1 << 30})
	e.o.Lake = opened
	_, _, err = ask(t.Context(), e, sql("select count(*) from silver.customers"))
	if !errors.Is(err, errGone) || store.asked.Load() > 1 {
		t.Errorf("asked %d times: %v", store.asked.Load(), err)
	}
	if files, _ := cached(t, e.o.Cache); len(files) > 0 {
		t.Errorf("in the cache: %v", files)
	}
}
