package schema

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
)

// Kind is the family of a type.
type Kind uint8

// The kinds of values. Binary is for raw records in quarantine only and cannot
// be written in lakehouse.yaml.
const (
	Invalid Kind = iota
	String
	Boolean
	Integer   // 32 bit
	Bigint    // 64 bit
	Double    // IEEE 754
	Decimal   // exact, up to 38 digits
	Date      // days since 1970-01-01
	Timestamp // microseconds since 1970-01-01T00:00:00Z
	Binary
)

// Type is the type of a column. Precision and Scale belong to Decimal alone.
// Types are comparable with ==.
type Type struct {
	Kind      Kind
	Precision uint8
	Scale     uint8
}

// MaxPrecision is the most digits that a decimal has.
const MaxPrecision = 38

// T returns the type of a kind other than Decimal.
func T(k Kind) Type { return Type{Kind: k} }

// DecimalOf returns decimal(precision, scale). It panics if they are not
// 1 <= precision <= 38 and 0 <= scale <= precision.
func DecimalOf(precision, scale int) Type {
	if precision < 1 || precision > MaxPrecision || scale < 0 || scale > precision {
		panic(fmt.Sprintf("schema: decimal(%d,%d)", precision, scale))
	}
	return Type{Decimal, uint8(precision), uint8(scale)}
}

var kindNames = [...]string{Invalid: "invalid", String: "string", Boolean: "boolean", Integer: "integer", Bigint: "bigint",
	Double: "double", Decimal: "decimal", Date: "date", Timestamp: "timestamp", Binary: "binary"}

// TypeNames lists what a type is called in lakehouse.yaml.
func TypeNames() []string {
	return []string{"string", "boolean", "integer", "bigint", "double", "decimal(p,s)", "date", "timestamp"}
}

var decimalPattern = regexp.MustCompile(`^decimal\s*\(\s*(\d{1,3})\s*(?:,\s*(\d{1,3})\s*)?\)$`)

// ParseType reads a type as it is written in lakehouse.yaml, in any case.
// decimal(p) has scale 0.
func ParseType(text string) (Type, error) {
	name := strings.ToLower(strings.TrimSpace(text))
	for k := String; k <= Timestamp; k++ {
		if name == kindNames[k] && k != Decimal {
			return T(k), nil
		}
	}
	m := decimalPattern.FindStringSubmatch(name)
	if m == nil {
		return Type{}, fmt.Errorf("%q is not a type; the types are %s", text, strings.Join(TypeNames(), ", "))
	}
	p, _ := strconv.Atoi(m[1])
	s, _ := strconv.Atoi(m[2])
	if p < 1 || p > MaxPrecision || s > p {
		return Type{}, fmt.Errorf("%q: a decimal has 1 to %d digits and a scale from 0 to their number", text, MaxPrecision)
	}
	return DecimalOf(p, s), nil
}

// String prints the type as ParseType reads it.
func (t Type) String() string {
	if t.Kind == Decimal {
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	}
	return kindNames[t.Kind]
}

// Numeric says whether values of the type can be added.
func (t Type) Numeric() bool { return t.Kind >= Integer && t.Kind <= Decimal }

// Exact says whether the type is a number without rounding: integer, bigint, decimal.
func (t Type) Exact() bool { return t.Numeric() && t.Kind != Double }

// Temporal says whether the type is a date or a timestamp.
func (t Type) Temporal() bool { return t.Kind == Date || t.Kind == Timestamp }

// AsDecimal returns the decimal that holds every value of an exact number
// type: integer is decimal(10,0), bigint decimal(19,0). It panics for others.
func (t Type) AsDecimal() Type {
	switch t.Kind {
	case Integer:
		return DecimalOf(10, 0)
	case Bigint:
		return DecimalOf(19, 0)
	case Decimal:
		return t
	default:
		panic("schema: " + t.String() + " has no decimal form")
	}
}

// Arrow returns the Arrow type. Decimals are decimal128 whatever their
// precision. Strings may also travel as dictionaries of strings with int32
// indexes; readers of batches handle both.
func (t Type) Arrow() arrow.DataType {
	switch t.Kind {
	case String:
		return arrow.BinaryTypes.String
	case Boolean:
		return arrow.FixedWidthTypes.Boolean
	case Integer:
		return arrow.PrimitiveTypes.Int32
	case Bigint:
		return arrow.PrimitiveTypes.Int64
	case Double:
		return arrow.PrimitiveTypes.Float64
	case Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	case Date:
		return arrow.FixedWidthTypes.Date32
	case Timestamp:
		return arrow.FixedWidthTypes.Timestamp_us
	case Binary:
		return arrow.BinaryTypes.Binary
	default:
		panic("schema: no Arrow type for " + t.String())
	}
}

// DuckDB returns the type's name in DuckDB. Timestamps are TIMESTAMP, held in UTC.
func (t Type) DuckDB() string {
	switch t.Kind {
	case String:
		return "VARCHAR"
	case Binary:
		return "BLOB"
	default:
		return strings.ToUpper(t.String())
	}
}

// Spark returns the type's name in Spark SQL, which Hive and Glue share.
func (t Type) Spark() string {
	if t.Kind == Integer {
		return "int"
	}
	return t.String()
}
