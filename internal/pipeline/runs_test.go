package pipeline

import (
	"testing"

	"github.com/lakectl/lakectl/internal/storage"
	"github.com/lakectl/lakectl/internal/storage/mem"
)

// The status of a lake does not hang on files that a file manager leaves.
func TestRunsPassesOverWhatIsNone(t *testing.T) {
	b := mem.New(mem.Options{})
	for name, data := range map[string]string{".DS_Store": "x", "20261123.json": `{"run": "a"}`, "20261124.json": "{", "20261125.json": `{"run": "b"}`, "20261125.json~": "{}"} {
		if _, err := storage.WriteAll(t.Context(), b, runsDir+name, []byte(data), storage.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	runs, err := Runs(t.Context(), b, 5)
	if err != nil || len(runs) != 2 || runs[0].Run != "b" || runs[1].Run != "a" {
		t.Errorf("%v, %v", runs, err)
	}
}
