package quality

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

func (c *tableChecker) newest(ctx context.Context, check *project.TableCheck) (verdict, error) {
	column := c.table.Schema.Columns[check.Columns[0]]
	newest, err := c.greatest(ctx, check.Columns[0])
	if err != nil {
		return verdict{}, err
	}
	allowed := fmt.Sprintf("; at most %s allowed", durationText(check.Within))
	switch {
	case c.rows == 0:
		return verdict{true, fmt.Sprintf("the table has no rows, so there is no newest %s%s", column.Name, allowed)}, nil
	case !newest.known:
		return verdict{true, fmt.Sprintf("%s is null in every row, so there is no newest%s", column.Name, allowed)}, nil
	}
	at, text := momentOf(column.Type, newest.value)
	seconds := c.o.Now.Unix() - at.Unix() // a Duration ends at 292 years
	age := ageText(seconds) + " old"
	switch {
	case at.After(c.o.Now):
		age = ageText(-seconds) + " in the future"
	case c.o.Now.Nanosecond() < at.Nanosecond():
		age = ageText(seconds-1) + " old"
	}
	failed := at.Before(c.o.Now.Add(-check.Within))
	return verdict{failed, fmt.Sprintf("newest %s is %s, %s%s", column.Name, text, age, allowed)}, nil
}

// momentOf returns when a date or timestamp is, and its text.
func momentOf(typ schema.Type, value int64) (time.Time, string) {
	if typ.Kind == schema.Date {
		return time.Unix(value*86400, 0), string(vec.AppendDate(nil, int32(value)))
	}
	return time.UnixMicro(value), string(vec.AppendTimestamp(nil, value))
}

// extreme is the greatest of some values: days or microseconds.
type extreme struct {
	value int64
	known bool
}

func (e *extreme) take(value int64) {
	if !e.known || value > e.value {
		e.value, e.known = value, true
	}
}

// greatest returns the greatest value of a date or timestamp column. Only files
// whose statistics do not tell it are read.
func (c *tableChecker) greatest(ctx context.Context, index int) (extreme, error) {
	column := c.table.Schema.Columns[index]
	var found extreme
	var unknown []lake.FileChange
	for _, f := range c.table.Files {
		if c.table.nulls(f, column.Name) >= f.Rows {
			continue
		}
		// Beyond the year 9999, which Parquet sources may hold, a text is not read back.
		text := c.table.boundText(f, column.Name)
		if value, ok := parseMoment(column.Type, text); ok {
			found.take(value)
		} else {
			unknown = append(unknown, f)
		}
	}
	byWorker := make([]extreme, c.o.Workers)
	read := c.table
	read.Files = unknown
	s := scan{table: read, columns: []int{index}, do: func(worker int, cols []arrow.Array, _ int) error {
		takeAll(&byWorker[worker], cols[0])
		return nil
	}}
	if err := s.run(ctx, c.o.Workers); err != nil {
		return extreme{}, err
	}
	for _, e := range byWorker {
		if e.known {
			found.take(e.value)
		}
	}
	return found, nil
}

// boundText returns the greatest value of a column in a file as it is recorded,
// or nil.
func (t Table) boundText(f lake.FileChange, column string) *string {
	if t.inPath(column) {
		return f.Partition[column]
	}
	return f.Stats[column].Max
}

func parseMoment(typ schema.Type, text *string) (int64, bool) {
	switch {
	case text == nil:
		return 0, false
	case typ.Kind == schema.Date:
		days, ok := vec.ParseDate([]byte(*text))
		return int64(days), ok
	default:
		return vec.ParseTimestamp([]byte(*text), nil)
	}
}

func takeAll(e *extreme, col arrow.Array) {
	switch a := col.(type) {
	case *array.Date32:
		takeValues(e, a, a.Date32Values())
	case *array.Timestamp:
		takeValues(e, a, a.TimestampValues())
	default:
		panic(fmt.Sprintf("quality: newest of %s", col.DataType()))
	}
}

func takeValues[T ~int32 | ~int64](e *extreme, col arrow.Array, values []T) {
	nulls := col.NullN() > 0
	for i, v := range values {
		if !nulls || col.IsValid(i) {
			e.take(int64(v))
		}
	}
}
