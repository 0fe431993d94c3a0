package duckdbtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	lordHowe, err := time.LoadLocation("Australia/Lord_Howe")
	if err != nil {
		t.Fatal(err)
	}
	standard := standardTexts()
	date, timestamp := schema.T(schema.Date), schema.T(schema.Timestamp)
	db := open(t)
	for _, test := range []struct {
		typ   schema.Type
		parse expr.Parse
		texts []string
	}{
		{schema.T(schema.String), expr.Parse{}, standard}, {schema.T(schema.Boolean), expr.Parse{}, standard}, {schema.T(schema.Integer), expr.Parse{}, standard},
		{schema.T(schema.Bigint), expr.Parse{}, standard}, {schema.DecimalOf(10, 2), expr.Parse{}, standard}, {schema.DecimalOf(38, 0), expr.Parse{}, standard},
		{schema.T(schema.Double), expr.Parse{}, standard}, {schema.T(schema.Double), expr.Parse{AllowNaN: true}, standard},
		{date, expr.Parse{}, standard}, {timestamp, expr.Parse{}, standard},
		{timestamp, expr.Parse{Location: berlin}, []string{"2026-03-29 01:59:59", "2026-03-29 02:00", "2026-03-29 02:30", "2026-03-29 03:00", "2026-10-25 01:59:59", "2026-10-25 02:00",
			"2026-10-25 02:59:59.999999", "2026-10-25 03:00", "2026-07-01 12:00", "2026-01-01 12:00Z", "2026-10-25 02:30+02:00", "1950-05-05 05:05", "0001-01-01 00:00", "9999-12-31 23:59", " 2026-07-01T00:00 ", ""}},
		{timestamp, expr.Parse{Location: lordHowe}, []string{"2026-04-05 01:29", "2026-04-05 01:30", "2026-04-05 01:59", "2026-04-05 02:00", "2026-10-04 02:00", "2026-10-04 02:29", "2026-10-04 02:30"}},
		{date, expr.Parse{Formats: []string{"dd.MM.yyyy", "d/M/yy", "yyyyMMdd"}}, []string{"01.02.2026", "1.2.2026", "1/2/26", "31/12/99", "20260228", "20260229", " 01.02.2026\t", "31.02.2026", "2026-01-01", "", "  ", "00.01.2026", "01.02.0000"}},
		{date, expr.Parse{Formats: []string{"d MMM yyyy", "MMMM d, yyyy", "'on' yyyy-MM-dd"}}, []string{"1 Jan 2026", "31 DEC 1999", "4 jul 2026", "July 4, 2026", "may 1, 2026", "on 2026-05-05", "Sept 1, 2026", "1 Foo 2026", "1 Mai 2026", "31 Jun 2026"}},
		{timestamp, expr.Parse{Formats: []string{"dd.MM.yyyy HH:mm:ss.SSS", "MM/dd/yyyy h:mm a", "yyyy-MM-dd'T'HH:mm:ssXXX", "yyyyMMddHHmmss", "yyyy-MM-dd H.mm xx"}}, []string{"01.02.2026 03:04:05.678", "01.02.2026 03:04:05.6",
			"01.02.2026 24:04:05.6", "01.02.2026 03:04:05", "07/04/2026 1:05 PM", "07/04/2026 12:05 am", "07/04/2026 12:05 pm", "07/04/2026 0:05 pm", "07/04/2026 13:05 pm", "2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00Z",
			"2026-01-01T00:00:00+19:00", "20260704123456", "20260704126000", "2026-07-04 5.06 -0330", "2026-07-04 5.06 Z", "0001-01-01T00:00:00+02:00", "", "x"}},
		{timestamp, expr.Parse{Formats: []string{"yyyy-MM-dd"}, Location: berlin}, []string{"2026-01-01", "2026-07-01", "2026-07-01 00:00"}},
	} {
		column := expr.ScopeColumn{Name: "x", Type: schema.T(schema.String), Nullable: true}
		p := expr.BindParse(column, test.typ, test.parse)
		checkParse(t, fmt.Sprintf("%v %+v", test.typ, test.parse), p, test.texts, func(i int) (any, any) {
			var raw, failed any
			query := fmt.Sprintf("SELECT %s, %s FROM (SELECT '%s' AS x)", p.DuckDB(), p.DuckDBFails(), strings.ReplaceAll(test.texts[i], "'", "''"))
			if err := db.QueryRow(query).Scan(&raw, &failed); err != nil {
				t.Fatalf("%v\n%s", err, query)
			}
			v, err := value(raw, test.typ)
			if err != nil {
				t.Fatal(err)
			}
			return v, failed
		})
	}
}

// standardTexts are the texts of the generator's columns.
func standardTexts() []string {
	var out []string
	for _, c := range exprtest.Columns() {
		if c.Type.Kind == schema.String {
			out = append(out, c.Texts()...)
		}
	}
	return out
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
