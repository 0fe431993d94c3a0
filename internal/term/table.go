package term

import (
	"fmt"
	"slices"
	"strings"
)

// Table is rows of text under titles. Make one with NewTable. It is not for use
// by several goroutines.
type Table struct {
	// Indent is blanks before each line.
	Indent int
	// Style, if set, says how a cell looks on a terminal with colours; rows and
	// columns count from 0, rows anew after each Write.
	Style func(row, column int) Style

	titles []string
	right  []bool
	names  []bool // see Names
	rows   [][]string
	fixed  []int // the widths, once they are settled
	cut    int   // cells
}

// gap is the blanks between columns.
const gap = 2

// NewTable returns a table with these columns. A title that begins with > makes
// a column of numbers, which are aligned to the right and never cut.
func NewTable(titles ...string) *Table {
	t := &Table{titles: make([]string, len(titles)), right: make([]bool, len(titles)), names: make([]bool, len(titles))}
	for i, title := range titles {
		t.titles[i], t.right[i] = strings.TrimPrefix(title, ">"), strings.HasPrefix(title, ">")
	}
	return t
}

// Names says that these columns, which count from 0, have names and paths, whose
// ends tell them apart: where a terminal is too narrow for them they lose their
// middle, and a line below the table says which columns were shortened.
func (t *Table) Names(columns ...int) {
	for _, i := range columns {
		t.names[i] = true
	}
}

// Add adds a row. Cells are made harmless (Clean). It panics if there are more
// or fewer cells than columns.
func (t *Table) Add(cells ...string) {
	if len(cells) != len(t.titles) {
		panic(fmt.Sprintf("term: %d cells in a table of %d columns", len(cells), len(t.titles)))
	}
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = Clean(cell)
	}
	t.rows = append(t.rows, row)
}

// Len returns the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// Cut returns how many cells were written shortened, to fit the terminal.
func (t *Table) Cut() int { return t.cut }

// Write writes the table: on a terminal fitted to its width, elsewhere whole.
// A table without rows is nothing. After it more rows may be added and written:
// they go on below, in columns as wide as those of the first time.
func (t *Table) Write(s Stream) error {
	if len(t.rows) == 0 {
		return nil
	}
	var out strings.Builder
	if t.fixed == nil {
		t.fixed = t.widths(s.Columns())
		t.line(&out, t.titles, t.fixed, func(_ int, text string) string { return s.Paint(Bold, text) })
	}
	for i, row := range t.rows {
		room := t.room(s, row)
		for column, cell := range row {
			if Width(cell) > room[column] {
				t.cut++
			}
		}
		t.line(&out, row, room, func(column int, text string) string {
			if t.Style == nil {
				return text
			}
			return s.Paint(t.Style(i, column), text)
		})
	}
	if cut := t.shortened(s); len(cut) > 0 {
		note := "(shortened: " + strings.Join(cut, ", ") + "; whole in a wider terminal or a pipe)"
		for _, line := range Wrap(note, s.Columns()-t.Indent) {
			out.WriteString(strings.Repeat(" ", t.Indent) + s.Paint(Dim, line) + "\n")
		}
	}
	t.rows = nil
	_, err := s.Write([]byte(out.String()))
	return err
}

// Fits says whether the table is written whole: where it is no terminal, or one that
// is wide enough.
func (t *Table) Fits(s Stream) bool {
	return s.Columns() == 0 || slices.Equal(t.widths(s.Columns()), t.widths(0))
}

// room returns how wide the cells of a row are: only a terminal cuts them, and
// numbers are never cut.
func (t *Table) room(s Stream, row []string) []int {
	widths := slices.Clone(t.fixed)
	for i, cell := range row {
		if t.right[i] || s.Columns() == 0 {
			widths[i] = max(widths[i], Width(cell))
		}
	}
	return widths
}

// shortened returns the titles of the columns of names in which a cell does not
// fit.
func (t *Table) shortened(s Stream) []string {
	var titles []string
	for i, title := range t.titles {
		if t.names[i] && slices.ContainsFunc(t.rows, func(row []string) bool { return Width(row[i]) > t.room(s, row)[i] }) {
			titles = append(titles, title)
		}
	}
	return titles
}

// line writes a line; paint is given the text of a cell without its padding.
func (t *Table) line(out *strings.Builder, cells []string, widths []int, paint func(column int, text string) string) {
	var line strings.Builder
	line.WriteString(strings.Repeat(" ", t.Indent))
	for i, cell := range cells {
		if i > 0 {
			line.WriteString(strings.Repeat(" ", gap))
		}
		text := Truncate(cell, widths[i])
		if t.names[i] {
			text = Shorten(cell, widths[i])
		}
		blanks := pad("", widths[i]-Width(text), false)
		if t.right[i] {
			line.WriteString(blanks + paint(i, text))
		} else {
			line.WriteString(paint(i, text) + blanks)
		}
	}
	out.WriteString(strings.TrimRight(line.String(), " "))
	out.WriteByte('\n')
}

// widths returns how wide each column is, if all of them have limit columns
// (0: no limit).
func (t *Table) widths(limit int) []int {
	widths := make([]int, len(t.titles))
	total := t.Indent + gap*(len(widths)-1)
	for i, title := range t.titles {
		widths[i] = Width(title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], Width(row[i]))
		}
		total += widths[i]
	}
	if limit == 0 {
		return widths
	}
	for ; total > limit; total-- {
		widest := -1
		for i, width := range widths {
			if !t.right[i] && width > least && (widest < 0 || width > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break // too narrow for any table: the lines wrap
		}
		widths[widest]--
	}
	return widths
}

// least is what is left of a column when the terminal is too narrow.
const least = 8
