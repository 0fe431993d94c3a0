package sample

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/internal/sample/samplemodel"
	"github.com/lakectl/lakectl/sampledata"
)

// What Generate says it injected is what the model finds.
func TestSummaryAgreesWithModel(t *testing.T) {
	for seed := range uint64(6) {
		o := Options{Seed: seed, Transactions: 5000, Customers: 600, Files: 4, Days: 30, Defects: []float64{0.03, 0.08, 0.5}[seed%3],
			WellFormed: seed == 3, Shuffled: seed > 3}
		written, summary := generate(t, o)
		var files []samplemodel.File
		for name, data := range written {
			files = append(files, samplemodel.File{Name: name, Data: data.Bytes()})
		}
		lake := samplemodel.Build(files)
		checkCounts(t, "customers", summary.Customers, lake.Customers)
		checkCounts(t, "transactions", summary.Transactions, lake.Transactions)
	}
}

func checkCounts(t *testing.T, name string, c Counts, d *samplemodel.Dataset) {
	t.Helper()
	c.Defects = nil
	if diff := cmp.Diff(c, counted(d)); diff != "" {
		t.Errorf("%s: summary and model differ: %s", name, diff)
	}
}

// counted counts what the model made.
func counted(d *samplemodel.Dataset) Counts {
	c := Counts{Silver: int64(len(d.Silver.Rows)), Quarantined: int64(len(d.Quarantine))}
	for _, file := range d.Files {
		c.Records += file.Records
		c.Superseded += file.Superseded
	}
	for _, row := range d.Silver.Rows {
		if row["data_quality_flag"] == "WARNED" {
			c.Flagged++
		}
	}
	for _, q := range d.Quarantine {
		if slices.ContainsFunc(q.Reasons, func(r string) bool { return r[:5] == "read:" }) {
			c.Unreadable++
		}
	}
	return c
}

// expected is testdata/expected.json: what a run of the sample project makes.
type expected struct {
	Customers    expectedDataset              `json:"customers"`
	Transactions expectedDataset              `json:"transactions"`
	Gold         map[string][]samplemodel.Row `json:"gold"`
}

type expectedDataset struct {
	Counts
	Reasons    map[string]int                 `json:"reasons"` // records in quarantine by reason; a record may have several
	Issues     map[string]int                 `json:"issues"`  // silver rows by failed check
	Files      map[string]*samplemodel.Ledger `json:"files"`
	Quarantine []samplemodel.Rejected         `json:"quarantine"`
}

func expect(d *samplemodel.Dataset, made Counts) expectedDataset {
	e := expectedDataset{Counts: counted(d), Reasons: map[string]int{}, Issues: map[string]int{}, Files: d.Files, Quarantine: d.Quarantine}
	e.Defects = made.Defects
	for _, q := range d.Quarantine {
		for _, reason := range q.Reasons {
			e.Reasons[reason]++
		}
	}
	for _, row := range d.Silver.Rows {
		for issue := range bytes.SplitSeq([]byte(row["data_quality_issues"]), []byte(",")) {
			if len(issue) > 0 {
				e.Issues[string(issue)]++
			}
		}
	}
	return e
}

// The numbers of the sample project, for every test that runs it.
func TestExpected(t *testing.T) {
	files, err := samplemodel.Load(sampledata.Project())
	if err != nil {
		t.Fatal(err)
	}
	_, summary := generate(t, Sample())
	lake := samplemodel.Build(files)
	e := expected{Customers: expect(lake.Customers, summary.Customers), Transactions: expect(lake.Transactions, summary.Transactions),
		Gold: map[string][]samplemodel.Row{}}
	for name, table := range lake.Gold {
		e.Gold[name] = table.Rows
	}
	checkLimits(t, lake)
	got, err := json.MarshalIndent(e, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/expected.json"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(bytes.TrimSpace(want)), string(got)); diff != "" {
		t.Errorf("%s is not what the model says; if that is meant, run with -update\n%s", path, diff)
	}
}

// checkLimits sees that no file of the sample is over the limit of 5 %, and
// that versions of a row stand in different files, too.
func checkLimits(t *testing.T, lake *samplemodel.Lake) {
	t.Helper()
	for _, d := range []*samplemodel.Dataset{lake.Customers, lake.Transactions} {
		for name, l := range d.Files {
			if l.Quarantined*20 >= l.Records || l.Records != l.Silver+l.Quarantined+l.Superseded {
				t.Errorf("%s: %+v", name, *l)
			}
		}
	}
	if l := lake.Transactions.Files["transactions_01.csv"]; l.Superseded == 0 {
		t.Error("no row of the first file is superseded")
	}
}
