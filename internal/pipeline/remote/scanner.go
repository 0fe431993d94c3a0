package remote

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/schema"
)

// scanner implements quality.Scanner for the tables of a transaction. Where Spark
// finds other rows than the files are known to have, somebody has changed one: it
// does not tell then, and reading the table here says which.
type scanner struct {
	engine *Engine
	tx     *lake.Tx
}

// Scanner implements pipeline.Engine.
func (e *Engine) Scanner(tx *lake.Tx) quality.Scanner { return scanner{e, tx} }

// scanSpec says which rows a request is about.
type scanSpec struct {
	Layer     string       `json:"layer"`
	Table     string       `json:"table"`
	Columns   []string     `json:"columns"`
	Published []string     `json:"published"` // objects that are where the table has them
	Staged    []stagedFile `json:"staged"`
	Bytes     int64        `json:"bytes"` // of all files

	Type  string     `json:"type,omitempty"` // of Spark: of a sum
	Where *condition `json:"where"`          // null: all rows
}

// stagedFile is an object that its path does not say the partition of.
type stagedFile struct {
	Object    string             `json:"object"`
	Partition map[string]*string `json:"partition"`
}

// condition is one as the compiled project has it.
type condition struct {
	Value string `json:"value"`
	Fails string `json:"fails"`
}

// spec returns the request about columns of a table; ok is false if it is small, so
// that Spark would take longer to plan than lakectl takes to read it.
func (s scanner) spec(t quality.Table, columns []int) (spec *scanSpec, ok bool) {
	spec = &scanSpec{Layer: t.Ref.Layer, Table: t.Ref.Name, Published: []string{}, Staged: []stagedFile{}}
	for _, c := range columns {
		spec.Columns = append(spec.Columns, t.Schema.Columns[c].Name)
	}
	for _, f := range t.Files {
		spec.Bytes += f.Bytes
		if object := s.tx.ObjectName(f.Path); object != f.Path {
			spec.Staged = append(spec.Staged, stagedFile{object, f.Partition})
		} else {
			spec.Published = append(spec.Published, f.Path)
		}
	}
	return spec, spec.Bytes > s.engine.o.ReadHere
}

// Unique implements quality.Scanner.
func (s scanner) Unique(ctx context.Context, t quality.Table, columns []int) (unique bool, complete int64, err error) {
	spec, ok := s.spec(t, columns)
	if !ok {
		return false, 0, nil
	}
	var answer struct {
		Rows     int64 `json:"rows"`
		Unique   bool  `json:"unique"`
		Complete int64 `json:"complete"`
	}
	if err := s.engine.conn.ask(ctx, doUnique, spec, &answer, nil); err != nil {
		return false, 0, fmt.Errorf("%s: %w", t.Ref, err)
	}
	return answer.Unique && answer.Rows == t.Rows(), answer.Complete, nil
}

// Sum implements quality.Scanner.
func (s scanner) Sum(ctx context.Context, t quality.Table, column int, where *expr.Program) (string, error) {
	spec, ok := s.spec(t, []int{column})
	if !ok {
		return "", nil
	}
	scale := t.Schema.Columns[column].Type.AsDecimal().Scale
	spec.Type = schema.DecimalOf(schema.MaxPrecision, int(scale)).Spark()
	if where != nil {
		spec.Where = &condition{where.Spark(), where.SparkFails()}
	}
	var answer struct {
		Rows int64  `json:"rows"`
		Sum  string `json:"sum"`
	}
	if err := s.engine.conn.ask(ctx, doSum, spec, &answer, nil); err != nil {
		return "", fmt.Errorf("%s: %w", t.Ref, err)
	}
	if answer.Rows != t.Rows() {
		return "", nil
	}
	return answer.Sum, nil
}
