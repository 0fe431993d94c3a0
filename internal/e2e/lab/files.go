package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/sample"
	"github.com/lakectl/lakectl/sampledata"
)

// Stock is raw files that lie outside of any project until they arrive there.
type Stock struct {
	Dir    string
	Folder string   // of the project that they arrive in; empty is its own
	Names  []string // in the order in which they were made: customers first
}

// SampleProject is the sample project without files, and without the limits that
// generated data with many defects would exceed.
func SampleProject(t testing.TB) *Lab {
	t.Helper()
	l := New(t)
	data, err := fs.ReadFile(sampledata.Project(), "lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	l.Write("lakehouse.yaml", string(data))
	l.Edit("    limits:\n      quarantined: 5%               # more than this, of a run or of one file: nothing is published\n", "")
	l.Edit("    limits:\n      quarantined: 5%\n", "")
	return l
}

// Generate makes seeded raw files of the sample project.
func (l *Lab) Generate(o sample.Options) Stock {
	l.T.Helper()
	o.Dir = l.T.TempDir()
	made, err := sample.Generate(l.T.Context(), o)
	if err != nil {
		l.T.Fatal(err)
	}
	s := Stock{Dir: o.Dir}
	for _, f := range made.Files {
		s.Names = append(s.Names, f.Name)
	}
	return s
}

// Of returns the names of the files that begin with a prefix.
func (s Stock) Of(prefix string) []string {
	var names []string
	for _, name := range s.Names {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names
}

// Arrive puts files of a stock into the project's folder, all if none is named.
func (l *Lab) Arrive(s Stock, names ...string) {
	l.T.Helper()
	if len(names) == 0 {
		names = s.Names
	}
	to := filepath.Join(l.Dir, s.Folder)
	err := os.MkdirAll(to, 0o755)
	for _, name := range names {
		err = errors.Join(err, os.Link(filepath.Join(s.Dir, name), filepath.Join(to, name)))
	}
	if err != nil {
		l.T.Fatal(err)
	}
}

// Edit replaces a piece of lakehouse.yaml, which must stand there exactly once.
func (l *Lab) Edit(old, with string) {
	l.T.Helper()
	path := filepath.Join(l.Dir, "lakehouse.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		l.T.Fatal(err)
	}
	if n := strings.Count(string(data), old); n != 1 {
		l.T.Fatalf("%q stands %d times in lakehouse.yaml", old, n)
	}
	l.Write("lakehouse.yaml", strings.Replace(string(data), old, with, 1))
}
