package lake

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lakectl/lakectl/internal/storage"
)

// checkpointFormat is the version of the format of checkpoints. One of another
// format is ignored, as is one that cannot be read: the log has it all.
const checkpointFormat = 1

// checkpoint is a State on disk.
type checkpoint struct {
	Format   int                 `json:"format"`
	Sequence uint64              `json:"sequence"`
	Nonce    string              `json:"nonce"` // of the record of that sequence, which it must agree with
	Fence    uint64              `json:"fence"`
	Tables   []checkpointTable   `json:"tables"`
	Datasets []checkpointDataset `json:"datasets"`
	Commits  []CommitInfo        `json:"commits"`
}

type checkpointTable struct {
	Ref TableRef `json:"table"`
	TableSettings
	Sequence     uint64        `json:"sequence"`
	Time         time.Time     `json:"time"`
	Checks       []CheckResult `json:"checks,omitempty"`
	ChecksCommit uint64        `json:"checks_commit,omitempty"`
	Files        []*File       `json:"files"`
}

type checkpointDataset struct {
	Name      string       `json:"dataset"`
	Inputs    []*InputFile `json:"inputs"`
	Withdrawn []*InputFile `json:"withdrawn,omitempty"`
}

func (s *State) checkpoint() *checkpoint {
	c := &checkpoint{Format: checkpointFormat, Sequence: s.Sequence, Nonce: s.nonce, Fence: s.fence, Commits: s.Commits}
	for _, ref := range s.TableRefs() {
		t := s.Tables[ref]
		files := slices.SortedFunc(maps.Values(t.files), func(a, b *File) int { return cmp.Compare(a.Path, b.Path) })
		c.Tables = append(c.Tables, checkpointTable{ref, t.TableSettings, t.Sequence, t.Time, t.Checks, t.ChecksCommit, files})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Datasets)) {
		d := s.Datasets[name]
		c.Datasets = append(c.Datasets, checkpointDataset{name, d.Files(), d.Withdrawn})
	}
	return c
}

func (c *checkpoint) state() *State {
	s := newState()
	s.Sequence, s.nonce, s.fence, s.Commits, s.checkpointed = c.Sequence, c.Nonce, c.Fence, c.Commits, c.Sequence
	for _, t := range c.Tables {
		table := &Table{t.Ref, t.TableSettings, t.Sequence, t.Time, t.Checks, t.ChecksCommit, make(map[string]*File, len(t.Files))}
		for _, f := range t.Files {
			table.files[f.Path] = f
		}
		s.Tables[t.Ref] = table
	}
	for _, d := range c.Datasets {
		dataset := s.dataset(d.Name)
		dataset.Withdrawn = d.Withdrawn
		for _, in := range d.Inputs {
			dataset.Inputs[in.SourceFile] = in
		}
	}
	return s
}

// readCheckpoint returns the state of a checkpoint that agrees with the record
// of its sequence.
func (l *Lake) readCheckpoint(ctx context.Context, sequence uint64) (*State, error) {
	data, _, err := storage.ReadAll(ctx, l.bucket, checkpointName(sequence))
	if err != nil {
		return nil, err
	}
	c := &checkpoint{}
	if err := decode(data, c); err != nil {
		return nil, err
	}
	r, err := l.readRecord(ctx, sequence)
	if err != nil {
		return nil, err
	}
	if c.Format != checkpointFormat || c.Sequence != sequence || c.Nonce != r.Nonce {
		return nil, fmt.Errorf("%s is not of this log", checkpointName(sequence))
	}
	return c.state(), nil
}

// writeCheckpoint writes the state down when the last checkpoint is old
// enough. That it cannot is no failure: the next commit tries again.
func (l *Lake) writeCheckpoint(ctx context.Context, s *State) {
	if s.Sequence < s.checkpointed+l.opts.CheckpointEvery {
		return
	}
	data, err := encode(s.checkpoint())
	if err == nil {
		_, err = storage.WriteAll(ctx, l.bucket, checkpointName(s.Sequence), data, storage.CreateOptions{})
	}
	if err == nil {
		s.checkpointed = s.Sequence
	}
}
