package cli

import (
	"net/http/httptest"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lakectl/lakectl/internal/aws/catalog/catalogtest"
)

// glueKey is where a script keeps its Glue.
const glueKey = "catalogtest"

// glueCatalog starts a Glue data catalog, changes it as somebody else would, or makes
// an operation fail.
func glueCatalog(ts *testscript.TestScript, _ bool, args []string) {
	g := ts.Value(glueKey).(*catalogtest.Glue)
	switch {
	case len(args) == 1 && args[0] == "start":
		server := httptest.NewServer(g)
		ts.Defer(server.Close)
		ts.Setenv("AWS_ENDPOINT_URL_GLUE", server.URL)
		ts.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
	case len(args) == 3 && args[0] == "drop":
		g.Drop(args[1], args[2])
	case len(args) == 2 && args[0] == "deny":
		g.Deny(args[1])
	default:
		ts.Fatalf("usage: glue start | drop DATABASE TABLE | deny OPERATION")
	}
}
