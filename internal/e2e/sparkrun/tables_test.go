//go:build e2e

package sparkrun

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/pipeline"
)

// someShapes are the shapes of which each has something that no other has.
func someShapes(t *testing.T) []lab.Shape {
	t.Helper()
	var out []lab.Shape
	for _, name := range []string{"no key by [p n]", "distinct by [p]", "key in the path", "keys of decimals and times", "keys of other types in the path"} {
		at := slices.IndexFunc(lab.Shapes(), func(s lab.Shape) bool { return s.Name == name })
		if at < 0 {
			t.Fatalf("there is no shape %q", name)
		}
		out = append(out, lab.Shapes()[at])
	}
	return out
}

// tablesLab is a project with a table of each shape, all of the same files.
func tablesLab(t *testing.T, shapes []lab.Shape) *lab.Lab {
	t.Helper()
	var bronze, silver strings.Builder
	for i, s := range shapes {
		name := fmt.Sprintf("t%02d", i)
		fmt.Fprintf(&bronze, "  %s: {source: \"items_*.csv\"}\n", name)
		silver.WriteString(s.Table(name))
	}
	l := lab.New(t)
	l.Write("lakehouse.yaml", "project: items\nlake: ./lake\nbronze:\n"+bronze.String()+"silver:\n"+silver.String())
	return l
}

// sameLedgers compares the ledgers of two lakes file by file, and one with its tables.
func sameLedgers(t *testing.T, got, want *lab.Lab) {
	t.Helper()
	for _, line := range want.Ledger() {
		g, w := fmt.Sprint(got.FileLedger(line.Dataset)), fmt.Sprint(want.FileLedger(line.Dataset))
		if g != w {
			t.Errorf("the ledger of %s is\n%s\nand on this machine\n%s", line.Dataset, g, w)
		}
	}
	got.CheckLedger()
}

func fullRefresh(o *pipeline.Options) { o.FullRefresh = true }

func replay(o *pipeline.Options) { o.Replay = true }

// inTurns runs on Spark where spark is true, else on this machine, and all of want
// on this machine; each run must do the same to both lakes.
func inTurns(t *testing.T, got, want *lab.Lab, spark bool, change ...func(*pipeline.Options)) {
	t.Helper()
	w := want.MustRun(change...)
	run := got.MustRun
	if spark {
		run = func(change ...func(*pipeline.Options)) *pipeline.Result { return mustOnSpark(got, change...) }
	}
	sameResult(t, run(change...), w)
	got.Now, want.Now = got.Now.Add(9*time.Hour), want.Now.Add(9*time.Hour)
}

// longItems are texts that just fit the name of a folder, and others.
func longItems() []lab.Item {
	var items []lab.Item
	for i, p := range []string{strings.Repeat("x", 253), strings.Repeat("/", 84), strings.Repeat("é", 126), strings.Repeat("x", 254), strings.Repeat("/", 85), strings.Repeat("é", 127), strings.Repeat("x", 2000)} {
		items = append(items, lab.Item{"a": fmt.Sprint("long", i), "p": p, "n": "1", "b": "1", "d": "2026-01-01", "f": "true", "t": "1", "m": "1", "w": "2026-01-01 10:00:00"})
	}
	return items
}

// TestTablesOfAllShapes brings tables up to date with both engines in turn.
func TestTablesOfAllShapes(t *testing.T) {
	got, want := tablesLab(t, someShapes(t)), tablesLab(t, someShapes(t))
	rng := rand.New(rand.NewPCG(3, 9))
	var files [][]lab.Item
	for i, spark := range []bool{false, true, true, false} {
		files = lab.RandomItems(rng, files, 60)
		if i == 1 {
			files[i] = append(files[i], longItems()...)
		}
		for _, l := range []*lab.Lab{got, want} {
			l.Write(lab.ItemsFile(i), lab.ItemsCSV(files[i]))
		}
		inTurns(t, got, want, spark)
		compare(t, got, want)
		sameLedgers(t, got, want)
	}
	inTurns(t, got, want, true, fullRefresh)
	compare(t, got, want)
	sameLedgers(t, got, want)
}
