package overlay_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/faulty"
	"github.com/lakectl/lakectl/internal/storage/local"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/internal/storage/overlay"
	"github.com/lakectl/lakectl/internal/storage/storagetest"
)

// readOnly is a bucket whose test fails when it is written to.
type readOnly struct {
	storage.Bucket
	t *testing.T
}

var errReadOnly = errors.New("the base is read-only")

func (b readOnly) Create(_ context.Context, name string, _ storage.CreateOptions) (storage.Writer, error) {
	b.t.Errorf("create %s in the base", name)
	return nil, errReadOnly
}

func (b readOnly) Copy(_ context.Context, dst, src string, _ storage.CopyOptions) (storage.Info, error) {
	b.t.Errorf("copy %s to %s in the base", src, dst)
	return storage.Info{}, errReadOnly
}

func (b readOnly) Delete(_ context.Context, name string, _ storage.DeleteOptions) error {
	b.t.Errorf("delete %s in the base", name)
	return errReadOnly
}

func (b readOnly) Sweep(context.Context, ...string) error {
	b.t.Error("sweep the base")
	return errReadOnly
}

func folder(t *testing.T) storage.Bucket {
	b, err := local.New(t.TempDir(), local.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// over returns an overlay of base, which fails the test when it is written to.
func over(t *testing.T, base, upper storage.Bucket) *overlay.Bucket {
	return overlay.New(readOnly{base, t}, upper)
}

func TestConformance(t *testing.T) {
	for name, upper := range map[string]func() storage.Bucket{
		"mem":   func() storage.Bucket { return mem.New(mem.Options{}) },
		"keep":  func() storage.Bucket { return mem.New(mem.Options{Keep: true}) },
		"local": func() storage.Bucket { return folder(t) },
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.Run(t, func() storage.Bucket { return over(t, mem.New(mem.Options{}), upper()) })
		})
	}
}

func TestConformanceOfFolders(t *testing.T) {
	storagetest.Run(t, func() storage.Bucket { return over(t, folder(t), folder(t)) })
}

func put(t *testing.T, b storage.Bucket, name, data string) storage.Info {
	t.Helper()
	info, err := storage.WriteAll(t.Context(), b, name, []byte(data), storage.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// content returns all objects of a bucket as "name=data", in the order of List.
func content(t *testing.T, b storage.Bucket, prefix string) []string {
	t.Helper()
	var all []string
	for info, err := range b.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		data, opened, err := storage.ReadAll(t.Context(), b, info.Name)
		if err != nil || opened != info {
			t.Errorf("%s: listed as %+v, opened as %+v, %v", info.Name, info, opened, err)
		}
		all = append(all, info.Name+"="+string(data))
	}
	return all
}

func wantContent(t *testing.T, b storage.Bucket, want ...string) {
	t.Helper()
	if got := content(t, b, ""); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFallsThroughToTheBase(t *testing.T) {
	base := mem.New(mem.Options{})
	a := put(t, base, "a", "1")
	put(t, base, "b/c", "2")
	b := over(t, base, folder(t))
	wantContent(t, b, "a=1", "b/c=2")
	if info, err := storage.Stat(t.Context(), b, "a"); err != nil || info != a {
		t.Errorf("%+v, %v: not what the base has", info, err)
	}
	put(t, b, "b/b", "3")
	put(t, b, "a", "4")
	wantContent(t, b, "a=4", "b/b=3", "b/c=2")
	put(t, base, "0", "by others")
	wantContent(t, b, "0=by others", "a=4", "b/b=3", "b/c=2")
	if err := b.Delete(t.Context(), "a", storage.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	if err := b.Delete(t.Context(), "b/c", storage.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	wantContent(t, b, "0=by others", "b/b=3")
	if _, err := b.Open(t.Context(), "b/c"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := b.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	wantContent(t, base, "0=by others", "a=1", "b/c=2")
}

// Versions of both sides are told apart even where both stores count alike.
func TestConditionsHoldOnWhatIsShown(t *testing.T) {
	base := mem.New(mem.Options{})
	old := put(t, base, "x", "1")
	b := over(t, base, mem.New(mem.Options{}))
	ctx := t.Context()
	_, err := storage.WriteAll(ctx, b, "x", nil, storage.CreateOptions{IfNoneMatch: true})
	if !errors.Is(err, storage.ErrPrecondition) {
		t.Error(err)
	}
	fresh, err := storage.WriteAll(ctx, b, "x", []byte("2"), storage.CreateOptions{IfMatch: old.Version})
	if err != nil || fresh.Version == old.Version {
		t.Errorf("%+v, %v", fresh, err)
	}
	if err := b.Delete(ctx, "x", storage.DeleteOptions{IfMatch: old.Version}); !errors.Is(err, storage.ErrPrecondition) {
		t.Error(err)
	}
	if err := b.Delete(ctx, "x", storage.DeleteOptions{IfMatch: fresh.Version}); err != nil {
		t.Error(err)
	}
	if _, err := storage.WriteAll(ctx, b, "x", []byte("3"), storage.CreateOptions{IfNoneMatch: true}); err != nil {
		t.Errorf("create what was deleted: %v", err)
	}
	wantContent(t, b, "x=3")
	wantContent(t, base, "x=1")
}

func TestMovesOutOfTheBase(t *testing.T) {
	for _, upper := range []storage.Bucket{mem.New(mem.Options{}), mem.New(mem.Options{Keep: true}), folder(t)} {
		base := mem.New(mem.Options{})
		put(t, base, "src", strings.Repeat("long ", 500_000))
		put(t, base, "empty", "")
		dst := put(t, base, "dst", "old")
		b := over(t, base, upper)
		ctx := t.Context()
		if _, err := b.Copy(ctx, "dst", "src", storage.CopyOptions{IfNoneMatch: true, Move: true}); !errors.Is(err, storage.ErrPrecondition) {
			t.Error(err)
		}
		if _, err := b.Copy(ctx, "dst", "src", storage.CopyOptions{IfMatch: dst.Version, Move: true}); err != nil {
			t.Error(err)
		}
		if _, err := b.Copy(ctx, "dst", "src", storage.CopyOptions{Move: true}); !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		if _, err := b.Copy(ctx, "none", "empty", storage.CopyOptions{}); err != nil {
			t.Error(err)
		}
		wantContent(t, b, "dst="+strings.Repeat("long ", 500_000), "empty=", "none=")
		put(t, b, "src", "again")
		wantContent(t, b, "dst="+strings.Repeat("long ", 500_000), "empty=", "none=", "src=again")
		wantContent(t, base, "dst=old", "empty=", "src="+strings.Repeat("long ", 500_000))
	}
}

// errOf is what callers tell errors by.
func errOf(err error) error {
	for _, target := range []error{storage.ErrPrecondition, fs.ErrNotExist} {
		if errors.Is(err, target) {
			return target
		}
	}
	return err
}

// step does one random operation on the overlay and on a plain bucket.
type step struct {
	name, src, data string
	op              int
	none, match     bool
	stale           bool
	move            bool
}

func (s step) conditions(t *testing.T, b storage.Bucket) (none bool, match string) {
	if info, err := storage.Stat(t.Context(), b, s.name); s.match && err == nil {
		match = info.Version
	} else if s.match {
		match = "none"
	}
	if s.stale && match != "" {
		match += "0"
	}
	return s.none && match == "", match
}

func (s step) do(t *testing.T, b storage.Bucket) error {
	none, match := s.conditions(t, b)
	var err error
	switch s.op {
	case 0, 1:
		_, err = storage.WriteAll(t.Context(), b, s.name, []byte(s.data), storage.CreateOptions{IfNoneMatch: none, IfMatch: match})
	case 2:
		_, err = b.Copy(t.Context(), s.name, s.src, storage.CopyOptions{IfNoneMatch: none, IfMatch: match, Move: s.move})
	default:
		err = b.Delete(t.Context(), s.name, storage.DeleteOptions{IfMatch: match})
	}
	return errOf(err)
}

func TestBehavesLikeTheBaseWould(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for round := range 60 {
		base, plain := mem.New(mem.Options{}), mem.New(mem.Options{})
		name := func() string { return fmt.Sprintf("%c/%d", 'a'+r.IntN(2), r.IntN(4)) }
		for range r.IntN(8) {
			n := name()
			put(t, base, n, "base "+n)
			put(t, plain, n, "base "+n)
		}
		before := content(t, base, "")
		b := over(t, base, mem.New(mem.Options{}))
		for i := range 80 {
			s := step{name: name(), src: name(), data: fmt.Sprint(i), op: r.IntN(4), none: r.IntN(3) == 0, match: r.IntN(3) == 0, stale: r.IntN(3) == 0, move: r.IntN(2) == 0}
			if s.src == s.name {
				continue
			}
			if got, want := fmt.Sprint(s.do(t, b)), fmt.Sprint(s.do(t, plain)); got != want {
				t.Fatalf("round %d: %+v gives %v, want %v", round, s, got, want)
			}
			for _, prefix := range []string{"", "a/", "b/2"} {
				if got, want := content(t, b, prefix), content(t, plain, prefix); !slices.Equal(got, want) {
					t.Fatalf("round %d: after %+v there is %q, want %q", round, s, got, want)
				}
			}
		}
		if after := content(t, base, ""); !slices.Equal(before, after) {
			t.Fatalf("the base was %q and is %q", before, after)
		}
	}
}

func TestFailuresOfTheUpperBucketChangeNothing(t *testing.T) {
	for at := 1; at < 12; at++ {
		base := mem.New(mem.Options{})
		put(t, base, "src", "1")
		put(t, base, "dst", "2")
		upper := faulty.New(mem.New(mem.Options{}), faulty.Fault{At: at, Mode: faulty.FailBefore})
		b := over(t, base, upper)
		if _, err := b.Copy(t.Context(), "dst", "src", storage.CopyOptions{Move: true}); err == nil {
			if len(upper.Trace()) >= at {
				t.Errorf("the failure at %d was not told", at)
			}
			return
		}
		wantContent(t, b, "dst=2", "src=1")
	}
	t.Error("the copy never succeeded")
}

func TestListReportsErrors(t *testing.T) {
	for _, broken := range []int{0, 1} {
		sides := []storage.Bucket{mem.New(mem.Options{}), mem.New(mem.Options{})}
		put(t, sides[0], "a", "1")
		sides[broken] = brokenList{sides[broken]}
		b := over(t, sides[0], sides[1])
		put(t, b, "b", "2")
		count := 0
		var last error
		for _, err := range b.List(t.Context(), "") {
			if last = err; err != nil {
				count++
			}
		}
		if !errors.Is(last, errBroken) || count != 1 {
			t.Errorf("%d errors, the last %v", count, last)
		}
	}
}

var errBroken = errors.New("the listing broke off")

// brokenList breaks off listings after what there is.
type brokenList struct{ storage.Bucket }

func (b brokenList) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for info, err := range b.Bucket.List(ctx, prefix) {
			if !yield(info, err) {
				return
			}
		}
		yield(storage.Info{}, errBroken)
	}
}
