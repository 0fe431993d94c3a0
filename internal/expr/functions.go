package expr

import (
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/schema"
)

// param is what a function takes in one place.
type param uint8

const (
	paramText   param = iota // a string
	paramWhole               // integer or bigint, widened to bigint
	paramNumber              // any number
	paramTime                // a date or a timestamp
	paramSame                // any type, that of the other paramSame

	// Literals, which become fields of the node and not arguments.
	paramUnit
	paramDigits
	paramRegexp
	paramReplacement
	paramGroup
)

// function is an entry of the table of functions.
type function struct {
	op        Op
	signature string // shown in messages
	params    []param
	optional  int  // how many of the last params may be left out
	variadic  bool // the last param may be repeated
	result    func(n *Node) schema.Type
}

// name returns the function's name, which its signature starts with.
func (f function) name() string {
	name, _, _ := strings.Cut(f.signature, "(")
	return name
}

func always(k schema.Kind) func(*Node) schema.Type {
	return func(*Node) schema.Type { return schema.T(k) }
}

func firstType(n *Node) schema.Type { return n.Args[0].Type }

func lastType(n *Node) schema.Type { return n.Args[len(n.Args)-1].Type }

// roundedType is the type of round: the number's own, except for decimals.
func roundedType(n *Node) schema.Type {
	if t := n.Args[0].Type; t.Kind != schema.Decimal {
		return t
	}
	return roundedDecimal(n.Args[0].Type, n.Digits)
}

// wholeOf is the type of floor and ceil: the number's own, but decimal(p,s)
// with decimal places becomes decimal(p-s+1,0).
func wholeOf(n *Node) schema.Type {
	t := n.Args[0].Type
	if t.Kind != schema.Decimal || t.Scale == 0 {
		return t
	}
	return schema.DecimalOf(int(t.Precision)-int(t.Scale)+1, 0)
}

//nolint:gochecknoglobals // never changed
var (
	givesText    = always(schema.String)
	givesBoolean = always(schema.Boolean)
	givesInteger = always(schema.Integer)
	givesBigint  = always(schema.Bigint)
	oneText      = []param{paramText}
	oneTime      = []param{paramTime}
	twoSame      = []param{paramSame, paramSame}
	oneNumber    = []param{paramNumber}
)

// functions is the table of functions other than aggregates and casts.
var functions = []function{
	{op: OpLower, signature: "lower(text)", params: oneText, result: givesText},
	{op: OpUpper, signature: "upper(text)", params: oneText, result: givesText},
	{op: OpTrim, signature: "trim(text)", params: oneText, result: givesText},
	{op: OpLTrim, signature: "ltrim(text)", params: oneText, result: givesText},
	{op: OpRTrim, signature: "rtrim(text)", params: oneText, result: givesText},
	{op: OpLength, signature: "length(text)", params: oneText, result: givesInteger},
	{op: OpSubstr, signature: "substr(text, from [, length])", params: []param{paramText, paramWhole, paramWhole}, optional: 1, result: givesText},
	{op: OpReplace, signature: "replace(text, search, replacement)", params: []param{paramText, paramText, paramText}, result: givesText},
	{op: OpConcat, signature: "concat(text, ...)", params: oneText, variadic: true, result: givesText},
	{op: OpConcatWS, signature: "concat_ws(separator, text, ...)", params: []param{paramText, paramText}, variadic: true, result: givesText},
	{op: OpSplitPart, signature: "split_part(text, delimiter, n)", params: []param{paramText, paramText, paramWhole}, result: givesText},
	{op: OpRegexpLike, signature: "regexp_like(text, 'pattern')", params: []param{paramText, paramRegexp}, result: givesBoolean},
	{op: OpRegexpReplace, signature: "regexp_replace(text, 'pattern', 'replacement')", params: []param{paramText, paramRegexp, paramReplacement}, result: givesText},
	{op: OpRegexpExtract, signature: "regexp_extract(text, 'pattern' [, group])", params: []param{paramText, paramRegexp, paramGroup}, optional: 1, result: givesText},
	{op: OpSHA256, signature: "sha256(text)", params: oneText, result: givesText},

	{op: OpAbs, signature: "abs(number)", params: oneNumber, result: firstType},
	{op: OpRound, signature: "round(number [, digits])", params: []param{paramNumber, paramDigits}, optional: 1, result: roundedType},
	{op: OpFloor, signature: "floor(number)", params: oneNumber, result: wholeOf},
	{op: OpCeil, signature: "ceil(number)", params: oneNumber, result: wholeOf},
	{op: OpGreatest, signature: "greatest(a, b, ...)", params: twoSame, variadic: true, result: firstType},
	{op: OpLeast, signature: "least(a, b, ...)", params: twoSame, variadic: true, result: firstType},
	{op: OpCoalesce, signature: "coalesce(a, ...)", params: []param{paramSame}, variadic: true, result: firstType},
	{op: OpNullIf, signature: "nullif(a, b)", params: twoSame, result: firstType},

	{op: OpDateTrunc, signature: "date_trunc('unit', date)", params: []param{paramUnit, paramTime}, result: firstType},
	{op: OpDateAdd, signature: "date_add('unit', n, date)", params: []param{paramUnit, paramWhole, paramTime}, result: lastType},
	{op: OpDateDiff, signature: "date_diff('unit', from, to)", params: []param{paramUnit, paramTime, paramTime}, result: givesBigint},
	{op: OpYear, signature: "year(date)", params: oneTime, result: givesInteger},
	{op: OpQuarter, signature: "quarter(date)", params: oneTime, result: givesInteger},
	{op: OpMonth, signature: "month(date)", params: oneTime, result: givesInteger},
	{op: OpDay, signature: "day(date)", params: oneTime, result: givesInteger},
	{op: OpDayOfWeek, signature: "day_of_week(date)", params: oneTime, result: givesInteger},
}

// aliases are names that other dialects use; messages name ours.
var aliases = map[string]string{
	"substring": "substr", "len": "length", "char_length": "length", "ucase": "upper", "lcase": "lower", "ifnull": "coalesce", "nvl": "coalesce",
	"ceiling": "ceil", "dayofweek": "day_of_week", "isodow": "day_of_week", "dateadd": "date_add", "datediff": "date_diff", "trunc": "date_trunc",
	"to_date": "cast", "to_timestamp": "cast", "regexp_matches": "regexp_like", "rlike": "regexp_like", "if": "case", "iff": "case",
	"md5": "sha256", "sha2": "sha256", "mean": "avg", "mod": "%",
}

func findFunction(name string) (function, bool) {
	i := slices.IndexFunc(functions, func(f function) bool { return f.name() == name })
	if i < 0 {
		return function{}, false
	}
	return functions[i], true
}

// callableNames lists all that can be called, for suggestions.
func callableNames() []string {
	names := []string{"cast", "try_cast", "count", "sum", "avg", "min", "max"}
	for _, f := range functions {
		names = append(names, f.name())
	}
	return names
}

var units = map[string]Unit{
	"microsecond": Microsecond, "millisecond": Millisecond, "second": Second, "minute": Minute, "hour": Hour,
	"day": Day, "week": Week, "month": Month, "quarter": Quarter, "year": Year,
}

// String returns the unit's name, which DuckDB and Spark share.
func (u Unit) String() string {
	for name, unit := range units {
		if unit == u {
			return name
		}
	}
	return "invalid"
}
