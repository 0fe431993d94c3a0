package source

import (
	"os"
	"path/filepath"
	"testing"
)

// A folder may lie elsewhere, and names in it may lead nowhere.
func TestListFollowsLinks(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	for _, name := range []string{"a.csv", "b.csv", "sub/c.csv"} {
		file := filepath.Join(elsewhere, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"data": elsewhere, filepath.Join(elsewhere, "dangling.csv"): "nowhere", filepath.Join(elsewhere, "link.csv"): "a.csv"} {
		if !filepath.IsAbs(link) {
			link = filepath.Join(root, link)
		}
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	for pattern, want := range map[string]string{
		"data/*.csv":        "data/a.csv data/b.csv data/link.csv",
		"data/**/*.csv":     "data/a.csv data/b.csv data/link.csv data/sub/c.csv",
		"data":              "data/a.csv data/b.csv data/link.csv data/sub/c.csv",
		"data/":             "data/a.csv data/b.csv data/link.csv data/sub/c.csv",
		"data/dangling.csv": "",
		"*/c.csv":           "",
	} {
		files, err := Folder{Root: root}.List(t.Context(), []string{pattern})
		got := ""
		for i, f := range files {
			if i > 0 {
				got += " "
			}
			got += f.Path
		}
		if err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", pattern, got, err, want)
		}
	}
}
