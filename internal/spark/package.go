package spark

import (
	"archive/zip"
	"bytes"
	"embed"
	"io/fs"
	"time"
)

//go:embed scripts/lakehouse_spark/*.py
var modules embed.FS

// Package returns the modules that the programs share, as a zip archive that
// Python imports from: the same modules are the same bytes.
func Package() ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	inside, err := fs.Sub(modules, "scripts")
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(inside, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(inside, name)
		if err != nil {
			return err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	})
	if err == nil {
		err = z.Close()
	}
	return out.Bytes(), err
}
