package snowflake

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/schema"
)

// batchRows is how many rows of JSON make a batch.
const batchRows = 8192

// valueError is a value that is not what Snowflake says its column is; to fetch
// it again changes nothing.
type valueError struct{ column, kind, text string }

func (e *valueError) Error() string {
	return fmt.Sprintf("column %s: %q is no value of %s", e.column, e.text, e.kind)
}

// jsonReader reads a part of rows in JSON: arrays with commas between.
type jsonReader struct {
	decoder *json.Decoder
	build   func([][]*string) (arrow.Record, error)
	width   int
	skipped int64
	begun   bool
	failed  error
}

func newJSONReader(stream io.Reader, build func([][]*string) (arrow.Record, error), width int) *jsonReader {
	all := io.MultiReader(strings.NewReader("["), stream, strings.NewReader("]"))
	return &jsonReader{decoder: json.NewDecoder(all), build: build, width: width}
}

func (j *jsonReader) skip(rows int64) { j.skipped = rows }

func (j *jsonReader) release() {}

// next returns the rows that came whole, also before an error, which comes next.
func (j *jsonReader) next() (arrow.Record, error) {
	if j.failed != nil {
		return nil, j.failed
	}
	rows := make([][]*string, 0, batchRows)
	for len(rows) < batchRows && j.failed == nil {
		row, err := j.row()
		switch {
		case err != nil:
			j.failed = err
		case j.skipped > 0:
			j.skipped--
		default:
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil, j.failed
	}
	return j.build(rows)
}

func (j *jsonReader) row() ([]*string, error) {
	if !j.begun {
		if _, err := j.decoder.Token(); err != nil {
			return nil, err
		}
		j.begun = true
	}
	if !j.decoder.More() {
		_, err := j.decoder.Token()
		if err == nil {
			err = io.EOF
		}
		return nil, err
	}
	row := make([]*string, 0, j.width)
	if err := j.decoder.Decode(&row); err != nil {
		return nil, err
	}
	if len(row) != j.width {
		return nil, &valueError{"1", fmt.Sprintf("a row of %d columns", j.width), strconv.Itoa(len(row))}
	}
	return row, nil
}

// build makes a batch of rows in JSON.
func (r *result) build(rows [][]*string) (arrow.Record, error) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, r.schema)
	defer b.Release()
	b.Reserve(len(rows))
	for i, c := range r.columns {
		field := b.Field(i)
		for _, row := range rows {
			if i >= len(row) || row[i] == nil {
				field.AppendNull()
			} else if !c.append(field, *row[i]) {
				return nil, &valueError{c.Name, strings.ToUpper(c.kind), *row[i]}
			}
		}
	}
	return b.NewRecord(), nil
}

// append adds a value as JSON has it, and says whether it is one.
func (c column) append(b array.Builder, text string) bool {
	var err error
	switch b := b.(type) {
	case *array.Int64Builder:
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		b.Append(n)
	case *array.Decimal128Builder:
		var n decimal128.Num
		n, err = decimal(text, c.Type)
		b.Append(n)
	case *array.Float64Builder:
		var x float64
		x, err = strconv.ParseFloat(text, 64)
		b.Append(x)
	case *array.BooleanBuilder:
		var x bool
		x, err = strconv.ParseBool(text)
		b.Append(x)
	case *array.Date32Builder:
		var n int64
		n, err = strconv.ParseInt(text, 10, 32)
		b.Append(arrow.Date32(n))
	case *array.TimestampBuilder:
		var n int64
		n, err = moment(text)
		b.Append(arrow.Timestamp(n))
	case *array.StringBuilder:
		text, err = c.text(text)
		b.Append(text)
	}
	return err == nil
}

// text is a value of a column that is a string here.
func (c column) text(text string) (string, error) {
	switch c.kind {
	case "time":
		seconds, nanos, err := epoch(text)
		return clock(seconds, nanos, c.scale), err
	case "binary":
		b, err := hex.DecodeString(text)
		return strings.ToUpper(hex.EncodeToString(b)), err
	}
	return text, nil
}

// decimal reads a number without a float; digits beyond its type are an error.
func decimal(text string, t schema.Type) (decimal128.Num, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	digits := strings.TrimRight(fraction, "0")
	if len(digits) > int(t.Scale) {
		return decimal128.Num{}, strconv.ErrRange
	}
	whole += digits + strings.Repeat("0", int(t.Scale)-len(digits))
	if len(whole) <= bigintDigits { // with a sign, so that it fits
		n, err := strconv.ParseInt(whole, 10, 64)
		if err == nil && !decimal128.FromI64(n).FitsInPrecision(int32(t.Precision)) {
			err = strconv.ErrRange
		}
		return decimal128.FromI64(n), err
	}
	n, ok := new(big.Int).SetString(whole, 10)
	if !ok || strings.Contains(whole, "_") {
		return decimal128.Num{}, strconv.ErrSyntax
	}
	if new(big.Int).Abs(n).Cmp(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Precision)), nil)) >= 0 {
		return decimal128.Num{}, strconv.ErrRange
	}
	return decimal128.FromBigInt(n), nil
}

// epoch reads seconds since 1970, with up to nine digits behind the point, as
// whole seconds and nanoseconds after them.
func epoch(text string) (seconds, nanos int64, err error) {
	whole, fraction, _ := strings.Cut(text, ".")
	if seconds, err = strconv.ParseInt(whole, 10, 64); err != nil {
		return 0, 0, err
	}
	if len(fraction) > 9 {
		return 0, 0, strconv.ErrRange
	}
	if fraction != "" {
		if nanos, err = strconv.ParseInt(fraction+strings.Repeat("0", 9-len(fraction)), 10, 64); err != nil {
			return 0, 0, err
		}
	}
	if strings.HasPrefix(whole, "-") && nanos > 0 {
		seconds, nanos = seconds-1, 1e9-nanos // -1.25 is 0.75 after second -2
	}
	return seconds, nanos, nil
}

// moment reads a timestamp in microseconds since 1970 in UTC: seconds, and for
// TIMESTAMP_TZ its zone, which changes nothing.
func moment(text string) (int64, error) {
	text, _, _ = strings.Cut(text, " ")
	seconds, nanos, err := epoch(text)
	return seconds*1e6 + nanos/1e3, err
}

// clock writes a time of the day.
func clock(seconds, nanos int64, scale int) string {
	layout := "15:04:05"
	if scale > 0 {
		layout += "." + strings.Repeat("0", min(scale, 9))
	}
	return time.Unix(seconds, nanos).UTC().Format(layout)
}
