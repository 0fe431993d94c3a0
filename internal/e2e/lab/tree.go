package lab

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/storage"
)

// Dependent returns the columns that depend on the run and not on the data.
func Dependent() []string {
	return []string{"ingestion_timestamp", "ingestion_date", "processed_timestamp", "aggregation_timestamp", "run_id"}
}

// Contents returns the rows of all tables as lines, without the columns that
// depend on the run, by table; tables in skip are left out.
func (l *Lab) Contents(skip ...string) map[string][]string {
	l.T.Helper()
	state, err := l.Open().State(context.Background())
	if err != nil {
		l.T.Fatal(err)
	}
	out := map[string][]string{}
	for _, ref := range state.TableRefs() {
		if !slices.Contains(skip, ref.String()) {
			out[ref.String()] = Lines(Without(l.Rows(ref.String()), Dependent()...))
		}
	}
	return out
}

// SameContents compares the tables of two lakes.
func SameContents(t testing.TB, got, want map[string][]string) {
	t.Helper()
	for name, lines := range want {
		SameLines(t, name, got[name], lines)
	}
	for name, lines := range got {
		if _, ok := want[name]; !ok && len(lines) > 0 {
			t.Errorf("there is a table %s", name)
		}
	}
}

var timing = regexp.MustCompile(`"seconds": [0-9.e+-]+`)

// Tree returns the content of all objects of the lake by name, but for those
// whose names begin with one of the prefixes. The lease is never in it, and the
// records of runs have no timings.
func (l *Lab) Tree(less ...string) map[string]string {
	l.T.Helper()
	less = append(less, "_lakectl/lock.json", "_lakectl/clock")
	tree := map[string]string{}
	bucket := l.Open().Bucket()
	for info, err := range bucket.List(context.Background(), "") {
		if err != nil {
			l.T.Fatal(err)
		}
		if slices.ContainsFunc(less, func(prefix string) bool { return strings.HasPrefix(info.Name, prefix) }) {
			continue
		}
		data, _, err := storage.ReadAll(context.Background(), bucket, info.Name)
		if err != nil {
			l.T.Fatal(err)
		}
		if strings.HasPrefix(info.Name, "_lakectl/runs/") {
			data = timing.ReplaceAll(data, []byte(`"seconds": 0`))
		}
		tree[info.Name] = string(data)
	}
	return tree
}

// SameTree compares two lakes object by object.
func SameTree(t testing.TB, got, want map[string]string) {
	t.Helper()
	differ := 0
	report := func(format string, args ...any) {
		if differ++; differ <= 5 {
			t.Errorf(format, args...)
		}
	}
	for name, data := range want {
		switch other, ok := got[name]; {
		case !ok:
			report("%s is missing", name)
		case other != data:
			report("%s has other content (%d bytes, want %d)", name, len(other), len(data))
			if strings.HasSuffix(name, ".json") && differ == 1 {
				t.Errorf("got\n%s\nwant\n%s", other, data)
			}
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			report("%s is there", name)
		}
	}
}

// CheckLedger fails the test if records of a dataset are not accounted for, or
// if the ledger says other than the tables hold.
func (l *Lab) CheckLedger() {
	l.T.Helper()
	state, err := l.Open().State(context.Background())
	if err != nil {
		l.T.Fatal(err)
	}
	for name, d := range state.Datasets {
		silver, quarantined := l.byFile("silver."+name), l.byFile("quarantine."+name)
		for _, f := range d.Files() {
			if f.Ledger.Sum() != f.Records {
				l.T.Errorf("ledger of %s: %+v is not %d records", f.SourceFile, f.Ledger, f.Records)
			}
			if f.Ledger.Silver != silver[f.SourceFile] || f.Ledger.Quarantined != quarantined[f.SourceFile] {
				l.T.Errorf("ledger of %s: %+v; the tables have %d and %d rows", f.SourceFile, f.Ledger, silver[f.SourceFile], quarantined[f.SourceFile])
			}
		}
	}
}

func (l *Lab) byFile(table string) map[string]int64 {
	n := map[string]int64{}
	for _, r := range l.Rows(table) {
		n[r["source_file"]]++
	}
	return n
}

// FileLedger returns where the records of each file of a dataset are.
func (l *Lab) FileLedger(dataset string) map[string]lake.Totals {
	l.T.Helper()
	state, err := l.Open().State(context.Background())
	if err != nil {
		l.T.Fatal(err)
	}
	out := map[string]lake.Totals{}
	if d := state.Datasets[dataset]; d != nil {
		for _, f := range d.Files() {
			out[f.SourceFile] = f.Ledger
		}
	}
	return out
}
