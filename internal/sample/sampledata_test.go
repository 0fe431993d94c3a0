package sample

import (
	"flag"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/sampledata"
)

var update = flag.Bool("update", false, "write the files of sampledata/ and testdata/ anew")

func TestSampledata(t *testing.T) {
	if *update {
		o := Sample()
		o.Dir, o.Overwrite = "../../sampledata", true
		if _, err := Generate(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		t.Log("sampledata/ is written anew; run the test again without -update")
		return
	}
	files, summary := generate(t, Sample())
	for name, made := range files {
		kept, err := fs.ReadFile(sampledata.Project(), name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text(t, name, kept), text(t, name, made.Bytes())); diff != "" {
			t.Errorf("sampledata/%s is not what `lakectl generate --sample` makes; run `go test ./internal/sample -update`\n%s", name, diff)
		}
	}
	kept, err := fs.Glob(sampledata.Project(), "*.csv*")
	if err != nil || len(kept) != len(files) {
		t.Errorf("sampledata/ holds %v, %v; want %d files", kept, err, len(files))
	}
	checkSample(t, summary)
}

// checkSample sees that all classes of defects are there, and few enough for
// the limit of the sample project.
func checkSample(t *testing.T, summary Summary) {
	t.Helper()
	for d := none + 1; d < defectCount; d++ {
		if n := summary.Customers.Defects[defectNames[d]] + summary.Transactions.Defects[defectNames[d]]; n < 2 {
			t.Errorf("%d records with defect %s, want at least 2", n, defectNames[d])
		}
	}
	for _, c := range []Counts{summary.Customers, summary.Transactions} {
		if c.Quarantined*20 >= c.Records {
			t.Errorf("%d of %d records go to quarantine, which is not below 5%%", c.Quarantined, c.Records)
		}
	}
}
