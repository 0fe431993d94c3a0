//go:build e2e

package cli

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/aws/session"
)

// The part of QUICKSTART.md that is about AWS, with a moto server for AWS and an
// account of Snowflake that reads the lake there.
func TestQuickstartOnAWS(t *testing.T) {
	endpoint := os.Getenv("E2E_AWS_ENDPOINT")
	if endpoint == "" {
		t.Fatal("E2E_AWS_ENDPOINT does not say where the server is; `make e2e-aws` starts one")
	}
	// Crawlers of moto run for ever unless it is told how long they take.
	answer, err := http.Post(endpoint+"/moto-api/state-manager/set-transition", "application/json",
		strings.NewReader(`{"model_name": "glue::crawl", "transition": {"progression": "time", "seconds": 2}}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	store, err := session.Open(t.Context(), session.Options{Agent: "lakectl-test"})
	if err != nil {
		t.Fatal(err)
	}
	_, snowflake := startSnowflake(t, store, "s3://lakehouse-dev-123456789012")
	t.Setenv("LAKEHOUSE_SNOWFLAKE_URL", snowflake.URL)
	t.Setenv("LAKEHOUSE_SNOWFLAKE_TOKEN", "a-token-of-the-test")
	follow(t, slices.DeleteFunc(blocks(t, "QUICKSTART.md"), func(b block) bool { return !strings.HasSuffix(b.language, " aws") }))
}
