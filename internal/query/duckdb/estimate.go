//go:build cgo

package duckdb

import (
	"context"
	"os"

	"github.com/lakectl/lakectl/internal/query"
)

// Estimate returns how many bytes the files have that a statement needs, without
// reading them.
func Estimate(ctx context.Context, o Options, st query.Statement) (int64, error) {
	state, err := o.Lake.State(ctx)
	if err != nil {
		return 0, err
	}
	sql, values := text(st)
	r := &result{ctx: ctx, engine: &Engine{o: o}, state: state}
	defer r.Close()
	if r.temp, err = os.MkdirTemp(o.Temp, tempPrefix); err != nil {
		return 0, noRoom(err)
	}
	if r.relations, err = r.tables(sql); err != nil {
		return 0, err
	}
	// SQL of Trino that DuckDB does not understand needs all files, as far as is
	// known here.
	if err := r.prune(ctx, sql, values); err != nil && ctx.Err() != nil {
		return 0, err
	}
	total := int64(0)
	for _, rel := range r.relations {
		total += rel.bytes()
	}
	return total, nil
}
