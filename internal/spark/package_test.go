package spark

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// unzip returns the names of a zip's files, as they stand in it, and their texts.
func unzip(t *testing.T, data []byte) (names []string, texts map[string]string) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	texts = map[string]string{}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		names, texts[f.Name] = append(names, f.Name), string(text)
	}
	return names, texts
}

// The package has every module of the folder, also of folders that it may get:
// what is not embedded is not in it.
func TestPackage(t *testing.T) {
	data, err := Package()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	root := os.DirFS("scripts")
	err = fs.WalkDir(root, "lakehouse_spark", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".py" {
			return err
		}
		text, err := fs.ReadFile(root, name)
		want[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, got := unzip(t, data); len(want) == 0 || cmp.Diff(want, got) != "" {
		t.Errorf("the package is not what is in the folder (-want +got):\n%s", cmp.Diff(want, got))
	}
	if again, err := Package(); err != nil || !bytes.Equal(data, again) {
		t.Errorf("the same package is other bytes; %v", err)
	}
}

// When files were changed and what else lies beside them makes no difference;
// what is in them does.
func TestPackageIsItsContent(t *testing.T) {
	file := func(text string, year int) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(text), ModTime: time.Date(year, 1, 1, 0, 0, 0, 0, time.Local), Mode: fs.FileMode(year) & 0o777}
	}
	packed := func(files fstest.MapFS) []byte {
		data, err := pack(files)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	one := packed(fstest.MapFS{"p/b.py": file("b", 2001), "p/__init__.py": file("", 2001), "p/a/c.py": file("c", 2001)})
	same := packed(fstest.MapFS{"p/__init__.py": file("", 2026), "p/a/c.py": file("c", 2025), "p/b.py": file("b", 2024), "p/__pycache__/b.pyc": file("x", 2024)})
	other := packed(fstest.MapFS{"p/b.py": file("B", 2001), "p/__init__.py": file("", 2001), "p/a/c.py": file("c", 2001)})
	if !bytes.Equal(one, same) {
		t.Error("the same files make another package")
	}
	if bytes.Equal(one, other) {
		t.Error("other files make the same package")
	}
	if names, _ := unzip(t, one); strings.Join(names, " ") != "p/__init__.py p/a/c.py p/b.py" {
		t.Errorf("the files stand as %q", names)
	}
}

// Python imports from the zip itself.
func TestPythonImportsThePackage(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is needed: ", err)
	}
	data, err := Package()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), PackageName)
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), python, "-c", "import sys; sys.path.insert(0, sys.argv[1]); import lakehouse_spark; print(lakehouse_spark.__file__)", name)
	if out, err := c.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), name) {
		t.Errorf("%v: %s", err, out)
	}
}
