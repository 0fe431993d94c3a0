//go:build unix

package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// syncer lets callers who want the same folder synced at the same time share
// the work: those who come while a sync runs wait for the next one together.
type syncer struct {
	mu      sync.Mutex
	folders map[string]*folderSync
}

// folderSync is the syncs of one folder. One runs; the other collects callers.
type folderSync struct {
	running, next *syncCall
}

type syncCall struct {
	done chan struct{}
	err  error
}

// syncsAtOnce is how many files are synced at a time. File systems with a
// journal make many syncs at once into one.
const syncsAtOnce = 32

// Sync implements storage.Syncer: it syncs the files, then their folders and
// all above these, any of which may be new.
func (b *Bucket) Sync(ctx context.Context, names []string) error {
	if b.opts.NoSync {
		return nil
	}
	var folders []string
	for _, name := range names {
		if err := check(ctx, name); err != nil {
			return err
		}
		folders = append(folders, path.Dir(name))
	}
	slices.Sort(folders)
	folders = slices.Compact(folders)
	for _, dir := range folders {
		for dir != "." {
			dir = path.Dir(dir)
			folders = append(folders, dir)
		}
	}
	slices.Sort(folders)
	err := b.syncAll(ctx, names, func(name string) error { return syncFile(b.file(name)) })
	if err == nil {
		err = b.syncAll(ctx, slices.Compact(folders), func(name string) error { return b.dirs.do(b.file(name)) })
	}
	return err
}

func (b *Bucket) syncAll(ctx context.Context, names []string, sync func(string) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(syncsAtOnce)
	for _, name := range names {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return b.wrap("sync", name, sync(name))
		})
	}
	return group.Wait()
}

func syncFile(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return absent(err)
	}
	defer f.Close()
	return f.Sync()
}

// syncFolders makes what was changed in the folders of the bucket last.
func (b *Bucket) syncFolders(names []string) error {
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if err := b.syncFolder(b.file(name)); err != nil {
			return err
		}
	}
	return nil
}

// syncFolder syncs a folder, given by its path in the file system.
func (b *Bucket) syncFolder(dir string) error {
	if b.opts.NoSync {
		return nil
	}
	return b.dirs.do(dir)
}

func (s *syncer) do(dir string) error {
	s.mu.Lock()
	if s.folders == nil {
		s.folders = map[string]*folderSync{}
	}
	f := s.folders[dir]
	if f == nil {
		f = &folderSync{}
		s.folders[dir] = f
	}
	if f.running == nil {
		f.running = &syncCall{done: make(chan struct{})}
		s.mu.Unlock()
		return s.finish(dir, f)
	}
	wait, first := f.next, false
	if wait == nil {
		wait, first = &syncCall{done: make(chan struct{})}, true
		f.next = wait
	}
	running := f.running
	s.mu.Unlock()
	if !first {
		<-wait.done
		return wait.err
	}
	<-running.done
	s.mu.Lock()
	f.running, f.next = wait, nil
	s.mu.Unlock()
	return s.finish(dir, f)
}

// finish does the running sync of a folder and tells those who wait for it.
func (s *syncer) finish(dir string, f *folderSync) error {
	call := f.running
	call.err = fsyncFolder(dir)
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.next == nil {
		delete(s.folders, dir)
	}
	close(call.done)
	return call.err
}

func fsyncFolder(dir string) error {
	f, err := os.Open(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil // emptied and removed meanwhile: nothing is left to last
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil // some network file systems cannot sync folders
	}
	if err != nil {
		return fmt.Errorf("sync the folder: %w", err)
	}
	return nil
}
