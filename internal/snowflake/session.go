package snowflake

import (
	"context"
	"database/sql"
	"time"
)

// Session is one session, for statements that follow one another. Its calls end
// soon after their context, also in a network that is gone. Errors of its
// statements go through Explain.
type Session struct {
	conn *sql.Conn
}

// Session returns a session of the caller's own, which the caller closes.
func (c *Client) Session(ctx context.Context) (*Session, error) {
	conn, err := c.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &Session{conn: conn}, nil
}

// ExecContext runs one statement, with its values for ?, and waits for its end.
func (s *Session) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return Await(ctx, func() (sql.Result, error) { return s.conn.ExecContext(ctx, text, args...) })
}

// QueryContext runs one statement, with its values for ?. The caller closes the
// rows.
func (s *Session) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return Await(ctx, func() (*sql.Rows, error) { return s.conn.QueryContext(ctx, text, args...) })
}

// Close gives the session back. One that still waits for an answer is left behind.
func (s *Session) Close() error {
	closed := make(chan error, 1)
	go func() { closed <- s.conn.Close() }()
	select {
	case err := <-closed:
		return err
	case <-time.After(time.Second):
		return nil
	}
}
