//go:build e2e

package sparkrun

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/internal/e2e/lab"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/pipeline"
	"github.com/lakectl/lakectl/internal/quality"
)

// typesChecks are checks of the table types as a whole: whether values of each
// column repeat, and its sum.
func typesChecks() string {
	var out strings.Builder
	out.WriteString("    table_checks:\n")
	for _, column := range []string{"id", "big", "whole", "small", "money", "real", "yes", "day", "at", "text"} {
		fmt.Fprintf(&out, "      unique_%s: {unique: %s, on_fail: flag}\n", column, column)
	}
	for _, columns := range []string{"day, yes", "day, id", "yes, text, real", "at, big, day", "id, big, whole, small, real, yes, day, at, text"} {
		fmt.Fprintf(&out, "      unique_%s: {unique: [%s], on_fail: flag}\n", strings.ReplaceAll(columns, ", ", "_"), columns)
	}
	for _, column := range []string{"id", "big", "whole", "small", "money", "real"} {
		fmt.Fprintf(&out, "      sum_%s: {sum: {column: %s, max: 1}, on_fail: flag}\n", column, column)
	}
	return out.String()
}

// noting is an engine whose scanner is noted to have told something.
type noting struct {
	pipeline.Engine
	told map[string]bool
}

func (n noting) Scanner(tx *lake.Tx) quality.Scanner {
	return notingScanner{n.Engine.Scanner(tx), n.told}
}

type notingScanner struct {
	quality.Scanner
	told map[string]bool
}

func (n notingScanner) Unique(ctx context.Context, t quality.Table, columns []int) (bool, int64, error) {
	unique, complete, err := n.Scanner.Unique(ctx, t, columns)
	if unique {
		var names []string
		for _, c := range columns {
			names = append(names, t.Schema.Columns[c].Name)
		}
		n.told["unique "+strings.Join(names, ", ")] = true
	}
	return unique, complete, err
}

func (n notingScanner) Sum(ctx context.Context, t quality.Table, column int, where *expr.Program) (string, error) {
	sum, err := n.Scanner.Sum(ctx, t, column, where)
	if sum != "" {
		n.told["sum "+t.Schema.Columns[column].Name] = true
	}
	return sum, err
}

// TestTableChecks has checks of columns of all types, of which Spark tells what is
// certain, over files that are published and files that wait for it.
func TestTableChecks(t *testing.T) {
	got, want := lab.New(t), lab.New(t)
	for i, file := range typesFiles() {
		for _, l := range []*lab.Lab{got, want} {
			l.Write("lakehouse.yaml", "project: checks\nlake: ./lake\nbronze: {types: {source: \"types_*.csv\"}}\nsilver:\n"+typesTable+typesChecks())
			l.Write("types_"+string(rune('1'+i))+".csv", file)
		}
		told := map[string]bool{}
		inTurns(t, got, want, true, func(o *pipeline.Options) {
			if o.Engine != nil {
				o.Engine = noting{o.Engine, told}
			}
		})
		for _, what := range []string{"unique id", "unique day, id", "unique id, big, whole, small, real, yes, day, at, text", "sum id", "sum big", "sum money"} {
			if !told[what] {
				t.Errorf("Spark does not tell %s, but %v", what, told)
			}
		}
	}
}
