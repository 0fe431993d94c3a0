package task

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/source"
)

// Kinds of tasks.
const (
	Ingest   = "ingest"   // takes in one raw file
	Write    = "write"    // writes rows of a silver or gold table, ordered by its partitions
	Rejected = "rejected" // judges rows that are not good enough and writes them to quarantine
	Changed  = "changed"  // notes the values that came to a silver table and went from it
)

// Order says what a task is to do.
type Order struct {
	Kind    string       `json:"kind"`
	Project Project      `json:"project"`
	Staging lake.Staging `json:"staging"`
	Now     time.Time    `json:"now"` // start of the run
	// Table is a dataset of bronze to take files into, a table of silver or gold to
	// write, or the table of silver whose rows are rejected.
	Table lake.TableRef `json:"table"`
	// RawColumns are those of the bronze table; of gold tables there are none.
	RawColumns []string `json:"raw_columns,omitempty"`
	// File is that of Ingest. It follows the order as a line of its own: there may be
	// very many, for one order.
	File *source.File `json:"-"`
}

// Project is a project as it goes to another machine.
type Project struct {
	File        string `json:"file"` // lakehouse.yaml, for messages and as the root of relative sources
	Text        string `json:"text"` // its content
	Environment string `json:"environment"`
	Lake        string `json:"lake"` // a folder or an address on S3
}

// Report is what a task did. Files have their size and SHA-256.
type Report struct {
	Files  []lake.FileChange `json:"files,omitempty"`
	Ingest *Ingested         `json:"ingest,omitempty"`
	Error  *Failure          `json:"error,omitempty"`
}

// Ingested is what a task took in of a file; of one that failed whole there is
// only Failed.
type Ingested struct {
	Inputs      []lake.Input      `json:"inputs,omitempty"`
	Put         []lake.FileChange `json:"put,omitempty"`
	Quarantined []lake.FileChange `json:"quarantined,omitempty"`
	Failed      []*Failure        `json:"failed,omitempty"`
	Damage      map[string]int64  `json:"damage,omitempty"`
	Records     int64             `json:"records"`
	Bytes       int64             `json:"bytes"`
}

// Failure is an error that crosses from one process to another.
type Failure struct {
	Class   diag.Class `json:"class"`
	Message string     `json:"message"`
	Next    string     `json:"next,omitempty"`
}

// FailureOf returns what err says.
func FailureOf(err error) *Failure {
	f := &Failure{Class: diag.ClassOf(err), Message: err.Error()}
	var d *diag.Error
	if errors.As(err, &d) {
		f.Next = d.Next
	}
	return f
}

// Err returns the error that f says.
func (f *Failure) Err() error {
	err := diag.Errorf(f.Class, "%s", f.Message)
	if f.Next != "" {
		err = err.WithNext("%s", f.Next)
	}
	return err
}

// ReadOrder reads the order; what follows in r is the stream.
func ReadOrder(r *bufio.Reader) (Order, error) {
	var o Order
	if err := readLine(r, &o); err != nil {
		return o, fmt.Errorf("read the order of the task: %w", err)
	}
	if o.Kind != Ingest {
		return o, nil
	}
	if err := readLine(r, &o.File); err != nil {
		return o, fmt.Errorf("read the file of the task: %w", err)
	}
	return o, nil
}

// readLine reads a line of JSON.
func readLine(r *bufio.Reader, v any) error {
	line, err := r.ReadBytes('\n')
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
		return err
	}
	return json.Unmarshal(line, v)
}
