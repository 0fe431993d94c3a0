//go:build unix

package local

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/lakectl/lakectl/internal/storage"
)

// Create implements storage.Bucket.
func (b *Bucket) Create(ctx context.Context, name string, opts storage.CreateOptions) (storage.Writer, error) {
	if err := errors.Join(check(ctx, name), storage.CheckConditions(opts.IfNoneMatch, opts.IfMatch)); err != nil {
		return nil, err
	}
	w := &writer{bucket: b, name: name, opts: opts, tempName: tempName(path.Dir(name))}
	// Under the lock, so that no other change removes the folder while it is
	// empty and Sweep finds no file that is not locked yet.
	err := b.change(ctx, func(root *os.Root) (err error) {
		if w.made, err = makeFolders(root, path.Dir(name)); err != nil {
			return err
		}
		if w.temp, err = root.OpenFile(w.tempName, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); err != nil {
			return err
		}
		return flock(w.temp, unix.LOCK_EX|unix.LOCK_NB)
	})
	if err != nil {
		w.Abort()
		return nil, b.wrap("create", name, err)
	}
	return w, nil
}

func tempName(dir string) string {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	return path.Join(dir, storage.TempPrefix+"-"+hex.EncodeToString(id[:]))
}

type writer struct {
	bucket   *Bucket
	name     string
	opts     storage.CreateOptions
	tempName string
	temp     *os.File // nil when done
	made     []string // folders to sync for the new ones to last
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	if w.temp == nil {
		return 0, os.ErrClosed
	}
	n, err := w.temp.Write(p)
	return n, w.bucket.wrap("write", w.name, err)
}

// Commit implements storage.Writer.
func (w *writer) Commit(ctx context.Context) (done storage.Info, err error) {
	if w.temp == nil {
		return done, os.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return done, err
	}
	defer w.Abort()
	if err := w.sync(); err != nil {
		return done, w.bucket.wrap("sync", w.name, err)
	}
	err = w.bucket.change(ctx, func(root *os.Root) error {
		if err := w.bucket.install(root, w.name, w.tempName, w.opts); err != nil {
			return err
		}
		stat, err := w.temp.Stat()
		if err == nil {
			done = info(w.name, stat)
		}
		return err
	})
	if err == nil {
		w.Abandon() // the temporary name is gone
		if !w.opts.Deferred {
			err = w.bucket.syncFolders(append(w.made, path.Dir(w.name)))
		}
	}
	if err != nil {
		return storage.Info{}, w.bucket.wrap("write", w.name, err)
	}
	return done, nil
}

// sync makes the content durable, or has the system begin with it.
func (w *writer) sync() error {
	switch {
	case w.bucket.opts.NoSync:
		return nil
	case w.opts.Deferred:
		startWriting(w.temp)
		return nil
	}
	return w.temp.Sync()
}

// Abort implements storage.Writer.
func (w *writer) Abort() {
	if w.temp == nil {
		return
	}
	// Folders that were made for the object go with it. Whatever cannot be
	// removed is left to Sweep.
	_ = w.bucket.change(context.Background(), func(root *os.Root) error {
		if err := root.Remove(w.tempName); err != nil {
			return err
		}
		removeEmpty(root, path.Dir(w.name))
		return nil
	})
	w.Abandon()
}

// Abandon ends the writer as the death of its process would: the temporary
// file stays and is no longer locked.
func (w *writer) Abandon() {
	if w.temp != nil {
		w.temp.Close()
		w.temp = nil
	}
}
