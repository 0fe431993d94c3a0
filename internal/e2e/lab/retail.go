package lab

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// retailFolder is where the project of UCI Online Retail has its files.
const retailFolder = "online_retail_by_day"

// RetailProject returns the project of UCI Online Retail without its files.
func RetailProject(t testing.TB) *Lab {
	t.Helper()
	l := New(t)
	l.CopyFS(os.DirFS(filepath.Join(Root(t), "internal/e2e/testdata/online-retail")))
	return l
}

// RetailFiles returns the 305 daily files of UCI Online Retail. The data lies
// beside the repository, not in it; where it is not, the test is skipped with
// that reason.
func RetailFiles(t testing.TB) Stock {
	t.Helper()
	dir := unpackRetail(t)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 305 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	s := Stock{Dir: dir, Folder: retailFolder}
	for _, e := range entries {
		s.Names = append(s.Names, e.Name())
	}
	return s
}

// RetailFigures are what is known of UCI Online Retail.
type RetailFigures struct {
	Records         int64  `json:"records"`
	Repeats         int64  `json:"repeats"` // of whole lines
	UniqueLines     int64  `json:"unique_lines"`
	Quantity        string `json:"quantity"`
	Amount          string `json:"amount"`
	WithoutCustomer string `json:"without_customer"`
	Cancelled       string `json:"cancelled"`
}

// ExpectedRetail reads the figures from testdata/online-retail/expected.json.
func ExpectedRetail(t testing.TB) (figures RetailFigures) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Root(t), "internal/e2e/testdata/online-retail/expected.json"))
	if err == nil {
		err = json.Unmarshal(data, &figures)
	}
	if err != nil {
		t.Fatal(err)
	}
	return figures
}

// unpackRetail unpacks the archive and returns the folder of its files.
func unpackRetail(t testing.TB) string {
	t.Helper()
	archive := filepath.Join(Root(t), "..", "shared", "data", "online-retail-by-day.tar.gz")
	f, err := os.Open(archive)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("UCI Online Retail is not on this machine (%s); the data is not part of the repository", archive)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dir := t.TempDir()
	if err := unpack(f, dir); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, retailFolder)
}

func unpack(r io.Reader, dir string) error {
	zipped, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	files := tar.NewReader(zipped)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(header.Name))
		if header.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o755)
		} else {
			err = writeFile(path, files)
		}
		if err != nil {
			return err
		}
	}
}

func writeFile(path string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r)
	return errors.Join(err, out.Close())
}

// Root returns the folder of the repository.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("there is no go.mod above the working directory")
		}
		dir = parent
	}
}
