package cli

import (
	"context"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/quarantine"
	"github.com/lakectl/lakectl/internal/query"
	querysnowflake "github.com/lakectl/lakectl/internal/query/snowflake"
	"github.com/lakectl/lakectl/internal/snowflake"
	"github.com/lakectl/lakectl/queries"
)

// snowflake opens the engine in Snowflake.
func (w *workspace) snowflake(ctx context.Context, opts *QueryOptions) (query.Engine, error) {
	if opts.MaxScan > 0 {
		return nil, diag.Errorf(diag.Usage, "Snowflake does not say how much a query will read").
			WithNext("leave --max-scan out, and bound the warehouse with a resource monitor")
	}
	engine, err := querysnowflake.Open(ctx, snowflake.FromConfig(w.Config, opts.App.Getenv))
	if err != nil {
		return nil, err
	}
	for _, note := range engine.Notes() {
		opts.App.warn(note)
	}
	return engine, nil
}

// inSnowflake refuses a query of tables that Snowflake does not have.
func inSnowflake(q queries.Query) error {
	for _, name := range q.Mentions() {
		if strings.HasPrefix(name, lake.Bronze+".") || strings.HasPrefix(name, lake.Quarantine+".") || strings.HasSuffix(name, quarantine.Suffix) {
			return diag.Errorf(diag.Usage, "Snowflake has the tables of silver and gold, and no %s", name).
				WithNext("ask --engine duckdb or athena")
		}
	}
	return nil
}
