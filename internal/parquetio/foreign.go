package parquetio

import (
	"fmt"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// fileColumn is how a column of a file, ours or another's, becomes an array.
type fileColumn struct {
	name      string
	typ       schema.Type
	physical  format.Type
	width     int // of FIXED_LEN_BYTE_ARRAY
	optional  bool
	unsigned  bool // UINT32, UINT64: a wider type of ours
	millis    bool // timestamps not in microseconds
	nanos     bool
	uuid      bool
	unordered bool // its statistics are in an order of their own
}

// bindColumn says what a column of a file is to lakectl, or that it is nothing.
func bindColumn(e *format.SchemaElement) (fileColumn, error) {
	c := fileColumn{name: e.Name, physical: e.Type.V, width: int(e.TypeLength.V), optional: e.RepetitionType.V == format.Optional}
	if c.physical == format.FixedLenByteArray && (c.width < 1 || c.width > 1<<20) {
		return c, fmt.Errorf("parquet: the file is damaged: column %q has values of %d bytes", e.Name, c.width)
	}
	if c.physical == format.Int96 {
		return c, fmt.Errorf("parquet: column %q is INT96, a deprecated timestamp without a defined order; write it as TIMESTAMP(MICROS)", e.Name)
	}
	what := annotationOf(e)
	if !c.annotate(what) {
		return c, fmt.Errorf("parquet: column %q is %s %s, which is none of lakectl's types", e.Name, c.physical, what)
	}
	return c, nil
}

// annotation is the logical type of a column, whether written the new way or the old.
type annotation struct {
	name             string // "" for none
	precision, scale int32
	bits             int
	unsigned         bool
	unit             string
}

// String names the annotation in errors.
func (a annotation) String() string {
	switch a.name {
	case "DECIMAL":
		return fmt.Sprintf("DECIMAL(%d,%d)", a.precision, a.scale)
	case "INT":
		return fmt.Sprintf("INT(%d,%t)", a.bits, !a.unsigned)
	}
	return a.name
}

func annotationOf(e *format.SchemaElement) annotation {
	switch t := e.LogicalType.Value.(type) {
	case *format.StringType, *format.EnumType, *format.JsonType:
		return annotation{name: "STRING"}
	case *format.DecimalType:
		return annotation{name: "DECIMAL", precision: t.Precision, scale: t.Scale}
	case *format.DateType:
		return annotation{name: "DATE"}
	case *format.TimestampType:
		return annotation{name: "TIMESTAMP", unit: t.Unit.String()}
	case *format.IntType:
		return annotation{name: "INT", bits: int(t.BitWidth), unsigned: !t.IsSigned}
	case *format.UUIDType:
		return annotation{name: "UUID"}
	case *format.BsonType:
		return annotation{}
	case *format.NullType, nil:
		return convertedOf(e)
	default:
		return annotation{name: t.String()}
	}
}

// convertedOf reads the annotation that files before format 2.4 have.
func convertedOf(e *format.SchemaElement) annotation {
	if !e.ConvertedType.Valid {
		return annotation{}
	}
	switch t := e.ConvertedType.V; t {
	case deprecated.UTF8, deprecated.Enum, deprecated.Json:
		return annotation{name: "STRING"}
	case deprecated.Decimal:
		return annotation{name: "DECIMAL", precision: e.Precision.V, scale: e.Scale.V}
	case deprecated.Date:
		return annotation{name: "DATE"}
	case deprecated.TimestampMillis:
		return annotation{name: "TIMESTAMP", unit: "MILLIS"}
	case deprecated.TimestampMicros:
		return annotation{name: "TIMESTAMP", unit: "MICROS"}
	case deprecated.Int8, deprecated.Int16, deprecated.Int32, deprecated.Int64:
		return annotation{name: "INT", bits: 8 << (t - deprecated.Int8)}
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return annotation{name: "INT", bits: 8 << (t - deprecated.Uint8), unsigned: true}
	case deprecated.Bson:
		return annotation{}
	case deprecated.TimeMillis, deprecated.TimeMicros:
		return annotation{name: "TIME"}
	default:
		return annotation{name: fmt.Sprintf("of converted type %d", t)}
	}
}

// annotate sets the column's type; false if there is none.
func (c *fileColumn) annotate(a annotation) bool {
	switch a.name {
	case "":
		c.typ = schema.T(plainKinds[c.physical])
		return c.typ.Kind != schema.Invalid
	case "STRING":
		c.typ = schema.T(schema.String)
		return c.physical == format.ByteArray
	case "DATE":
		c.typ = schema.T(schema.Date)
		return c.physical == format.Int32
	case "TIMESTAMP":
		c.typ, c.millis, c.nanos = schema.T(schema.Timestamp), a.unit == "MILLIS", a.unit == "NANOS"
		return c.physical == format.Int64 && a.unit != ""
	case "DECIMAL":
		if a.precision < 1 || a.precision > schema.MaxPrecision || a.scale < 0 || a.scale > a.precision {
			return false
		}
		c.typ = schema.DecimalOf(int(a.precision), int(a.scale))
		return c.physical == format.Int32 || c.physical == format.Int64 || c.physical == format.ByteArray || c.physical == format.FixedLenByteArray
	case "INT":
		return c.annotateInt(a)
	case "UUID":
		c.typ, c.uuid, c.unordered = schema.T(schema.String), true, true
		return c.physical == format.FixedLenByteArray && c.width == 16
	}
	return false
}

func (c *fileColumn) annotateInt(a annotation) bool {
	switch {
	case a.bits == 64 && a.unsigned:
		c.typ, c.unsigned, c.unordered = schema.DecimalOf(20, 0), true, true
		return c.physical == format.Int64
	case a.bits == 64:
		c.typ = schema.T(schema.Bigint)
		return c.physical == format.Int64
	case a.bits == 32 && a.unsigned:
		c.typ, c.unsigned, c.unordered = schema.T(schema.Bigint), true, true
	default: // 8 and 16 bits, signed or not, fit too
		c.typ = schema.T(schema.Integer)
	}
	return c.physical == format.Int32
}

// plainKinds are the types of columns without annotation.
var plainKinds = [...]schema.Kind{
	format.Boolean: schema.Boolean, format.Int32: schema.Integer, format.Int64: schema.Bigint, format.Int96: schema.Invalid,
	format.Float: schema.Double, format.Double: schema.Double, format.ByteArray: schema.Binary, format.FixedLenByteArray: schema.Binary,
}
