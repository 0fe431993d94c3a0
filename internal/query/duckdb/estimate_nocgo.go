//go:build !cgo

package duckdb

import (
	"context"

	"github.com/lakectl/lakectl/internal/query"
)

// Estimate returns how many bytes the files have of the tables that a statement
// mentions: without DuckDB it is not known which of them it needs.
func Estimate(ctx context.Context, o Options, st query.Statement) (int64, error) {
	state, err := o.Lake.State(ctx)
	if err != nil {
		return 0, err
	}
	read, _ := mentioned(state, st.Query.SQL)
	total := int64(0)
	for _, ref := range read {
		_, _, bytes := state.Tables[ref].Size()
		total += bytes
	}
	return total, nil
}
