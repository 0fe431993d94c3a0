package parquetio

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// leaf is one column of a file being written. It never changes.
type leaf struct {
	name     string
	typ      schema.Type
	arrow    arrow.DataType
	physical format.Type
	width    int // bytes of a value; 0: texts, each its own
	optional bool
	bloom    bool
}

// leavesOf lays out the columns of a table.
func leavesOf(table schema.Table, bloom []string) ([]leaf, error) {
	leaves := make([]leaf, len(table.Columns))
	for i, c := range table.Columns {
		if table.Index(c.Name) != i {
			return nil, fmt.Errorf("parquet: two columns are named %q", c.Name)
		}
		l := leaf{name: c.Name, typ: c.Type, optional: c.Nullable, bloom: slices.Contains(bloom, c.Name)}
		if l.physical, l.width = physicalOf(c.Type); l.physical < 0 {
			return nil, fmt.Errorf("parquet: column %q has type %s, which no file can hold", c.Name, c.Type)
		}
		l.arrow = c.Type.Arrow()
		if l.bloom && (c.Type.Kind == schema.Boolean || c.Type.Kind == schema.Binary) {
			// DuckDB up to 1.5 hashes the printed form of a binary (its pull request 23829).
			return nil, fmt.Errorf("parquet: column %q: a %s column cannot have a bloom filter", c.Name, c.Type)
		}
		leaves[i] = l
	}
	for _, name := range bloom {
		if table.Index(name) < 0 {
			return nil, fmt.Errorf("parquet: bloom filter for column %q, which the table does not have", name)
		}
	}
	return leaves, nil
}

// physicalOf returns how values of a type are stored and in how many bytes; -1
// for a type that has no values.
func physicalOf(t schema.Type) (format.Type, int) {
	switch t.Kind {
	case schema.Boolean:
		return format.Boolean, 1
	case schema.Integer, schema.Date:
		return format.Int32, 4
	case schema.Bigint, schema.Timestamp:
		return format.Int64, 8
	case schema.Double:
		return format.Double, 8
	case schema.String, schema.Binary:
		return format.ByteArray, 0
	case schema.Decimal:
		switch {
		case t.Precision <= 9:
			return format.Int32, 4
		case t.Precision <= 18:
			return format.Int64, 8
		default:
			return format.FixedLenByteArray, fixedWidth(t.Precision)
		}
	default:
		return -1, 0
	}
}

// fixedWidth returns the fewest bytes whose two's complement holds every number
// of so many digits.
func fixedWidth(precision uint8) int {
	for n := 1; ; n++ {
		// 10^p - 1 <= 2^(8n-1) - 1
		if limit := powerOfTen(int(precision)); limit.BigInt().BitLen() <= 8*n-1 {
			return n
		}
	}
}

// writeSchemaElement writes a SchemaElement, with the old annotations beside the
// new ones: Hive and other old readers know only those.
func (l *leaf) writeSchemaElement(t *thriftWriter) {
	t.begin()
	t.i32(1, int32(l.physical))
	if l.physical == format.FixedLenByteArray {
		t.i32(2, int32(l.width))
	}
	repetition := format.Required
	if l.optional {
		repetition = format.Optional
	}
	t.i32(3, int32(repetition))
	t.text(4, l.name)
	l.writeLogicalType(t)
	t.end()
}

// writeLogicalType writes the fields 6 (converted type) to 10 (logical type).
func (l *leaf) writeLogicalType(t *thriftWriter) {
	switch l.typ.Kind {
	case schema.String:
		t.i32(6, int32(deprecated.UTF8))
		t.open(10)
		t.empty(1)
	case schema.Date:
		t.i32(6, int32(deprecated.Date))
		t.open(10)
		t.empty(6)
	case schema.Timestamp:
		t.i32(6, int32(deprecated.TimestampMicros))
		t.open(10)
		t.open(8)
		t.boolean(1, true) // adjusted to UTC
		t.open(2)
		t.empty(2) // microseconds
		t.end()
		t.end()
	case schema.Decimal:
		t.i32(6, int32(deprecated.Decimal))
		t.i32(7, int32(l.typ.Scale))
		t.i32(8, int32(l.typ.Precision))
		t.open(10)
		t.open(5)
		t.i32(1, int32(l.typ.Scale))
		t.i32(2, int32(l.typ.Precision))
		t.end()
	default:
		return
	}
	t.end()
}
