//go:build unix

package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lakectl/lakectl/internal/storage"
)

// lockFile is locked for the instant of a change. It is never removed: a
// process that holds the lock on a removed file excludes nobody.
const (
	lockFolder = "_lakectl"
	lockFile   = lockFolder + "/" + storage.TempPrefix + ".lock"
)

// change runs do while no other change of this bucket happens, in any process.
func (b *Bucket) change(ctx context.Context, do func(*os.Root) error) error {
	if err := b.makeRoot(); err != nil {
		return err
	}
	b.changing.Lock()
	defer b.changing.Unlock()
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	lock, err := openLock(root)
	if err != nil {
		return err
	}
	defer lock.Close() // which unlocks
	if err := b.await(ctx, lock); err != nil {
		return err
	}
	return do(root)
}

// await takes the lock of the bucket, for as long as it is worth waiting: a
// process that is stopped while it holds the lock keeps it until it goes on.
func (b *Bucket) await(ctx context.Context, lock *os.File) error {
	deadline := time.Now().Add(b.opts.Patience)
	for pause := time.Millisecond / 4; ; pause = min(2*pause, time.Second/20) {
		err := flock(lock, unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			b.stuck = time.Time{}
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return fmt.Errorf("lock %s: %w", lockFile, err)
		case ctx.Err() != nil:
			return ctx.Err()
		}
		// Once one has waited in vain the others need not, each as long again.
		if now := time.Now(); now.After(deadline) || now.Sub(b.stuck) < b.opts.Patience {
			b.stuck = now
			return errStuck
		}
		time.Sleep(pause)
	}
}

// errStuck says that another process holds the lock of the bucket and does not
// go on. Nothing was changed.
var errStuck = errors.New("another lakectl process is in the midst of a change of this lake, and does not go on")

func openLock(root *os.Root) (*os.File, error) {
	lock, err := root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE, 0o666)
	if !errors.Is(err, fs.ErrNotExist) {
		return lock, err
	}
	if err := root.Mkdir(lockFolder, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE, 0o666)
}

func flock(f *os.File, how int) error {
	for {
		if err := unix.Flock(int(f.Fd()), how); err != unix.EINTR {
			return err
		}
	}
}

// makeRoot makes the root and syncs the folders above that it makes.
func (b *Bucket) makeRoot() error {
	var missing []string
	for dir := b.dir; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, filepath.Dir(dir))
	}
	if len(missing) == 0 {
		return nil
	}
	if err := os.MkdirAll(b.dir, 0o777); err != nil {
		return err
	}
	for _, dir := range missing {
		if err := b.syncFolder(dir); err != nil {
			return err
		}
	}
	return nil
}

// makeFolders makes a folder and those above it. It returns the folders that
// must be synced for that to last: the parents of what was made.
func makeFolders(root *os.Root, dir string) (parents []string, err error) {
	if dir == "." {
		return nil, nil
	}
	switch stat, err := root.Stat(dir); {
	case err == nil && stat.IsDir():
		return nil, nil
	case err == nil:
		return nil, syscall.ENOTDIR
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	parent := path.Dir(dir)
	parents, err = makeFolders(root, parent)
	if err != nil {
		return nil, err
	}
	if err := root.Mkdir(dir, 0o777); err != nil {
		return nil, err
	}
	return append(parents, parent), nil
}

// removeEmpty removes dir and those above it that are empty, but not the
// root, and returns the first that remains.
func removeEmpty(root *os.Root, dir string) (remains string) {
	for dir != "." && removeFolder(root, dir) == nil {
		dir = path.Dir(dir)
	}
	return dir
}

// removeFolder removes an empty folder, and no link to one.
func removeFolder(root *os.Root, dir string) error {
	if stat, err := root.Lstat(dir); err != nil || !stat.IsDir() {
		return errors.Join(err, syscall.ENOTDIR)
	}
	return root.Remove(dir)
}

// Sweep implements storage.Sweeper: it removes temporary files whose writer is
// gone, and empty folders.
func (b *Bucket) Sweep(ctx context.Context, folders ...string) error {
	var temps, dirs []string
	for _, folder := range folders {
		if err := check(ctx, folder); err != nil {
			return err
		}
		if err := b.rubbish(ctx, folder, &temps, &dirs); err != nil {
			return b.wrap("sweep", folder, err)
		}
	}
	return b.wrap("sweep", "", b.sweep(ctx, temps, dirs))
}

// rubbish finds the temporary files and the folders at and below a folder.
func (b *Bucket) rubbish(ctx context.Context, folder string, temps, dirs *[]string) error {
	return filepath.WalkDir(b.file(folder), func(file string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		name, err := filepath.Rel(b.dir, file)
		name = filepath.ToSlash(name)
		switch {
		case err != nil || name == lockFile || name == lockFolder:
		case entry.IsDir():
			*dirs = append(*dirs, name)
		case strings.HasPrefix(entry.Name(), storage.TempPrefix):
			*temps = append(*temps, name)
		}
		return err
	})
}

// sweep removes the temporary files of dead writers, then the empty ones of dirs.
func (b *Bucket) sweep(ctx context.Context, temps, dirs []string) error {
	if len(temps)+len(dirs) == 0 {
		return nil
	}
	return b.change(ctx, func(root *os.Root) error {
		for _, name := range temps {
			if err := removeOrphan(root, name); err != nil {
				return err
			}
		}
		for _, dir := range slices.Backward(dirs) {
			removeEmpty(root, dir)
		}
		return nil
	})
}

// removeOrphan removes a temporary file unless its writer lives. Writers lock
// their files while they hold the lock of the bucket, as does the caller.
func removeOrphan(root *os.Root, name string) error {
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	switch err := flock(f, unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil
	case err != nil:
		return err
	}
	return root.Remove(name)
}
