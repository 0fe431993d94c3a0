package athena

import (
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/vec"
)

// column is one of a result: its type, and how a text of Athena's becomes a
// value of it.
type column struct {
	schema.Column
	add func(b array.Builder, text string) bool
}

// columnsOf returns the columns of a result.
func columnsOf(meta *types.ResultSetMetadata) []column {
	var columns []column
	if meta == nil {
		return nil
	}
	for _, info := range meta.ColumnInfo {
		columns = append(columns, columnOf(aws.ToString(info.Name), strings.ToLower(aws.ToString(info.Type)), int(info.Precision), int(info.Scale)))
	}
	return columns
}

// columnOf returns a column of a type of Athena's. What lakectl has no type for
// (arrays, rows, maps, times) stays the text that Athena writes.
func columnOf(name, kind string, precision, scale int) column {
	c := column{Column: schema.Column{Name: name, Type: schema.T(schema.String), Nullable: true}, add: addText}
	switch kind {
	case "boolean":
		c.Type, c.add = schema.T(schema.Boolean), addBoolean
	case "tinyint", "smallint", "integer", "int":
		c.Type, c.add = schema.T(schema.Integer), addInteger
	case "bigint":
		c.Type, c.add = schema.T(schema.Bigint), addBigint
	case "real", "float", "double":
		c.Type, c.add = schema.T(schema.Double), addDouble
	case "date":
		c.Type, c.add = schema.T(schema.Date), addDate
	case "timestamp":
		c.Type, c.add = schema.T(schema.Timestamp), addTimestamp
	case "varbinary":
		c.add = addBinary
	case "timestamp with time zone":
		c.Type, c.add = schema.T(schema.Timestamp), addZoned
	case "decimal":
		if precision < 1 || precision > schema.MaxPrecision || scale < 0 || scale > precision {
			precision, scale = schema.MaxPrecision, 0
		}
		c.Type = schema.DecimalOf(precision, scale)
		c.add = func(b array.Builder, text string) bool {
			v, ok := vec.ParseDecimal([]byte(text), precision, scale)
			if ok {
				b.(*array.Decimal128Builder).Append(v)
			}
			return ok
		}
	}
	return c
}

func addText(b array.Builder, text string) bool {
	b.(*array.StringBuilder).Append(text)
	return true
}

// addBinary adds bytes in hexadecimal, as the other engines write them: Athena
// puts spaces between them.
func addBinary(b array.Builder, text string) bool {
	return addText(b, strings.Join(strings.Fields(text), ""))
}

func addBoolean(b array.Builder, text string) bool {
	b.(*array.BooleanBuilder).Append(text == "true")
	return text == "true" || text == "false"
}

func addInteger(b array.Builder, text string) bool {
	v, ok := vec.ParseInt32([]byte(text))
	b.(*array.Int32Builder).Append(v)
	return ok
}

func addBigint(b array.Builder, text string) bool {
	v, ok := vec.ParseInt64([]byte(text))
	b.(*array.Int64Builder).Append(v)
	return ok
}

func addDouble(b array.Builder, text string) bool {
	switch text {
	case "Infinity":
		text = "Inf"
	case "-Infinity":
		text = "-Inf"
	}
	v, ok := vec.ParseDouble([]byte(text), true)
	b.(*array.Float64Builder).Append(v)
	return ok
}

func addDate(b array.Builder, text string) bool {
	v, ok := vec.ParseDate([]byte(text))
	b.(*array.Date32Builder).Append(arrow.Date32(v))
	return ok
}

func addTimestamp(b array.Builder, text string) bool {
	v, ok := vec.ParseTimestamp([]byte(text), nil)
	b.(*array.TimestampBuilder).Append(arrow.Timestamp(v))
	return ok
}

// addZoned adds a time in a zone, such as 2026-01-01 10:00:00.000 Europe/Berlin.
func addZoned(b array.Builder, text string) bool {
	at := strings.LastIndexByte(text, ' ')
	if at < 0 {
		return false
	}
	const layout = "2006-01-02 15:04:05.999999999"
	t, err := time.Parse(layout+" -07:00", text)
	if err != nil {
		zone, zoneErr := time.LoadLocation(text[at+1:])
		if zoneErr != nil {
			return false
		}
		t, err = time.ParseInLocation(layout, text[:at], zone)
	}
	b.(*array.TimestampBuilder).Append(arrow.Timestamp(t.UnixMicro()))
	return err == nil
}

// batch builds the records of a result.
type batch struct {
	columns []column
	builder *array.RecordBuilder
	done    int64 // rows of batches before
	rows    int64
}

func newBatch(columns []column) *batch {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type.Arrow(), Nullable: true}
	}
	return &batch{columns: columns, builder: array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))}
}

// add adds the value of a column of the row in work; nil is null.
func (b *batch) add(i int, text *string) error {
	builder := b.builder.Field(i)
	if text == nil {
		builder.AppendNull()
		return nil
	}
	if c := b.columns[i]; !c.add(builder, *text) {
		return fmt.Errorf("row %d of the result: %q of column %s is not %s", b.done+b.rows+1, *text, c.Name, c.Type)
	}
	return nil
}

// record returns the rows that were added, and begins anew.
func (b *batch) record() arrow.Record {
	b.done += b.rows
	b.rows = 0
	return b.builder.NewRecord()
}

func (b *batch) release() { b.builder.Release() }
