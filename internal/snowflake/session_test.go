package snowflake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"time"
)

// silent is a driver in a network that is gone: it answers when it is let go,
// whatever its contexts say.
type silent struct{ letGo chan struct{} }

func (s silent) Connect(context.Context) (driver.Conn, error) { return s, nil }
func (s silent) Driver() driver.Driver                        { return nil }
func (s silent) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("not here") }
func (s silent) Begin() (driver.Tx, error)                    { return nil, errors.New("not here") }
func (s silent) Close() error                                 { return nil }

func (s silent) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	<-s.letGo
	return driver.ResultNoRows, nil
}

func (s silent) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	<-s.letGo
	return nil, driver.ErrBadConn
}

// Who interrupts a statement in a network that is gone need not wait for it.
func TestSessionInDeadNetwork(t *testing.T) {
	for name, call := range map[string]func(context.Context, *Session) error{
		"exec": func(ctx context.Context, s *Session) error { _, err := s.ExecContext(ctx, "alter x"); return err },
		"query": func(ctx context.Context, s *Session) error {
			rows, err := s.QueryContext(ctx, "show x")
			if rows != nil {
				t.Error("it has rows", rows.Close(), rows.Err())
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits as long as a user would
			network := silent{make(chan struct{})}
			db := sql.OpenDB(network)
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(10*time.Millisecond, cancel)
			s, began := &Session{conn: conn}, time.Now()
			if err := call(ctx, s); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took > cleanup+5*time.Second {
				t.Errorf("%s: it ends %s after its context", name, took)
			}
			close(network.letGo)
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
