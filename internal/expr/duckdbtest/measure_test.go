package duckdbtest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/expr"
	"github.com/lakectl/lakectl/internal/expr/exprtest"
)

// TestPrintedMeasures compares measures over groups of 0 to 40 rows.
func TestPrintedMeasures(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	columns := exprtest.Columns()
	rows := exprtest.Rows(r, columns, 400)
	db := open(t)
	create(t, db, columns, rows)
	for _, text := range exprtest.Measures {
		m, problems := expr.BindMeasure(diag.Text{Value: text}, exprtest.Scope(columns))
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		for _, size := range []int{0, 1, 2, 7, 40} {
			from := r.IntN(len(rows) - size)
			query := fmt.Sprintf("SELECT %s FROM v WHERE id >= %d AND id < %d", m.DuckDB(), from, from+size)
			var raw any
			if err := db.QueryRow(query).Scan(&raw); err != nil {
				t.Errorf("%s: %v\n%s", text, err, query)
				continue
			}
			got, err := value(raw, m.Type())
			if err != nil {
				t.Fatal(err)
			}
			if want := exprtest.Measure(m, rows[from:from+size]); !exprtest.Near(got, want) {
				t.Errorf("%s over %d rows from %d:\n got %s\nwant %s\n%s", text, size, from, exprtest.Text(got), exprtest.Text(want), query)
			}
		}
	}
}
