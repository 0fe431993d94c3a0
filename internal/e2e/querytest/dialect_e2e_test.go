//go:build e2e

package querytest

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/queries"
)

// parseSQL reads one statement of a dialect, to its last word, and prints its
// kind.
const parseSQL = `
import sys, sqlglot
print(type(sqlglot.parse_one(sys.stdin.read(), read=sys.argv[1], error_level=sqlglot.ErrorLevel.RAISE)).__name__)
`

// Each named query is a select of the dialect of the engine that it is for.
func TestNamedParse(t *testing.T) {
	python := os.Getenv("E2E_PYTHON")
	if python == "" {
		t.Fatal("E2E_PYTHON does not name a Python with sqlglot; run `make e2e`")
	}
	for folder, dialects := range map[string][]string{"athena": {"athena", "trino"}, "snowflake": {"snowflake"}} {
		list, problems, err := queries.Load(queries.Files(), folder)
		if err != nil || len(problems) > 0 || len(list) == 0 {
			t.Fatal(folder, len(list), problems, err)
		}
		for _, q := range list {
			text := q.Text(func(layer string) string { return layer }, func(string) string { return "?" })
			for _, dialect := range dialects {
				cmd := exec.Command(python, "-c", parseSQL, dialect)
				cmd.Stdin = strings.NewReader(text)
				if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "Select" {
					t.Errorf("%s as %s: %v\n%s", q.File, dialect, err, out)
				}
			}
		}
	}
}
