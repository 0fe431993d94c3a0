package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"sync"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/storage"
)

// TxOptions say for what a transaction is.
type TxOptions struct {
	Run   string // the id of the run; becomes part of a folder's name
	Layer string // the layer that is built
}

// Tx collects one commit. Its methods are safe for concurrent use, but nothing
// may be added once Commit was called. Nothing of it is visible before Commit.
type Tx struct {
	lake  *Lake
	lease *Lease
	base  *State
	stage stage

	mu     sync.Mutex
	record *Record
	staged map[string]stagedFile
	ledger map[FileVersion]Totals
	ended  bool // committed, aborted, or nobody knows
}

// stagedFile is a file that was written whole into the stage.
type stagedFile struct {
	bytes  int64
	sha256 string
	object string // its name in the stage's folder; empty follows from the path
}

// Begin starts a transaction on the state of now. There is to be one at a
// time for each lease. Abort must be called unless Commit is; it may always be
// deferred. It fails if a commit is not published yet: Recover comes first.
func (l *Lake) Begin(ctx context.Context, lease *Lease, opts TxOptions) (*Tx, error) {
	if err := checkRun(opts.Run); err != nil {
		return nil, err
	}
	if err := lease.Check(ctx); err != nil {
		return nil, err
	}
	if lease.inDoubt() {
		return nil, diag.Errorf(diag.Transient, "it is not known whether an earlier commit of this run was recorded").WithNext("run again")
	}
	base, err := l.State(ctx)
	if err != nil {
		return nil, err
	}
	if base.Pending != nil {
		return nil, diag.Errorf(diag.Unexpected, "commit %d is recorded but not yet published", base.Pending.Sequence).
			WithNext("run again: it is published first")
	}
	s := stage{opts.Run, base.Sequence + 1, lease.Fence()}
	record := &Record{Format: recordFormat, Sequence: s.sequence, Previous: base.nonce, Nonce: l.opts.NewID(), Fence: s.fence,
		Run: opts.Run, Layer: opts.Layer, Time: l.now(), Tables: map[TableRef]*TableChange{}}
	return &Tx{lake: l, lease: lease, base: base, stage: s, record: record,
		staged: map[string]stagedFile{}, ledger: map[FileVersion]Totals{}}, nil
}

// Sequence returns the number that the commit will have.
func (tx *Tx) Sequence() uint64 { return tx.stage.sequence }

// Base returns the state that the transaction starts from.
func (tx *Tx) Base() *State { return tx.base }

// Stage starts a file of the commit, which becomes part of it by Put; one that
// is not put is dropped when the commit is made. The path is that in the lake; it must be in the folder of the table, or in that of
// its index files. The writer notes size and SHA-256 of what it writes.
func (tx *Tx) Stage(ctx context.Context, table TableRef, path string) (storage.Writer, error) {
	if err := checkStaged(table, path); err != nil {
		return nil, err
	}
	w, err := tx.lake.bucket.Create(ctx, tx.stage.file(path), storage.CreateOptions{Deferred: true})
	if err != nil {
		return nil, err
	}
	return &stageWriter{Writer: w, path: path, sum: sha256.New(), done: tx.noteStaged}, nil
}

// checkStaged says whether a file may be staged to appear at path.
func checkStaged(table TableRef, path string) error {
	errData := checkFile(table, path, Data, map[string]bool{})
	if errData != nil && checkFile(table, path, Index, map[string]bool{}) != nil {
		return errData
	}
	return nil
}

func (tx *Tx) noteStaged(path string, f stagedFile) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.staged[path] = f
}

// stageWriter notes the size and the SHA-256 of what it writes.
type stageWriter struct {
	storage.Writer
	path string
	size int64
	sum  hash.Hash
	done func(path string, f stagedFile) // told when the file is whole
}

func (w *stageWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.sum.Write(p[:n])
	w.size += int64(n)
	return n, err
}

func (w *stageWriter) Commit(ctx context.Context) (storage.Info, error) {
	info, err := w.Writer.Commit(ctx)
	if err != nil {
		return info, err
	}
	if info.Size != w.size {
		return info, fmt.Errorf("stage %s: %d bytes were written, but the store has %d", w.path, w.size, info.Size)
	}
	w.done(w.path, stagedFile{bytes: w.size, sha256: hex.EncodeToString(w.sum.Sum(nil))})
	return info, nil
}

// change returns what the commit does to a table so far. The caller holds mu.
func (tx *Tx) change(table TableRef) *TableChange {
	c := tx.record.Tables[table]
	if c == nil {
		c = &TableChange{}
		tx.record.Tables[table] = c
	}
	return c
}

// SetTable says what the commit makes of a table beside its files. What is
// left out of the settings stays as it is, but FullRefresh.
func (tx *Tx) SetTable(table TableRef, settings TableSettings) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.change(table).TableSettings = settings
}

// Put adds staged files to a table, or replaces those of the same paths. Bytes,
// SHA256 and Replaces are filled in.
func (tx *Tx) Put(table TableRef, files ...FileChange) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	c := tx.change(table)
	c.Put = append(c.Put, files...)
}

// Remove takes files away from a table. It happens after all files were put.
func (tx *Tx) Remove(table TableRef, files ...*File) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	c := tx.change(table)
	for _, f := range files {
		c.Removed = append(c.Removed, Removal{Path: f.Path, Kind: f.Kind, Replaces: f.Sequence})
	}
}

// Ingest records versions of source files that the commit brings in. A file
// that is live already must be withdrawn by the same commit.
func (tx *Tx) Ingest(inputs ...Input) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.record.Inputs = append(tx.record.Inputs, inputs...)
}

// Seen records that source files have a new version with the same content.
func (tx *Tx) Seen(files ...Seen) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.record.Seen = append(tx.record.Seen, files...)
}

// Withdraw takes ingested files out of the lake. Their records need no longer
// be accounted for.
func (tx *Tx) Withdraw(files ...*InputFile) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	for _, f := range files {
		tx.record.Withdrawn = append(tx.record.Withdrawn, FileVersion{f.Dataset, f.SourceFile, f.Ingested})
	}
}

// AddLedger moves records of file versions. Ingested is Sequence for files of
// this commit. Changes of the same file version add up; those of withdrawn
// versions are recorded and not judged.
func (tx *Tx) AddLedger(changes ...LedgerChange) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	for _, c := range changes {
		tx.ledger[c.FileVersion] = tx.ledger[c.FileVersion].Add(c.Totals)
	}
}

// SetLedger moves the records of a live file so that its totals become these,
// whatever was added before.
func (tx *Tx) SetLedger(file *InputFile, totals Totals) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.ledger[FileVersion{file.Dataset, file.SourceFile, file.Ingested}] = totals.Sub(file.Ledger)
}

// Check adds results of checks. Those of a table replace all that earlier
// commits had for it.
func (tx *Tx) Check(results ...CheckResult) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.record.Checks = append(tx.record.Checks, results...)
}

// Accept records that a failed gate was let pass.
func (tx *Tx) Accept(accepted ...Acceptance) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.record.Accepted = append(tx.record.Accepted, accepted...)
}

// Audit returns the state as it would be after the commit, or says what
// forbids the commit: a ledger that does not add up (class Ledger), or changes
// that contradict each other or the state. It writes nothing.
func (tx *Tx) Audit() (*State, error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.ended {
		return nil, errors.New("the transaction has ended")
	}
	if err := tx.complete(); err != nil {
		return nil, fmt.Errorf("commit %d: %w", tx.Sequence(), err)
	}
	after := tx.base.clone()
	if err := after.apply(tx.record); err != nil {
		return nil, fmt.Errorf("commit %d: %w", tx.Sequence(), err)
	}
	return after, after.checkLedger()
}

// complete fills in what the record says about files and checks it.
func (tx *Tx) complete() error {
	for ref, change := range tx.record.Tables {
		table := tx.base.Tables[ref]
		for i := range change.Put {
			f := &change.Put[i]
			staged, ok := tx.staged[f.Path]
			if !ok {
				return fmt.Errorf("%s is put, but was not staged", f.Path)
			}
			f.Bytes, f.SHA256, f.Staged = staged.bytes, staged.sha256, staged.object
			if table != nil && table.files[f.Path] != nil {
				f.Replaces = table.files[f.Path].Sequence
			}
		}
	}
	tx.record.Ledger = nil
	for version, totals := range tx.ledger {
		if totals != (Totals{}) {
			tx.record.Ledger = append(tx.record.Ledger, LedgerChange{version, totals})
		}
	}
	tx.record.sort()
	return tx.record.check()
}

// Abort drops what was staged. After Commit it does nothing.
func (tx *Tx) Abort(ctx context.Context) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.ended {
		return nil
	}
	tx.ended = true
	return tx.lake.deleteAll(context.WithoutCancel(ctx), tx.stage.dir())
}

// deleteAll deletes the objects of a folder.
func (l *Lake) deleteAll(ctx context.Context, dir string) error {
	for info, err := range l.bucket.List(ctx, dir) {
		if err == nil {
			err = l.bucket.Delete(ctx, info.Name, storage.DeleteOptions{})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
