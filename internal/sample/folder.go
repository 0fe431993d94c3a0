package sample

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lakectl/lakectl/internal/diag"
)

// folder creates files that are seen under their name when they are complete.
type folder struct {
	dir       string
	overwrite bool
}

func (f folder) create(name string) (io.WriteCloser, error) {
	path := filepath.Join(f.dir, name)
	if !f.overwrite {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return nil, diag.Errorf(diag.Usage, "%s exists already", path).
				WithNext("choose another folder, or say that it may be overwritten")
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	w, err := os.CreateTemp(filepath.Dir(path), "."+name+".*.partial")
	if err != nil {
		return nil, err
	}
	return &file{File: w, path: path}, nil
}

// file is written beside its place and moved there when it is complete.
type file struct {
	*os.File
	path string
}

// Close puts the file in its place.
func (f *file) Close() error {
	err := errors.Join(f.Chmod(0o644), f.File.Close())
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // err says more
	}
	return err
}

// Abort removes what was written.
func (f *file) Abort() {
	_ = f.File.Close()
	_ = os.Remove(f.Name())
}
