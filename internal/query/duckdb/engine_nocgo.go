//go:build !cgo

package duckdb

import (
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query"
)

// New returns an error: DuckDB is linked into builds with cgo alone.
func New(Options) (query.Engine, error) {
	return nil, diag.Errorf(diag.Usage, "this lakectl was built without cgo, and so without DuckDB").
		WithNext("take a build with cgo (CGO_ENABLED=1 and a C compiler), or another engine: --engine athena")
}
