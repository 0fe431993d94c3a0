package task

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"

	"github.com/lakectl/lakectl/internal/schema"
)

// batches gives the batches of an Arrow stream to do, with these columns in this
// order. A stream that ends before its end is an error: whoever wrote it was
// killed. The arrays are valid until do returns.
func batches(in io.Reader, columns []schema.Column, do func(cols []arrow.Array, n int) error) error {
	rest := &ending{Reader: in}
	r, err := ipc.NewReader(rest)
	if err != nil {
		return fmt.Errorf("read the rows of the task: %w", err)
	}
	defer r.Release()
	at, err := find(r.Schema(), columns)
	if err != nil {
		return err
	}
	for r.Next() {
		rec := r.Record()
		cols := make([]arrow.Array, len(at))
		for i, c := range at {
			cols[i] = rec.Column(c)
		}
		if err := do(cols, int(rec.NumRows())); err != nil {
			return err
		}
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("read the rows of the task: %w", err)
	}
	if rest.ended {
		return fmt.Errorf("read the rows of the task: %w", io.ErrUnexpectedEOF)
	}
	return nil
}

// ending says whether a reader was read to its end. An Arrow stream has a mark at
// its end, where reading stops; ipc.Reader takes a stream that ends between two
// batches for a whole one.
type ending struct {
	io.Reader
	ended bool
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	e.ended = e.ended || errors.Is(err, io.EOF)
	return n, err
}

// find returns where columns stand in a schema, with the types that they must have.
func find(s *arrow.Schema, columns []schema.Column) ([]int, error) {
	at := make([]int, len(columns))
	for i, c := range columns {
		found := s.FieldIndices(c.Name)
		if len(found) != 1 {
			return nil, fmt.Errorf("the rows of the task have %d columns %s", len(found), c.Name)
		}
		at[i] = found[0]
		got, want := s.Field(at[i]).Type, c.Type.Arrow()
		stamp, ok := got.(*arrow.TimestampType)
		if ok && c.Type.Kind == schema.Timestamp && stamp.Unit == arrow.Microsecond {
			continue
		}
		if !arrow.TypeEqual(got, want) {
			return nil, fmt.Errorf("column %s of the task's rows is %s instead of %s", c.Name, got, want)
		}
	}
	return at, nil
}
