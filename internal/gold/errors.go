package gold

import (
	"fmt"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/expr"
)

// dataError says that the data does not allow a table to be built. It is of
// class Gate: trying again does not help.
func dataError(format string, args ...any) error {
	return diag.Errorf(diag.Gate, format, args...).WithNext("correct the data or the expression; nothing of gold was published")
}

// rowError says that an expression has no value for a row.
func rowError(name string, e expr.RowError) error {
	return dataError("%s: %s", name, failure(e))
}

func failure(e expr.RowError) string {
	what := "there is no result"
	switch e.Kind {
	case expr.ErrType, expr.ErrCast:
		what = "a value cannot be converted"
	case expr.ErrOverflow:
		what = "a result does not fit its type"
	case expr.ErrDivZero:
		what = "a division by zero"
	case expr.ErrArgument:
		what = "an argument outside of the function's domain"
	}
	if e.Value == "" {
		return what
	}
	return fmt.Sprintf("%s: %s", what, e.Value)
}
