package snowflake

import (
	"github.com/lakectl/lakectl/internal/schema"
)

// column is a column of a result.
type column struct {
	schema.Column
	kind  string // Snowflake's, such as fixed
	scale int    // of numbers, times and timestamps
}

// columnOf returns a column by what Snowflake says of it.
func columnOf(name, kind string, precision, scale int64, nullable bool) column {
	c := column{kind: kind, scale: int(scale), Column: schema.Column{Name: name, Nullable: nullable, Type: schema.T(schema.String)}}
	switch kind {
	case "fixed":
		c.Type = fixedType(int(precision), int(scale))
	case "real":
		c.Type = schema.T(schema.Double)
	case "boolean":
		c.Type = schema.T(schema.Boolean)
	case "date":
		c.Type = schema.T(schema.Date)
	case "timestamp_ntz", "timestamp_ltz", "timestamp_tz":
		c.Type = schema.T(schema.Timestamp)
	}
	return c
}

// bigintDigits are those of the numbers that all fit into 64 bits.
const bigintDigits = 18

// fixedType is the type of NUMBER(precision, scale). A precision that is not
// told is the largest.
func fixedType(precision, scale int) schema.Type {
	if precision < 1 || precision > schema.MaxPrecision {
		precision = schema.MaxPrecision
	}
	if scale == 0 && precision <= bigintDigits {
		return schema.T(schema.Bigint)
	}
	return schema.DecimalOf(max(precision, scale), scale)
}
