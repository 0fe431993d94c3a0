package e2e

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/pipeline"
)

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sourceRows(l *lab.Lab, table string) map[string]int {
	n := map[string]int{}
	for _, r := range l.Rows(table) {
		n[r["source_file"]]++
	}
	return n
}

// TestBrokenFilesFailAloneAndAreTakenWhenMended has a good file and a bad one
// come, then the bad one mended.
func TestBrokenFilesFailAloneAndAreTakenWhenMended(t *testing.T) {
	many := sales(100, 5000, 0)
	for _, test := range []struct {
		name, file, broken, mended string
		says                       string
		rows                       int
	}{
		{"truncated gzip", "sales_2.csv.gz", zipped(t, many)[:len(zipped(t, many))/2], zipped(t, many), "unexpected end", 5000},
		{"gzip of other bytes", "sales_2.csv.gz", sales(100, 9, 0), zipped(t, sales(100, 9, 0)), "sales_2.csv.gz", 9},
		{"gzip with a wrong sum", "sales_2.csv.gz", flipped(zipped(t, many), 6), zipped(t, many), "sales_2.csv.gz", 5000},
		{"empty file", "sales_2.csv", "", sales(100, 3, 0), "empty", 3},
		{"empty gzip", "sales_2.csv.gz", zipped(t, ""), zipped(t, sales(100, 3, 0)), "empty", 3},
		{"duplicate header", "sales_2.csv", "id,shop,amount,shop\n1,s,1,s\n", sales(100, 3, 0), "shop", 3},
		{"duplicate header but for case", "sales_2.csv", "id,shop,amount,SHOP\n1,s,1,s\n", sales(100, 3, 0), "SHOP", 3},
		{"empty name in the header", "sales_2.csv", "id,shop,amount,\n1,s,1,s\n", sales(100, 3, 0), "no name", 3},
		{"a name of ours", "sales_2.csv", "id,shop,amount,source_file\n1,s,1,s\n", sales(100, 3, 0), "source_file", 3},
		{"required column missing", "sales_2.csv", "id,shop\n1,s\n", sales(100, 3, 0), "amount", 3},
		{"key missing", "sales_2.csv", "shop,amount\ns,1\n", sales(100, 3, 0), "id", 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := salesLab(t, "", "")
			l.Segment = 4 << 10
			l.Write("sales_1.csv", sales(0, 10, 0))
			l.Write(test.file, test.broken)
			l.Write("sales_3.csv", sales(90_000, 10, 0))
			for i := range 2 {
				result, err := l.Run()
				wantClass(t, err, diag.Partial, test.file, test.says)
				if result.Outcome != pipeline.Partly || len(result.Bronze) != 1 || len(result.Bronze[0].Failed) != 1 || result.Bronze[0].Files != 2*(1-i) {
					t.Errorf("run %d: %s, %+v", i+1, result.Outcome, result.Bronze)
				}
				if got := sourceRows(l, "silver.sales"); len(got) != 2 || got["sales_1.csv"] != 10 || got["sales_3.csv"] != 10 {
					t.Fatalf("rows by file: %v", got)
				}
				if got := sourceRows(l, "bronze.sales"); got[test.file] != 0 {
					t.Errorf("bronze has %d rows of the broken file", got[test.file])
				}
			}
			l.CheckLedger()
			l.Write(test.file, test.mended)
			l.MustRun()
			if got := sourceRows(l, "silver.sales")[test.file]; got != test.rows {
				t.Errorf("%d rows of the mended file, want %d", got, test.rows)
			}
			l.CheckLedger()
			for name := range l.Tree() {
				if strings.HasPrefix(name, "_lakectl/stage/") {
					t.Errorf("%s was left behind", name)
				}
			}
		})
	}
}

// flipped changes a byte counted from the end.
func flipped(data string, fromEnd int) string {
	b := []byte(data)
	b[len(b)-fromEnd] ^= 0x55
	return string(b)
}

func TestChangedContentIsAnErrorOfTheFile(t *testing.T) {
	l := salesLab(t, "", "")
	l.Write("sales_1.csv", sales(0, 10, 0))
	l.Write("sales_2.csv", sales(100, 10, 0))
	l.MustRun()
	want := l.Contents()
	l.Write("sales_2.csv", sales(100, 11, 0))
	result, err := l.Run()
	wantClass(t, err, diag.Partial, "sales_2.csv", "has changed")
	if result.Bronze[0].Unchanged != 1 || result.Bronze[0].Files != 0 {
		t.Errorf("bronze: %+v", result.Bronze)
	}
	lab.SameContents(t, l.Contents(), want)
	l.Write("sales_3.csv", sales(200, 5, 0)) // new files come in all the same
	_, err = l.Run()
	wantClass(t, err, diag.Partial, "sales_2.csv")
	if got := sourceRows(l, "silver.sales"); got["sales_3.csv"] != 5 || got["sales_2.csv"] != 10 {
		t.Errorf("rows by file: %v", got)
	}
	l.Write("sales_2.csv", sales(100, 10, 0)) // put back as it was
	if result := l.MustRun(); len(result.Silver)+len(result.Gold) != 0 || result.Bronze[0].Unchanged != 3 {
		t.Errorf("after it was put back: %+v", result)
	}
}

// TestTouchedFilesChangeNothing: the new version of a file with the same content
// is noted, and the file is not read another time.
func TestTouchedFilesChangeNothing(t *testing.T) {
	l := salesLab(t, "", "")
	l.Write("sales_1.csv", sales(0, 10, 0))
	l.MustRun()
	before := l.Tree("_lakectl/")
	later := time.Now().Add(time.Hour)
	path := filepath.Join(l.Dir, "sales_1.csv")
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	if result := l.MustRun(); len(result.Silver)+len(result.Gold) != 0 || result.Bronze[0].Unchanged != 1 || result.Bronze[0].Files != 0 {
		t.Errorf("%s, %+v", result.Outcome, result)
	}
	lab.SameTree(t, l.Tree("_lakectl/"), before)
	l.CheckLedger()
	state, err := l.Open().State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if in := state.Datasets["sales"].Inputs["sales_1.csv"]; in.Ingested != 1 || in.Records != 10 {
		t.Errorf("%+v", in)
	}
	// If it were read now, it would be seen that it has changed.
	data := []byte(sales(0, 10, 0))
	data[len(data)-2] = '9'
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	if result := l.MustRun(); result.Outcome != pipeline.NothingToDo {
		t.Errorf("%s", result.Outcome)
	}
}

func TestColumnsComeAndGo(t *testing.T) {
	l := salesLab(t, "      note:   {type: string}\n      extra:  {type: integer}", "")
	l.Write("sales_1.csv", "id,shop,amount,note\n1,s1,1,hello\n")
	l.MustRun()
	l.Write("sales_2.csv", "extra,Amount,ID,colour\n7,2,2,red\nx,3,3,blue\n") // other order, other case, one less, two more
	result := l.MustRun()
	if got := result.Bronze[0].ColumnsAdded; !slices.Equal(got, []string{"extra", "colour"}) {
		t.Errorf("columns added: %v", got)
	}
	want := lab.Lines([]lab.Row{
		{"id": "1", "shop": "s1", "amount": "1.00", "note": "hello", "source_file": "sales_1.csv", "source_row": "1", "data_quality_flag": "PASSED"},
		{"id": "2", "amount": "2.00", "extra": "7", "source_file": "sales_2.csv", "source_row": "1", "data_quality_flag": "PASSED"},
	})
	lab.SameLines(t, "silver.sales", lab.Lines(lab.Without(l.Rows("silver.sales"), lab.Dependent()...)), want)
	bronze := lab.Lines([]lab.Row{
		{"id": "1", "shop": "s1", "amount": "1", "note": "hello", "source_file": "sales_1.csv", "source_row": "1"},
		{"id": "2", "amount": "2", "extra": "7", "colour": "red", "source_file": "sales_2.csv", "source_row": "1"},
		{"id": "3", "amount": "3", "extra": "x", "colour": "blue", "source_file": "sales_2.csv", "source_row": "2"},
	})
	lab.SameLines(t, "bronze.sales", lab.Lines(lab.Without(l.Rows("bronze.sales"), lab.Dependent()...)), bronze)
	quarantine := l.Rows("quarantine.sales")
	if len(quarantine) != 1 || quarantine[0]["colour"] != "blue" || !strings.Contains(quarantine[0]["reasons"], "type:extra") {
		t.Errorf("quarantine: %v", quarantine)
	}
	l.MustRun(func(o *pipeline.Options) { o.FullRefresh = true })
	lab.SameLines(t, "silver.sales after a full refresh", lab.Lines(lab.Without(l.Rows("silver.sales"), lab.Dependent()...)), want)
	l.CheckLedger()
}

func TestFilesWithoutRows(t *testing.T) {
	l := salesLab(t, "", "")
	l.Write("sales_1.csv", "id,shop,amount\n")
	l.MustRun()
	if again := l.MustRun(); again.Outcome != pipeline.NothingToDo {
		t.Errorf("a second run: %s", again.Outcome)
	}
	l.Write("sales_2.csv", "id,shop,amount\nonly,damaged\n\n\n")
	l.Write("sales_3.csv.gz", zipped(t, "id,shop,amount"))
	l.MustRun()
	l.Write("sales_4.csv", sales(0, 2, 0))
	result := l.MustRun()
	l.CheckLedger()
	line := result.Ledger[0]
	if line.Files != 4 || line.Read != 3 || line.Silver != 2 || line.Quarantined != 1 {
		t.Errorf("the ledger is %+v", line)
	}
	if again := l.MustRun(); again.Outcome != pipeline.NothingToDo {
		t.Errorf("a last run: %s", again.Outcome)
	}
}

func TestNoFilesAtAll(t *testing.T) {
	l := salesLab(t, "", "")
	if result := l.MustRun(); result.Outcome != pipeline.NothingToDo || len(result.Commits) != 0 {
		t.Errorf("%s, %v", result.Outcome, result.Commits)
	}
}
