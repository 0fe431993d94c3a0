//go:build cgo

package duckdb

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
)

// misread says whether DuckDB takes the path of a folder for more than that: for a
// pattern, which other folders may meet as well, or for the values of columns,
// which then stand in place of those in the files. Partitions below it have no
// such signs but their own.
func misread(folder string) bool { return strings.ContainsAny(folder, "*?[=") }

// plain returns a path to a folder that DuckDB reads as it is: where its own is
// misread, that of a link to it. The link is not in r.temp, which the statement may
// read.
func (r *result) plain(folder string) (string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil || !misread(folder) {
		return folder, err
	}
	temp := r.engine.o.Temp
	if temp == "" {
		temp = os.TempDir()
	}
	if misread(temp) {
		return "", diag.Errorf(diag.Usage, "the folder for temporary files, %s, has one of * ? [ = in its path, as has %s", temp, folder).
			WithNext("set TMPDIR to a folder without")
	}
	if r.link, err = os.MkdirTemp(temp, tempPrefix+"-link"); err != nil {
		return "", noRoom(err)
	}
	link := filepath.Join(r.link, "lake")
	return link, os.Symlink(folder, link)
}
