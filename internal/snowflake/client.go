package snowflake

import (
	"context"
	"database/sql"
	"io"
	"strconv"
	"time"

	sf "github.com/snowflakedb/gosnowflake/v2"

	_ "github.com/lakectl/lakectl/internal/snowflake/quiet" // before the driver starts
)

// cleanup is how long a cancelled statement and the end of a session may take,
// with a network that may be gone.
const cleanup = 10 * time.Second

// Client is logged in to an account. It is safe for use by several goroutines;
// each statement that runs at the same time as another has a session of its own.
type Client struct {
	db      *sql.DB
	options Options
	notes   []string
}

// Open logs in, so that what is wrong with the options shows here. The caller
// closes the client.
func Open(ctx context.Context, o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	cfg, notes, err := o.driver()
	if err != nil {
		return nil, err
	}
	silence()
	c := &Client{db: sql.OpenDB(sf.NewConnector(sf.SnowflakeDriver{}, cfg)), options: o, notes: notes}
	c.db.SetMaxIdleConns(2)
	conn, err := c.Conn(ctx)
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, conn.Close()
}

// silence drops what the driver logs, which goes to standard error otherwise.
func silence() {
	logger := sf.GetLogger()
	logger.SetOutput(io.Discard)
	_ = logger.SetLogLevel("OFF") // it knows the word
}

// driver returns the options as the driver wants them, and what the user should
// know of them.
func (o Options) driver() (sf.Config, []string, error) {
	cfg := sf.Config{
		Account: o.Account, User: o.User, Role: o.Role, Warehouse: o.Warehouse, Database: o.Database, Schema: o.Schema,
		Application: "lakectl", Params: o.session(),
	}
	o.timeouts(&cfg)
	if o.URL != "" {
		s, err := o.server()
		if err != nil {
			return cfg, nil, err
		}
		cfg.Protocol, cfg.Host, cfg.Port = s.protocol, s.host, s.port
	}
	notes, err := o.authenticate(&cfg)
	return cfg, notes, err
}

// timeouts sets those of the driver, which calls them deprecated and has no
// others. A request is answered within 45 seconds, if only by "it still runs".
func (o Options) timeouts(cfg *sf.Config) {
	cfg.LoginTimeout, cfg.RequestTimeout = o.LoginTimeout, o.RequestTimeout                                         //nolint:staticcheck // see above
	cfg.ClientTimeout, cfg.JWTClientTimeout, cfg.ExternalBrowserTimeout = 5*time.Minute, time.Minute, 3*time.Minute //nolint:staticcheck // see above
}

// session returns the parameters of a session.
func (o Options) session() map[string]*string {
	parameters := map[string]*string{}
	for name, value := range map[string]string{
		"timezone":                 "UTC",
		"query_tag":                "lakectl",
		"client_telemetry_enabled": "false",
		"go_query_result_format":   "ARROW", // its JSON has 9 digits of a double
	} {
		parameters[name] = &value
	}
	if o.StatementTimeout > 0 {
		seconds := strconv.FormatInt(int64((o.StatementTimeout+time.Second-1)/time.Second), 10)
		parameters["statement_timeout_in_seconds"] = &seconds
	}
	return parameters
}

// authenticate adds the means of the login.
func (o Options) authenticate(cfg *sf.Config) (notes []string, err error) {
	switch o.Authenticator {
	case KeyPair:
		var warning string
		cfg.Authenticator = sf.AuthTypeJwt
		if cfg.PrivateKey, warning, err = readKey(o.PrivateKeyFile, o.Secrets.Passphrase); warning != "" {
			notes = append(notes, warning)
		}
	case Token:
		cfg.Authenticator, cfg.Token = sf.AuthTypePat, o.Secrets.Token
	case OAuth:
		cfg.Authenticator, cfg.Token = sf.AuthTypeOAuth, o.Secrets.Token
	case WorkloadIdentity:
		cfg.Authenticator, cfg.WorkloadIdentityProvider = sf.AuthTypeWorkloadIdentityFederation, o.IdentityProvider
		if o.needsToken() {
			cfg.Token = o.Secrets.Token
		}
	case ExternalBrowser:
		cfg.Authenticator = sf.AuthTypeExternalBrowser
	case Password:
		cfg.Authenticator, cfg.Password = sf.AuthTypeSnowflake, o.Secrets.Password
		notes = append(notes, "logged in to Snowflake with a password: a key pair or a token is safer, and Snowflake is doing away with passwords alone")
	}
	return notes, err
}

// Notes are warnings of the login, for the user.
func (c *Client) Notes() []string { return c.notes }

// Options are those of the login, with their defaults; the secrets are left out.
func (c *Client) Options() Options {
	o := c.options
	o.Secrets = Secrets{}
	return o
}

// Conn returns a session of the caller's own, which the caller closes. Errors of
// its statements go through Explain.
func (c *Client) Conn(ctx context.Context) (*sql.Conn, error) {
	limit := c.options.LoginTimeout + cleanup // the driver gives up by itself before, and says why
	if c.options.Authenticator == ExternalBrowser {
		limit += 3 * time.Minute
	}
	login, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := Await(login, func() (*sql.Conn, error) { return c.db.Conn(login) })
	if err != nil && ctx.Err() == nil {
		return nil, c.explainLogin(err)
	}
	return conn, err
}

// Exec runs one statement, with its values for ?, and waits for its end.
// Cancelling ctx stops it at Snowflake.
func (c *Client) Exec(ctx context.Context, text string, args ...any) error {
	_, err := c.Query(ctx, text, args...)
	return err
}

// Table is a small result as texts, such as that of SHOW or DESC.
type Table struct {
	Columns []string    // in the case that Snowflake gives them
	Rows    [][]*string // nil is null
}

// Text returns a value of a row by the column's name; "" if it is null or the
// table has no such column.
func (t *Table) Text(row int, column string) string {
	for i, name := range t.Columns {
		if name == column && t.Rows[row][i] != nil {
			return *t.Rows[row][i]
		}
	}
	return ""
}

// Query runs one statement, with its values for ?, and returns all of its rows.
// It is for small results; package query/snowflake streams.
func (c *Client) Query(ctx context.Context, text string, args ...any) (*Table, error) {
	conn, err := c.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	table, err := Await(ctx, func() (*Table, error) {
		rows, err := conn.QueryContext(One(ctx), text, args...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		return read(rows)
	})
	return table, c.Explain(err)
}

// One returns a context in which text that holds several statements is refused,
// whatever the account's setting is.
func One(ctx context.Context) context.Context { return sf.WithMultiStatement(ctx, 1) }

func read(rows *sql.Rows) (*Table, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	t := &Table{Columns: columns}
	for rows.Next() {
		row, into := make([]*string, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, row)
	}
	return t, rows.Err()
}

// Await calls f, which uses ctx. When ctx ends it waits a little for f to stop
// the statement at Snowflake, and goes on without it if the network is gone.
func Await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-done:
		return r.value, r.err
	case <-time.After(cleanup):
		var none T
		return none, ctx.Err()
	}
}

// Close ends the sessions.
func (c *Client) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanup/2)
	defer cancel()
	_, err := Await(ctx, func() (struct{}, error) { return struct{}{}, c.db.Close() })
	if ctx.Err() != nil {
		return nil // Snowflake ends a session by itself that nobody uses
	}
	return err
}
