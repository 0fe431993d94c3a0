package storage_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

func TestCheckName(t *testing.T) {
	for _, name := range []string{"a", "a/b", "x_tmp", "tmp", "_tm/p", "...", "a=b/c%2F", "日本"} {
		if err := storage.CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "/", "a/", "//", ".", "a/./b", "../a", "_tmp", "a/_tmp.lock", "a\x00", "\xc3"} {
		if storage.CheckName(name) == nil {
			t.Errorf("%q was taken", name)
		}
	}
}

// shrunk is an object shorter than it says.
type shrunk struct{ storage.Object }

func (shrunk) ReadAt(p []byte, _ int64) (int, error) { return len(p) - 1, io.EOF }

// opener opens one object, whatever is asked for.
type opener struct {
	storage.Bucket
	object storage.Object
}

func (o opener) Open(context.Context, string) (storage.Object, error) { return o.object, nil }

func TestReadAllNoticesMissingBytes(t *testing.T) {
	b := mem.New(mem.Options{})
	if _, err := storage.WriteAll(t.Context(), b, "x", []byte("content"), storage.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	o, err := b.Open(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = storage.ReadAll(t.Context(), opener{b, shrunk{o}}, "x")
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
}
