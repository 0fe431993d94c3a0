//go:build cgo

package querytest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
)

var update = flag.Bool("update", false, "write the files of expected rows")

// lines prints an answer: the columns, and a line for each row.
func lines(columns []string, rows [][]string) string {
	var b strings.Builder
	b.WriteString(strings.Join(columns, "|") + "\n")
	for _, row := range rows {
		b.WriteString(strings.Join(row, "|") + "\n")
	}
	return b.String()
}

// checkGolden compares all named queries on a lake with the files of a folder.
func checkGolden(l *lab.Lab, folder string) {
	l.T.Helper()
	e := engineOn(l)
	for _, q := range named(l.T) {
		columns, rows := askQuery(l.T, e, q, nil)
		got, path := lines(columns, rows), filepath.Join("testdata", folder, q.Name+".txt")
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				l.T.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				l.T.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			l.T.Fatal(err)
		}
		lab.SameLines(l.T, folder+": "+q.Name, strings.Split(got, "\n"), strings.Split(string(want), "\n"))
	}
}

func TestNamedOnSample(t *testing.T) { checkGolden(sampleLake(t), "sample") }

const oneCustomer = "C1,Ann,Lee,ann@example.com,1,2026-01-05 00:00:00,150\n"

func TestNamedOnOneRow(t *testing.T) {
	checkGolden(lakeOf(t, oneCustomer, "T1,C1,P1,2026-08-05 10:00:00,2.50,3,completed\n"), "one")
}

// Weeks of which one is missing, half ones at both edges, nulls, and days on
// which much is equal.
func TestNamedOnGaps(t *testing.T) {
	checkGolden(lakeOf(t, oneCustomer+"C2,,,,,,\n", `T1,C1,P1,2026-08-01 10:00:00,2.50,3,completed
T2,C1,,2026-08-03 10:00:00,10.00,1,completed
T3,C2,P1,2026-08-10 10:00:00,15.05,1,completed
T4,C2,P1,2026-08-16 10:00:00,0.00,1,
T5,C9,P1,2026-08-24 10:00:00,20.00,1,completed
T6,C1,P1,2026-08-31 10:00:00,0.00,1,completed
T7,C1,P1,2026-09-07 10:00:00,5.00,1,completed
T8,C1,P1,2026-09-16 10:00:00,7.00,1,completed
`), "gaps")
}

// Where there is nothing, there are no rows, but the columns are the same; the
// files are listed only where they have records.
func TestNamedOnEmptyLake(t *testing.T) {
	empty, sample := engineOn(lakeOf(t, "", "")), engineOn(sampleLake(t))
	for _, q := range named(t) {
		columns, rows := askQuery(t, empty, q, nil)
		want, some := askQuery(t, sample, q, nil)
		if len(rows) > 0 || len(some) == 0 || strings.Join(columns, "|") != strings.Join(want, "|") {
			t.Errorf("%s: %d rows, %v, want %v; the sample has %d rows", q.Name, len(rows), columns, want, len(some))
		}
	}
}
