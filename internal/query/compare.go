package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// MaxCompared is how many rows of a result can be compared with another's: they
// are held in memory, as texts.
const MaxCompared = 1_000_000

// Rows is a whole result, to be compared.
type Rows struct {
	Engine  string
	Columns []schema.Column
	Lines   [][]string // values as texts; null is Null
	// Milliseconds says that the engine reads timestamps to the millisecond.
	Milliseconds bool
	Stats        Stats
}

// milliseconds is an engine that rounds the timestamps of tables, which have
// microseconds, to the millisecond.
type milliseconds interface {
	Milliseconds() bool
}

// Null is what stands for null in Rows. No text of SQL has a zero byte.
const Null = "\x00"

// Collect runs a statement and returns its rows.
func Collect(ctx context.Context, e Engine, s Statement) (*Rows, error) {
	result, err := e.Run(ctx, s)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	rows := &Rows{Engine: e.Name(), Columns: result.Columns()}
	if m, ok := e.(milliseconds); ok {
		rows.Milliseconds = m.Milliseconds()
	}
	for {
		record, err := result.Next()
		if errors.Is(err, io.EOF) {
			rows.Stats = result.Stats()
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows.add(record)
		record.Release()
		if len(rows.Lines) > MaxCompared {
			return nil, diag.Errorf(diag.Usage, "the result has more than %d rows, too many to compare", MaxCompared).
				WithNext("compare something smaller, such as counts and sums by day")
		}
	}
}

func (r *Rows) add(record arrow.Record) {
	for i := range int(record.NumRows()) {
		line := make([]string, record.NumCols())
		for c, col := range record.Columns() {
			if line[c] = Null; !col.IsNull(i) {
				line[c] = comparableText(col, i, r.Columns[c].Type)
			}
		}
		r.Lines = append(r.Lines, line)
	}
}

// digitsOfDoubles is to how many digits doubles are compared: engines add them in
// different orders.
const digitsOfDoubles = 12

// comparableText returns a value as text, the same for values that are equal in
// engines that give them different types: 1.50 of one is 1.5 of another.
func comparableText(col arrow.Array, i int, t schema.Type) string {
	if a, ok := col.(*array.Float64); ok {
		return strconv.FormatFloat(a.Value(i)+0, 'g', digitsOfDoubles, 64) // no -0
	}
	text := string(vec.AppendText(nil, col, i))
	if t.Kind == schema.Decimal && strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}

// Difference is how two results differ; none if they have the same columns and
// the same rows, in whatever order.
type Difference struct {
	Columns  []string // what differs of the columns; then rows are not compared
	Rows     [2]int   // how many each has
	Only     [2]int   // how many rows only one has
	Examples []Example
}

// Example is a row that only one of two results has.
type Example struct {
	Engine string
	Values []string // null is Null
}

// examples is how many are kept of each.
const examples = 10

// Same says whether there is no difference.
func (d *Difference) Same() bool { return len(d.Columns) == 0 && d.Only == [2]int{} }

// Compare compares two results. It sorts their rows, puts the columns of b in the
// order of a's if only that differs (of "select *" an engine has a table's
// partitions last, another where they are declared), and rounds timestamps to the
// millisecond if one of the engines has no finer ones.
func Compare(a, b *Rows) *Difference {
	d := &Difference{Rows: [2]int{len(a.Lines), len(b.Lines)}}
	b.arrange(a.Columns)
	if d.Columns = compareColumns(a, b); len(d.Columns) > 0 {
		return d
	}
	if a.Milliseconds || b.Milliseconds {
		a.round()
		b.round()
	}
	slices.SortFunc(a.Lines, slices.Compare)
	slices.SortFunc(b.Lines, slices.Compare)
	only := func(side int, r *Rows, line []string) {
		if d.Only[side]++; d.Only[side] <= examples {
			d.Examples = append(d.Examples, Example{r.Engine, line})
		}
	}
	for i, j := 0, 0; i < len(a.Lines) || j < len(b.Lines); {
		order := 0
		switch {
		case i == len(a.Lines):
			order = 1
		case j == len(b.Lines):
			order = -1
		default:
			order = slices.Compare(a.Lines[i], b.Lines[j])
		}
		if order < 0 {
			only(0, a, a.Lines[i])
		}
		if order > 0 {
			only(1, b, b.Lines[j])
		}
		if order <= 0 {
			i++
		}
		if order >= 0 {
			j++
		}
	}
	return d
}

// arrange puts the columns in the order of others with the same names. If a name
// is missing or repeats they stay as they are.
func (r *Rows) arrange(others []schema.Column) {
	if len(r.Columns) != len(others) {
		return
	}
	at := make(map[string]int, len(r.Columns))
	for i, c := range r.Columns {
		at[strings.ToLower(c.Name)] = i
	}
	from := make([]int, 0, len(others))
	for _, c := range others {
		i, ok := at[strings.ToLower(c.Name)]
		if !ok {
			return
		}
		delete(at, strings.ToLower(c.Name)) // so that a name that repeats is missed
		from = append(from, i)
	}
	columns := make([]schema.Column, len(from))
	for to, i := range from {
		columns[to] = r.Columns[i]
	}
	r.Columns = columns
	for n, line := range r.Lines {
		values := make([]string, len(from))
		for to, i := range from {
			values[to] = line[i]
		}
		r.Lines[n] = values
	}
}

// round rounds the timestamps to the millisecond, half of one up, as Trino reads
// those of Parquet.
func (r *Rows) round() {
	for c, column := range r.Columns {
		if column.Type.Kind != schema.Timestamp {
			continue
		}
		for _, line := range r.Lines {
			micros, ok := vec.ParseTimestamp([]byte(line[c]), nil)
			if ok { // null is none
				at := time.UnixMicro(micros + 500).UTC().Truncate(time.Millisecond)
				line[c] = string(vec.AppendTimestamp(nil, at.UnixMicro()))
			}
		}
	}
}

// compareColumns says how the columns of two results differ. Types may be wider
// on one side: what a value is, its text says. Names may be in another case.
func compareColumns(a, b *Rows) []string {
	if len(a.Columns) != len(b.Columns) {
		return []string{fmt.Sprintf("%s has %d columns, %s %d", a.Engine, len(a.Columns), b.Engine, len(b.Columns))}
	}
	var list []string
	for i, c := range a.Columns {
		other := b.Columns[i]
		switch {
		case !strings.EqualFold(c.Name, other.Name):
			list = append(list, fmt.Sprintf("column %d is %s on %s, and %s on %s", i+1, c.Name, a.Engine, other.Name, b.Engine))
		case family(c.Type) != family(other.Type):
			list = append(list, fmt.Sprintf("%s is %s on %s, and %s on %s", c.Name, c.Type, a.Engine, other.Type, b.Engine))
		}
	}
	return list
}

// family is what types have in common whose values can be equal.
func family(t schema.Type) schema.Kind {
	if t.Exact() {
		return schema.Decimal
	}
	return t.Kind
}
