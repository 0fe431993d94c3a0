package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/storage"
)

// Run runs all tests, each on an empty bucket from open.
func Run(t *testing.T, open func() storage.Bucket) { run(t, open, true) }

// RunByContent is Run for a bucket whose versions tell contents apart, and not
// writes.
func RunByContent(t *testing.T, open func() storage.Bucket) { run(t, open, false) }

func run(t *testing.T, open func() storage.Bucket, byWrite bool) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"RoundTrip", roundTrip}, {"NotExist", notExist}, {"Names", names}, {"BadNames", badNames},
		{"RangedReads", rangedReads}, {"OpenPinsVersion", openPinsVersion}, {"BigObject", bigObject},
		{"Conditions", conditions}, {"DeleteConditions", deleteConditions}, {"VersionsDiffer", versionsDiffer},
		{"CreatorsRace", creatorsRace}, {"ReplacersRace", replacersRace}, {"ReadersSeeWholeObjects", wholeObjects},
		{"Abort", abort}, {"WriterEnds", writerEnds}, {"Copy", copies}, {"CopyConditions", copyConditions},
		{"Move", moves}, {"ListOrder", listOrder}, {"ListPrefix", listPrefix}, {"ListStops", listStops},
		{"Cancelled", cancelled}, {"ConcurrentFolders", concurrentFolders}, {"Deferred", deferred},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(&suite{T: t, b: open(), ctx: t.Context(), byWrite: byWrite})
		})
	}
}

type suite struct {
	*testing.T
	b       storage.Bucket
	ctx     context.Context
	byWrite bool // each write has a version of its own
}

func (s *suite) put(name, data string, opts storage.CreateOptions) (storage.Info, error) {
	return storage.WriteAll(s.ctx, s.b, name, []byte(data), opts)
}

func (s *suite) mustPut(name, data string) storage.Info {
	s.Helper()
	info, err := s.put(name, data, storage.CreateOptions{})
	if err != nil {
		s.Fatalf("write %s: %v", name, err)
	}
	return info
}

// want checks an object's content; "" means that there is no object.
func (s *suite) want(name, data string) {
	s.Helper()
	got, info, err := storage.ReadAll(s.ctx, s.b, name)
	switch {
	case data == "" && !errors.Is(err, fs.ErrNotExist):
		s.Errorf("%s: got %q, %v; want no object", name, got, err)
	case data != "" && (err != nil || string(got) != data):
		s.Errorf("%s: got %q, %v; want %q", name, got, err, data)
	case data != "" && (info.Name != name || info.Size != int64(len(data)) || info.Version == "" || info.Modified.IsZero()):
		s.Errorf("%s: incomplete info %+v", name, info)
	}
}

func (s *suite) wantErr(err, target error, what string) {
	s.Helper()
	if !errors.Is(err, target) {
		s.Errorf("%s: error %v, want %v", what, err, target)
	}
}

func (s *suite) list(prefix string) []string {
	s.Helper()
	var names []string
	for info, err := range s.b.List(s.ctx, prefix) {
		if err != nil {
			s.Fatalf("list %q: %v", prefix, err)
		}
		names = append(names, info.Name)
	}
	return names
}

func (s *suite) wantList(prefix string, want ...string) {
	s.Helper()
	if got := s.list(prefix); !slices.Equal(got, want) {
		s.Errorf("list %q: got %q, want %q", prefix, got, want)
	}
}

func roundTrip(s *suite) {
	info := s.mustPut("a/b/c.txt", "hello")
	s.want("a/b/c.txt", "hello")
	if got, err := storage.Stat(s.ctx, s.b, "a/b/c.txt"); err != nil || !same(got, info) {
		s.Errorf("stat %+v, %v; commit said %+v", got, err, info)
	}
	for got, err := range s.b.List(s.ctx, "a/") {
		if err != nil || got.Name != info.Name || got.Size != 5 || got.Version != info.Version {
			s.Errorf("list %+v, %v; commit said %+v", got, err, info)
		}
	}
	s.mustPut("a/b/c.txt", "again")
	s.want("a/b/c.txt", "again")
	if err := s.b.Delete(s.ctx, "a/b/c.txt", storage.DeleteOptions{}); err != nil {
		s.Error(err)
	}
	s.want("a/b/c.txt", "")
	s.mustPut("a", "a file where there was a folder")
	if info, err := s.put("empty", "", storage.CreateOptions{}); err != nil || info.Size != 0 {
		s.Errorf("empty object: %+v, %v", info, err)
	}
}

// same says whether two descriptions are of the same version. A store may say of
// a write when it answered, and of the object when it began.
func same(a, b storage.Info) bool {
	apart := a.Modified.Sub(b.Modified).Abs()
	a.Modified = b.Modified
	return a == b && apart <= 2*time.Second
}

func notExist(s *suite) {
	s.mustPut("file", "x")
	for _, name := range []string{"nothing", "no/thing", "file/below"} {
		_, err := s.b.Open(s.ctx, name)
		s.wantErr(err, fs.ErrNotExist, "open "+name)
		for _, move := range []bool{false, true} {
			_, err = s.b.Copy(s.ctx, "dst", name, storage.CopyOptions{Move: move})
			s.wantErr(err, fs.ErrNotExist, "copy "+name)
		}
		if err := s.b.Delete(s.ctx, name, storage.DeleteOptions{}); err != nil {
			s.Errorf("delete %s: %v", name, err)
		}
		if err := s.b.Delete(s.ctx, name, storage.DeleteOptions{IfMatch: "1"}); err != nil {
			s.Errorf("delete %s of a version: %v", name, err)
		}
	}
	s.mustPut("folder/x", "x")
	_, err := s.b.Open(s.ctx, "folder")
	s.wantErr(err, fs.ErrNotExist, "open a folder")
	s.wantList("nothing/")
	s.wantList("", "file", "folder/x")
}

func names(s *suite) {
	all := []string{"ümlaut/日本語.parquet", "e\u0301", "\u00e9", "a b+c&d=e%2Fz", "d=1/%5F/'quoted'", "x\ny", "back\\slash", ".hidden", "a..b", "*?[x]", "🙂/🙂"}
	for _, name := range all {
		s.mustPut(name, "content of "+name)
	}
	for _, name := range all {
		s.want(name, "content of "+name)
	}
	slices.Sort(all)
	s.wantList("", all...)
}

func badNames(s *suite) {
	for _, name := range []string{"", "/abs", "a//b", "a/", "./a", "a/../b", "..", "a\x00b", "\xff", "_tmp-1", "a/_tmp/b", strings.Repeat("x", 1025)} {
		_, openErr := s.b.Open(s.ctx, name)
		_, createErr := s.b.Create(s.ctx, name, storage.CreateOptions{})
		_, copyErr := s.b.Copy(s.ctx, name, "src", storage.CopyOptions{})
		deleteErr := s.b.Delete(s.ctx, name, storage.DeleteOptions{})
		for op, err := range map[string]error{"open": openErr, "create": createErr, "copy": copyErr, "delete": deleteErr} {
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				s.Errorf("%s %q: error %v, want a refusal", op, name, err)
			}
		}
	}
	_, err := s.b.Create(s.ctx, "x", storage.CreateOptions{IfNoneMatch: true, IfMatch: "1"})
	if err == nil {
		s.Error("two conditions at once were taken")
	}
}

func rangedReads(s *suite) {
	s.mustPut("digits", "0123456789")
	o, err := s.b.Open(s.ctx, "digits")
	if err != nil {
		s.Fatal(err)
	}
	defer o.Close()
	for _, test := range []struct {
		off  int64
		size int
		want string
		err  error
	}{{0, 3, "012", nil}, {4, 6, "456789", nil}, {8, 4, "89", io.EOF}, {10, 1, "", io.EOF}, {99, 1, "", io.EOF}, {3, 0, "", nil}} {
		p := make([]byte, test.size)
		n, err := o.ReadAt(p, test.off)
		atEnd := errors.Is(err, io.EOF) && test.off+int64(test.size) == 10 // allowed by io.ReaderAt
		if string(p[:n]) != test.want || !errors.Is(err, test.err) && !atEnd {
			s.Errorf("ReadAt(%d, %d): %q, %v; want %q, %v", test.off, test.size, p[:n], err, test.want, test.err)
		}
	}
}

func openPinsVersion(s *suite) {
	s.mustPut("x", "old content")
	o, err := s.b.Open(s.ctx, "x")
	if err != nil {
		s.Fatal(err)
	}
	defer o.Close()
	s.mustPut("x", "new")
	p := make([]byte, 11)
	n, err := o.ReadAt(p, 0)
	if string(p[:n]) != "old content" && !errors.Is(err, storage.ErrPrecondition) {
		s.Errorf("read %q, %v after the object was replaced", p[:n], err)
	}
}

func bigObject(s *suite) {
	const size = 24 << 20
	block := make([]byte, 1<<20+7)
	source := rand.New(rand.NewPCG(1, 2))
	for i := range block {
		block[i] = byte(source.Uint32())
	}
	w, err := s.b.Create(s.ctx, "big", storage.CreateOptions{})
	if err != nil {
		s.Fatal(err)
	}
	sum, written := sha256.New(), int64(0)
	for written < size {
		n, err := io.MultiWriter(w, sum).Write(block)
		if err != nil {
			s.Fatal(err)
		}
		written += int64(n)
	}
	info, err := w.Commit(s.ctx)
	if err != nil || info.Size != written {
		s.Fatalf("%+v, %v; want %d bytes", info, err, written)
	}
	if _, err := s.b.Copy(s.ctx, "copy", "big", storage.CopyOptions{}); err != nil {
		s.Fatal(err)
	}
	if _, err := s.b.Copy(s.ctx, "new", "big", storage.CopyOptions{IfNoneMatch: true}); err != nil {
		s.Fatal(err)
	}
	for _, name := range []string{"big", "copy", "new"} {
		data, _, err := storage.ReadAll(s.ctx, s.b, name)
		if got := sha256.Sum256(data); err != nil || !bytes.Equal(got[:], sum.Sum(nil)) {
			s.Errorf("%s: %d bytes, %v; differs from what was written", name, len(data), err)
		}
	}
}

func conditions(s *suite) {
	none, match := storage.CreateOptions{IfNoneMatch: true}, func(v string) storage.CreateOptions { return storage.CreateOptions{IfMatch: v} }
	_, err := s.put("x", "0", match("never"))
	s.wantErr(err, storage.ErrPrecondition, "IfMatch of an absent object")
	s.want("x", "")
	first, err := s.put("x", "1", none)
	s.wantErr(err, nil, "IfNoneMatch of an absent object")
	_, err = s.put("x", "2", none)
	s.wantErr(err, storage.ErrPrecondition, "IfNoneMatch of a present object")
	s.want("x", "1")
	second, err := s.put("x", "3", match(first.Version))
	s.wantErr(err, nil, "IfMatch of the version")
	_, err = s.put("x", "4", match(first.Version))
	s.wantErr(err, storage.ErrPrecondition, "IfMatch of an old version")
	s.want("x", "3")
	if err := s.b.Delete(s.ctx, "x", storage.DeleteOptions{IfMatch: second.Version}); err != nil {
		s.Error(err)
	}
	_, err = s.put("x", "5", match(second.Version))
	s.wantErr(err, storage.ErrPrecondition, "IfMatch of a deleted version")
	s.wantList("")
}

// The conditions are those of the moment of Commit.
func deleteConditions(s *suite) {
	old := s.mustPut("x", "1")
	w, err := s.b.Create(s.ctx, "x", storage.CreateOptions{IfMatch: old.Version})
	if err != nil {
		s.Fatal(err)
	}
	defer w.Abort()
	fresh := s.mustPut("x", "2")
	_, _ = w.Write([]byte("3"))
	_, err = w.Commit(s.ctx)
	s.wantErr(err, storage.ErrPrecondition, "commit after the object changed")
	s.want("x", "2")
	err = s.b.Delete(s.ctx, "x", storage.DeleteOptions{IfMatch: old.Version})
	s.wantErr(err, storage.ErrPrecondition, "delete of an old version")
	s.want("x", "2")
	if err := s.b.Delete(s.ctx, "x", storage.DeleteOptions{IfMatch: fresh.Version}); err != nil {
		s.Error(err)
	}
	s.want("x", "")
}

func versionsDiffer(s *suite) {
	seen := map[string]bool{}
	for i := range 50 {
		content := i
		if s.byWrite {
			content = i % 10
		}
		version := s.mustPut("x", fmt.Sprint(content)).Version
		if seen[version] {
			s.Fatalf("write %d has the version %s of an earlier one", i, version)
		}
		seen[version] = true
	}
}

func abort(s *suite) {
	w, err := s.b.Create(s.ctx, "a/b/c", storage.CreateOptions{})
	if err != nil {
		s.Fatal(err)
	}
	_, _ = w.Write([]byte("half"))
	s.want("a/b/c", "")
	s.wantList("")
	w.Abort()
	w.Abort()
	s.want("a/b/c", "")
	s.mustPut("a", "no folder is in the way")
	s.wantList("", "a")
}

func writerEnds(s *suite) {
	w, err := s.b.Create(s.ctx, "x", storage.CreateOptions{})
	if err != nil {
		s.Fatal(err)
	}
	_, _ = w.Write([]byte("content"))
	if _, err := w.Commit(s.ctx); err != nil {
		s.Fatal(err)
	}
	w.Abort()
	s.want("x", "content")
	if _, err := w.Write([]byte("more")); err == nil {
		s.Error("a write after Commit was taken")
	}
	if _, err := w.Commit(s.ctx); err == nil {
		s.Error("a second Commit was taken")
	}
	s.want("x", "content")
}

func copies(s *suite) {
	s.mustPut("src", "content")
	info, err := s.b.Copy(s.ctx, "to/dst", "src", storage.CopyOptions{})
	if err != nil || info.Name != "to/dst" || info.Size != 7 || info.Version == "" {
		s.Errorf("%+v, %v", info, err)
	}
	s.want("src", "content")
	s.want("to/dst", "content")
	s.mustPut("src", "other")
	s.want("to/dst", "content")
	if _, err := s.b.Copy(s.ctx, "src", "src", storage.CopyOptions{Move: true}); err == nil {
		s.Error("a copy onto itself was taken")
	}
	s.want("src", "other")
}

func copyConditions(s *suite) {
	for _, move := range []bool{false, true} {
		s.mustPut("src", "1")
		old := s.mustPut("dst", "0")
		_, err := s.b.Copy(s.ctx, "dst", "src", storage.CopyOptions{IfNoneMatch: true, Move: move})
		s.wantErr(err, storage.ErrPrecondition, "IfNoneMatch of a present dst")
		_, err = s.b.Copy(s.ctx, "absent", "src", storage.CopyOptions{IfMatch: old.Version, Move: move})
		s.wantErr(err, storage.ErrPrecondition, "IfMatch of an absent dst")
		s.want("src", "1")
		s.want("dst", "0")
		info, err := s.b.Copy(s.ctx, "dst", "src", storage.CopyOptions{IfMatch: old.Version, Move: move})
		s.wantErr(err, nil, "IfMatch of the version")
		s.want("dst", "1")
		if got, err := storage.Stat(s.ctx, s.b, "dst"); err != nil || !same(got, info) {
			s.Errorf("stat %+v, %v; copy said %+v", got, err, info)
		}
		s.mustPut("src", "2")
		_, err = s.b.Copy(s.ctx, "dst", "src", storage.CopyOptions{IfMatch: old.Version, Move: move})
		s.wantErr(err, storage.ErrPrecondition, "IfMatch of an old version")
		s.want("dst", "1")
	}
}

func moves(s *suite) {
	for _, dst := range []string{"to/new", "to/old"} {
		s.mustPut("to/old", "old")
		s.mustPut("from/src", "content")
		if _, err := s.b.Copy(s.ctx, dst, "from/src", storage.CopyOptions{Move: true}); err != nil {
			s.Fatal(err)
		}
		s.want(dst, "content")
		// A store that keeps src lets the move be repeated.
		if _, err := s.b.Copy(s.ctx, dst, "from/src", storage.CopyOptions{Move: true}); err != nil {
			s.wantErr(err, fs.ErrNotExist, "repeated move")
			s.wantList("from/")
		}
		s.want(dst, "content")
	}
}

func cancelled(s *suite) {
	s.mustPut("x", "x")
	ctx, cancel := context.WithCancel(s.ctx)
	w, err := s.b.Create(ctx, "y", storage.CreateOptions{})
	if err != nil {
		s.Fatal(err)
	}
	cancel()
	_, err = w.Commit(ctx)
	s.wantErr(err, context.Canceled, "commit")
	w.Abort()
	_, err = s.b.Open(ctx, "x")
	s.wantErr(err, context.Canceled, "open")
	_, err = s.b.Create(ctx, "y", storage.CreateOptions{})
	s.wantErr(err, context.Canceled, "create")
	_, err = s.b.Copy(ctx, "y", "x", storage.CopyOptions{})
	s.wantErr(err, context.Canceled, "copy")
	s.wantErr(s.b.Delete(ctx, "x", storage.DeleteOptions{}), context.Canceled, "delete")
	for _, err = range s.b.List(ctx, "") {
		break
	}
	s.wantErr(err, context.Canceled, "list")
	s.wantList("", "x")
}

func deferred(s *suite) {
	var names []string
	for i := range 40 {
		name := fmt.Sprintf("stage/%d/x", i%7*10+i)
		if _, err := s.put(name, "content", storage.CreateOptions{IfNoneMatch: true, Deferred: true}); err != nil {
			s.Fatal(err)
		}
		s.want(name, "content")
		moved := fmt.Sprintf("table/%d", i)
		if _, err := s.b.Copy(s.ctx, moved, name, storage.CopyOptions{Move: i%2 == 0, Deferred: true}); err != nil {
			s.Fatal(err)
		}
		names = append(names, moved)
	}
	if err := storage.Sync(s.ctx, s.b, names); err != nil {
		s.Error(err)
	}
	for _, name := range names {
		s.want(name, "content")
	}
	if err := storage.Sync(s.ctx, s.b, nil); err != nil {
		s.Error(err)
	}
}
