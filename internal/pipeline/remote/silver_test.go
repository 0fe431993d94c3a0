package remote

import (
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/project"
	"github.com/lakectl/lakectl/internal/silver"
)

// Spark writes one file for each partition: beside those of buckets, its rows
// would be in the table twice.
func TestTablesInBucketsAreRefused(t *testing.T) {
	e := &Engine{} // which asks nobody
	_, err := e.Silver(t.Context(), nil, silver.Request{Table: &project.Silver{Name: "orders", Buckets: 2}}, silver.Options{})
	if diag.ClassOf(err) != diag.Usage || !strings.Contains(err.Error(), "silver.orders has buckets") {
		t.Errorf("%v, want a refusal", err)
	}
}
