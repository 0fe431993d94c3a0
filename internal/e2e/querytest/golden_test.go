package querytest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/query"
)

var update = flag.Bool("update", false, "write the golden files")

// Every question that has a name is answered on the sample lake as it was before,
// types and order included.
func TestGolden(t *testing.T) {
	l := sampleLake(t)
	list := named(t)
	if len(list) != 8 {
		t.Errorf("%d queries", len(list))
	}
	for _, q := range list {
		answer, err := tryAsk(l, q)
		if err != nil {
			t.Errorf("%s: %v", q.Name, err)
			continue
		}
		path := filepath.Join("testdata", q.Name+".golden")
		got := printed(answer)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is not as %s has it (if it should not be: go test ./internal/e2e/querytest -update):\n%s", q.Name, path, got)
		}
	}
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) != len(list) {
		t.Errorf("%d golden files, %v", len(files), err)
	}
}

func printed(answer *query.Rows) string {
	var b strings.Builder
	for i, c := range answer.Columns {
		if i > 0 {
			b.WriteString(" | ")
		}
		b.WriteString(c.Name + " " + c.Type.String())
	}
	for _, line := range answer.Lines {
		b.WriteString("\n" + strings.ReplaceAll(strings.Join(line, " | "), query.Null, "null"))
	}
	return b.String() + "\n"
}
