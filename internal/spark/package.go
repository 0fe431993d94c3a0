package spark

import (
	"archive/zip"
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"time"
)

// PackageName is the name of the file that Package returns.
const PackageName = "lakehouse_spark.zip"

//go:embed scripts/lakehouse_spark/*.py
var modules embed.FS

// Package returns the Python package that the programs share, as a zip from which
// Python imports. The same package is the same bytes, so that its hash names it.
func Package() ([]byte, error) {
	root, err := fs.Sub(modules, "scripts")
	if err != nil {
		return nil, err
	}
	return pack(root)
}

// pack zips the Python files of all folders of a file system.
func pack(files fs.FS) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	// It walks in the order of names.
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".py" {
			return err
		}
		return add(w, files, name)
	})
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", PackageName, err)
	}
	return out.Bytes(), nil
}

// add adds a file to a zip: dated as all others are, since when it was really
// changed must not make another package of it, and not compressed, since another
// version of Go might compress it to other bytes.
func add(to *zip.Writer, files fs.FS, name string) error {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	header := &zip.FileHeader{Name: name, Method: zip.Store, Modified: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(0o644)
	w, err := to.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
