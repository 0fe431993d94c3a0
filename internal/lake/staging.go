package lake

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/lakectl/lakectl/internal/storage"
)

// Staging names where a transaction stages its files, for other processes that
// write some of them: see Tx.Staging and NewStager.
type Staging struct {
	Run      string `json:"run"`
	Sequence uint64 `json:"sequence"`
	Fence    uint64 `json:"fence"`
}

// Staging returns where other processes may stage files of the transaction. What
// they have written whole becomes part of it by Adopt.
func (tx *Tx) Staging() Staging { return Staging{tx.stage.run, tx.stage.sequence, tx.stage.fence} }

// Adopt takes files as staged that another process has written by a Stager.
// Bytes, SHA256 and Staged are those that the Stager says.
func (tx *Tx) Adopt(files ...FileChange) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	for _, f := range files {
		tx.staged[f.Path] = stagedFile{f.Bytes, f.SHA256, f.Staged}
	}
}

// ObjectName returns the name of the object in the lake's bucket that holds what
// is going to be at path: the staged one, if the transaction has staged it.
func (tx *Tx) ObjectName(path string) string {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if f, ok := tx.staged[path]; ok {
		return tx.stage.object(path, f.object)
	}
	return path
}

// Stager stages files of a transaction of another process. It is safe for
// concurrent use.
//
// Several may stage the same file, as who runs a task again does, because its
// answer was lost or it failed half way; and the first may still be at it when
// the second is done. So the objects of each have names of their own, and those
// that no one puts are dropped when the commit is made.
type Stager struct {
	bucket  storage.Bucket
	stage   stage
	attempt string // unlike that of any other Stager

	mu     sync.Mutex
	staged map[string]stagedFile
}

// NewStager returns a Stager for the transaction that s is of; bucket is that of
// its lake.
func NewStager(bucket storage.Bucket, s Staging) (*Stager, error) {
	if err := checkRun(s.Run); err != nil {
		return nil, err
	}
	return &Stager{bucket: bucket, stage: stage{s.Run, s.Sequence, s.Fence}, attempt: rand.Text(), staged: map[string]stagedFile{}}, nil
}

// Sequence returns the number that the commit will have.
func (s *Stager) Sequence() uint64 { return s.stage.sequence }

// Stage starts a file as Tx.Stage does.
func (s *Stager) Stage(ctx context.Context, table TableRef, path string) (storage.Writer, error) {
	if err := checkStaged(table, path); err != nil {
		return nil, err
	}
	w, err := s.bucket.Create(ctx, s.stage.object(path, s.object(path)), storage.CreateOptions{Deferred: true})
	if err != nil {
		return nil, err
	}
	return &stageWriter{Writer: w, path: path, sum: sha256.New(), done: s.note}, nil
}

// object returns the name of a staged object in the stage's folder.
func (s *Stager) object(path string) string { return stagedName(path) + "-" + s.attempt }

func (s *Stager) note(path string, f stagedFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.staged[path] = f
}

// Fill sets Bytes, SHA256 and Staged of files that were staged. It fails on others.
func (s *Stager) Fill(files []FileChange) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range files {
		f, ok := s.staged[files[i].Path]
		if !ok {
			return fmt.Errorf("%s was not staged", files[i].Path)
		}
		files[i].Bytes, files[i].SHA256, files[i].Staged = f.bytes, f.sha256, s.object(files[i].Path)
	}
	return nil
}
