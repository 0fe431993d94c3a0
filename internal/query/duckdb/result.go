//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/schema"
)

// result is a statement at work, from its tables to its rows.
type result struct {
	ctx       context.Context
	engine    *Engine
	state     *lake.State
	relations []*relation
	fetched   string // folder with the files of a lake elsewhere; empty for one on this machine
	scanned   int64  // bytes of files that the statement needs, where that is known
	explained bool   // the rows are how the statement would run

	temp     string // folder for what does not fit the memory
	link     string // folder with a link to that of the lake; empty if DuckDB takes its path as it is
	db       *database
	prepared *prepared
	stream   *stream
	schema   *arrow.Schema

	held  []arrow.Record // read ahead
	end   error          // what follows those: io.EOF at the end
	rows  int64
	began time.Time
	took  time.Duration
}

// Columns implements query.Result.
func (r *result) Columns() []schema.Column {
	columns := make([]schema.Column, len(r.prepared.columns))
	for i, c := range r.prepared.columns {
		columns[i] = c.Column
	}
	return columns
}

// readAhead reads as much of the result as is given out only when it is known
// to be of one commit.
func (r *result) readAhead() error {
	for size := int64(0); size < r.engine.ahead && r.end == nil; {
		record, err := r.fetch()
		switch {
		case errors.Is(err, io.EOF):
			r.end = err
			return r.unmoved()
		case err != nil:
			return r.orMoved(err)
		}
		r.held = append(r.held, record)
		size += sizeOf(record)
	}
	return nil
}

func sizeOf(record arrow.Record) (size int64) {
	for _, c := range record.Columns() {
		for _, b := range c.Data().Buffers() {
			if b != nil {
				size += int64(b.Len())
			}
		}
	}
	return size
}

// fetch reads the next rows.
func (r *result) fetch() (arrow.Record, error) {
	c, err := r.stream.next()
	if err != nil {
		return nil, err
	}
	defer c.free()
	return c.record(r.schema, r.prepared.columns)
}

// Next implements query.Result.
func (r *result) Next() (arrow.Record, error) {
	record, err := r.next()
	if err == nil {
		r.rows += record.NumRows()
	} else if r.took == 0 {
		r.took = time.Since(r.began)
	}
	return record, err
}

func (r *result) next() (arrow.Record, error) {
	if len(r.held) > 0 {
		record := r.held[0]
		r.held[0] = nil
		r.held = r.held[1:]
		return record, nil
	}
	if r.end != nil {
		return nil, r.end
	}
	record, err := r.fetch()
	if err == nil {
		return record, nil
	}
	r.end = r.orMoved(err)
	return nil, r.end
}

// orMoved returns an error, also that of the end; or that a table was changed
// while it was read, which is then the cause: DuckDB opens a file more than once,
// and may have found another one the second time.
func (r *result) orMoved(err error) error {
	if r.ctx.Err() != nil {
		return err
	}
	if moved := r.unmoved(); moved != nil {
		return moved
	}
	return err
}

// unmoved returns an error if a table was changed while it was read: its files
// have fixed names. Files that were fetched are known by their content.
func (r *result) unmoved() error {
	if r.fetched != "" || len(r.relations) == 0 {
		return nil
	}
	now, err := r.engine.o.Lake.State(r.ctx)
	if err != nil {
		return err
	}
	if now.Pending == nil && now.Sequence == r.state.Sequence {
		return nil
	}
	for _, rel := range r.relations {
		if t := now.Tables[rel.ref]; t == nil || t.Sequence != r.state.Tables[rel.ref].Sequence || pending(now, rel.ref) {
			return moved(rel.ref)
		}
	}
	return nil
}

// pending says whether a commit that is being published changes a table.
func pending(state *lake.State, ref lake.TableRef) bool {
	return state.Pending != nil && state.Pending.Tables[ref] != nil
}

func moved(ref lake.TableRef) error {
	return diag.Errorf(diag.Transient, "%s was changed by a run while it was read", ref).WithNext("ask again")
}

// Stats implements query.Result.
func (r *result) Stats() query.Stats {
	took := r.took
	if took == 0 {
		took = time.Since(r.began)
	}
	return query.Stats{Rows: r.rows, Elapsed: took, Scanned: r.scanned, Commit: r.state.Sequence}
}

// Close implements query.Result.
func (r *result) Close() error {
	for _, record := range r.held {
		record.Release()
	}
	r.held = nil
	if r.end == nil {
		r.end = errors.New("the result is closed")
	}
	if r.stream != nil {
		r.stream.close()
	}
	if r.prepared != nil {
		r.prepared.close()
		r.prepared = nil
	}
	if r.db != nil {
		r.db.close()
		r.db = nil
	}
	var err error
	for _, folder := range []string{r.temp, r.fetched, r.link} {
		if folder != "" {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}
	return err
}
