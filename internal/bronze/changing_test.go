package bronze

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/source"
)

// statted is a file that knows when it was written.
type statted struct {
	io.Reader
	modified time.Time
}

func (statted) Close() error { return nil }

func (s statted) Stat() (fs.FileInfo, error) {
	return fs.Stat(fstest.MapFS{"f": &fstest.MapFile{ModTime: s.modified}}, "f")
}

// A file that is still being written is not taken in: half of it would be in the
// lake for ever.
func TestFileThatIsBeingWritten(t *testing.T) {
	content, listed := "id\n1\n2\n", now.Add(-time.Hour)
	for _, test := range []struct {
		name     string
		size     int64
		modified time.Time
		want     string // of the error; "" for none
	}{
		{"as it was", int64(len(content)), listed, ""},
		{"grown", 3, listed, "it had 3 bytes when it was found, and 7 when it was read"},
		{"cut", 9, listed, "it had 9 bytes when it was found, and 7 when it was read"},
		{"written over", int64(len(content)), now, "it was written meanwhile"},
	} {
		w := newWorld(t)
		req := Request{Dataset: &w.data, Sequence: 7, Stager: w, Files: []source.File{{Path: "f.csv", Size: test.size, Version: "v", Modified: listed}},
			Open: func(context.Context, string) (io.ReadCloser, error) {
				return statted{bytes.NewReader([]byte(content)), test.modified}, nil
			}}
		r, err := Ingest(t.Context(), req, Options{Workers: 2, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case test.want == "" && len(r.Inputs) == 1 && len(r.Failed) == 0:
		case test.want != "" && len(r.Inputs) == 0 && len(r.Put) == 0 && len(r.Failed) == 1 && diag.ClassOf(r.Failed[0]) == diag.Partial && strings.Contains(r.Failed[0].Error(), test.want):
		default:
			t.Errorf("%s: %d taken in, %v", test.name, len(r.Inputs), r.Failed)
		}
	}
}
