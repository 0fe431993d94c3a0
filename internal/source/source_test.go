package source

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
)

func TestListNamesFilesByPattern(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"in/a_1.csv", "in/a_2.csv.gz", "in/b.csv", "in/deep/er/a_3.csv", "in/.hidden.csv", "in/_tmp/a_9.csv",
		"in/a_4.csv.part", "in/a[5].csv", "top.csv"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		patterns, want []string
	}{
		{[]string{"in/a_*.csv"}, []string{"in/a_1.csv"}},
		{[]string{"in/a_*"}, []string{"in/a_1.csv", "in/a_2.csv.gz"}},
		{[]string{"./in/a_1.csv", "in/a_*.csv"}, []string{"in/a_1.csv"}},
		{[]string{"in"}, []string{"in/a[5].csv", "in/a_1.csv", "in/a_2.csv.gz", "in/b.csv", "in/deep/er/a_3.csv"}},
		{[]string{"in/**/a_?.csv"}, []string{"in/a_1.csv", "in/deep/er/a_3.csv"}},
		{[]string{"*/b.csv", "*.csv"}, []string{"in/b.csv", "top.csv"}},
		{[]string{"in/.hidden.csv"}, []string{"in/.hidden.csv"}},
		{[]string{"in/.*.csv"}, []string{"in/.hidden.csv"}},
		{[]string{"in/*.part"}, []string{"in/a_4.csv.part"}},
		{[]string{`in/a\[5].csv`}, []string{"in/a[5].csv"}},
		{[]string{"nowhere", "nowhere/*.csv", "in/none.csv"}, nil},
		{[]string{filepath.Join(root, "in/b*.csv")}, []string{filepath.ToSlash(filepath.Join(root, "in/b.csv"))}},
	} {
		files, err := Folder{Root: root}.List(context.Background(), test.patterns)
		if err != nil {
			t.Errorf("%v: %v", test.patterns, err)
			continue
		}
		var got []string
		for _, f := range files {
			got = append(got, f.Path)
			if f.Size != 1 || f.Version == "" {
				t.Errorf("%s: size %d, version %q", f.Path, f.Size, f.Version)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v lists %v, want %v", test.patterns, got, test.want)
		}
	}
	if _, err := (Folder{Root: root}).List(context.Background(), []string{"in/[a"}); diag.ClassOf(err) != diag.Usage {
		t.Errorf("a broken pattern gives %v", err)
	}
}

func TestOpenReadsRelativeToTheRoot(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.csv"), []byte("id\n1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.csv", filepath.Join(root, "a.csv")} {
		f, err := Folder{Root: root}.Open(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}

// Folders that cannot hold what is looked for are not entered: the lake beside
// the files has many, and there may be some that nobody may read.
func TestListEntersNoOtherFolders(t *testing.T) {
	for pattern, want := range map[string]string{
		"*.csv":          "",
		"in/*.csv":       "in",
		"in/a*/*.csv":    "in in/ab",
		"*/ab/*.csv":     "in in/ab lake lake/ab",
		"in/**/x.csv":    "in in/ab in/ab/c in/b",
		"**":             "in in/ab in/ab/c in/b lake lake/ab",
		"in/**":          "in in/ab in/ab/c in/b",
		"in/ab/**/*.csv": "in in/ab in/ab/c",
	} {
		var got []string
		for _, dir := range []string{"in", "in/ab", "in/ab/c", "in/b", "lake", "lake/ab"} {
			if leadsTo(strings.Split(pattern, "/"), strings.Split(dir, "/")) {
				got = append(got, dir)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s leads to %q, want %q", pattern, got, want)
		}
	}
}

func TestListLeavesOutPipes(t *testing.T) {
	root := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(root, "a.csv"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := Folder{Root: root}.List(t.Context(), []string{"*.csv", "a.csv"})
	if err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
}
