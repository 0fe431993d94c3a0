package accounttest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"
)

// Open returns a session in the account, which ends with the test.
func (a *Account) Open(t testing.TB) *sql.Conn {
	t.Helper()
	a.Begin()
	db := sql.OpenDB(connector{a})
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(conn.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return conn
}

type connector struct{ account *Account }

func (c connector) Connect(context.Context) (driver.Conn, error) { return session(c), nil }
func (c connector) Driver() driver.Driver                        { return nil }

type session struct{ account *Account }

func (session) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not prepared here") }
func (session) Begin() (driver.Tx, error)           { return nil, errors.New("no transactions here") }
func (session) Close() error                        { return nil }

// ExecContext implements driver.ExecerContext.
func (s session) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	_, err := s.QueryContext(ctx, query, args)
	return driver.ResultNoRows, err
}

// QueryContext implements driver.QueryerContext.
func (s session) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var texts []string
	for _, arg := range args {
		texts = append(texts, fmt.Sprint(arg.Value))
	}
	columns, list, err := s.account.Answer(query, texts)
	if err != nil {
		return nil, err
	}
	return &rows{columns, list}, nil
}

type rows struct {
	columns []string
	left    [][]string
}

func (r *rows) Columns() []string { return r.columns }
func (r *rows) Close() error      { return nil }

func (r *rows) Next(into []driver.Value) error {
	if len(r.left) == 0 {
		return io.EOF
	}
	for i, text := range r.left[0] {
		into[i] = text
	}
	r.left = r.left[1:]
	return nil
}
