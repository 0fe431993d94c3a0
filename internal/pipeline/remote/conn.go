package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/pipeline/task"
)

// Requests, as the program knows them.
const (
	doOpen   = "open"
	doIngest = "ingest"
	doSilver = "silver"
	doGold   = "gold"
	doUnique = "unique"
	doSum    = "sum"
)

type request struct {
	ID   uint64 `json:"id"`
	Do   string `json:"do"`
	Spec any    `json:"spec"`
}

// answer is a line of the program's: one of its fields but ID is set.
type answer struct {
	ID       uint64          `json:"id"`
	Progress *float64        `json:"progress"` // the share of the request that is done; it never falls
	Result   json.RawMessage `json:"result"`
	Error    *task.Failure   `json:"error"`
}

// conn sends one request at a time.
type conn struct {
	net.Conn
	in   *bufio.Reader
	last uint64
}

// ask sends a request and waits for its result; told, unless nil, is told which
// share is done. When ctx ends, the connection is closed, upon which the program
// ends all that is in work.
func (c *conn) ask(ctx context.Context, do string, spec, result any, told func(share float64)) error {
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	c.last++
	line, err := json.Marshal(request{c.last, do, spec})
	if err != nil {
		return err
	}
	if _, err := c.Write(append(line, '\n')); err != nil {
		return c.lost(ctx, err)
	}
	for {
		var a answer
		line, err := c.in.ReadBytes('\n')
		if err != nil {
			return c.lost(ctx, err)
		}
		if err := json.Unmarshal(line, &a); err != nil {
			return fmt.Errorf("an answer of Spark's program: %w", err)
		}
		switch {
		case a.ID != c.last:
			return fmt.Errorf("an answer of Spark's program is to request %d instead of %d", a.ID, c.last)
		case a.Error != nil:
			return a.Error.Err()
		case a.Progress != nil:
			if told != nil {
				told(*a.Progress)
			}
		default:
			return json.Unmarshal(a.Result, result)
		}
	}
}

// steps returns what tells of shares of a total as how much has been done since the
// last one.
func steps(total int64, tell func(n int64)) func(share float64) {
	told := int64(0)
	return func(share float64) {
		if done := int64(share * float64(total)); done > told {
			tell(done - told)
			told = done
		}
	}
}

// lost is the error of a connection that ended in the middle of a request.
func (c *conn) lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("its program ended")
	}
	return diag.Errorf(diag.Transient, "Spark was lost in the middle of the run: %w", err).
		WithNext("run again: what was committed stays, the rest is done anew; the log of Spark says why it ended")
}
