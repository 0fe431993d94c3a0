package athena

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/lakectl/lakectl/internal/aws/cost"
	"github.com/lakectl/lakectl/internal/aws/session"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/schema"
)

const (
	// pageRows is the most that Athena gives at a time.
	pageRows = 1000
	// batchRows is how many rows a batch of a large result has.
	batchRows = 8192
)

// rows is where the rows of a result come from.
type rows interface {
	// fill adds the next rows to the batch, and returns io.EOF when there are none.
	fill(b *batch) error
	close() error
}

// result is the answer to a statement.
type result struct {
	x     *execution
	rows  rows
	batch *batch
	end   error
	took  time.Duration
	count int64
}

// page gets a page of a result.
func (e *Engine) page(ctx context.Context, x *execution, token *string) (*athena.GetQueryResultsOutput, error) {
	out, err := e.api.GetQueryResults(ctx, &athena.GetQueryResultsInput{QueryExecutionId: &x.id, NextToken: token, MaxResults: aws.Int32(pageRows)})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, session.Explain(fmt.Errorf("the result of query %s cannot be read: %w", x.id, err))
	}
	if out.ResultSet == nil {
		return nil, diag.Errorf(diag.Unexpected, "Athena gave no result of query %s", x.id)
	}
	return out, nil
}

// result opens the answer to a statement that has ended.
func (e *Engine) result(ctx context.Context, x *execution) (query.Result, error) {
	first, err := e.page(ctx, x, nil)
	if err != nil {
		return nil, err
	}
	columns := columnsOf(first.ResultSet.ResultSetMetadata)
	r := &result{x: x, batch: newBatch(columns)}
	// Only of a query is the first row the names of the columns.
	isQuery := x.detail.StatementType == types.StatementTypeDml
	if location := location(x); isQuery && first.NextToken != nil && e.o.Objects != nil && location != "" {
		r.rows, err = e.object(ctx, x, location, columns)
		if err == nil {
			return r, nil
		}
		// Where the file is not, be it that somebody has cleared the results away,
		// the pages are as good, if slower.
		if !errors.Is(err, fs.ErrNotExist) {
			r.batch.release()
			return nil, err
		}
	}
	p := &pages{ctx: ctx, engine: e, x: x, current: first.ResultSet.Rows, token: first.NextToken}
	if isQuery && len(p.current) > 0 {
		p.current = p.current[1:]
	}
	r.rows = p
	return r, nil
}

func location(x *execution) string {
	if x.detail.ResultConfiguration == nil {
		return ""
	}
	return aws.ToString(x.detail.ResultConfiguration.OutputLocation)
}

// pages are the rows of a result, page by page.
type pages struct {
	ctx     context.Context
	engine  *Engine
	x       *execution
	current []types.Row
	token   *string
}

func (p *pages) fill(b *batch) error {
	for len(p.current) == 0 {
		if p.token == nil {
			return io.EOF
		}
		out, err := p.engine.page(p.ctx, p.x, p.token)
		if err != nil {
			return err
		}
		p.current, p.token = out.ResultSet.Rows, out.NextToken
	}
	for _, row := range p.current {
		for i := range b.columns {
			var text *string
			if i < len(row.Data) { // what DDL says need not have all columns
				text = row.Data[i].VarCharValue
			}
			if err := b.add(i, text); err != nil {
				return err
			}
		}
		b.rows++
	}
	p.current = nil
	return nil
}

func (p *pages) close() error { return nil }

// Columns implements query.Result.
func (r *result) Columns() []schema.Column {
	columns := make([]schema.Column, len(r.batch.columns))
	for i, c := range r.batch.columns {
		columns[i] = c.Column
	}
	return columns
}

// Next implements query.Result.
func (r *result) Next() (arrow.Record, error) {
	if r.end != nil {
		return nil, r.end
	}
	if err := r.rows.fill(r.batch); err != nil {
		if !errors.Is(err, io.EOF) {
			err = fmt.Errorf("query %s: %w", r.x.id, err)
		}
		r.end, r.took = err, time.Since(r.x.began)
		return nil, err
	}
	record := r.batch.record()
	r.count += record.NumRows()
	return record, nil
}

// Stats implements query.Result.
func (r *result) Stats() query.Stats {
	s := query.Stats{Rows: r.count, Elapsed: r.took, ID: r.x.id, Location: location(r.x), Scanned: scanned(r.x.detail)}
	if s.Elapsed == 0 {
		s.Elapsed = time.Since(r.x.began)
	}
	if d := r.x.detail.Statistics; d != nil {
		s.Queued = time.Duration(aws.ToInt64(d.QueryQueueTimeInMillis)) * time.Millisecond
		s.Executed = time.Duration(aws.ToInt64(d.EngineExecutionTimeInMillis)) * time.Millisecond
		if d.ResultReuseInformation != nil {
			s.Reused = d.ResultReuseInformation.ReusedPreviousResult
		}
	}
	price := 0.0
	if !s.Reused && r.x.detail.StatementType == types.StatementTypeDml {
		price = cost.Scan(s.Scanned)
	}
	s.Cost = &price
	return s
}

// Close implements query.Result.
func (r *result) Close() error {
	if r.end == nil {
		r.end = errors.New("the result is closed")
	}
	if r.batch == nil {
		return nil
	}
	defer r.batch.release()
	err := r.rows.close()
	r.rows = closed{}
	return err
}

// closed is the rows of a result that is closed.
type closed struct{}

func (closed) fill(*batch) error { return io.EOF }
func (closed) close() error      { return nil }
