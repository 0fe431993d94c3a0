package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lakectl/lakectl/internal/sample"
)

// dataVersion is part of the name of a folder of raw files; a change of what is
// generated from the same parameters needs a new one.
const dataVersion = 1

// parameters say what the raw files are. The same ones give the same files.
type parameters struct {
	Rows      int64
	Customers int64
	Days      int
	Files     int
	Defects   float64
	Shuffled  bool // days are spread over all files; else rows come in the order of their time
	Broken    bool // with records that break the CSV, and versions that only their place in a file tells apart
}

// name is the folder's.
func (p parameters) name() string {
	order := ""
	if p.Shuffled {
		order = "-shuffled"
	}
	if p.Broken {
		order += "-broken"
	}
	return fmt.Sprintf("raw%d-%dt-%dc-%dd-%df-%g%s", dataVersion, p.Rows, p.Customers, p.Days, p.Files, p.Defects, order)
}

// summaryFile is written last: a folder that has it is complete.
const summaryFile = "generated.json"

// generate makes the raw files in a folder, if they are not there yet, and says
// what is in them before equal versions were left out.
func generate(ctx context.Context, dir string, p parameters) error {
	_, err := os.Stat(filepath.Join(dir, summaryFile))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	o := sample.Options{Seed: 1, Transactions: p.Rows, Customers: p.Customers, Days: p.Days, Files: p.Files, Defects: p.Defects,
		WellFormed: !p.Broken, Shuffled: p.Shuffled}
	files := newRawFiles(dir, p)
	o.Start = files.start
	o.Create = files.create
	if p.Broken {
		o.Create = func(name string) (io.WriteCloser, error) { return os.Create(filepath.Join(dir, name)) }
	}
	summary, err := sample.Generate(ctx, o)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(summary, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, summaryFile), text, 0o644)
}

// rawFile is a file that is written through a filter.
type rawFile struct {
	*distinctVersions
	file *os.File
}

var _ io.WriteCloser = rawFile{}

func (f rawFile) Close() error {
	return errors.Join(f.flush(), f.file.Close())
}
