package exprtest

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/schema"
)

var (
	wholeText     = regexp.MustCompile(`^[+-]?[0-9]+$`)
	decimalText   = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$`)
	doubleText    = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
	nanText       = regexp.MustCompile(`^(?i)([+-]?)(nan|inf|infinity)$`)
	dateText      = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	timestampText = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?$`)
)

// parse types a text by SEMANTICS section 2, in UTC.
func parse(text string, t schema.Type, allowNaN bool, kind expr.ErrKind) any {
	if t.Kind == schema.String {
		if text == "" {
			return nil
		}
		return text
	}
	text = strings.Trim(text, " \t")
	if text == "" {
		return nil
	}
	var v any
	switch t.Kind {
	case schema.Boolean:
		v = parseBool(text)
	case schema.Integer, schema.Bigint:
		if wholeText.MatchString(text) {
			i, _ := new(big.Int).SetString(text, 10)
			v = fit(rational(i), t, kind)
		}
	case schema.Decimal:
		if decimalText.MatchString(text) {
			r, _ := new(big.Rat).SetString(text)
			if Round(r, int(t.Scale)).Cmp(r) == 0 {
				v = fit(r, t, kind)
			}
		}
	case schema.Double:
		v = parseDouble(text, allowNaN)
	case schema.Date:
		v = parseDate(text)
	default:
		v = parseTimestamp(text)
	}
	if v == nil {
		return fail(kind)
	}
	return v
}

func parseBool(text string) any {
	switch strings.ToLower(text) {
	case "true", "t", "yes", "1":
		return true
	case "false", "f", "no", "0":
		return false
	}
	return nil
}

func parseDouble(text string, allowNaN bool) any {
	if doubleText.MatchString(text) {
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
		return nil
	}
	m := nanText.FindStringSubmatch(text)
	switch {
	case m == nil || !allowNaN:
		return nil
	case strings.EqualFold(m[2], "nan"):
		return math.NaN()
	case m[1] == "-":
		return math.Inf(-1)
	}
	return math.Inf(1)
}

func parseDate(text string) any {
	day, err := time.Parse("2006-01-02", text)
	if err != nil || !dateText.MatchString(text) || day.Year() < 1 {
		return nil
	}
	return dayOf(day)
}

func parseTimestamp(text string) any {
	m := timestampText.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	seconds := m[3]
	if seconds == "" {
		seconds = ":00"
	}
	local, err := time.Parse("2006-01-02 15:04:05.999999", m[1]+" "+m[2]+seconds)
	if err != nil || local.Year() < 1 {
		return nil
	}
	if offset := strings.ReplaceAll(m[4], ":", ""); len(offset) > 1 {
		hours, _ := strconv.Atoi(offset[1:3])
		minutes := 0
		if len(offset) > 3 {
			minutes, _ = strconv.Atoi(offset[3:])
		}
		if minutes > 59 || hours*60+minutes > 18*60 {
			return nil
		}
		shift := time.Duration(hours*60+minutes) * time.Minute
		if offset[0] == '+' {
			shift = -shift
		}
		local = local.Add(shift)
	}
	if local.Year() < 1 || local.Year() > 9999 {
		return nil
	}
	return Timestamp(local.UnixMicro())
}

// applyText computes the functions on text.
func applyText(n *expr.Node, args []any) (any, bool) {
	s, ok := args[0].(string)
	if !ok {
		return nil, false
	}
	switch n.Op {
	case expr.OpLower:
		return strings.Map(unicode.ToLower, s), true
	case expr.OpUpper:
		return strings.Map(unicode.ToUpper, s), true
	case expr.OpTrim:
		return strings.Trim(s, " "), true
	case expr.OpLTrim:
		return strings.TrimLeft(s, " "), true
	case expr.OpRTrim:
		return strings.TrimRight(s, " "), true
	case expr.OpLength:
		return big.NewInt(int64(len([]rune(s)))), true
	case expr.OpSubstr:
		return substr(s, args), true
	case expr.OpReplace:
		if args[1] == "" {
			return s, true
		}
		return strings.ReplaceAll(s, args[1].(string), args[2].(string)), true
	case expr.OpConcat:
		for _, a := range args[1:] {
			s += a.(string)
		}
		return s, true
	case expr.OpSplitPart:
		return splitPart(s, args), true
	case expr.OpSHA256:
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:]), true
	case expr.OpLike:
		return like([]rune(s), []rune(args[1].(string)), n.Escape), true
	case expr.OpRegexpLike:
		return n.Regexp.FindStringIndex(s) != nil, true
	case expr.OpRegexpReplace:
		return regexpReplace(n, s), true
	case expr.OpRegexpExtract:
		m := n.Regexp.FindStringSubmatch(s)
		if m == nil || m[n.Group] == "" {
			return nil, true
		}
		return m[n.Group], true
	}
	return nil, false
}

// substr takes the code points of positions from to from+length-1, as far as
// they exist.
func substr(s string, args []any) any {
	runes := []rune(s)
	from := args[1].(*big.Int).Int64()
	switch {
	case from == 0:
		from = 1
	case from < 0:
		from += int64(len(runes)) + 1
	}
	end := new(big.Int).SetInt64(math.MaxInt64)
	if len(args) == 3 {
		length := args[2].(*big.Int)
		if length.Sign() < 0 {
			return ""
		}
		end.Add(big.NewInt(from), length)
	}
	var out []rune
	for i, r := range runes {
		if position := int64(i) + 1; position >= from && big.NewInt(position).Cmp(end) < 0 {
			out = append(out, r)
		}
	}
	return string(out)
}

func splitPart(s string, args []any) any {
	delimiter, part := args[1].(string), args[2].(*big.Int)
	if delimiter == "" || part.Sign() <= 0 {
		return fail(expr.ErrArgument)
	}
	parts := strings.Split(s, delimiter)
	if part.Cmp(big.NewInt(int64(len(parts)))) > 0 {
		return ""
	}
	return parts[part.Int64()-1]
}

func concatWS(args []any) any {
	if args[0] == nil {
		return nil
	}
	var parts []string
	for _, a := range args[1:] {
		if a != nil {
			parts = append(parts, a.(string))
		}
	}
	return strings.Join(parts, args[0].(string))
}

// like matches by trying all lengths for each %.
func like(s, pattern []rune, escape rune) bool {
	if len(pattern) == 0 {
		return len(s) == 0
	}
	switch c := pattern[0]; {
	case escape != 0 && c == escape && len(pattern) > 1:
		return len(s) > 0 && s[0] == pattern[1] && like(s[1:], pattern[2:], escape)
	case c == '%':
		for i := 0; i <= len(s); i++ {
			if like(s[i:], pattern[1:], escape) {
				return true
			}
		}
		return false
	case c == '_':
		return len(s) > 0 && like(s[1:], pattern[1:], escape)
	default:
		return len(s) > 0 && s[0] == c && like(s[1:], pattern[1:], escape)
	}
}

func regexpReplace(n *expr.Node, s string) string {
	var out strings.Builder
	last := 0
	for _, m := range n.Regexp.FindAllStringSubmatchIndex(s, -1) {
		out.WriteString(s[last:m[0]])
		out.Write(n.Regexp.ExpandString(nil, n.Replacement, s, m))
		last = m[1]
	}
	return out.String() + s[last:]
}
