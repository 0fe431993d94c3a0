package faulty_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"
	"testing"

	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/faulty"
	"github.com/lakectl/lakectl/internal/storage/mem"
	"github.com/lakectl/lakectl/internal/storage/storagetest"
)

func TestConformance(t *testing.T) {
	storagetest.Run(t, func() storage.Bucket { return faulty.New(mem.New(mem.Options{})) })
}

// script writes "new" over "old" (operations 1 create, 2 write, 3 commit) and
// copies it (4), and says how far it came.
func script(t *testing.T, b storage.Bucket) (done int, err error) {
	t.Helper()
	w, err := b.Create(t.Context(), "x", storage.CreateOptions{})
	if err != nil {
		return 0, err
	}
	defer w.Abort()
	if _, err := w.Write([]byte("new!")); err != nil {
		return 1, err
	}
	if _, err := w.Commit(t.Context()); err != nil {
		return 2, err
	}
	if _, err := b.Copy(t.Context(), "y", "x", storage.CopyOptions{}); err != nil {
		return 3, err
	}
	return 4, nil
}

func TestModes(t *testing.T) {
	for _, test := range []struct {
		at     int
		mode   faulty.Mode
		cause  error
		x, y   string
		killed bool
	}{
		{1, faulty.FailBefore, faulty.ErrInjected, "old", "", false},
		{2, faulty.NoSpace, syscall.ENOSPC, "old", "", false},
		{3, faulty.FailBefore, faulty.ErrInjected, "old", "", false},
		{3, faulty.FailAfter, faulty.ErrInjected, "new!", "", false},
		{3, faulty.Kill, faulty.ErrKilled, "old", "", true},
		{3, faulty.KillAfter, faulty.ErrKilled, "new!", "", true},
		{2, faulty.Torn, faulty.ErrKilled, "old", "", true},
		{4, faulty.FailAfter, faulty.ErrInjected, "new!", "new!", false},
		{4, faulty.NoSpace, syscall.ENOSPC, "new!", "", false},
		{5, faulty.Kill, nil, "new!", "new!", true},
	} {
		t.Run(fmt.Sprintf("%s at %d", test.mode, test.at), func(t *testing.T) {
			inner := mem.New(mem.Options{})
			if _, err := storage.WriteAll(t.Context(), inner, "x", []byte("old"), storage.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			b := faulty.New(inner, faulty.Fault{At: test.at, Mode: test.mode})
			done, err := script(t, b)
			if !errors.Is(err, test.cause) || test.cause != nil && done != test.at-1 {
				t.Errorf("error %v after %d operations", err, done)
			}
			wantContent(t, inner, "x", test.x)
			wantContent(t, inner, "y", test.y)
			_, err = b.Open(t.Context(), "x")
			if b.Killed() != test.killed || errors.Is(err, faulty.ErrKilled) != test.killed {
				t.Errorf("killed %v; a later operation: %v", b.Killed(), err)
			}
		})
	}
}

func wantContent(t *testing.T, b storage.Bucket, name, want string) {
	t.Helper()
	got, _, err := storage.ReadAll(t.Context(), b, name)
	if string(got) != want || (want == "") != errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is %q, %v; want %q", name, got, err, want)
	}
}

func TestTraceIsDeterministic(t *testing.T) {
	run := func() []string {
		b := faulty.New(mem.New(mem.Options{}), faulty.Fault{At: 4, Mode: faulty.FailBefore})
		_, _ = script(t, b)
		for range b.List(t.Context(), "p") {
			continue
		}
		var ops []string
		for _, op := range b.Trace() {
			ops = append(ops, fmt.Sprintf("%s %s %t", op.Kind, op.Name, op.Err == nil))
		}
		return ops
	}
	want := []string{"create x true", "write x true", "commit x true", "copy y false", "list p true"}
	if first, second := run(), run(); !slices.Equal(first, want) || !slices.Equal(second, want) {
		t.Errorf("%q and %q, want %q", first, second, want)
	}
}
