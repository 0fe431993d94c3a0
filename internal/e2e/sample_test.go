package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/quality"
	"github.com/lakectl/lakectl/internal/sample/samplemodel"
	"github.com/lakectl/lakectl/sampledata"
)

// sampleLake is what the model makes of the raw files in a lab.
func sampleLake(l *lab.Lab) *samplemodel.Lake {
	files, err := samplemodel.Load(os.DirFS(l.Dir))
	if err != nil {
		l.T.Fatal(err)
	}
	return samplemodel.Build(files)
}

func modelLines(t samplemodel.Table) []string {
	var rows []lab.Row
	for _, r := range t.Rows {
		rows = append(rows, lab.Row(r))
	}
	return lab.Lines(rows)
}

// checkSample compares a lake that the sample project made in one run with the model.
func checkSample(l *lab.Lab) {
	l.T.Helper()
	checkSampleRows(l)
	lab.SameLines(l.T, "gold.latest_snapshot", lab.Lines(lab.Without(l.Rows("gold.latest_snapshot"), lab.Dependent()...)),
		modelLines(sampleLake(l).Transactions.Silver))
}

// checkSampleRows does that for the tables that do not depend on which files
// came in one run.
func checkSampleRows(l *lab.Lab) {
	l.T.Helper()
	want := sampleLake(l)
	for name, d := range map[string]*samplemodel.Dataset{"customers": want.Customers, "transactions": want.Transactions} {
		lab.SameLines(l.T, "silver."+name, lab.Lines(lab.Without(l.Rows("silver."+name), lab.Dependent()...)), modelLines(d.Silver))
		lab.SameLines(l.T, "quarantine."+name, quarantineLines(l, name), rejectedLines(d.Quarantine))
	}
	for name, t := range want.Gold {
		lab.SameLines(l.T, "gold."+name, lab.Lines(lab.Without(l.Rows("gold."+name), lab.Dependent()...)), modelLines(t))
	}
}

func quarantineLines(l *lab.Lab, dataset string) []string {
	var out []string
	for _, r := range l.Rows("quarantine." + dataset) {
		reasons, err := quality.ParseReasons(r["reasons"])
		if err != nil {
			l.T.Fatal(err)
		}
		var names []string
		for _, reason := range reasons {
			names = append(names, reason.Check)
		}
		slices.Sort(names)
		out = append(out, fmt.Sprint(r["source_file"], " ", r["source_row"], " ", names))
	}
	slices.Sort(out)
	return out
}

func rejectedLines(rejected []samplemodel.Rejected) []string {
	var out []string
	for _, r := range rejected {
		out = append(out, fmt.Sprint(r.File, " ", r.Row, " ", r.Reasons))
	}
	slices.Sort(out)
	return out
}

func TestSampleProjectIsWhatTheModelSays(t *testing.T) {
	l := lab.New(t)
	l.CopyFS(sampledata.Project())
	result := l.MustRun()
	checkSample(l)
	want := sampleLake(l)
	for _, line := range result.Ledger {
		var read, silver, quarantined, superseded int64
		for name, f := range map[bool]map[string]*samplemodel.Ledger{true: want.Customers.Files, false: want.Transactions.Files}[line.Dataset == "customers"] {
			if strings.HasPrefix(name, line.Dataset) {
				read, silver, quarantined, superseded = read+f.Records, silver+f.Silver, quarantined+f.Quarantined, superseded+f.Superseded
			}
		}
		if line.Read != read || line.Silver != silver || line.Quarantined != quarantined || line.Superseded != superseded || line.Duplicate != 0 || line.Waiting != 0 {
			t.Errorf("ledger of %s: %+v, want %d = %d + %d + %d", line.Dataset, line, read, silver, quarantined, superseded)
		}
	}
	if again := l.MustRun(); again.Outcome != "nothing to do" || len(again.Commits) != 0 {
		t.Errorf("a second run: %s, commits %v", again.Outcome, again.Commits)
	}
}
