package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/term"
	"github.com/lakectl/lakectl/internal/vec"
)

// resultTable shows rows to people: as many columns as fit on the terminal. The
// first rows settle how wide the columns are; the others are written as they come.
type resultTable struct {
	out     term.Stream
	columns []schema.Column
	limit   int // rows; 0 is all

	held  [][]cell    // not written yet
	table *term.Table // nil until the widths are settled
	fits  int         // columns
	shown int64       // rows, those held too
}

// cell is a value as text.
type cell struct {
	text string
	null bool
}

const (
	// settling is how many rows settle the widths of columns, and are held at a time.
	settling = 1000
	// widest is how much of a text is shown where there is little room.
	widest = 32
	// allInCSV is how to see what a table leaves out.
	allInCSV = "-o csv has all"
	// shownNull is what people see of null; a text that is the same is in quotes.
	shownNull = "null"
)

// Write implements render.Writer. Rows beyond the limit are passed over.
func (t *resultTable) Write(batch arrow.Record) error {
	for row := range int(batch.NumRows()) {
		if t.full() {
			return nil
		}
		t.shown++
		cells := make([]cell, len(t.columns))
		for i, column := range batch.Columns() {
			cells[i] = cellOf(column, row)
		}
		if t.held = append(t.held, cells); len(t.held) == settling {
			if err := t.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// full says that no further row will be shown.
func (t *resultTable) full() bool { return t.limit > 0 && t.shown >= int64(t.limit) }

func cellOf(column arrow.Array, row int) cell {
	if column.IsNull(row) {
		return cell{text: shownNull, null: true}
	}
	text := term.Clean(string(vec.AppendText(nil, column, row)))
	if text == shownNull {
		text = `"` + text + `"`
	}
	return cell{text: text}
}

// fit returns how many columns fit.
func (t *resultTable) fit() int {
	limit, total := t.out.Columns(), 0
	for i, c := range t.columns {
		width := term.Width(term.Clean(c.Name))
		for _, row := range t.held {
			width = max(width, term.Width(row[i].text))
		}
		if !c.Type.Numeric() {
			width = min(width, widest)
		}
		if total += width; limit > 0 && i > 0 && total > limit {
			return i
		}
		total += 2
	}
	return len(t.columns)
}

// settle makes the table, with the columns that fit.
func (t *resultTable) settle() {
	t.fits = t.fit()
	titles := make([]string, t.fits)
	for i, c := range t.columns[:t.fits] {
		titles[i] = term.Clean(c.Name)
		if c.Type.Numeric() {
			titles[i] = ">" + titles[i]
		}
	}
	t.table = term.NewTable(titles...)
	t.table.Style = func(row, column int) term.Style {
		if t.held[row][column].null {
			return term.Dim
		}
		return term.Plain
	}
}

// Close implements render.Writer.
func (t *resultTable) Close() error { return t.flush() }

// flush writes the rows that are held.
func (t *resultTable) flush() error {
	if t.table == nil {
		t.settle()
	}
	for _, row := range t.held {
		texts := make([]string, t.fits)
		for i := range texts {
			texts[i] = row[i].text
		}
		t.table.Add(texts...)
	}
	err := t.table.Write(t.out)
	t.held = t.held[:0]
	return err
}

// told says how much of a result was shown, and how to see what was left out.
func (t *resultTable) told(what told) string {
	text, how := term.Plural(what.Rows, "row", "rows"), []string{}
	if t.shown < what.Rows {
		text, how = term.Count(t.shown)+" of "+text, append(how, what.All)
	}
	text += what.About
	if t.fits < len(t.columns) {
		text += fmt.Sprintf(", %d of %d columns", t.fits, len(t.columns))
		how = append(how, what.Columns)
	}
	if cut := t.table.Cut(); cut > 0 {
		text += ", " + term.Plural(int64(cut), "text", "texts") + " cut short"
		how = append(how, allInCSV+" of each text")
	}
	if len(how) > 1 && !slices.ContainsFunc(how, func(s string) bool { return !strings.HasPrefix(s, allInCSV) }) {
		how = []string{allInCSV} // once is enough
	}
	if len(how) > 0 {
		text += " (" + strings.Join(how, ", ") + ")"
	}
	return text
}
