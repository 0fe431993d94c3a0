//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"

	"github.com/lakectl/lakectl/internal/diag"
)

// database is an empty database in memory and one connection to it. The bindings
// of DuckDB's C API are used as they are, and not through database/sql: results
// stream, and a batch of them is copied column by column.
type database struct {
	db   bindings.Database
	conn bindings.Connection
	lost bool // a call does not end: nothing may be touched any more
}

// openDatabase opens a database with these settings.
func openDatabase(settings [][2]string) (*database, error) {
	var config bindings.Config
	if bindings.CreateConfig(&config) == bindings.StateError {
		return nil, errors.New("DuckDB cannot be configured")
	}
	defer bindings.DestroyConfig(&config)
	for _, s := range settings {
		if bindings.SetConfig(config, s[0], s[1]) == bindings.StateError {
			return nil, diag.Errorf(diag.Unexpected, "DuckDB refuses the setting %s = %s", s[0], s[1])
		}
	}
	d := &database{}
	var message string
	if bindings.OpenExt("", &d.db, config, &message) == bindings.StateError {
		return nil, diag.Errorf(diag.Unexpected, "DuckDB cannot be opened: %s", message)
	}
	if bindings.Connect(d.db, &d.conn) == bindings.StateError {
		bindings.Close(&d.db)
		return nil, errors.New("DuckDB cannot be connected to")
	}
	return d, nil
}

func (d *database) close() {
	if !d.lost {
		bindings.Disconnect(&d.conn)
		bindings.Close(&d.db)
	}
}

const (
	// patience is how long a call may go on after it was interrupted.
	patience = 2 * time.Second
	// insisting is how often it is interrupted meanwhile: DuckDB forgets an
	// interruption that comes before it has begun.
	insisting = 100 * time.Millisecond
)

// call makes a call into DuckDB that may take long. Cancelling ctx interrupts it.
// DuckDB looks up from its work between batches of values, and some functions make
// a value of gigabytes: such a call is left to itself, with its database, since the
// process of one who cancels ends.
func (d *database) call(ctx context.Context, f func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	again, enough := time.NewTicker(insisting), time.After(patience)
	defer again.Stop()
	for {
		bindings.Interrupt(d.conn)
		select {
		case <-done:
			return nil
		case <-again.C:
		case <-enough:
			d.lost = true
			return ctx.Err()
		}
	}
}

// exec runs a statement of our own.
func (d *database) exec(sql string) error {
	var result bindings.Result
	defer bindings.DestroyResult(&result)
	if bindings.Query(d.conn, sql, &result) == bindings.StateError {
		return explain(bindings.ResultError(&result))
	}
	return nil
}

// lock takes from the database what statements of users have no use for: files
// other than these, and those of its folder for temporary ones; the network; and
// its settings.
func (d *database) lock(files []string) error {
	var b strings.Builder
	b.WriteString("set allowed_paths = [")
	for _, path := range files {
		b.WriteString(literal(path) + ", ")
	}
	b.WriteString("]; set enable_external_access = false; set lock_configuration = true")
	return d.exec(b.String())
}

// prepared is a statement that was understood.
type prepared struct {
	db        *database
	statement bindings.PreparedStatement
	columns   []column
}

// prepare prepares the one statement of a text. It must read, not write.
func (d *database) prepare(ctx context.Context, sql string) (*prepared, error) {
	var statements bindings.ExtractedStatements
	count := bindings.ExtractStatements(d.conn, sql, &statements)
	defer func() {
		if !d.lost {
			bindings.DestroyExtracted(&statements)
		}
	}()
	switch {
	case count == 0:
		if message := bindings.ExtractStatementsError(statements); message != "" {
			return nil, explain(message)
		}
		return nil, diag.Errorf(diag.Usage, "there is no statement")
	case count > 1:
		return nil, diag.Errorf(diag.Usage, "there are %d statements", count).WithNext("give one at a time")
	}
	p, failed := &prepared{db: d}, false
	if err := d.call(ctx, func() {
		failed = bindings.PrepareExtractedStatement(d.conn, statements, 0, &p.statement) == bindings.StateError
	}); err != nil {
		return nil, err
	}
	if failed {
		defer p.close()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, explain(bindings.PrepareError(p.statement))
	}
	if t := bindings.PreparedStatementType(p.statement); t != bindings.StatementTypeSelect && t != bindings.StatementTypeExplain {
		p.close()
		return nil, diag.Errorf(diag.Usage, "the statement would change something; a query only reads").WithNext("begin it with select or with")
	}
	for i := range bindings.PreparedStatementColumnCount(p.statement) {
		logical := bindings.PreparedStatementColumnLogicalType(p.statement, i)
		p.columns = append(p.columns, columnOf(bindings.PreparedStatementColumnName(p.statement, i), logical))
		bindings.DestroyLogicalType(&logical)
	}
	return p, nil
}

func (p *prepared) close() {
	if !p.db.lost {
		bindings.DestroyPrepare(&p.statement)
	}
}

// bind gives the parameters their values, as texts.
func (p *prepared) bind(values []string) error {
	if n := int(bindings.NParams(p.statement)); n != len(values) {
		return diag.Errorf(diag.Usage, "the statement has %d parameters, and there are values for %d", n, len(values)).
			WithNext("write a parameter as :name, and give its value with --param name=value")
	}
	for i, value := range values {
		if bindings.BindVarcharLength(p.statement, bindings.IdxT(i+1), value, bindings.IdxT(len(value))) == bindings.StateError {
			return diag.Errorf(diag.Unexpected, "DuckDB refuses the value of parameter %d", i+1)
		}
	}
	return nil
}

// stream is a result that is being fetched.
type stream struct {
	ctx    context.Context
	db     *database
	result bindings.Result
	closed sync.Once
}

// stream runs the statement until its first rows are known. Cancelling ctx
// interrupts it, then and later.
func (d *database) stream(ctx context.Context, p *prepared) (*stream, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, failed, message := &stream{ctx: ctx, db: d}, false, ""
	err := d.call(ctx, func() {
		var pending bindings.PendingResult
		defer bindings.DestroyPending(&pending)
		if failed = bindings.PendingPreparedStreaming(p.statement, &pending) == bindings.StateError; failed {
			message = bindings.PendingError(pending)
			return
		}
		if failed = bindings.ExecutePending(pending, &s.result) == bindings.StateError; failed {
			message = bindings.ResultError(&s.result)
		}
	})
	if err == nil && failed {
		err = s.explain(message)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// chunk is up to 2,048 rows in DuckDB's memory.
type chunk struct {
	data bindings.DataChunk
	rows int
}

// next returns the next rows, and io.EOF at the end. The caller frees them.
func (s *stream) next() (*chunk, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	c := &chunk{}
	if err := s.db.call(s.ctx, func() { c.data = bindings.FetchChunk(s.result) }); err != nil {
		return nil, err
	}
	if c.data.Ptr == nil {
		if message := bindings.ResultError(&s.result); message != "" {
			return nil, s.explain(message)
		}
		return nil, io.EOF
	}
	c.rows = int(bindings.DataChunkGetSize(c.data))
	if c.rows == 0 {
		c.free()
		return nil, io.EOF
	}
	return c, nil
}

func (c *chunk) free() { bindings.DestroyDataChunk(&c.data) }

// vector returns the values of a column, and which of them are there: nil for
// all. Both are valid until the chunk is freed.
func (c *chunk) vector(i int) (values unsafe.Pointer, valid unsafe.Pointer) {
	v := bindings.DataChunkGetVector(c.data, bindings.IdxT(i))
	return bindings.VectorGetData(v), bindings.VectorGetValidity(v)
}

// explain prefers the cancellation over what DuckDB says of it.
func (s *stream) explain(message string) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	return explain(message)
}

func (s *stream) close() {
	s.closed.Do(func() {
		if !s.db.lost {
			bindings.DestroyResult(&s.result)
		}
	})
}
