package render

import (
	"fmt"
	"math"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lakectl/lakectl/internal/vec"
)

// appender appends the value of a row of one column.
type appender func(dst []byte, row int) []byte

// style is how a format of text writes values.
type style struct {
	null string
	text func(dst []byte, text string) []byte // never nil
	// quoted puts quotes around what is neither text nor a number nor a boolean.
	quoted bool
}

// appender returns how the values of a column are written. What depends on the
// column's type is decided here, once for a batch.
func (s style) appender(column arrow.Array) (appender, error) {
	value, err := s.valid(column)
	if err != nil || column.NullN() == 0 {
		return value, err
	}
	return func(dst []byte, row int) []byte {
		if column.IsNull(row) {
			return append(dst, s.null...)
		}
		return value(dst, row)
	}, nil
}

// valid is appender for rows that are not null.
func (s style) valid(column arrow.Array) (appender, error) {
	plain := func(dst []byte, row int) []byte { return vec.AppendText(dst, column, row) }
	switch c := column.(type) {
	case *array.String:
		return func(dst []byte, row int) []byte { return s.text(dst, c.Value(row)) }, nil
	case *array.Binary:
		return func(dst []byte, row int) []byte { return s.text(dst, c.ValueString(row)) }, nil
	case *array.Dictionary:
		if c.DataType().(*arrow.DictionaryType).ValueType.ID() != arrow.STRING {
			return nil, fmt.Errorf("%s cannot be written", c.DataType())
		}
		text := vec.TextOf(c)
		return func(dst []byte, row int) []byte { return s.text(dst, text.Value(row)) }, nil
	case *array.Float64:
		return s.double(c), nil
	case *array.Date32, *array.Timestamp:
		if s.quoted {
			return func(dst []byte, row int) []byte { return append(plain(append(dst, '"'), row), '"') }, nil
		}
		return plain, nil
	case *array.Int32:
		return func(dst []byte, row int) []byte { return strconv.AppendInt(dst, int64(c.Value(row)), 10) }, nil
	case *array.Int64:
		return func(dst []byte, row int) []byte { return strconv.AppendInt(dst, c.Value(row), 10) }, nil
	case *array.Decimal128:
		scale := int(c.DataType().(*arrow.Decimal128Type).Scale)
		return func(dst []byte, row int) []byte { return vec.AppendDecimal(dst, c.Value(row), scale) }, nil
	case *array.Boolean:
		return plain, nil
	}
	return nil, fmt.Errorf("%s cannot be written", column.DataType())
}

func (s style) double(c *array.Float64) appender {
	return func(dst []byte, row int) []byte {
		v := c.Value(row)
		if s.quoted && (math.IsNaN(v) || math.IsInf(v, 0)) {
			return append(vec.AppendDouble(append(dst, '"'), v), '"')
		}
		return vec.AppendDouble(dst, v)
	}
}
