package lake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// State is the lake as of a commit: the log, folded. It never changes, and is
// safe for concurrent use; whoever gets one must not modify what it refers to.
type State struct {
	// Sequence is the last commit that is published whole; 0 in an empty lake.
	Sequence uint64
	// Pending is the commit after it, if it is recorded but not known to be
	// published whole. The files that it puts hold their old or their new
	// content, each of them whole.
	Pending  *Record
	Tables   map[TableRef]*Table
	Datasets map[string]*Dataset
	Commits  []CommitInfo // ascending

	nonce        string // of the last commit
	fence        uint64 // of the last commit
	checkpointed uint64 // the last commit that has a checkpoint
}

// Table is the live files of a table and what was last said about it.
type Table struct {
	Ref TableRef
	TableSettings
	Sequence     uint64        // the last commit that changed the table
	Time         time.Time     // of that commit
	Checks       []CheckResult // of the last commit that judged the table
	ChecksCommit uint64        // that commit; 0 for none

	files map[string]*File // by path
}

// File is a live file of a table.
type File struct {
	FileChange        // Replaces is of no interest here
	Sequence   uint64 // the commit that wrote this content
}

// Dataset is what was ingested of a dataset.
type Dataset struct {
	Name      string
	Inputs    map[string]*InputFile // live ones by source file
	Withdrawn []*InputFile          // ascending by WithdrawnBy
}

// InputFile is an ingested version of a source file.
type InputFile struct {
	Input
	Ingested    uint64 // the commit that ingested it
	Time        time.Time
	Ledger      Totals
	WithdrawnBy uint64 // the commit that withdrew it; 0 while it is live
}

// CommitInfo is one commit in the list of all.
type CommitInfo struct {
	Sequence uint64         `json:"sequence"`
	Run      string         `json:"run"`
	Layer    string         `json:"layer"`
	Time     time.Time      `json:"time"`
	Tables   []TableSummary `json:"tables,omitempty"`
	Inputs   int            `json:"inputs,omitempty"`  // files ingested
	Records  int64          `json:"records,omitempty"` // read from them
	Failed   int            `json:"failed,omitempty"`  // checks with failed rows
	Accepted []Acceptance   `json:"accepted,omitempty"`
}

// TableSummary is what a commit did to a table, in figures.
type TableSummary struct {
	Table       TableRef `json:"table"`
	Put         int      `json:"put,omitempty"`     // data files
	Removed     int      `json:"removed,omitempty"` // data files
	Rows        int64    `json:"rows"`              // of the whole table after the commit
	Bytes       int64    `json:"bytes"`
	FullRefresh bool     `json:"full_refresh,omitempty"`
}

// newState returns the state of an empty lake.
func newState() *State {
	return &State{Tables: map[TableRef]*Table{}, Datasets: map[string]*Dataset{}}
}

// clone returns a state that can be changed by apply without changing this one.
func (s *State) clone() *State {
	c := *s
	c.Pending = nil
	c.Tables = make(map[TableRef]*Table, len(s.Tables))
	for ref, t := range s.Tables {
		table := *t
		table.files = maps.Clone(t.files)
		c.Tables[ref] = &table
	}
	c.Datasets = make(map[string]*Dataset, len(s.Datasets))
	for name, d := range s.Datasets {
		c.Datasets[name] = &Dataset{name, maps.Clone(d.Inputs), slices.Clone(d.Withdrawn)}
	}
	c.Commits = slices.Clone(s.Commits)
	return &c
}

// TableRefs returns the tables of the lake in order.
func (s *State) TableRefs() []TableRef {
	return slices.SortedFunc(maps.Keys(s.Tables), TableRef.Compare)
}

// Files returns the live data files of a table by path, none if there is no
// such table.
func (s *State) Files(table TableRef) []*File {
	if t := s.Tables[table]; t != nil {
		return t.Files()
	}
	return nil
}

// Files returns the data files in the order of their paths.
func (t *Table) Files() []*File { return t.kind(Data) }

// FilesAfter returns the data files whose content is of commits after the one
// given: what a table that has consumed that one has yet to take into account.
func (t *Table) FilesAfter(sequence uint64) []*File {
	return slices.DeleteFunc(t.Files(), func(f *File) bool { return f.Sequence <= sequence })
}

// IndexFiles returns the index files in the order of their paths.
func (t *Table) IndexFiles() []*File { return t.kind(Index) }

func (t *Table) kind(kind Kind) []*File {
	var files []*File
	for _, f := range t.files {
		if f.Kind == kind {
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b *File) int { return cmp.Compare(a.Path, b.Path) })
	return files
}

// File returns the live file of that path, of any kind, or nil.
func (t *Table) File(path string) *File { return t.files[path] }

// Size returns the number of data files and their rows and bytes.
func (t *Table) Size() (files int, rows, bytes int64) {
	for _, f := range t.files {
		if f.Kind == Data {
			files, rows, bytes = files+1, rows+f.Rows, bytes+f.Bytes
		}
	}
	return files, rows, bytes
}

// Change says how a source file compares to what was ingested.
type Change int

// The ways in which a source file can compare.
const (
	New       Change = iota // not ingested
	Unchanged               // same size and version: need not be read
	Changed                 // other size or version: its content decides (SHA256)
)

// Compare says how a source file, as it is now, compares to what was ingested
// under its name, which it returns too.
func (s *State) Compare(dataset, sourceFile string, size int64, version string) (*InputFile, Change) {
	d := s.Datasets[dataset]
	if d == nil || d.Inputs[sourceFile] == nil {
		return nil, New
	}
	in := d.Inputs[sourceFile]
	if in.Size == size && in.Version == version {
		return in, Unchanged
	}
	return in, Changed
}

// Files returns the live inputs in the order of their names.
func (d *Dataset) Files() []*InputFile {
	return slices.SortedFunc(maps.Values(d.Inputs), func(a, b *InputFile) int { return cmp.Compare(a.SourceFile, b.SourceFile) })
}

// apply folds the next record into the state, which the caller owns.
func (s *State) apply(r *Record) error {
	if r.Sequence != s.Sequence+1 || r.Previous != s.nonce {
		return fmt.Errorf("it follows another commit %d than the one in this log", r.Sequence-1)
	}
	for ref, change := range r.Tables {
		if err := s.applyTable(r, ref, change); err != nil {
			return err
		}
	}
	if err := s.applyInputs(r); err != nil {
		return err
	}
	for _, c := range r.Ledger {
		if err := s.applyLedger(c); err != nil {
			return err
		}
	}
	if err := s.applyChecks(r); err != nil {
		return err
	}
	s.Sequence, s.nonce, s.fence = r.Sequence, r.Nonce, r.Fence
	s.Commits = append(s.Commits, s.info(r))
	return nil
}

func (s *State) applyTable(r *Record, ref TableRef, change *TableChange) error {
	t := s.Tables[ref]
	if t == nil {
		t = &Table{Ref: ref, files: map[string]*File{}}
		s.Tables[ref] = t
	}
	t.Sequence, t.Time = r.Sequence, r.Time
	t.set(change.TableSettings)
	for _, f := range change.Put {
		if err := t.replaces(f.Path, f.Kind, f.Replaces); err != nil {
			return err
		}
		t.files[f.Path] = &File{f, r.Sequence}
	}
	for _, f := range change.Removed {
		if err := t.replaces(f.Path, f.Kind, f.Replaces); err != nil {
			return err
		}
		delete(t.files, f.Path)
	}
	return nil
}

// set takes over what settings say and keeps what they leave out.
func (t *Table) set(settings TableSettings) {
	t.FullRefresh = settings.FullRefresh
	if settings.Definition != "" {
		t.Definition, t.Parts = settings.Definition, settings.Parts
	}
	if settings.Schema != nil {
		t.Schema = settings.Schema
	}
	if settings.Consumed != nil {
		t.Consumed = settings.Consumed
	}
}

// replaces checks that a file is what a change takes it for.
func (t *Table) replaces(path string, kind Kind, sequence uint64) error {
	old, current := t.files[path], uint64(0)
	if old != nil {
		current = old.Sequence
	}
	if current != sequence || old != nil && old.Kind != kind {
		return fmt.Errorf("%s: it replaces the content of commit %d, but there is that of commit %d", path, sequence, current)
	}
	return nil
}

func (s *State) dataset(name string) *Dataset {
	d := s.Datasets[name]
	if d == nil {
		d = &Dataset{Name: name, Inputs: map[string]*InputFile{}}
		s.Datasets[name] = d
	}
	return d
}

func (s *State) applyInputs(r *Record) error {
	for _, v := range r.Withdrawn {
		d := s.dataset(v.Dataset)
		in := d.Inputs[v.SourceFile]
		if in == nil || in.Ingested != v.Ingested {
			return fmt.Errorf("%s: it withdraws the version of commit %d, which is not there", v.SourceFile, v.Ingested)
		}
		gone := *in
		gone.WithdrawnBy = r.Sequence
		delete(d.Inputs, v.SourceFile)
		d.Withdrawn = append(d.Withdrawn, &gone)
	}
	for _, in := range r.Inputs {
		d := s.dataset(in.Dataset)
		if d.Inputs[in.SourceFile] != nil {
			return fmt.Errorf("%s: it ingests the file a second time", in.SourceFile)
		}
		d.Inputs[in.SourceFile] = &InputFile{Input: in, Ingested: r.Sequence, Time: r.Time}
	}
	for _, seen := range r.Seen {
		d := s.dataset(seen.Dataset)
		in := d.Inputs[seen.SourceFile]
		if in == nil {
			return fmt.Errorf("%s: it was seen unchanged, but is not ingested", seen.SourceFile)
		}
		fresh := *in
		fresh.Size, fresh.Version = seen.Size, seen.Version
		d.Inputs[seen.SourceFile] = &fresh
	}
	return nil
}

// applyLedger adds up the records of a file version, withdrawn ones too.
func (s *State) applyLedger(c LedgerChange) error {
	d := s.dataset(c.Dataset)
	if in := d.Inputs[c.SourceFile]; in != nil && in.Ingested == c.Ingested {
		fresh := *in
		fresh.Ledger = in.Ledger.Add(c.Totals)
		d.Inputs[c.SourceFile] = &fresh
		return nil
	}
	for i, in := range d.Withdrawn {
		if in.SourceFile == c.SourceFile && in.Ingested == c.Ingested {
			fresh := *in
			fresh.Ledger = in.Ledger.Add(c.Totals)
			d.Withdrawn[i] = &fresh
			return nil
		}
	}
	return fmt.Errorf("%s: its ledger speaks of the version of commit %d, which is not there", c.SourceFile, c.Ingested)
}

func (s *State) applyChecks(r *Record) error {
	byTable := map[TableRef][]CheckResult{}
	for _, c := range r.Checks {
		byTable[c.Table] = append(byTable[c.Table], c)
	}
	for ref, results := range byTable {
		t := s.Tables[ref]
		if t == nil {
			return fmt.Errorf("it has the results of checks on %s, but there is no such table", ref)
		}
		t.Checks, t.ChecksCommit = results, r.Sequence
	}
	return nil
}

func (s *State) info(r *Record) CommitInfo {
	info := CommitInfo{Sequence: r.Sequence, Run: r.Run, Layer: r.Layer, Time: r.Time, Inputs: len(r.Inputs), Accepted: r.Accepted}
	for _, in := range r.Inputs {
		info.Records += in.Records
	}
	for _, c := range r.Checks {
		if c.Failed > 0 {
			info.Failed++
		}
	}
	for _, ref := range slices.SortedFunc(maps.Keys(r.Tables), TableRef.Compare) {
		change, summary := r.Tables[ref], TableSummary{Table: ref}
		for _, f := range change.Put {
			if f.Kind == Data {
				summary.Put++
			}
		}
		for _, f := range change.Removed {
			if f.Kind == Data {
				summary.Removed++
			}
		}
		summary.FullRefresh = change.FullRefresh
		_, summary.Rows, summary.Bytes = s.Tables[ref].Size()
		info.Tables = append(info.Tables, summary)
	}
	return info
}
