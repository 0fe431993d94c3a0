package expr

import (
	"regexp"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
)

// Op is what a Node does with its arguments.
type Op uint8

// The operations. The binder inserts a Cast wherever an operand's type must
// change first, so that an evaluator or a printer sees exactly the operand
// types that each comment states.
const (
	OpInvalid Op = iota
	OpColumn     // Slot: the input column
	OpLiteral    // Value; nil is null
	OpParse      // (string): raw text typed by SEMANTICS section 2, per Parse; failure is a row error of kind ErrType
	OpCast       // (x): to Type; failure is a row error of kind ErrCast
	OpTryCast    // (x): to Type; failure is null

	// Arithmetic. Integer, bigint and double: both operands have the result's
	// type. Decimal: both operands are decimals of any precision and scale (whole
	// numbers are cast to decimal before), Type is the result's by the rules of
	// SEMANTICS section 5. Overflow and division by zero are row errors.
	OpAdd
	OpSub
	OpMul
	OpDiv // never of integers: those are cast to decimal first
	OpMod
	OpNeg // (x): operand and result have one type

	// Comparison: both operands have one type, but decimals may differ in
	// precision and scale. Result boolean, null if any operand is null.
	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpIn // (x, a, b, ...): SQL's three-valued IN; `not in` is OpNot of it

	OpAnd // two or more booleans, three-valued
	OpOr  // two or more booleans, three-valued
	OpNot
	OpIsNull // never null; `is not null` is OpNot of it

	OpLike // (s, pattern string); Escape is the escape character or 0
	OpCase // (when1, then1, when2, then2, ..., else): else always present, all results of Type; only the branch taken may fail

	// Functions on text. Lengths and positions count code points.
	OpLower
	OpUpper
	OpTrim // U+0020 only
	OpLTrim
	OpRTrim
	OpLength // integer
	OpSubstr // (s, from bigint[, len bigint])
	OpReplace
	OpConcat        // null if any is null; also ||
	OpConcatWS      // (separator, ...): skips nulls, keeps ''
	OpSplitPart     // (s, delimiter, n bigint): n < 1 or empty delimiter is a row error
	OpRegexpLike    // (s): Regexp
	OpRegexpReplace // (s): Regexp, Replacement
	OpRegexpExtract // (s): Regexp, Group
	OpSHA256

	// Functions on numbers.
	OpAbs
	OpRound // (x): to Digits decimal places (may be negative), half away from zero
	OpFloor // decimal(p,s) gives decimal(p-s+1,0); integers themselves; double gives double
	OpCeil

	OpGreatest // two or more of one type; skips nulls
	OpLeast
	OpCoalesce // one or more of one type; later operands are not taken, and cannot fail, where an earlier one is not null
	OpNullIf   // (a, b)

	// Functions on dates; operands are date or timestamp.
	OpDateTrunc // (x): Unit; keeps the type
	OpDateAdd   // (n bigint, x): Unit; keeps the type; month ends clamp
	OpDateDiff  // (a, b): Unit; bigint, of the truncated units, b - a
	OpYear      // integer, as are the next four
	OpQuarter
	OpMonth
	OpDay
	OpDayOfWeek // 1 = Monday ... 7 = Sunday
)

// Unit is a unit of time in date functions.
type Unit uint8

// The units. Units below Day apply to timestamps only.
const (
	Microsecond Unit = iota + 1
	Millisecond
	Second
	Minute
	Hour
	Day
	Week // starts on Monday
	Month
	Quarter
	Year
)

// Node is one operation of a bound, type-checked expression. Trees are made by
// the binder and never changed afterwards, so they may be shared by goroutines.
type Node struct {
	Op   Op
	Type schema.Type
	Args []*Node
	Pos  diag.Pos // where it stands in lakehouse.yaml

	// Nullable says whether the value may be null; a row error is none.
	Nullable bool

	// Ident is the OpColumn's name for printers: one identifier, or qualifier and
	// name, each to be quoted. Names may hold points, so Name alone cannot say it.
	Ident []string

	Slot int    // OpColumn: index into the columns given to Eval
	Name string // OpColumn: the name that printers use, such as "amount" or "transactions.amount"; for them it is one or two identifiers to quote

	// Value is the OpLiteral's value: nil (null), string, bool, int64 (integer and
	// bigint), float64, decimal128.Num (at Type's scale), int32 (date, days),
	// arrow.Timestamp is never used: timestamps are int64 microseconds.
	Value any

	Parse       *Parse         // OpParse
	Unit        Unit           // OpDateTrunc, OpDateAdd, OpDateDiff
	Regexp      *regexp.Regexp // OpRegexp*: compiled, checked for the common part of RE2 and Java
	Replacement string         // OpRegexpReplace: `$1` style, checked; always as ${1}, and $$ for a dollar, so that regexp.Expand reads it
	Group       int            // OpRegexpExtract
	Digits      int            // OpRound
	Escape      rune           // OpLike
}

// Parse says how raw text becomes a value (SEMANTICS section 2).
type Parse struct {
	Formats  []string       // other layouts for dates and timestamps, tried in order, as written in lakehouse.yaml; empty: the standard ones
	Location *time.Location // for timestamps without an offset; nil is UTC
	AllowNaN bool           // NaN, Inf, -Inf as doubles
}
