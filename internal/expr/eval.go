package expr

// ErrKind says why a row has no value.
type ErrKind uint8

// The kinds of row errors. Their names are what quarantine reasons show.
const (
	ErrType     ErrKind = iota + 1 // raw text is not a value of the column's type
	ErrCast                        // a cast failed, text or value out of range
	ErrOverflow                    // the result does not fit its type
	ErrDivZero                     // division or remainder by zero
	ErrArgument                    // an argument outside a function's domain
)

// RowError is one row for which an expression has no value.
type RowError struct {
	Row   int // in the batch
	Kind  ErrKind
	Value string // the offending value as text, cut to 200 bytes
}

// RowErrors are the failing rows of one evaluation, by ascending row, at most
// one for each row. The result's value of such a row is null.
type RowErrors []RowError
