package snowflake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	sf "github.com/snowflakedb/gosnowflake/v2"

	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/schema"
)

// attempts is how often a part of a result is fetched, without one more row of
// it, before its error is told.
const attempts = 4

// result is the rows of a statement, part by part.
type result struct {
	engine  *Engine
	ctx     context.Context
	cancel  context.CancelFunc
	conn    *sql.Conn
	idle    chan struct{} // closed when the driver is done with the statement
	start   time.Time
	stats   query.Stats
	columns []column
	schema  *arrow.Schema
	arrow   bool // in which format the parts are

	inline  [][]*string // rows of JSON that came with the answer
	parts   []sf.ArrowStreamBatch
	part    int           // index of the part that is read
	opening []chan opened // of parts whose bytes are on their way
	reader  reader        // nil between two parts
	stream  io.ReadCloser
	failed  int // attempts at this part that failed since its last row
	done    int64
	ended   bool
	closed  bool
	pending error
}

// reader reads the batches of one part. Its batches are the same each time that
// the part is read.
type reader interface {
	// next returns a batch, and io.EOF at the end of the part. The caller releases it.
	next() (arrow.Record, error)
	// skip passes over rows that were had before.
	skip(rows int64)
	release()
}

// opened is a part whose bytes begin to come.
type opened struct {
	stream io.ReadCloser
	err    error
}

// newResult returns a result of these columns, without rows.
func newResult(columns []column) *result {
	table := schema.Table{}
	for _, c := range columns {
		table.Columns = append(table.Columns, c.Column)
	}
	return &result{columns: columns, schema: table.Arrow()}
}

// open takes over what the driver has of a result.
func (r *result) open(loader sf.ArrowStreamLoader) error {
	var columns []column
	for _, t := range loader.RowTypes() {
		columns = append(columns, columnOf(t.Name, t.Type, t.Precision, t.Scale, t.Nullable))
	}
	of := newResult(columns)
	r.columns, r.schema, r.inline = of.columns, of.schema, loader.JSONData()
	if format, ok := loader.(sf.QueryResultFormatProvider); ok {
		r.arrow = format.QueryResultFormat() == "arrow"
	}
	var err error
	r.parts, err = loader.GetBatches()
	r.opening = make([]chan opened, len(r.parts))
	r.fetch(0)
	return err
}

// fetch begins to open a part, if there is one and that is not done yet.
func (r *result) fetch(i int) {
	if i >= len(r.parts) || r.opening[i] != nil {
		return
	}
	part, opening := &r.parts[i], make(chan opened, 1)
	r.opening[i] = opening
	go func() {
		stream, err := part.GetStream(r.ctx)
		opening <- opened{stream, err}
	}()
}

// Columns are those of the result.
func (r *result) Columns() []schema.Column {
	list := make([]schema.Column, len(r.columns))
	for i, c := range r.columns {
		list[i] = c.Column
	}
	return list
}

// Stats says what the statement took.
func (r *result) Stats() query.Stats {
	if !r.ended {
		r.stats.Elapsed = time.Since(r.start)
	}
	return r.stats
}

// Next returns the next batch, and io.EOF at the end.
func (r *result) Next() (arrow.Record, error) {
	if r.pending != nil {
		return nil, r.pending
	}
	rec, err := r.batch()
	switch {
	case err == io.EOF: //nolint:errorlint // a wrapped one is a broken part
		r.stats.Elapsed, r.ended, r.pending = time.Since(r.start), true, io.EOF
		return nil, io.EOF
	case err != nil:
		r.pending = r.engine.client.Explain(err)
		return nil, r.pending
	}
	r.stats.Rows += rec.NumRows()
	return rec, nil
}

// batch returns the next batch of any part that has rows.
func (r *result) batch() (arrow.Record, error) {
	if len(r.inline) > 0 {
		n := min(len(r.inline), batchRows)
		rows := r.inline[:n]
		r.inline = r.inline[n:]
		return r.build(rows)
	}
	for {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		if r.reader == nil {
			if r.part >= len(r.parts) {
				return nil, io.EOF
			}
			if err := r.begin(); err != nil {
				if err := r.again(err); err != nil {
					return nil, err
				}
				continue
			}
		}
		rec, err := r.reader.next()
		if err == io.EOF { //nolint:errorlint // a wrapped one is a broken part
			err = r.finish()
		}
		switch {
		case err != nil:
			if err := r.again(err); err != nil {
				return nil, err
			}
		case rec != nil && rec.NumRows() > 0:
			r.done, r.failed = r.done+rec.NumRows(), 0 // it goes on, however slow its reader is
			return rec, nil
		case rec != nil:
			rec.Release()
		}
	}
}

// begin starts to read a part, after the rows of it that were had before, and
// opens the next, so that it is on its way meanwhile.
func (r *result) begin() error {
	r.fetch(r.part)
	var o opened
	select {
	case o = <-r.opening[r.part]:
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
	r.opening[r.part] = nil
	r.fetch(r.part + 1)
	if o.err != nil {
		return o.err
	}
	r.stream = o.stream
	var err error
	if r.arrow {
		r.reader, err = newArrowReader(r.stream, r.columns, r.schema)
	} else {
		r.reader = newJSONReader(r.stream, r.build, len(r.columns))
	}
	if err != nil {
		r.reader = nil
		return err
	}
	r.reader.skip(r.done)
	return nil
}

// errShort is a part that ends before all of its rows came.
var errShort = fmt.Errorf("a part of the result is not whole: %w", io.ErrUnexpectedEOF)

// finish ends a part; it is an error if rows of it are missing.
func (r *result) finish() error {
	if want := r.parts[r.part].NumRows(); r.done < want {
		return errShort
	}
	r.leave()
	r.part, r.done, r.failed = r.part+1, 0, 0
	return nil
}

// leave gives back what a part holds.
func (r *result) leave() {
	if r.reader != nil {
		r.reader.release()
		r.reader = nil
	}
	if r.stream != nil {
		_ = r.stream.Close()
		r.stream = nil
	}
}

// again has the part read once more after an error of the network; it returns
// the error if that makes no sense.
func (r *result) again(err error) error {
	r.leave()
	var value *valueError
	r.failed++
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	if errors.As(err, &value) || r.failed >= attempts {
		return err
	}
	_ = r.parts[r.part].Reset() // what it says is of the stream that broke
	select {
	case <-time.After(time.Duration(r.failed) * 100 * time.Millisecond):
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
	return nil
}

// Close ends the statement, and gives its session back.
func (r *result) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.cancel()
	if r.pending == nil {
		r.pending = errors.New("the result is closed")
	}
	r.leave()
	for _, opening := range r.opening {
		if opening != nil {
			go func() {
				if o := <-opening; o.stream != nil {
					_ = o.stream.Close()
				}
			}()
		}
	}
	select {
	case <-r.idle:
		return r.conn.Close()
	default: // it hangs in a network that is gone, and so would this
		go func() { _ = r.conn.Close() }()
		return nil
	}
}
