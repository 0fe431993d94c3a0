package snowflake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow/array"
	sf "github.com/snowflakedb/gosnowflake/v2"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
	"github.com/lakectl/lakectl/internal/snowflake"
)

// Name is what --engine calls this engine.
const Name = "snowflake"

// Engine runs statements in an account of Snowflake.
type Engine struct {
	client *snowflake.Client
}

var _ query.Engine = (*Engine)(nil)

// Open logs in. The caller closes the engine.
func Open(ctx context.Context, o snowflake.Options) (*Engine, error) {
	if o.Database == "" {
		return nil, diag.Errorf(diag.Usage, "lakehouse.yaml names no database of Snowflake").WithNext("write database: under snowflake: in it")
	}
	if _, err := snowflake.Identifier(o.Database); err != nil {
		return nil, err
	}
	client, err := snowflake.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Engine{client: client}, nil
}

// Notes are warnings of the login, for the user.
func (e *Engine) Notes() []string { return e.client.Notes() }

// Name implements query.Engine.
func (e *Engine) Name() string { return Name }

// Close ends the sessions.
func (e *Engine) Close() error { return e.client.Close() }

// streamer is the part of the driver that hands over results as they come.
type streamer interface {
	QueryArrowStream(ctx context.Context, text string, values ...driver.NamedValue) (sf.ArrowStreamLoader, error)
}

// Run starts a statement, and returns when Snowflake has its first rows.
// Cancelling ctx stops it there.
func (e *Engine) Run(ctx context.Context, s query.Statement) (query.Result, error) {
	text, values, err := e.statement(s)
	if err != nil {
		return nil, err
	}
	return e.run(ctx, text, values, s.Query.Name)
}

func (e *Engine) run(ctx context.Context, text string, values []driver.NamedValue, name string) (*result, error) {
	start := time.Now()
	conn, err := e.client.Conn(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &result{engine: e, ctx: ctx, cancel: cancel, conn: conn, start: start, idle: make(chan struct{})}
	id := make(chan string, 1)
	tag := strings.TrimSpace("lakectl " + name)
	loader, err := snowflake.Await(ctx, func() (sf.ArrowStreamLoader, error) {
		defer close(r.idle)
		return stream(sf.WithQueryTag(sf.WithQueryIDChan(snowflake.One(ctx), id), tag), conn, text, values)
	})
	select {
	case r.stats.ID = <-id:
	default:
	}
	if err == nil {
		err = r.open(loader)
	}
	if err != nil {
		_ = r.Close()
		return nil, e.client.Explain(err)
	}
	r.stats.Warehouse = e.client.Options().Warehouse
	return r, nil
}

// stream runs a text in a session.
func stream(ctx context.Context, conn *sql.Conn, text string, values []driver.NamedValue) (loader sf.ArrowStreamLoader, err error) {
	rawErr := conn.Raw(func(c any) error {
		loader, err = c.(streamer).QueryArrowStream(ctx, text, values...)
		return nil // an error here would be the session's
	})
	if err == nil {
		err = rawErr
	}
	return loader, err
}

// Explain returns how Snowflake would run a statement, as its EXPLAIN says.
func (e *Engine) Explain(ctx context.Context, s query.Statement) (string, error) {
	text, values, err := e.statement(s)
	if err != nil {
		return "", err
	}
	r, err := e.run(ctx, "EXPLAIN USING TEXT\n"+text, values, s.Query.Name)
	if err != nil {
		return "", err
	}
	defer r.Close()
	var b strings.Builder
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return strings.TrimRight(b.String(), "\n"), r.Close()
		} else if err != nil {
			return "", err
		}
		if column, ok := rec.Column(0).(*array.String); ok {
			for i := range column.Len() {
				b.WriteString(column.Value(i) + "\n")
			}
		}
		rec.Release()
	}
}
