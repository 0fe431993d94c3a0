package query

import (
	"context"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/queries"
)

// Engine runs statements. It is safe for use by several goroutines.
type Engine interface {
	// Name is what --engine calls it.
	Name() string
	// Run starts a statement and returns when its first rows, or that there are
	// none, are known. Cancelling ctx stops the statement, also in a service
	// that runs it elsewhere; it governs the Result, too. The caller closes it.
	Run(ctx context.Context, s Statement) (Result, error)
	// Explain returns how the engine would run a statement, in its own words.
	Explain(ctx context.Context, s Statement) (string, error)
	// Close gives back what the engine holds.
	Close() error
}

// Statement is one question, with the values of its parameters.
type Statement struct {
	Query  queries.Query   // Name is empty for SQL that was typed
	Values []queries.Value // of all parameters
}

// Value returns the value of a parameter; there is one for each that the SQL
// uses.
func (s Statement) Value(name string) queries.Value {
	for _, v := range s.Values {
		if v.Name == name {
			return v
		}
	}
	panic("query: there is no value for the parameter " + name)
}

// OnlyReads returns an error if the statement would change something. Engines that
// are services would carry it out: drop a table, or write past the lake's log.
func (s Statement) OnlyReads() error {
	if s.Query.Reads() {
		return nil
	}
	return diag.Errorf(diag.Usage, "the statement would change something; a query only reads").WithNext("begin it with select or with")
}

// Result is the rows of a statement, as they come. It is for one goroutine.
type Result interface {
	// Columns are those of the result, in order. Names may repeat. What has no
	// type of lakectl's (arrays, structures, intervals) is a string: JSON, where
	// it has parts.
	Columns() []schema.Column
	// Next returns the next batch, of the columns' Arrow types with strings plain
	// or dictionary-coded, and io.EOF at the end. The caller releases it.
	Next() (arrow.Record, error)
	// Stats says what the statement took; it is complete after io.EOF.
	Stats() Stats
	// Close ends the statement, if it still runs. It may be called twice.
	Close() error
}

// Stats is what a statement took. What an engine does not tell is zero.
type Stats struct {
	Rows      int64         `json:"rows"`
	Elapsed   time.Duration `json:"-"` // all of it, as its user sees it
	Queued    time.Duration `json:"-"` // of that, waiting for its turn
	Executed  time.Duration `json:"-"` // of that, at work
	Scanned   int64         `json:"scanned_bytes,omitempty"`
	Cost      *float64      `json:"cost_usd,omitempty"` // estimated, by list price; nil if it costs nothing by itself
	Reused    bool          `json:"reused,omitempty"`   // the answer of an earlier run
	ID        string        `json:"query_id,omitempty"` // of the statement, in the engine's service
	Warehouse string        `json:"warehouse,omitempty"`
	Commit    uint64        `json:"commit,omitempty"`   // of the lake that was read, where the engine pins one
	Location  string        `json:"location,omitempty"` // where the service keeps the result
}
