//go:build unix

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
)

// Options of a Bucket.
type Options struct {
	// NoSync leaves out all fsyncs. A power failure may then lose or tear
	// objects: for tests only.
	NoSync bool
	// Patience is how long a change waits while another process makes one: it
	// takes an instant, unless that process is stopped in the midst of it. Half
	// a minute if 0.
	Patience time.Duration
}

// Bucket is a folder as a bucket.
type Bucket struct {
	dir  string // absolute
	opts Options
	dirs syncer
	// changing is taken before the lock of the bucket, so that goroutines wait
	// for one another here and do not block a thread each in flock.
	changing sync.Mutex
	stuck    time.Time // when a change last gave up waiting; under changing
}

// New returns the bucket of a folder, which need not exist: the first write
// makes it.
func New(dir string, opts Options) (*Bucket, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("lake %s: %w", dir, err)
	}
	if err := usable(abs); err != nil {
		return nil, err
	}
	if opts.Patience == 0 {
		opts.Patience = time.Minute / 2
	}
	return &Bucket{dir: abs, opts: opts}, nil
}

// usable fails if there is something at the path that is no folder. Taking it
// for an empty lake would hide that, say, a disk is not mounted.
func usable(dir string) error {
	link, err := os.Lstat(dir)
	if err != nil {
		return nil //nolint:nilerr // nothing is there yet, or using it will say why not
	}
	stat, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && link.Mode()&fs.ModeSymlink != 0:
		return diag.Errorf(diag.Usage, "%s is a symbolic link to nothing", dir).WithNext("mount or make the folder that it leads to, or give `lake:` another one")
	case err == nil && !stat.IsDir():
		return diag.Errorf(diag.Usage, "%s is a file, and the lake is a folder", dir).WithNext("give `lake:` a folder")
	}
	return nil
}

// Dir returns the absolute path of the bucket's folder.
func (b *Bucket) Dir() string { return b.dir }

// Open implements storage.Bucket.
func (b *Bucket) Open(ctx context.Context, name string) (storage.Object, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	f, err := os.Open(b.file(name))
	if err != nil {
		return nil, b.wrap("open", name, absent(err))
	}
	stat, err := f.Stat()
	if err == nil && !stat.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, b.wrap("open", name, err)
	}
	return &object{f, info(name, stat)}, nil
}

type object struct {
	*os.File
	info storage.Info
}

func (o *object) Info() storage.Info { return o.info }

// Copy implements storage.Bucket. With Move it renames; src is then gone.
func (b *Bucket) Copy(ctx context.Context, dst, src string, opts storage.CopyOptions) (storage.Info, error) {
	if err := errors.Join(check(ctx, dst), check(ctx, src), storage.CheckConditions(opts.IfNoneMatch, opts.IfMatch)); err != nil {
		return storage.Info{}, err
	}
	if dst == src {
		return storage.Info{}, fmt.Errorf("copy %s: onto itself", src)
	}
	conditions := storage.CreateOptions{IfNoneMatch: opts.IfNoneMatch, IfMatch: opts.IfMatch, Deferred: opts.Deferred}
	if opts.Move {
		return b.move(ctx, dst, src, conditions)
	}
	from, err := b.Open(ctx, src)
	if err != nil {
		return storage.Info{}, err
	}
	defer from.Close()
	w, err := b.Create(ctx, dst, conditions)
	if err != nil {
		return storage.Info{}, err
	}
	defer w.Abort()
	// The files themselves, so that the system may share or copy the blocks.
	if _, err := io.Copy(w.(*writer).temp, from.(*object).File); err != nil {
		return storage.Info{}, b.wrap("copy", dst, err)
	}
	return w.Commit(ctx)
}

// move renames src to dst. Only the folder of dst is synced: a rename is one
// transaction of the file system, and should src come back nevertheless, it is
// a second copy that whoever moves files must cope with anyway.
func (b *Bucket) move(ctx context.Context, dst, src string, conditions storage.CreateOptions) (done storage.Info, err error) {
	var made []string
	err = b.change(ctx, func(root *os.Root) error {
		if stat, err := root.Lstat(src); err != nil || stat.IsDir() {
			return errors.Join(fs.ErrNotExist, absent(err))
		}
		if made, err = makeFolders(root, path.Dir(dst)); err != nil {
			return err
		}
		if err := b.install(root, dst, src, conditions); err != nil {
			return err
		}
		stat, err := root.Lstat(dst)
		if err != nil {
			return err
		}
		done = info(dst, stat)
		removeEmpty(root, path.Dir(src))
		return nil
	})
	if err == nil && !conditions.Deferred {
		err = b.syncFolders(append(made, path.Dir(dst)))
	}
	if err != nil {
		return storage.Info{}, b.wrap("move", dst, err)
	}
	return done, nil
}

// Delete implements storage.Bucket. Folders that it empties are removed.
func (b *Bucket) Delete(ctx context.Context, name string, opts storage.DeleteOptions) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	if _, err := os.Lstat(b.file(name)); errors.Is(absent(err), fs.ErrNotExist) {
		return nil
	}
	remains := ""
	err := b.change(ctx, func(root *os.Root) error {
		version, err := b.version(name)
		if err != nil || version == "" {
			return err
		}
		if opts.IfMatch != "" && version != opts.IfMatch {
			return storage.ErrPrecondition
		}
		if err := root.Remove(name); err != nil {
			return err
		}
		remains = removeEmpty(root, path.Dir(name))
		return nil
	})
	if err == nil && remains != "" {
		err = b.syncFolders([]string{remains})
	}
	return b.wrap("delete", name, err)
}

// install puts the file from at name, under the conditions. The caller is in change.
func (b *Bucket) install(root *os.Root, name, from string, conditions storage.CreateOptions) error {
	old, err := os.Stat(b.file(name))
	if err = absent(err); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	exists := err == nil
	switch {
	case exists && old.IsDir():
		return fmt.Errorf("there is a folder of this name: %w", syscall.EISDIR)
	case conditions.IfNoneMatch && exists, conditions.IfMatch != "" && !exists,
		conditions.IfMatch != "" && info(name, old).Version != conditions.IfMatch:
		return storage.ErrPrecondition
	case conditions.IfNoneMatch:
		return link(root, name, from)
	case !exists:
		return root.Rename(from, name)
	}
	fresh, err := root.Lstat(from)
	if err != nil {
		return err
	}
	if os.SameFile(fresh, old) {
		return root.Remove(from) // two names of one file: a rename would do nothing
	}
	if later := old.ModTime().Add(time.Microsecond); fresh.ModTime().Before(later) {
		if err := root.Chtimes(from, later, later); err != nil {
			return err
		}
	}
	return root.Rename(from, name)
}

// link gives the file from the new name. Unlike a rename, the link fails if
// there is a file of that name, even one made by somebody who does not lock.
func link(root *os.Root, name, from string) error {
	switch err := root.Link(from, name); {
	case errors.Is(err, fs.ErrExist):
		return storage.ErrPrecondition
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS):
		return root.Rename(from, name) // a file system without links
	case err != nil:
		return err
	}
	return root.Remove(from)
}

// version returns the version of the file of that name, or "" if there is none.
func (b *Bucket) version(name string) (string, error) {
	stat, err := os.Stat(b.file(name))
	switch {
	case errors.Is(absent(err), fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case stat.IsDir():
		return "", nil
	}
	return info(name, stat).Version, nil
}

// file returns the path of an object in the file system.
func (b *Bucket) file(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

func info(name string, stat fs.FileInfo) storage.Info {
	var inode uint64
	if sys, ok := stat.Sys().(*syscall.Stat_t); ok {
		inode = sys.Ino
	}
	version := fmt.Sprintf("%x-%x-%x", stat.ModTime().UnixNano(), stat.Size(), inode)
	return storage.Info{Name: name, Size: stat.Size(), Version: version, Modified: stat.ModTime()}
}

func check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return storage.CheckName(name)
}
