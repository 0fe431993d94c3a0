package athena

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
)

// object is the rows of a result in the file that Athena wrote.
type object struct {
	file    io.Closer
	csv     *reader
	columns []column
	row     []*string
}

// object opens the file of a result, whose first record is the names of the
// columns.
func (e *Engine) object(ctx context.Context, x *execution, location string, columns []column) (rows, error) {
	bucket, key, ok := strings.Cut(strings.TrimPrefix(location, "s3://"), "/")
	if !ok || !strings.HasPrefix(location, "s3://") {
		return nil, diag.Errorf(diag.Unexpected, "query %s: Athena says that its result is at %q", x.id, location)
	}
	stream, err := e.o.Objects(ctx, bucket, key)
	if err != nil {
		return nil, fmt.Errorf("the result of query %s cannot be read: %w", x.id, err)
	}
	o := &object{file: stream, csv: newReader(stream), columns: columns}
	var names []string
	if err := o.next(); err != nil {
		stream.Close()
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	for _, text := range o.row {
		if text != nil {
			names = append(names, *text)
		}
	}
	if want := namesOf(columns); !slices.Equal(names, want) {
		stream.Close()
		return nil, diag.Errorf(diag.Unexpected, "%s has the columns %q, and the query %q", location, names, want)
	}
	return o, nil
}

func namesOf(columns []column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// next reads the next record.
func (o *object) next() error {
	var err error
	if o.row, err = o.csv.record(o.row[:0]); err != nil {
		return err
	}
	if len(o.row) != len(o.columns) {
		return diag.Errorf(diag.Unexpected, "a record ends on line %d with %d fields, and there are %d columns", o.csv.line, len(o.row), len(o.columns))
	}
	return nil
}

func (o *object) fill(b *batch) error {
	for b.rows < batchRows {
		if err := o.next(); err != nil {
			if err == io.EOF && b.rows > 0 { //nolint:errorlint // the reader's own
				return nil
			}
			return err
		}
		for i, text := range o.row {
			if err := b.add(i, text); err != nil {
				return err
			}
		}
		b.rows++
	}
	return nil
}

func (o *object) close() error { return o.file.Close() }
