package source_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/source"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/s3"
	"github.com/lakectl/lakectl/internal/storage/s3/s3test"
)

// onS3 returns sources on S3 with objects of these keys, whose content is the key.
func onS3(t *testing.T, keys ...string) source.Files {
	t.Helper()
	server := s3test.New(t, "raw")
	bucket := s3.New(server.Session(), s3.Options{Bucket: "raw"})
	for _, key := range keys {
		if _, err := storage.WriteAll(t.Context(), bucket, key, []byte(key), storage.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return source.Files{Folder: source.Folder{Root: t.TempDir()}, Store: func(_ context.Context, name string) (source.Store, error) {
		if name != "raw" {
			return nil, errors.New("no bucket " + name)
		}
		return bucket, nil
	}}
}

func TestPatternsOnS3(t *testing.T) {
	files := onS3(t, "a.csv", "in/a.csv", "in/b.csv.gz", "in/.hidden.csv", "in/_x/c.csv", "in/2026/11/d.csv", "in/e.csv.tmp",
		"in-old/f.csv", "in", "odd/[x].csv", "odd/a b+c%2F.csv")
	for pattern, want := range map[string][]string{
		"s3://raw/in/a.csv":         {"in/a.csv"},
		"s3://raw/in":               {"in", "in/2026/11/d.csv", "in/a.csv", "in/b.csv.gz"},
		"s3://raw/in/":              {"in/2026/11/d.csv", "in/a.csv", "in/b.csv.gz"},
		"s3://raw/in/*.csv":         {"in/a.csv"},
		"s3://raw/in/*":             {"in/a.csv", "in/b.csv.gz"},
		"s3://raw/in/**/*.csv":      {"in/2026/11/d.csv", "in/a.csv"},
		"s3://raw/*/a.csv":          {"in/a.csv"},
		"s3://raw/in/[ab]*":         {"in/a.csv", "in/b.csv.gz"},
		"s3://raw/in/_x/*.csv":      {"in/_x/c.csv"},
		"s3://raw/in/.hidden.csv":   {"in/.hidden.csv"},
		"s3://raw/in/*.tmp":         {"in/e.csv.tmp"},
		`s3://raw/odd/\[x\].csv`:    {"odd/[x].csv"},
		"s3://raw/odd/a b+c%2F.csv": {"odd/a b+c%2F.csv"},
		"s3://raw/nothing":          nil,
		"s3://raw":                  {"a.csv", "in", "in-old/f.csv", "in/2026/11/d.csv", "in/a.csv", "in/b.csv.gz", "odd/[x].csv", "odd/a b+c%2F.csv"},
	} {
		found, err := files.List(t.Context(), []string{pattern, pattern, "local*.csv"})
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
		var got []string
		for _, f := range found {
			got = append(got, f.Path[len("s3://raw/"):])
			if f.Version == "" || f.Modified.IsZero() || f.Size != int64(len(f.Path)-len("s3://raw/")) {
				t.Errorf("%+v", f)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", pattern, got, want)
		}
	}
	if _, err := files.List(t.Context(), []string{"s3://raw/in/[a"}); diag.ClassOf(err) != diag.Usage {
		t.Errorf("an open bracket: %v", err)
	}
	if _, err := files.List(t.Context(), []string{"s3://other/in"}); err == nil {
		t.Error("a bucket that cannot be opened was listed")
	}
}

// escaping makes a store list as S3 does for whoever asks for escapes: gofakes3
// does not know them. Without them S3 writes control characters in a way that no
// reader of XML takes.
func escaping(server *s3test.Server, keys []string) {
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("list-type") {
			return false
		}
		prefix, encoding := r.URL.Query().Get("prefix"), r.URL.Query().Get("encoding-type")
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprint(w, "<ListBucketResult>")
		for _, key := range keys {
			if !strings.HasPrefix(key, prefix) {
				continue
			}
			shown := new(strings.Builder)
			for i := range len(key) {
				if encoding != "url" && key[i] < ' ' {
					fmt.Fprintf(shown, "&#x%X;", key[i])
				} else {
					shown.WriteByte(key[i])
				}
			}
			if encoding == "url" {
				shown.Reset()
				shown.WriteString(strings.ReplaceAll(url.QueryEscape(key), "%2F", "/"))
			}
			fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>%d</Size><ETag>"x"</ETag><LastModified>2026-11-23T09:45:00.000Z</LastModified></Contents>`, shown, len(key))
		}
		if encoding == "url" {
			fmt.Fprint(w, "<EncodingType>url</EncodingType>")
		}
		fmt.Fprint(w, "</ListBucketResult>")
		return true
	}
}

// Names of objects that XML cannot carry, or that escapes could spoil, are found
// and read, one by one and together.
func TestOddNamesOnS3(t *testing.T) {
	keys := []string{"in/a\x01\x1fb.csv", "in/c d.csv", "in/e+f.csv", "in/g%20h%.csv", "in/i&<j>.csv", "in/k\nl\tm\r.csv", "in/\u00fcmlaut/\u65e5\u672c \U0001f600.csv"}
	server := s3test.New(t, "raw")
	bucket := s3.New(server.Session(), s3.Options{Bucket: "raw"})
	for _, key := range keys {
		if _, err := storage.WriteAll(t.Context(), bucket, key, []byte(key), storage.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	escaping(server, keys)
	files := source.Files{Folder: source.Folder{Root: t.TempDir()}, Store: func(context.Context, string) (source.Store, error) { return bucket, nil }}
	for _, pattern := range []string{"s3://raw/in", "s3://raw/in/**/*.csv"} {
		found, err := files.List(t.Context(), []string{pattern})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			key := strings.TrimPrefix(f.Path, "s3://raw/")
			got = append(got, key)
			r, err := files.Open(t.Context(), f.Path)
			if err != nil {
				t.Errorf("%q: %v", key, err)
				continue
			}
			if data, err := io.ReadAll(r); string(data) != key || err != nil {
				t.Errorf("%q: %q, %v", key, data, err)
			}
			_ = r.Close()
		}
		if !slices.Equal(got, slices.Sorted(slices.Values(keys))) {
			t.Errorf("%s: got %q, want %q", pattern, got, keys)
		}
	}
	for _, key := range keys {
		if found, err := files.List(t.Context(), []string{"s3://raw/" + key}); err != nil || len(found) != 1 || found[0].Path != "s3://raw/"+key {
			t.Errorf("%q: %+v, %v", key, found, err)
		}
	}
}

func TestOpenOnS3(t *testing.T) {
	files := onS3(t, "in/a.csv")
	found, err := files.List(t.Context(), []string{"s3://raw/in"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := files.Open(t.Context(), found[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if data, err := io.ReadAll(f); string(data) != "in/a.csv" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if v := f.(interface{ Version() string }).Version(); v != found[0].Version {
		t.Errorf("version %s was read, %s was listed", v, found[0].Version)
	}
}
