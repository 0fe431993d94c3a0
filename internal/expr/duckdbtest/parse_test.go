package duckdbtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/expr/exprtest"
	"github.com/lakectl/lakectl/internal/schema"
)

// TestPrintedParse compares how raw text is typed by Eval and by the printed
// SQL: every type, formats, time zones, with texts that are values, nearly
// values and none.
func TestPrintedParse(t *testing.T) {
	db := open(t)
	for _, test := range exprtest.Readings() {
		column := expr.ScopeColumn{Name: "x", Type: schema.T(schema.String), Nullable: true}
		p := expr.BindParse(column, test.Type, test.Parse)
		checkParse(t, fmt.Sprintf("%v %+v", test.Type, test.Parse), p, test.Texts, func(i int) (any, any) {
			var raw, failed any
			query := fmt.Sprintf("SELECT %s, %s FROM (SELECT '%s' AS x)", p.DuckDB(), p.DuckDBFails(), strings.ReplaceAll(test.Texts[i], "'", "''"))
			if err := db.QueryRow(query).Scan(&raw, &failed); err != nil {
				t.Fatalf("%v\n%s", err, query)
			}
			v, err := value(raw, test.Type)
			if err != nil {
				t.Fatal(err)
			}
			return v, failed
		})
	}
}

func checkParse(t *testing.T, name string, p *expr.Program, texts []string, printed func(i int) (got, failed any)) {
	t.Helper()
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.AppendValues(texts, nil)
	arr, errs, err := p.Eval(expr.NewScratch(), []arrow.Array{b.NewArray()}, len(texts))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	bad := make(map[int]bool)
	for _, e := range errs {
		bad[e.Row] = true
	}
	values := 0
	for i, want := range exprtest.Values(arr) {
		got, failed := printed(i)
		if want != nil {
			values++
		}
		if !exprtest.Same(got, want) || failed != bad[i] {
			t.Errorf("%s: %q: got %s failed %v, want %s failed %v", name, texts[i], exprtest.Text(got), failed, exprtest.Text(want), bad[i])
		}
	}
	if values == 0 {
		t.Errorf("%s: no text is a value", name)
	}
}
