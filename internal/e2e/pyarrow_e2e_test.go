//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/sampledata"
)

// described is a table as check_parquet.py wants to be told of it.
type described struct {
	Path        string            `json:"path"`
	Columns     []describedColumn `json:"columns"` // of the files
	PartitionBy []describedColumn `json:"partition_by,omitempty"`
	Bloom       []string          `json:"bloom,omitempty"`
	Lookup      []string          `json:"lookup,omitempty"`
	Rows        int               `json:"rows"`
	Nulls       map[string]int    `json:"nulls"`
}

type describedColumn struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
}

// describe says what the files of all tables of a lake must be.
func describe(l *lab.Lab) (tables []described) {
	l.T.Helper()
	state, err := l.Open().State(l.T.Context())
	if err != nil {
		l.T.Fatal(err)
	}
	keys := map[string][]string{}
	for _, s := range l.Project().Silver {
		for _, c := range s.Key {
			keys["silver."+s.Name] = append(keys["silver."+s.Name], s.Columns[c].Name)
		}
	}
	for _, ref := range state.TableRefs() {
		if len(state.Files(ref)) > 0 {
			tables = append(tables, describeTable(l, state, ref, keys[ref.String()]))
		}
	}
	return tables
}

func describeTable(l *lab.Lab, state *lake.State, ref lake.TableRef, key []string) described {
	d := described{Path: ref.Dir(), Nulls: map[string]int{}}
	file := state.Files(ref)[0]
	for part := range file.Partition {
		d.PartitionBy = append(d.PartitionBy, describedColumn{Name: part, Type: "date"}) // ingestion_date, unless the table has it
	}
	for _, c := range state.Tables[ref].Schema {
		column := describedColumn{c.Name, c.Type, c.Nullable}
		at := slices.IndexFunc(d.PartitionBy, func(p describedColumn) bool { return p.Name == c.Name })
		if at >= 0 {
			d.PartitionBy[at] = column
			continue
		}
		d.Columns = append(d.Columns, column)
		if slices.Contains(key, c.Name) {
			d.Lookup = append(d.Lookup, c.Name)
			if c.Type != "boolean" {
				d.Bloom = append(d.Bloom, c.Name)
			}
		} else if strings.HasPrefix(c.Type, "decimal") || c.Name == "source_row" || ref.Layer == lake.Gold && c.Type != "double" {
			d.Lookup = append(d.Lookup, c.Name)
		}
	}
	slices.SortFunc(d.PartitionBy, func(a, b describedColumn) int {
		return strings.Index(file.Path, "/"+a.Name+"=") - strings.Index(file.Path, "/"+b.Name+"=")
	})
	for _, row := range l.Rows(ref.String()) {
		d.Rows++
		for _, c := range d.Columns {
			if _, ok := row[c.Name]; !ok {
				d.Nulls[c.Name]++
			}
		}
	}
	return d
}

// checkWithPyarrow has check_parquet.py read every file of the lake.
func checkWithPyarrow(l *lab.Lab) {
	l.T.Helper()
	python := os.Getenv("E2E_PYTHON")
	if python == "" {
		l.T.Fatal("E2E_PYTHON does not say which Python has pyarrow; run `make e2e`")
	}
	data, err := json.MarshalIndent(map[string]any{"tables": describe(l)}, "", " ")
	if err != nil {
		l.T.Fatal(err)
	}
	description := filepath.Join(l.T.TempDir(), "lake.json")
	if err := os.WriteFile(description, data, 0o644); err != nil {
		l.T.Fatal(err)
	}
	out, err := exec.CommandContext(l.T.Context(), python, "check_parquet.py", l.Lake, description).CombinedOutput()
	if err != nil {
		l.T.Errorf("%v\n%s", err, out)
	}
	l.T.Logf("%s", out)
}

func TestPyarrowReadsTheSampleLake(t *testing.T) {
	l := lab.New(t)
	l.CopyFS(sampledata.Project())
	l.MustRun()
	checkWithPyarrow(l)
}

// TestPyarrowReadsALakeOfManyRuns has files replaced, emptied and judged again.
func TestPyarrowReadsALakeOfManyRuns(t *testing.T) {
	l := sampleLab(t)
	l.Bucket = nil
	quarantineUnknown(l)
	stock := l.Generate(small(61))
	inBatches(l, stock, arrivals(stock)["in turns"])
	checkWithPyarrow(l)
}

// TestPyarrowReadsTablesOfAllShapes has odd partitions and types.
func TestPyarrowReadsTablesOfAllShapes(t *testing.T) {
	for _, s := range lab.Shapes() {
		if !slices.Contains(s.Partition, "p") || s.Distinct {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			l := itemsLab(t, s)
			l.Bucket = nil
			for f := range 2 {
				var items []lab.Item
				for i, p := range lab.OddTexts() {
					items = append(items, lab.Item{"a": "k" + p, "b": "1", "p": p, "n": []string{"", "-5", "7"}[i%3], "d": "2026-01-01", "f": "true", "t": "3", "v": "ok"})
				}
				l.Write(lab.ItemsFile(f), lab.ItemsCSV(items))
				l.MustRun()
			}
			checkWithPyarrow(l)
		})
	}
}
