package pipeline

import (
	"context"

	"github.com/lakectl/lakectl/internal/bronze"
	"github.com/lakectl/lakectl/internal/gold"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/silver"
)

// Engine reads, judges and writes the rows of a run. All else of a run is the
// same with every engine: what is to be done, what checks of whole tables say,
// gates, ledger and commits. Its methods are called one at a time.
type Engine interface {
	// Ingest takes files in, as bronze.Ingest.
	Ingest(ctx context.Context, tx *lake.Tx, req bronze.Request, o bronze.Options) (*bronze.Result, error)
	// Silver brings a silver table up to date, as silver.Build. Sets of the request
	// are not set: References says which files have the values.
	Silver(ctx context.Context, tx *lake.Tx, req silver.Request, o silver.Options) (*silver.Result, error)
	// Gold builds gold tables, as gold.Build.
	Gold(ctx context.Context, tx *lake.Tx, req gold.Request, o gold.Options) ([]gold.Result, error)
	// Scanner reads rows of tables, as the transaction has them, for their checks;
	// nil: they are read by this process.
	Scanner(tx *lake.Tx) quality.Scanner
}

// local is the engine of this process.
type local struct{}

func (local) Ingest(ctx context.Context, _ *lake.Tx, req bronze.Request, o bronze.Options) (*bronze.Result, error) {
	return bronze.Ingest(ctx, req, o)
}

func (local) Silver(ctx context.Context, tx *lake.Tx, req silver.Request, o silver.Options) (*silver.Result, error) {
	req.Sets = make([]*quality.Set, len(req.Table.Checks))
	for i, check := range req.Table.Checks {
		if check.References == nil {
			continue
		}
		var err error
		if req.Sets[i], err = silver.Values(ctx, tx, check.References.Table, check.References.Column, req.References[i]); err != nil {
			return nil, err
		}
	}
	return silver.Build(ctx, req, o)
}

func (local) Gold(ctx context.Context, _ *lake.Tx, req gold.Request, o gold.Options) ([]gold.Result, error) {
	return gold.Build(ctx, req, o)
}

func (local) Scanner(*lake.Tx) quality.Scanner { return nil }
