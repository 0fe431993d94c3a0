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
	if e.Value == "" {
		return e.Kind.String()
	}
	return fmt.Sprintf("%s: %s", e.Kind, e.Value)
}
