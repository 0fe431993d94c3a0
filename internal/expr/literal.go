package expr

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/lakectl/lakectl/internal/schema"
)

// numberLiteral types a number as written, with the sign that stands before
// it: 12 is integer or bigint by size, larger ones and 1.5 decimal, 1e3 double.
func numberLiteral(text string) (*Node, string) {
	if strings.ContainsAny(text, "eE") {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, "is larger than a double can be"
		}
		return &Node{Op: OpLiteral, Type: schema.T(schema.Double), Value: f}, ""
	}
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if fraction == "" && !strings.Contains(text, ".") {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return &Node{Op: OpLiteral, Type: wholeType(i), Value: i}, ""
		}
	}
	digits := strings.TrimLeft(whole, "0") + fraction
	if len(digits) > schema.MaxPrecision {
		return nil, "has more than 38 digits"
	}
	unscaled, _ := new(big.Int).SetString("0"+digits, 10)
	if strings.HasPrefix(text, "-") {
		unscaled.Neg(unscaled)
	}
	t := schema.DecimalOf(max(1, len(digits)), len(fraction))
	return &Node{Op: OpLiteral, Type: t, Value: decimal128.FromBigInt(unscaled)}, ""
}

// wholeType is the smallest type of a whole number.
func wholeType(i int64) schema.Type {
	if i >= math.MinInt32 && i <= math.MaxInt32 {
		return schema.T(schema.Integer)
	}
	return schema.T(schema.Bigint)
}

// isNumberLiteral says whether a node is a number as written in the file.
func isNumberLiteral(n *Node) bool {
	return n.Op == OpLiteral && n.Value != nil && n.Type.Numeric()
}

// literalDecimal is the smallest decimal type that holds a whole-number literal.
func literalDecimal(i int64) schema.Type {
	return schema.DecimalOf(len(strings.TrimPrefix(strconv.FormatInt(i, 10), "-")), 0)
}

// convertLiteral returns a number literal as another number type, or nil where
// the type cannot hold it exactly (for double: nearest).
func convertLiteral(n *Node, t schema.Type) *Node {
	out := *n
	out.Type = t
	switch t.Kind {
	case schema.Integer, schema.Bigint:
		i, ok := n.Value.(int64)
		if !ok || t.Kind == schema.Integer && wholeType(i) != t {
			return nil
		}
	case schema.Double:
		f, err := strconv.ParseFloat(literalText(n), 64)
		if err != nil {
			return nil
		}
		out.Value = f
	case schema.Decimal:
		if n.Type.Kind == schema.Double || n.Type.Scale > t.Scale {
			return nil
		}
		unscaled := literalUnscaled(n)
		unscaled.Mul(unscaled, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Scale-n.Type.Scale)), nil))
		if len(unscaled.Text(10)) > int(t.Precision)+max(0, -unscaled.Sign()) {
			return nil
		}
		out.Value = decimal128.FromBigInt(unscaled)
	default:
		return nil
	}
	return &out
}

// literalUnscaled returns the digits of an exact number literal.
func literalUnscaled(n *Node) *big.Int {
	if d, ok := n.Value.(decimal128.Num); ok {
		return d.BigInt()
	}
	return big.NewInt(n.Value.(int64))
}

// literalText prints a number literal so that it reads back as the same number.
func literalText(n *Node) string {
	switch v := n.Value.(type) {
	case float64:
		return strconv.FormatFloat(v, 'e', -1, 64)
	case decimal128.Num:
		return decimalText(v.BigInt(), int(n.Type.Scale))
	default:
		return strconv.FormatInt(n.Value.(int64), 10)
	}
}

// decimalText prints unscaled x 10^-scale with exactly scale decimal places.
func decimalText(unscaled *big.Int, scale int) string {
	digits := new(big.Int).Abs(unscaled).Text(10)
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale+1-len(digits)) + digits
	}
	if scale > 0 {
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if unscaled.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

var (
	datePattern      = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	timestampPattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?$`)
)

// typedLiteral reads the text of date '...' and timestamp '...'.
func typedLiteral(kind, text string) (*Node, bool) {
	if kind == "date" {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil || !datePattern.MatchString(text) || day.Year() < 1 {
			return nil, false
		}
		days := int32(day.Unix() / (24 * 60 * 60)) // whole days divide exactly
		return &Node{Op: OpLiteral, Type: schema.T(schema.Date), Value: days}, true
	}
	if !timestampPattern.MatchString(text) {
		return nil, false
	}
	text = strings.Replace(text, " ", "T", 1)
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"} {
		if at, err := time.Parse(layout, text); err == nil && at.UTC().Year() >= 1 && at.UTC().Year() <= 9999 {
			return &Node{Op: OpLiteral, Type: schema.T(schema.Timestamp), Value: at.UnixMicro()}, true
		}
	}
	return nil, false
}
