package silver

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/engine"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/table"
	"github.com/lakectl/lakectl/internal/vec"
)

// Rejected writes the rows that another engine has found not good enough to
// quarantine. It judges them again, so that their reasons are the same whoever
// found them; a row that is good here is an error, for then the engines do not
// agree. It is for one goroutine.
type Rejected struct {
	judge      *judge
	rawAt      []int
	raw        []string
	found      []*given // by check; nil for those that refer to nothing
	quarantine *quarantine.Writer
	sequence   uint64
	batches    uint64
}

// RejectedOptions say whose rows are rejected.
type RejectedOptions struct {
	Table      *project.Silver
	RawColumns []string // all of the bronze table
	Run        string
	Sequence   uint64 // the number that the commit will have
	Store      engine.StoreOptions
}

// NewRejected returns a writer without rows.
func NewRejected(o RejectedOptions) *Rejected {
	r := &Rejected{judge: newJudge(o.Table, nil), rawAt: rawColumns(o.Table, o.RawColumns), raw: o.RawColumns, found: make([]*given, len(o.Table.Checks)),
		sequence:   o.Sequence,
		quarantine: quarantine.NewWriter(quarantine.Options{Dataset: o.Table.Name, Raw: o.RawColumns, Stage: quarantine.Check, Run: o.Run, Workers: 1, Store: o.Store})}
	for i, check := range o.Table.Checks {
		if check.References != nil {
			r.found[i] = &given{}
			r.judge.lookups[i] = r.found[i]
		}
	}
	return r
}

// given is a lookup whose answers are known.
type given struct{ answers *array.Boolean }

func (g *given) Contains(found []bool, col arrow.Array) {
	for i := range found {
		found[i] = g.answers.IsValid(i) && g.answers.Value(i) && col.IsValid(i)
	}
}

// RejectedRows is a batch of rows: all raw columns, and where they are from.
type RejectedRows struct {
	Raw                []arrow.Array
	SourceFile         arrow.Array
	SourceRow          arrow.Array
	IngestionTimestamp arrow.Array
	IngestionDate      arrow.Array
	// Found says, by check, whether the value is among those that the check refers
	// to; nil for checks that refer to nothing.
	Found []*array.Boolean
}

// verdict judges the rows.
func (r *Rejected) verdict(rows RejectedRows) (*verdict, error) {
	n := rows.SourceRow.Len()
	used := make([]arrow.Array, len(r.rawAt))
	for i, at := range r.rawAt {
		if at >= 0 {
			used[i] = rows.Raw[at]
		} else {
			used[i] = vec.Nulls(schema.T(schema.String), n)
		}
	}
	for i, g := range r.found {
		if g != nil {
			g.answers = rows.Found[i]
		}
	}
	return r.judge.judge(used, n)
}

// Add takes rows, all of which must fail.
func (r *Rejected) Add(rows RejectedRows) error {
	v, err := r.verdict(rows)
	if err != nil {
		return err
	}
	bad, reasons := v.quarantined()
	if len(bad) < v.rows {
		row := int(others(bad, v.rows)[0])
		return fmt.Errorf("silver.%s: Spark rejects row %s of %s, which is good by lakectl's own judgement: please report it, with the row and the definition of the table",
			r.judge.table.Name, rows.SourceRow.ValueStr(row), vec.TextOf(rows.SourceFile).Value(row))
	}
	q := quarantine.Rows{Raw: rows.Raw, SourceFile: rows.SourceFile, SourceRow: rows.SourceRow, IngestionTimestamp: rows.IngestionTimestamp, IngestionDate: rows.IngestionDate}
	for _, list := range reasons {
		q.Reasons = append(q.Reasons, quality.Reasons(list))
	}
	r.batches++
	return r.quarantine.Add(0, r.batches, q)
}

// Finish stages the files and ends the writer.
func (r *Rejected) Finish(ctx context.Context, s table.Stager) ([]lake.FileChange, error) {
	return r.quarantine.Finish(ctx, s, func(partition string) string {
		return quarantine.RowsPath(r.judge.table.Name, partition, r.sequence)
	})
}

// Discard drops the rows. It ends the writer, and may follow Finish.
func (r *Rejected) Discard() { r.quarantine.Discard() }

// Fatal returns what Result.Fatal says of the first of the rows that fails a
// check with on_fail: fail; "" if none does.
func (r *Rejected) Fatal(check string, rows RejectedRows) (string, error) {
	v, err := r.verdict(rows)
	if err != nil {
		return "", err
	}
	w := &worker{fatal: map[string]example{}}
	for _, f := range v.fatal {
		w.fail(f, &input{sourceFile: rows.SourceFile, sourceRow: rows.SourceRow})
	}
	if e, ok := w.fatal[check]; ok {
		return check + ": " + e.text, nil
	}
	return "", nil
}

// RawOf returns, for each raw column that a table reads, which of the raw columns
// of bronze it is; nil if it is none of them.
func RawOf(t *project.Silver, have []string) map[string]*string {
	out := map[string]*string{}
	for i, at := range rawColumns(t, have) {
		out[t.Raw[i]] = nil
		if at >= 0 {
			out[t.Raw[i]] = &have[at]
		}
	}
	return out
}
