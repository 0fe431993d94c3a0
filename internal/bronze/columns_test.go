package bronze

import "testing"

// Names whose lower case differs may still be one name when case is ignored:
// then the second column's values must not take the place of the first's.
func TestColumnsOfOneNameFailTheirFile(t *testing.T) {
	for _, header := range []string{"s,ſ", "K,\u212a", "σ,ς", "a,A"} {
		w := newWorld(t)
		w.files["1.csv"] = []byte(header + "\n1,2\n")
		result, err := w.ingest(t.Context(), settings{2, 10, 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Failed) != 1 || len(result.Inputs) != 0 {
			t.Errorf("%s: %d files failed, %d were taken in; the columns are %q", header, len(result.Failed), len(result.Inputs), result.Columns)
		}
	}
}
