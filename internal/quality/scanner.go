package quality

import (
	"context"

	"github.com/lakectl/lakectl/internal/expr"
)

// Scanner reads the rows of tables elsewhere than in this process. What it cannot
// tell is found out by reading them here.
type Scanner interface {
	// Unique says whether no two rows have the same values in some columns, and how
	// many rows have no null there: others do not count. False may also mean that it
	// cannot tell.
	Unique(ctx context.Context, t Table, columns []int) (unique bool, complete int64, err error)
	// Sum returns the exact sum of a column, which is not of doubles, as a text with
	// the digits of the column's scale. It takes the rows for which where, a
	// condition over t.Schema, is true, and all if that is nil. The text is empty if
	// it cannot tell: if there is no such value, or where has none for a row.
	Sum(ctx context.Context, t Table, column int, where *expr.Program) (string, error)
}

// uniqueElsewhere asks the scanner, if there is one.
func (c *tableChecker) uniqueElsewhere(ctx context.Context, columns []int) (unique bool, complete int64, err error) {
	if c.o.Scanner == nil || c.rows == 0 {
		return false, 0, nil
	}
	return c.o.Scanner.Unique(ctx, c.table, columns)
}

// totalElsewhere asks the scanner, if there is one; known is false if it does not
// say. Sums of doubles are exact only here.
func (c *tableChecker) totalElsewhere(ctx context.Context, q sumQuery) (total amount, known bool, err error) {
	if c.o.Scanner == nil || !q.typed().Type.Exact() || q.table.Rows() == 0 {
		return amount{}, false, nil
	}
	text, err := c.o.Scanner.Sum(ctx, q.table, q.column, q.where)
	if err != nil || text == "" {
		return amount{}, false, err
	}
	return exactAmount(text), true, nil
}
