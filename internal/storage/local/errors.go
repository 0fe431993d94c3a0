//go:build unix

package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
)

// absent turns the ways in which a path can lead nowhere into fs.ErrNotExist:
// a file where a folder should be is one of them.
func absent(err error) error {
	if errors.Is(err, syscall.ENOTDIR) {
		return fs.ErrNotExist
	}
	return err
}

// wrap says what failed on which file and, where that is known, what to do.
func (b *Bucket) wrap(op, name string, err error) error {
	if err == nil {
		return nil
	}
	file := b.file(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, storage.ErrPrecondition) {
		return fmt.Errorf("%s %s: %w", op, file, err)
	}
	if errors.Is(err, errStuck) {
		return diag.Errorf(diag.Locked, "%s %s: %w", op, file, err).
			WithNext("let that process go on (fg, or kill -CONT) or end it, and run again; `fuser %s` names it", b.file(lockFile))
	}
	failed := diag.Errorf(diag.Unexpected, "%s %s: %w", op, file, plain(err))
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		failed.WithNext("free space on the disk of %s and run again; what is committed is safe", b.dir)
	case errors.Is(err, syscall.EROFS):
		failed.WithNext("%s is on a read-only file system; mount it for writing, or use another lake", b.dir)
	case errors.Is(err, fs.ErrPermission):
		failed.WithNext("check the owner and the permissions of %s and of the folders above it", filepath.Dir(file))
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		failed.WithNext("raise the limit of open files, for example by `ulimit -n 4096`")
	case errors.Is(err, syscall.ENAMETOOLONG):
		failed.WithNext("a part of the path is longer than the file system allows, usually 255 bytes")
	case errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.ENOTSUP):
		failed.WithNext("the file system of %s cannot lock files; put the lake on one that can", b.dir)
	case strings.Contains(err.Error(), "path escapes from parent"):
		failed.WithNext("a symbolic link leads out of %s; lakectl does not write through it", b.dir)
	}
	return failed
}

// plain drops the operation and paths of the os package, which wrap says better.
func plain(err error) error {
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
