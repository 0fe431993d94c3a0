package pipeline

import (
	"maps"
	"slices"
	"time"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/quarantine"
)

// Result is what a run did, and what the lake holds of the datasets after it.
type Result struct {
	Run         string         `json:"run"`
	PartOf      string         `json:"part_of,omitempty"` // a run in Glue, of which this is a layer
	Project     string         `json:"project"`
	Environment string         `json:"environment"`
	Started     time.Time      `json:"started"`
	Seconds     float64        `json:"seconds"`
	Outcome     string         `json:"outcome"` // see the constants
	Error       string         `json:"error,omitempty"`
	DryRun      bool           `json:"dry_run,omitempty"`
	Recovered   uint64         `json:"recovered_commit,omitempty"` // a commit of an earlier run that was published first
	Warnings    []string       `json:"warnings,omitempty"`
	Commits     []Commit       `json:"commits"`
	Bronze      []BronzeResult `json:"bronze"`
	Silver      []TableResult  `json:"silver"`
	Gold        []TableResult  `json:"gold"`
	Gates       []Gate         `json:"gates,omitempty"`
	Ledger      []LedgerLine   `json:"ledger"`
	// Refused is what would have gone to quarantine had a gate not stopped silver:
	// it is kept nowhere else.
	Refused []*quarantine.Summary `json:"refused,omitempty"`
}

// The outcomes of a run.
const (
	Succeeded   = "succeeded"
	NothingToDo = "nothing to do"
	Partly      = "some files failed"
	Stopped     = "stopped by a gate"
	Interrupted = "interrupted"
	Failed      = "failed"
)

// Commit is a commit that a run made.
type Commit struct {
	Sequence uint64 `json:"sequence"`
	Layer    string `json:"layer"`
}

// BronzeResult is what a run took in of a dataset.
type BronzeResult struct {
	Dataset      string           `json:"dataset"`
	Files        int              `json:"files"`             // taken in
	Unchanged    int              `json:"unchanged"`         // known already
	Touched      int              `json:"touched,omitempty"` // of these, written again with the same content
	Settling     int              `json:"settling,omitempty"`
	Failed       []string         `json:"failed,omitempty"`
	Records      int64            `json:"records"`
	Damaged      map[string]int64 `json:"damaged,omitempty"` // records that could not be read, by reason
	Bytes        int64            `json:"bytes"`             // of the files taken in
	BytesWritten int64            `json:"bytes_written"`     // of what bronze has of them
	ColumnsAdded []string         `json:"columns_added,omitempty"`
	Seconds      float64          `json:"seconds"`
}

// TableResult is what a run did to a silver or gold table.
type TableResult struct {
	Table      string             `json:"table"`
	Rebuilt    bool               `json:"rebuilt,omitempty"`
	Judged     int64              `json:"judged,omitempty"` // rows that were read and judged
	Changes    *lake.Totals       `json:"changes,omitempty"`
	Rows       int64              `json:"rows"`            // of the table, after the run
	Written    int                `json:"written"`         // files
	Bytes      int64              `json:"bytes"`           // in them
	Parts      int                `json:"parts,omitempty"` // of gold, in which it was built as it did not fit the memory
	Superseded []string           `json:"superseded,omitempty"`
	Checks     []lake.CheckResult `json:"checks,omitempty"`
	Seconds    float64            `json:"seconds"`
}

// Gate is a gate that failed.
type Gate struct {
	Name     string `json:"gate"`
	Message  string `json:"message"`
	Accepted string `json:"accepted,omitempty"` // the reason why it was let pass
}

// LedgerLine says where all records of a dataset are.
type LedgerLine struct {
	Dataset string `json:"dataset"`
	Files   int    `json:"files"`
	Read    int64  `json:"read"`
	Waiting int64  `json:"waiting,omitempty"` // in bronze, for silver
	lake.Totals
}

// Ledger adds up the ledgers of all files, by dataset.
func Ledger(s *lake.State) []LedgerLine {
	lines := []LedgerLine{}
	for _, name := range slices.Sorted(maps.Keys(s.Datasets)) {
		line := LedgerLine{Dataset: name}
		for _, f := range s.Datasets[name].Files() {
			line.Files++
			line.Read += f.Records
			line.Totals = line.Add(f.Ledger)
		}
		line.Waiting = line.Read - line.Sum()
		lines = append(lines, line)
	}
	return lines
}
