package config

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones are known on machines that have none installed

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
)

// Value is a scalar and its place. A value that is not in the file has the
// zero Pos and holds the default of its key, if there is one.
type Value[T any] struct {
	Value T
	Pos   diag.Pos
	wrong bool // a problem is already reported
}

// IsSet says whether the value is in the file, even if it is wrong there.
func (v Value[T]) IsSet() bool { return v.Pos.Line > 0 }

// valid says whether the value is in the file and could be read.
func (v Value[T]) valid() bool { return v.IsSet() && !v.wrong }

// The scalars other than text.
//
//nolint:revive // one comment says all
type (
	Bool     = Value[bool]
	Int      = Value[int64]
	Size     = Value[Bytes]
	Share    = Value[Fraction]
	Duration = Value[time.Duration]
	Type     = Value[schema.Type] // Kind is Invalid if the type is wrong
	Number   = Value[Exact]
	Zone     = Value[*time.Location] // nil if it is wrong or absent
)

// Bytes is an amount of data, written as 100GB, 64MiB or a plain number.
type Bytes int64

// Fraction is a part of a whole from 0 to 1, written as 5% or 0.05.
type Fraction float64

// Exact is a number that keeps the digits it was written with.
type Exact struct{ *big.Rat }

// String is a text and its place. Pos is where it begins, which for a quoted
// text is the quote. Value is empty if something else stands there.
type String struct {
	Value string
	Pos   diag.Pos
	text  diag.Text
	wrong bool // a problem is already reported
}

// IsSet says whether the text is in the file, even if it is wrong there.
func (s String) IsSet() bool { return s.Pos.Line > 0 }

// Text returns the text with the place of each of its bytes.
func (s String) Text() diag.Text {
	if !s.IsSet() {
		return diag.Text{Value: s.Value}
	}
	return s.text
}

// Strings is a list of texts; a single text may stand for a list of one.
type Strings struct {
	Items []String
	Pos   diag.Pos
}

// IsSet says whether the list is in the file.
func (s Strings) IsSet() bool { return s.Pos.Line > 0 }

// Values returns the texts.
func (s Strings) Values() []string {
	out := make([]string, len(s.Items))
	for i, item := range s.Items {
		out[i] = item.Value
	}
	return out
}

// parsed reads a scalar into target. It returns what is wrong with it, if
// anything, and what to do about that.
func parsed(target any, n *node) (problem, hint string) {
	text := n.text.Value
	switch v := target.(type) {
	case *bool:
		return parseBool(v, n)
	case *int64:
		return parseInt(v, n)
	case *Bytes:
		return parseSize(v, text)
	case *Fraction:
		return parseShare(v, text)
	case *time.Duration:
		return parseDuration(v, text)
	case *Exact:
		return parseNumber(v, text)
	case *schema.Type:
		return parseType(v, text)
	case **time.Location:
		return parseZone(v, text)
	default:
		panic(fmt.Sprintf("config: no parser for %T", target))
	}
}

func parseBool(v *bool, n *node) (problem, hint string) {
	text := n.text.Value
	if n.plain == isBool {
		*v = strings.EqualFold(text, "true")
		return "", ""
	}
	switch strings.ToLower(text) {
	case "yes", "on", "true":
		hint = "write true, without quotes"
	case "no", "off", "false":
		hint = "write false, without quotes"
	}
	return "true or false is wanted here, not " + n.describe(), hint
}

var wholeNumber = regexp.MustCompile(`^[+-]?[0-9]+$`)

func parseInt(v *int64, n *node) (problem, hint string) {
	text := n.text.Value
	if !wholeNumber.MatchString(text) || n.quoted {
		if wholeNumber.MatchString(text) {
			hint = "take the quotes away"
		}
		return "a whole number is wanted here, not " + n.describe(), hint
	}
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return "the number " + clip(text) + " is too large", ""
	}
	*v = i
	return "", ""
}

var units = map[string]int64{
	"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "pb": 1e15,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "pib": 1 << 50,
}

const (
	sizePattern     = `^[0-9]{1,15}(\.[0-9]{1,9})? ?([KMGTPkmgtp]?[Ii]?[Bb])?$`
	sharePattern    = `^((100(\.0+)?|[0-9]{1,2}(\.[0-9]{1,38})?) ?%|0(\.[0-9]{1,38})?|1(\.0+)?)$`
	durationPattern = `^([0-9]{1,9}(ms|[smhdw]))+$`
)

var (
	sizeRegexp     = regexp.MustCompile(sizePattern)
	durationRegexp = regexp.MustCompile(durationPattern)
	durationPart   = regexp.MustCompile(`([0-9]+)(ms|[smhdw])`)
	numberRegexp   = regexp.MustCompile(`^[+-]?[0-9]{1,38}(\.[0-9]{1,38})?$`)
)

func parseSize(v *Bytes, text string) (problem, hint string) {
	wrong := fmt.Sprintf("%s is not a size", quote(text))
	if !sizeRegexp.MatchString(text) {
		return wrong, "write for example 100GB, 64MiB or a number of bytes"
	}
	number := strings.TrimRight(strings.ToLower(text), "kmgtpib ")
	unit, known := units[strings.TrimSpace(strings.ToLower(text[len(number):]))]
	size, ok := new(big.Rat).SetString(number)
	if !known || !ok {
		return wrong, "write for example 100GB, 64MiB or a number of bytes"
	}
	size.Mul(size, new(big.Rat).SetInt64(unit))
	if !size.IsInt() || !size.Num().IsInt64() {
		return wrong, "it must be a whole number of bytes below 8 EiB"
	}
	*v = Bytes(size.Num().Int64())
	return "", ""
}

func parseShare(v *Fraction, text string) (problem, hint string) {
	wrong := fmt.Sprintf("%s is not a share", quote(text))
	number, percent := strings.CutSuffix(text, "%")
	number = strings.TrimSpace(number)
	if !numberRegexp.MatchString(number) {
		return wrong, "write for example 5% or 0.05"
	}
	f, _ := strconv.ParseFloat(number, 64)
	if percent {
		f /= 100
	}
	if f < 0 || f > 1 {
		if !percent && f > 1 && f <= 100 {
			hint = fmt.Sprintf("did you mean %s%%?", number)
		}
		return wrong + ": it goes from 0 to 1, or from 0% to 100%", hint
	}
	*v = Fraction(f)
	return "", ""
}

var durations = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}

func parseDuration(v *time.Duration, text string) (problem, hint string) {
	wrong := fmt.Sprintf("%s is not a duration", quote(text))
	if !durationRegexp.MatchString(text) {
		hint = "write for example 90s, 30m, 48h or 7d"
		if wholeNumber.MatchString(text) {
			hint = fmt.Sprintf("it needs a unit, for example %ss, %sh or %sd", text, text, text)
		}
		return wrong, hint
	}
	var total time.Duration
	for _, part := range durationPart.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.ParseInt(part[1], 10, 64)
		unit := durations[part[2]]
		if n > (math.MaxInt64-int64(total))/int64(unit) {
			return wrong, "it is too long"
		}
		total += time.Duration(n) * unit
	}
	*v = total
	return "", ""
}

func parseNumber(v *Exact, text string) (problem, hint string) {
	if !numberRegexp.MatchString(text) {
		return quote(text) + " is not a number", "write digits with at most one point, for example 0.01"
	}
	v.Rat, _ = new(big.Rat).SetString(text)
	return "", ""
}

// otherTypes are what types are called elsewhere.
var otherTypes = map[string]string{
	"int": "integer", "int32": "integer", "int64": "bigint", "long": "bigint", "text": "string", "varchar": "string", "char": "string",
	"bool": "boolean", "float": "double", "float64": "double", "real": "double", "numeric": "decimal(18,2)", "number": "decimal(18,2)",
	"decimal": "decimal(18,2)", "datetime": "timestamp", "timestamptz": "timestamp",
}

func parseType(v *schema.Type, text string) (problem, hint string) {
	t, err := schema.ParseType(text)
	if err == nil {
		*v = t
		return "", ""
	}
	name := strings.ToLower(strings.TrimSpace(text))
	if other := otherTypes[name]; other != "" {
		return fmt.Sprintf("%s is not a type", quote(text)), fmt.Sprintf("did you mean %q?", other)
	}
	if strings.HasPrefix(name, "decimal(") && !strings.HasSuffix(name, ")") {
		return fmt.Sprintf("%s is not a type", quote(text)), `put the whole into quotes, such as "decimal(10,2)": a comma ends a value within { }`
	}
	if hint = diag.Suggest(name, schema.TypeNames()); hint != "" && !strings.HasPrefix(name, "decimal(") {
		return fmt.Sprintf("%s is not a type", quote(text)), hint
	}
	return quote(text) + strings.TrimPrefix(err.Error(), strconv.Quote(text)), ""
}

func parseZone(v **time.Location, text string) (problem, hint string) {
	zone, err := time.LoadLocation(text)
	if err != nil || text == "" || text == "Local" {
		return quote(text) + " is not a time zone", "write for example Europe/Berlin or UTC"
	}
	*v = zone
	return "", ""
}
