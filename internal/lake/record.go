package lake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// recordFormat is the version of the format of records that this lakectl
// writes, and the only one that it reads.
const recordFormat = 1

// Record is what a commit says, as it stands in _lakectl/log/<sequence>.json.
// All lists are sorted, so that the same commit has the same bytes.
type Record struct {
	Format   int       `json:"format"`
	Sequence uint64    `json:"sequence"`           // 1 for the first commit, no gaps
	Previous string    `json:"previous,omitempty"` // the nonce of the commit before
	Nonce    string    `json:"nonce"`              // with Fence, tells this attempt to write the record from any other
	Fence    uint64    `json:"fence"`              // the fencing number of the lease it was made under
	Run      string    `json:"run"`
	Layer    string    `json:"layer"`
	Time     time.Time `json:"time"`

	Tables    map[TableRef]*TableChange `json:"tables,omitempty"`
	Inputs    []Input                   `json:"inputs,omitempty"`
	Seen      []Seen                    `json:"seen,omitempty"`
	Withdrawn []FileVersion             `json:"withdrawn,omitempty"`
	Ledger    []LedgerChange            `json:"ledger,omitempty"`
	Checks    []CheckResult             `json:"checks,omitempty"`
	Accepted  []Acceptance              `json:"accepted,omitempty"`
}

// TableChange is what a commit does to one table.
type TableChange struct {
	TableSettings
	Put     []FileChange `json:"put,omitempty"`
	Removed []Removal    `json:"removed,omitempty"`
}

// DataPaths returns the data files that the commit put and removed; none if c is
// nil, for a table that it did not change.
func (c *TableChange) DataPaths() []string {
	if c == nil {
		return nil
	}
	var list []string
	for _, f := range c.Put {
		if f.Kind == Data {
			list = append(list, f.Path)
		}
	}
	for _, f := range c.Removed {
		if f.Kind == Data {
			list = append(list, f.Path)
		}
	}
	return list
}

// TableSettings is what a commit says about a table beside its files.
type TableSettings struct {
	Definition string `json:"definition,omitempty"` // hash of the table's definition and all upstream of it
	// Parts are hashes of the parts of the definition, such as "columns.amount",
	// so that it can be said what has changed.
	Parts  map[string]string `json:"definition_parts,omitempty"`
	Schema []Column          `json:"schema,omitempty"` // in the order of the files
	// Consumed is, for each upstream table, the last commit of it whose files
	// this table takes into account.
	Consumed    map[TableRef]uint64 `json:"consumed,omitempty"`
	FullRefresh bool                `json:"full_refresh,omitempty"` // built anew from all of upstream
}

// Kind says what a file is for.
type Kind string

// The kinds of files: a table's data, and what lakectl alone reads.
const (
	Data  Kind = ""
	Index Kind = "index"
)

// FileChange is a new file, or the new content of one.
type FileChange struct {
	Path      string                 `json:"path"` // in the lake
	Kind      Kind                   `json:"kind,omitempty"`
	Partition map[string]*string     `json:"partition,omitempty"`
	Rows      int64                  `json:"rows"`
	Bytes     int64                  `json:"bytes"`
	SHA256    string                 `json:"sha256"` // hex
	Stats     map[string]ColumnStats `json:"stats,omitempty"`
	Source    string                 `json:"source,omitempty"` // bronze, quarantine: the source file whose rows it holds
	Replaces  uint64                 `json:"replaces"`         // the commit that wrote the content it replaces, or 0
	// Staged is the name of its staged object in the folder of the stage, where it
	// does not follow from the path: see Stager.
	Staged string `json:"staged,omitempty"`
}

// ColumnStats bound the values of a column in a file. Min and Max are values
// as text, or nil where they are not known or all values are null.
type ColumnStats struct {
	Nulls int64   `json:"nulls"`
	Min   *string `json:"min,omitempty"`
	Max   *string `json:"max,omitempty"`
}

// Removal is a file that a commit takes away.
type Removal struct {
	Path     string `json:"path"`
	Kind     Kind   `json:"kind,omitempty"`
	Replaces uint64 `json:"replaces"` // the commit that wrote it
}

// Input is a version of a source file that a commit ingests.
type Input struct {
	Dataset    string `json:"dataset"`
	SourceFile string `json:"source_file"` // relative to the root of the source
	Size       int64  `json:"size"`        // bytes
	Version    string `json:"version"`     // etag or modification time
	SHA256     string `json:"sha256"`      // hex
	// Records were read from it in all, of which Damaged never reached bronze
	// and are quarantined.
	Records      int64    `json:"records"`
	Damaged      int64    `json:"damaged,omitempty"`
	ColumnsAdded []string `json:"columns_added,omitempty"`
}

// Seen is a source file whose size or version changed but not its content: it
// is not ingested again, and next time it need not be read.
type Seen struct {
	Dataset    string `json:"dataset"`
	SourceFile string `json:"source_file"`
	Size       int64  `json:"size"`
	Version    string `json:"version"`
}

// FileVersion names an ingested version of a source file by the commit that
// ingested it.
type FileVersion struct {
	Dataset    string `json:"dataset"`
	SourceFile string `json:"source_file"`
	Ingested   uint64 `json:"ingested"`
}

// Totals says where the records of a file are. In a LedgerChange they are
// differences.
type Totals struct {
	Silver      int64 `json:"silver"`
	Quarantined int64 `json:"quarantined"`
	Superseded  int64 `json:"superseded"`
	Duplicate   int64 `json:"duplicate"`
}

// Add returns the sums.
func (t Totals) Add(d Totals) Totals {
	return Totals{t.Silver + d.Silver, t.Quarantined + d.Quarantined, t.Superseded + d.Superseded, t.Duplicate + d.Duplicate}
}

// Sub returns the differences.
func (t Totals) Sub(d Totals) Totals {
	return Totals{t.Silver - d.Silver, t.Quarantined - d.Quarantined, t.Superseded - d.Superseded, t.Duplicate - d.Duplicate}
}

// Sum returns the records in all places.
func (t Totals) Sum() int64 { return t.Silver + t.Quarantined + t.Superseded + t.Duplicate }

// LedgerChange moves records of one file version.
type LedgerChange struct {
	FileVersion
	Totals
}

// CheckResult is the outcome of a check on a table.
type CheckResult struct {
	Table  TableRef `json:"table"`
	Name   string   `json:"name"`
	Kind   string   `json:"kind"`    // such as type, required, expect, references, row_count
	OnFail string   `json:"on_fail"` // such as flag, quarantine, fail
	Failed int64    `json:"failed"`  // rows that failed; 1 for a table check that failed
	Rows   int64    `json:"rows"`    // rows that were judged
	Detail string   `json:"detail,omitempty"`
}

// Acceptance is a failed gate that someone let pass.
type Acceptance struct {
	Gate   string `json:"gate"`
	Reason string `json:"reason"`
}

// marshal returns the bytes of the record. Its lists must be sorted.
func (r *Record) marshal() ([]byte, error) { return encode(r) }

// encode is JSON that people can read and compare line by line.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(value)
	return b.Bytes(), err
}

// decode is strict: a key that is not known may change the meaning of others.
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is more text after its end")
	}
	return nil
}

// formatOf reads the version of the format alone, which every version has.
func formatOf(data []byte) (int, error) {
	var head struct {
		Format int `json:"format"`
	}
	err := json.Unmarshal(data, &head)
	return head.Format, err
}

// ParseRecord reads a record. It fails on a format of a later lakectl, on
// unknown keys, and on records that cannot be.
func ParseRecord(data []byte) (*Record, error) {
	format, err := formatOf(data)
	if err != nil {
		return nil, err
	}
	if format != recordFormat {
		return nil, fmt.Errorf("it has format %d, but this lakectl reads format %d", format, recordFormat)
	}
	r := &Record{}
	if err := decode(data, r); err != nil {
		return nil, err
	}
	return r, r.check()
}

// check finds what is wrong with a record taken by itself.
func (r *Record) check() error {
	if r.Sequence == 0 || r.Nonce == "" || (r.Previous == "") != (r.Sequence == 1) {
		return errors.New("its sequence, nonce or previous nonce is missing")
	}
	if err := checkRun(r.Run); err != nil {
		return err
	}
	paths := map[string]bool{}
	for ref, change := range r.Tables {
		if change == nil {
			return fmt.Errorf("table %s has no change", ref)
		}
		for _, f := range change.Put {
			if err := checkFile(ref, f.Path, f.Kind, paths); err != nil {
				return err
			}
			if f.Rows < 0 || f.Bytes < 0 || len(f.SHA256) != 64 || strings.Contains(f.Staged, "/") {
				return fmt.Errorf("%s: its rows, bytes, sha256 or staged object are wrong", f.Path)
			}
		}
		for _, f := range change.Removed {
			if err := checkFile(ref, f.Path, f.Kind, paths); err != nil {
				return err
			}
		}
	}
	return nil
}

// sort puts the lists into their order.
func (r *Record) sort() {
	for _, change := range r.Tables {
		slices.SortFunc(change.Put, func(a, b FileChange) int { return cmp.Compare(a.Path, b.Path) })
		slices.SortFunc(change.Removed, func(a, b Removal) int { return cmp.Compare(a.Path, b.Path) })
	}
	slices.SortFunc(r.Inputs, func(a, b Input) int {
		return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.SourceFile, b.SourceFile))
	})
	slices.SortFunc(r.Seen, func(a, b Seen) int {
		return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.SourceFile, b.SourceFile))
	})
	slices.SortFunc(r.Withdrawn, FileVersion.compare)
	slices.SortFunc(r.Ledger, func(a, b LedgerChange) int { return a.compare(b.FileVersion) })
	slices.SortStableFunc(r.Checks, func(a, b CheckResult) int {
		return cmp.Or(a.Table.Compare(b.Table), cmp.Compare(a.Name, b.Name))
	})
}

func (v FileVersion) compare(o FileVersion) int {
	return cmp.Or(cmp.Compare(v.Dataset, o.Dataset), cmp.Compare(v.SourceFile, o.SourceFile), cmp.Compare(v.Ingested, o.Ingested))
}
