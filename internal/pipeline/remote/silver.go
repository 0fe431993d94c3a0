package remote

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline/task"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/silver"
	"github.com/lakectl/lakectl/internal/vec"
)

// silverSpec is a request to bring a silver table up to date.
type silverSpec struct {
	Table      string             `json:"table"`
	RawColumns []string           `json:"raw_columns"` // of the bronze table
	Raw        map[string]*string `json:"raw"`         // by raw column that the table reads: which of RawColumns it is, null if none
	Inputs     []string           `json:"inputs"`      // objects of bronze
	Replay     []string           `json:"replay"`      // objects of quarantine: their rows leave it, and return if they still fail
	Files      []string           `json:"files"`       // objects of the table as it is
	Order      map[string]int64   `json:"order"`       // of source files, by when they were ingested
	References []*referenceSpec   `json:"references"`  // by check; null for those that refer to nothing
	Rejudge    bool               `json:"rejudge"`     // values that checks refer to came or went
	Bytes      int64              `json:"bytes"`       // of all files that are read
	Now        int64              `json:"now"`         // microseconds: processed_timestamp
	Write      string             `json:"write"`       // order of tasks that write the table
	Rejected   string             `json:"rejected"`    // and of those that write to quarantine
	Changed    string             `json:"changed"`     // and of the one that notes which values came and went
	Referenced []string           `json:"referenced"`  // columns of which it does; none for a build from scratch
}

// referenceSpec is where the values are that a check refers to: in a column of
// files, or, if the column stands in paths, the values themselves as text.
type referenceSpec struct {
	Column string    `json:"column"`
	Type   string    `json:"type"` // of Spark
	Files  []string  `json:"files"`
	Values []*string `json:"values"`
}

// silverAnswer is what the program did.
type silverAnswer struct {
	NeedsRebuild bool                   `json:"needs_rebuild"`
	Put          []lake.FileChange      `json:"put"`
	Quarantined  []lake.FileChange      `json:"quarantined"`
	Totals       map[string]lake.Totals `json:"totals"` // changes, by source file
	Judged       int64                  `json:"judged"`
	Counts       map[string]int64       `json:"counts"`
	Fatal        []fatalRow             `json:"fatal"`
}

// fatalRow is the first row that fails a check with on_fail: fail.
type fatalRow struct {
	Check      string    `json:"check"`
	Raw        []*string `json:"raw"`
	SourceFile string    `json:"source_file"`
	SourceRow  int64     `json:"source_row"`
	Found      []*bool   `json:"found"` // by check
}

// Silver implements pipeline.Engine.
func (e *Engine) Silver(ctx context.Context, tx *lake.Tx, req silver.Request, o silver.Options) (*silver.Result, error) {
	spec, err := e.silverSpec(tx, req, o)
	if err != nil {
		return nil, err
	}
	var answer silverAnswer
	if err := e.conn.ask(ctx, doSilver, spec, &answer, judgedAndWritten(req.InputRows, o.Progress)); err != nil {
		return nil, fmt.Errorf("silver.%s: %w", req.Table.Name, err)
	}
	if answer.NeedsRebuild {
		return &silver.Result{NeedsRebuild: true}, nil
	}
	tx.Adopt(answer.Put...)
	tx.Adopt(answer.Quarantined...)
	result := &silver.Result{Put: answer.Put, Quarantined: answer.Quarantined, Changes: answer.Totals, Judged: answer.Judged, Counts: answer.Counts}
	if result.Changes == nil {
		result.Changes = map[string]lake.Totals{}
	}
	keep(req, result)
	result.Fatal, err = fatal(req, answer.Fatal)
	return result, err
}

// judgedAndWritten takes the first half of a build to be that in which rows are
// judged, as the program does, and the other for writing them.
func judgedAndWritten(rows int64, tell func(judged, written int64)) func(share float64) {
	judged := steps(rows, func(n int64) { tell(n, 0) })
	written := steps(rows, func(n int64) { tell(0, n) })
	return func(share float64) {
		judged(min(2*share, 1))
		written(2*share - 1)
	}
}

// keep counts the rows of the files that stay, and removes the indexes of those
// that do not.
func keep(req silver.Request, result *silver.Result) {
	written, needed := map[string]bool{}, map[uint64]bool{}
	for _, f := range result.Put {
		written[f.Path] = true
		result.Rows += f.Rows
	}
	for _, f := range req.Files {
		if !written[f.Path] {
			needed[f.Sequence] = true
			result.Rows += f.Rows
		}
	}
	for _, f := range req.Indexes {
		if !needed[f.Sequence] {
			result.Removed = append(result.Removed, f)
		}
	}
}

func (e *Engine) silverSpec(tx *lake.Tx, req silver.Request, o silver.Options) (*silverSpec, error) {
	ref := lake.TableRef{Layer: lake.Silver, Name: req.Table.Name}
	s := &silverSpec{Table: req.Table.Name, RawColumns: req.RawColumns, Raw: silver.RawOf(req.Table, req.RawColumns), Order: req.Order, Now: o.Now.UnixMicro(), Rejudge: req.RejudgeAll, Bytes: req.InputBytes,
		Inputs: []string{}, Replay: []string{}, Files: []string{}, References: make([]*referenceSpec, len(req.Table.Checks)), Referenced: []string{}}
	if len(req.Files) > 0 {
		for _, c := range req.Table.Referenced {
			s.Referenced = append(s.Referenced, req.Table.Columns[c].Name)
		}
	}
	for _, f := range req.Replay {
		s.Replay = append(s.Replay, f.Path)
	}
	for _, path := range req.Inputs {
		if !slices.Contains(s.Replay, path) {
			s.Inputs = append(s.Inputs, path)
		}
	}
	for _, f := range req.Files {
		s.Files = append(s.Files, f.Path)
		s.Bytes += f.Bytes
	}
	for i, check := range req.Table.Checks {
		if check.References != nil {
			s.References[i] = reference(tx, check.References, req.References[i])
		}
		s.Rejudge = s.Rejudge || req.Changed[i] != nil
	}
	var err error
	if s.Write, err = e.order(tx, task.Order{Kind: task.Write, Table: ref}, o.Now); err != nil {
		return nil, err
	}
	if s.Rejected, err = e.order(tx, task.Order{Kind: task.Rejected, Table: ref, RawColumns: req.RawColumns}, o.Now); err != nil {
		return nil, err
	}
	s.Changed, err = e.order(tx, task.Order{Kind: task.Changed, Table: ref}, o.Now)
	return s, err
}

func reference(tx *lake.Tx, r *project.Reference, files []lake.FileChange) *referenceSpec {
	c := r.Table.Columns[r.Column]
	s := &referenceSpec{Column: c.Name, Type: c.Type.Spark(), Files: []string{}, Values: []*string{}}
	inPath := slices.Contains(r.Table.PartitionNames(), c.Name)
	for _, f := range files {
		switch {
		case f.Kind != lake.Data:
		case !inPath:
			s.Files = append(s.Files, tx.ObjectName(f.Path))
		case f.Rows > 0:
			s.Values = append(s.Values, f.Partition[c.Name])
		}
	}
	return s
}

// fatal says of the first rows that fail checks with on_fail: fail what is wrong,
// in the order of the checks' names, as silver.Build does.
func fatal(req silver.Request, rows []fatalRow) ([]string, error) {
	r := silver.NewRejected(silver.RejectedOptions{Table: req.Table, RawColumns: req.RawColumns})
	defer r.Discard()
	slices.SortFunc(rows, func(a, b fatalRow) int { return strings.Compare(a.Check, b.Check) })
	var list []string
	for _, row := range rows {
		one := silver.RejectedRows{SourceFile: vec.Constant(row.SourceFile, 1), SourceRow: vec.Int64s([]int64{row.SourceRow}), Found: make([]*array.Boolean, len(req.Table.Checks))}
		for _, value := range row.Raw {
			one.Raw = append(one.Raw, textOrNull(value))
		}
		for i, found := range row.Found {
			if found != nil {
				one.Found[i] = truth(*found)
			}
		}
		text, err := r.Fatal(row.Check, one)
		if err != nil {
			return nil, err
		}
		if text == "" {
			return nil, fmt.Errorf("silver.%s: Spark finds that row %d of %s fails the check %s, which it does not by lakectl's own judgement: please report it",
				req.Table.Name, row.SourceRow, row.SourceFile, row.Check)
		}
		list = append(list, text)
	}
	return list, nil
}

func textOrNull(value *string) arrow.Array {
	if value == nil {
		return vec.Nulls(schema.T(schema.String), 1)
	}
	return vec.Constant(*value, 1)
}

func truth(value bool) *array.Boolean {
	bits := []byte{0}
	if value {
		bits[0] = 1
	}
	return vec.FixedOf(schema.T(schema.Boolean), bits, nil, 1, 0).(*array.Boolean)
}
