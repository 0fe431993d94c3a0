package lake

import (
	"context"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/faulty"
)

// Files that are not as they were written are not read.
func TestFilesThatOthersTouched(t *testing.T) {
	const bronze, silver = "bronze/transactions/ingestion_date=2026-11-23/a.parquet", "silver/transactions/day=1/data.parquet"
	for _, test := range []struct {
		path, message, next string
		touch               func(b storage.Bucket)
	}{
		{silver, silver + " is missing; commit 3 wrote it", "--full-refresh",
			func(b storage.Bucket) { remove(t, b, silver) }},
		{silver, "changed by something else than lakectl", "--full-refresh", func(b storage.Bucket) { write(t, b, silver, "other") }},
		{bronze, "changed by something else than lakectl", "move the lake away", func(b storage.Bucket) { write(t, b, bronze, "other") }},
	} {
		b := newMem()
		if err := script(t, b, process("first"), 3); err != nil {
			t.Fatal(err)
		}
		l := mustOpen(t, b, process("second"))
		s := mustState(t, l)
		tx := mustBegin(t, l, mustLock(t, l), Silver)
		for _, files := range []interface {
			Open(ctx context.Context, path string) (storage.Object, error)
		}{l.At(s), tx} {
			if _, err := files.Open(t.Context(), test.path); err != nil {
				t.Error(err)
			}
		}
		test.touch(b)
		for _, files := range []interface {
			Open(ctx context.Context, path string) (storage.Object, error)
		}{l.At(s), tx} {
			_, err := files.Open(t.Context(), test.path)
			wantClass(t, err, diag.Unexpected, test.message)
			wantNext(t, err, test.next)
		}
	}
}

// Readers do not hold the lock: what they read may just change.
func TestFilesThatARunChanges(t *testing.T) {
	b := newMem()
	if err := script(t, b, process("first"), 2); err != nil {
		t.Fatal(err)
	}
	reader := mustOpen(t, b, process("reader"))
	before := mustState(t, reader)
	// Stop in the midst of publishing commit 3, with its first file in place.
	for at := 1; ; at++ {
		_ = script(t, faulty.New(b, faulty.Fault{At: at, Mode: faulty.Kill}), crashing("dead"), 3)
		if s := mustState(t, reader); s.Pending != nil {
			break
		}
	}
	s := mustState(t, reader)
	const shrinks, goes = "silver/transactions/day=1/data.parquet", "silver/transactions/day=3/data.parquet"
	if _, err := b.Copy(t.Context(), shrinks, s.Pending.stage().file(shrinks), storage.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	remove(t, b, goes)
	for _, state := range []*State{before, s} {
		if _, err := reader.At(state).Open(t.Context(), shrinks); err != nil {
			t.Errorf("what is being published: %v", err)
		}
		_, err := reader.At(state).Open(t.Context(), goes)
		wantClass(t, err, diag.Transient, "changed by another run")
	}
}
