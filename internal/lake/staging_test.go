package lake

import (
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/faulty"
)

// stageElsewhere stages a file as a task of another process does.
func stageElsewhere(t *testing.T, b storage.Bucket, s Staging, path, content string) []FileChange {
	t.Helper()
	stager, err := NewStager(b, s)
	if err != nil {
		t.Fatal(err)
	}
	w, err := stager.Stage(t.Context(), TableRef{Silver, "items"}, path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.Write([]byte(content)); err == nil {
		_, err = w.Commit(t.Context())
	}
	files := []FileChange{{Path: path, Rows: int64(len(content))}}
	if err == nil {
		err = stager.Fill(files)
	}
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// What tasks of other processes staged is part of the commit once it is adopted;
// one that is still at it when another has done its work changes nothing.
func TestFilesThatOthersStaged(t *testing.T) {
	const path = "silver/items/part-0.parquet"
	ref := TableRef{Silver, "items"}
	for _, killed := range []bool{false, true} {
		b := newMem()
		l := mustOpen(t, b, crashing("dead"))
		lease := mustLock(t, l)
		tx := mustBegin(t, l, lease, "run")
		if name := tx.ObjectName(path); name != path {
			t.Errorf("before it is staged it is at %s", name)
		}
		files := stageElsewhere(t, b, tx.Staging(), path, "whole")
		stageElsewhere(t, b, tx.Staging(), path, "ha") // late, and cut off
		tx.Adopt(files...)
		if got := read(t, b, tx.ObjectName(path)); got != "whole" {
			t.Errorf("staged is %q", got)
		}
		if o, err := tx.Open(t.Context(), path); err != nil || o.Info().Size != 5 {
			t.Errorf("the transaction opens %v, %v", o, err)
		}
		tx.Put(ref, files...)
		if killed {
			recorded(t, b, tx)
			l = mustOpen(t, b, process("second"))
			if _, err := l.Recover(t.Context(), mustLock(t, l)); err != nil {
				t.Fatal(err)
			}
		} else {
			mustCommit(t, tx)
		}
		if got := read(t, b, path); got != "whole" {
			t.Errorf("killed %v: published is %q", killed, got)
		}
		for info, err := range b.List(t.Context(), stageDir) {
			t.Errorf("%s is left: %v", info.Name, err)
		}
	}
}

// recorded records a commit and is killed before it is published.
func recorded(t *testing.T, b storage.Bucket, tx *Tx) {
	t.Helper()
	for at := 1; ; at++ {
		tx.lake.bucket = faulty.New(b, faulty.Fault{At: at, Mode: faulty.Kill})
		_, err := tx.Commit(t.Context())
		if err == nil {
			t.Fatal("it was not killed")
		}
		if _, _, err := storage.ReadAll(t.Context(), b, recordName(tx.Sequence())); err == nil {
			return
		}
		tx.ended = false
	}
}

func TestWhatCannotBeStagedElsewhere(t *testing.T) {
	if _, err := NewStager(newMem(), Staging{Run: "a/b"}); err == nil {
		t.Error("a run with a slash in its id")
	}
	s, err := NewStager(newMem(), Staging{Run: "r", Sequence: 1, Fence: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stage(t.Context(), TableRef{Silver, "items"}, "gold/items/x"); err == nil {
		t.Error("a file of another table is staged")
	}
	if err := s.Fill([]FileChange{{Path: "silver/items/x"}}); diag.ClassOf(err) != diag.Unexpected || err == nil {
		t.Errorf("a file that was not staged: %v", err)
	}
}
