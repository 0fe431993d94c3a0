package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/s3"
	"github.com/lakectl/lakectl/internal/storage/s3/s3test"
)

// noise is content that compresses badly and repeats nowhere.
func noise(size int) []byte {
	random, content := rand.NewChaCha8([32]byte{}), make([]byte, size)
	_, _ = random.Read(content)
	return content
}

// Objects as large as a block or a part, and a byte more or less, are read as
// they were written: whole, piece by piece, and as a stream.
func TestSizes(t *testing.T) {
	const block, part = 1 << 20, 5 << 20
	b := s3.New(s3test.New(t, "lake").Session(), s3.Options{Bucket: "lake", Prefix: "p/", PartSize: part})
	all := noise(3*part + 1)
	for _, size := range []int{0, 1, block - 1, block, block + 1, 2 * block, part - 1, part, part + 1, 2 * part, 3*part + 1} {
		want := all[:size]
		written, err := storage.WriteAll(t.Context(), b, "x", want, storage.CreateOptions{})
		if err != nil || written.Size != int64(size) {
			t.Fatalf("%d bytes: %+v, %v", size, written, err)
		}
		if got, info, err := storage.ReadAll(t.Context(), b, "x"); err != nil || !bytes.Equal(got, want) || info.Version != written.Version {
			t.Errorf("%d bytes: read %d, %+v, %v", size, len(got), info, err)
		}
		o, err := b.Open(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 300_007)
		got := new(bytes.Buffer)
		if _, err := io.CopyBuffer(struct{ io.Writer }{got}, io.NewSectionReader(o, 0, int64(size)), buffer); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%d bytes: read %d in pieces, %v", size, got.Len(), err)
		}
		if n, err := o.ReadAt(buffer[:1], int64(size)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("%d bytes: read %d after the end, %v", size, n, err)
		}
		stream, err := b.Stream(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(stream); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: streamed %d, %v", size, len(got), err)
		}
		_ = stream.Close()
	}
}

// oddNames need escaping in addresses, headers or answers.
var oddNames = []string{"a b/c d", "a+b=c&d", "100%/25%20", "é/ü ñ/日本", "q?x=1#f", `quo"te'd<tag>&amp;`, "tilde~star*(paren)!$,;:@", `back\slash`, "p/p/p"}

func TestOddNames(t *testing.T) {
	server := s3test.New(t, "lake")
	b := s3.New(server.Session(), s3.Options{Bucket: "lake", Prefix: "p +ü/p/"})
	checkOddNames(t, b)
}

// checkOddNames writes, copies both ways, lists and deletes objects of odd names.
func checkOddNames(t *testing.T, b *s3.Bucket) {
	t.Helper()
	for _, name := range oddNames {
		if _, err := storage.WriteAll(t.Context(), b, name, []byte(name), storage.CreateOptions{IfNoneMatch: true}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for dst, on := range map[string]storage.CopyOptions{"to/" + name: {}, "if/" + name: {IfNoneMatch: true}} {
			if _, err := b.Copy(t.Context(), dst, name, on); err != nil {
				t.Errorf("copy %s to %s: %v", name, dst, err)
			}
			if got, _, err := storage.ReadAll(t.Context(), b, dst); err != nil || string(got) != name {
				t.Errorf("%s: %q, %v", dst, got, err)
			}
		}
		found := 0
		for info, err := range b.List(t.Context(), name) {
			if err != nil || info.Name != name {
				t.Errorf("list %s: %+v, %v", name, info, err)
			}
			found++
		}
		if found != 1 {
			t.Errorf("list %s: %d objects", name, found)
		}
		for _, n := range []string{name, "to/" + name, "if/" + name} {
			if err := b.Delete(t.Context(), n, storage.DeleteOptions{}); err != nil {
				t.Errorf("delete %s: %v", n, err)
			}
		}
	}
	for info := range b.List(t.Context(), "") {
		t.Errorf("%s is left", info.Name)
	}
}

// A list goes on over the pages of an answer, and ends where the reader does.
func TestLongLists(t *testing.T) {
	server := s3test.New(t, "lake")
	b := s3.New(server.Session(), s3.Options{Bucket: "lake", Prefix: "p/"})
	const objects = 2345
	for i := range objects {
		if _, err := storage.WriteAll(t.Context(), b, fmt.Sprintf("x/%05d", i), nil, storage.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for info, err := range b.List(t.Context(), "x/") {
		if want := fmt.Sprintf("x/%05d", n); err != nil || info.Name != want {
			t.Fatalf("%+v, %v; want %s", info, err, want)
		}
		n++
	}
	if n != objects {
		t.Errorf("%d objects, want %d", n, objects)
	}
}

// What a part met is what Write and Commit say, and not that the others were
// given up for it.
func TestFailedPart(t *testing.T) {
	for name, finish := range map[string]func(w storage.Writer) error{
		"write": func(w storage.Writer) error {
			for {
				if _, err := w.Write(make([]byte, 5<<20)); err != nil {
					return err
				}
			}
		},
		"commit": func(w storage.Writer) error {
			_, _ = w.Write(make([]byte, 12<<20))
			_, err := w.Commit(context.Background())
			return err
		},
	} {
		server := s3test.New(t, "lake")
		var aborted atomic.Bool
		server.Before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodDelete && r.URL.Query().Has("uploadId") {
				aborted.Store(true)
			}
			if r.URL.Query().Get("partNumber") != "1" {
				return false
			}
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "<Error><Code>AccessDenied</Code></Error>")
			return true
		}
		b := s3.New(server.Session(), s3.Options{Bucket: "lake", PartSize: 5 << 20})
		w, err := b.Create(t.Context(), "x", storage.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := finish(w); diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "access is denied") {
			t.Errorf("%s: class %v, %v", name, diag.ClassOf(err), err)
		}
		w.Abort()
		if _, err := w.Commit(t.Context()); err == nil || !aborted.Load() {
			t.Errorf("%s: committed (%v) or not aborted (%t)", name, err, aborted.Load())
		}
	}
}

// A writer that could not begin its upload has lost what was written since, and
// must not make an object of the rest.
func TestUploadThatCannotBegin(t *testing.T) {
	server := s3test.New(t, "lake")
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("uploads") {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<Error><Code>AccessDenied</Code></Error>")
		return true
	}
	b := s3.New(server.Session(), s3.Options{Bucket: "lake", PartSize: 5 << 20})
	w, err := b.Create(t.Context(), "x", storage.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 6<<20)); diag.ClassOf(err) != diag.Usage {
		t.Errorf("write: %v", err)
	}
	if _, err := w.Commit(t.Context()); diag.ClassOf(err) != diag.Usage {
		t.Errorf("commit: %v", err)
	}
}

// Uploads that are gone are not taken for done because of an older object of
// the same size.
func TestGoneUploadOfOldObject(t *testing.T) {
	server := s3test.New(t, "lake")
	b := s3.New(server.Session(), s3.Options{Bucket: "lake", PartSize: 5 << 20})
	if _, err := storage.WriteAll(t.Context(), b, "x", make([]byte, 6<<20), storage.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Method == http.MethodPost && r.URL.Query().Has("uploads"):
			w.Header().Set("Date", "Thu, 01 Jan 2099 00:00:00 GMT") // long after the object
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "<Error><Code>NoSuchUpload</Code></Error>")
			return true
		}
		return false
	}
	if info, err := storage.WriteAll(t.Context(), b, "x", noise(6<<20), storage.CreateOptions{}); err == nil {
		t.Errorf("written: %+v", info)
	}
}

// A stream with another checksum than the store says is an error at its end, and
// worth another run.
func TestChecksumOfStream(t *testing.T) {
	server := s3test.New(t, "lake")
	b := s3.New(server.Session(), s3.Options{Bucket: "lake"})
	if _, err := storage.WriteAll(t.Context(), b, "x", []byte("content"), storage.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		w.Header().Set("X-Amz-Checksum-Crc32", "AAAAAA==")
		w.Header().Set("Etag", `"1"`)
		_, _ = w.Write([]byte("content"))
		return true
	}
	stream, err := b.Stream(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if got, err := io.ReadAll(stream); diag.ClassOf(err) != diag.Transient || !strings.Contains(err.Error(), "read s3://lake/x: ") {
		t.Errorf("%q, %v", got, err)
	}
}

// A transfer that breaks off again and again is worth another run.
func TestTransfersThatAlwaysBreak(t *testing.T) {
	server := s3test.New(t, "lake")
	b := s3.New(server.Session(), s3.Options{Bucket: "lake"})
	if _, err := storage.WriteAll(t.Context(), b, "x", noise(1<<20), storage.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet {
			server.Cut(w, r, 0)
		}
		return false
	}
	_, _, err := storage.ReadAll(t.Context(), b, "x")
	if diag.ClassOf(err) != diag.Transient || strings.Count(err.Error(), "s3://lake/x") != 1 {
		t.Errorf("read: class %v, %v", diag.ClassOf(err), err)
	}
	stream, err := b.Stream(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if _, err := io.ReadAll(stream); diag.ClassOf(err) != diag.Transient || strings.Count(err.Error(), "s3://lake/x") != 1 {
		t.Errorf("stream: class %v, %v", diag.ClassOf(err), err)
	}
}

// HEAD is answered without a body; why it was refused is found out.
func TestReasonOfStat(t *testing.T) {
	for code, test := range map[string]struct {
		status int
		class  diag.Class
	}{
		"ExpiredToken": {400, diag.Transient}, "InvalidAccessKeyId": {403, diag.Usage}, "RequestTimeTooSkewed": {403, diag.Usage},
	} {
		server := s3test.New(t, "lake")
		server.Before = func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(test.status)
			fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
			return true
		}
		b := s3.New(server.Session(), s3.Options{Bucket: "lake"})
		if _, err := b.Stat(t.Context(), "x"); diag.ClassOf(err) != test.class || !strings.Contains(err.Error(), code) {
			t.Errorf("%s: class %v, %v", code, diag.ClassOf(err), err)
		}
	}
}

// Old uploads of the lake's folders are aborted, and no others.
func TestSweepOfUploads(t *testing.T) {
	server := s3test.New(t, "lake")
	old, young := time.Now().Add(-25*time.Hour).UTC().Format(time.RFC3339), time.Now().UTC().Format(time.RFC3339)
	upload := func(key, id, initiated string) string {
		return fmt.Sprintf("<Upload><Key>%s</Key><UploadId>%s</UploadId><Initiated>%s</Initiated></Upload>", key, id, initiated)
	}
	var aborted []string
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		switch {
		case r.Method == http.MethodGet && q.Has("uploads"):
			first := upload("p/silver/t/a", "1", old) + upload("p/silver/t/b", "2", young) + upload("p/silver/t2/c", "3", old) +
				"<IsTruncated>true</IsTruncated><NextKeyMarker>p/silver/t/c</NextKeyMarker><NextUploadIdMarker>3</NextUploadIdMarker>"
			if q.Get("key-marker") != "" {
				first = upload("p/silver/t/d e", "4", old)
			}
			fmt.Fprintf(w, "<ListMultipartUploadsResult>%s</ListMultipartUploadsResult>", first)
			return true
		case r.Method == http.MethodDelete:
			aborted = append(aborted, r.URL.Path+" "+q.Get("uploadId"))
			w.WriteHeader(http.StatusNoContent)
			return true
		}
		return false
	}
	b := s3.New(server.Session(), s3.Options{Bucket: "lake", Prefix: "p/"})
	if err := b.Sweep(t.Context(), "silver/t"); err != nil {
		t.Error(err)
	}
	if want := []string{"/lake/p/silver/t/a 1", "/lake/p/silver/t/d e 4"}; !slices.Equal(aborted, want) {
		t.Errorf("aborted %q, want %q", aborted, want)
	}
}
