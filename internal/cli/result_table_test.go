package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lakectl/lakectl/internal/query/render"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/term"
)

var shownTypes = []schema.Column{{Name: "name", Type: schema.T(schema.String)}, {Name: "n", Type: schema.T(schema.Bigint)}, {Name: "note", Type: schema.T(schema.String)}}

// shownRows is rows of (text, number, text); "-" is null.
func shownRows(names, notes []string) arrow.Record {
	fields := make([]arrow.Field, len(shownTypes))
	for i, c := range shownTypes {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type.Arrow(), Nullable: true}
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for i := range names {
		for c, text := range map[int]string{0: names[i], 2: notes[i]} {
			if text == "-" {
				b.Field(c).AppendNull()
			} else {
				b.Field(c).(*array.StringBuilder).Append(text)
			}
		}
		if names[i] == "-" {
			b.Field(1).AppendNull()
		} else {
			b.Field(1).(*array.Int64Builder).Append(int64(i) * 1_000_003)
		}
	}
	return b.NewRecord()
}

// TestResultTable shows rows as people see them: piped, and on terminals.
func TestResultTable(t *testing.T) {
	batch := shownRows([]string{"plain", "", "-", "null", "日本語", "👍 ok", "cafe\u0301", "tab\tand\x1b[31mred"},
		[]string{"a", "-", "", "x", strings.Repeat("long ", 20), "|", "-", "y"})
	for name, s := range map[string]term.Stream{"piped": {}, "60": {Terminal: true, Width: 60}, "20": {Terminal: true, Width: 20}, "colour": {Terminal: true, Color: true, Width: 120}} {
		var out bytes.Buffer
		s.Writer = &out
		table := &resultTable{out: s, columns: shownTypes}
		if err := table.Write(batch); err != nil {
			t.Fatal(err)
		}
		if err := table.Close(); err != nil {
			t.Fatal(err)
		}
		out.WriteString("-- " + table.told(told{Rows: 8, Columns: "--columns chooses"}) + "\n")
		want, err := os.ReadFile(filepath.Join("testdata", "result", name+".txt"))
		if err != nil {
			t.Error(err)
		}
		if out.String() != string(want) {
			t.Errorf("%s:\n%swant\n%s", name, out.String(), want)
		}
	}
}

// TestResultTableHasALimit: rows beyond it are not shown, which is told.
func TestResultTableHasALimit(t *testing.T) {
	batch := shownRows([]string{"a", "b"}, []string{"x", "y"})
	var out bytes.Buffer
	table := &resultTable{out: term.Stream{Writer: &out}, columns: shownTypes, limit: 1501}
	for range 2000 {
		if err := table.Write(batch); err != nil {
			t.Fatal(err)
		}
		if len(table.held) >= settling {
			t.Fatalf("%d rows are held", len(table.held))
		}
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "\n"); got != 1502 {
		t.Errorf("%d lines", got)
	}
	got := table.told(told{Rows: 4000, About: " in 1 s", All: "-o csv has all"})
	if want := "1,501 of 4,000 rows in 1 s (-o csv has all)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestResultWithoutRows(t *testing.T) {
	for _, format := range resultFormats() {
		streams, out, _ := term.Test("")
		app := &App{IO: streams}
		w, err := app.newResultWriter(resultOptions{Format: format, Columns: shownTypes})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if empty := out.Len() == 0; empty != (format == asTable || format == render.NDJSON) {
			t.Errorf("%s without rows is %q", format, out.String())
		}
	}
}

func TestBinaryFormatsAreNotForTerminals(t *testing.T) {
	streams, _, _ := term.Test("")
	app := &App{IO: streams}
	for _, format := range resultFormats() {
		app.IO.Out.Terminal = false
		if err := app.checkFormat(format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		app.IO.Out.Terminal = true
		if err := app.checkFormat(format); (err != nil) != render.Binary(format) {
			t.Errorf("%s on a terminal: %v", format, err)
		}
	}
	app.IO.Out = term.Stream{Writer: app.IO.Out, Width: 80} // TERM=dumb
	if err := app.checkFormat("parquet"); err == nil || !strings.Contains(err.Error(), "parquet is not text") {
		t.Errorf("parquet on a terminal: %v", err)
	}
}
