package cli

import (
	"encoding/csv"
	"encoding/json"
	"slices"

	"github.com/lakectl/lakectl/internal/lake"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/term"
)

// cellPrinter shows rows of cells. A row is valid until row returns.
type cellPrinter interface {
	row(cells []cell) error
	end() error
}

func newCellPrinter(format string, out term.Stream, ref lake.TableRef, columns []schema.Column) cellPrinter {
	switch format {
	case asCSV:
		p := &csvCells{w: csv.NewWriter(out)}
		p.err = p.w.Write(schema.Table{Columns: columns}.Names())
		return p
	case asJSON:
		return &jsonCells{rows: newJSONArray(out, "table", ref.String(), "rows"), columns: columns}
	default:
		return &tableCells{out: out, columns: columns}
	}
}

// tableCells shows rows to people: as many columns as fit on the terminal. The
// first rows settle how wide the columns are; the others are written as they come.
type tableCells struct {
	out     term.Stream
	columns []schema.Column
	rows    [][]cell    // not written yet
	table   *term.Table // nil until the widths are settled
	shown   int         // columns
}

// settling is how many rows settle the widths of columns, and are held at a time.
const settling = 1000

func (p *tableCells) row(cells []cell) error {
	p.rows = append(p.rows, slices.Clone(cells))
	if len(p.rows) < settling {
		return nil
	}
	return p.end()
}

// widest is how much of a text is shown where there is little room.
const widest = 32

// fit returns how many columns fit.
func (p *tableCells) fit() int {
	limit, total := p.out.Columns(), 0
	for i, c := range p.columns {
		width := term.Width(term.Clean(c.Name))
		for _, row := range p.rows {
			width = max(width, term.Width(term.Clean(row[i].shown())))
		}
		if !c.Type.Numeric() {
			width = min(width, widest)
		}
		if total += width; limit > 0 && i > 0 && total > limit {
			return i
		}
		total += 2
	}
	return len(p.columns)
}

// shown is what people see of a cell.
func (c cell) shown() string {
	if c.null {
		return "null"
	}
	return c.text
}

// settle makes the table, with the columns that fit.
func (p *tableCells) settle() {
	p.shown = p.fit()
	titles := make([]string, p.shown)
	for i, c := range p.columns[:p.shown] {
		titles[i] = term.Clean(c.Name)
		if c.Type.Numeric() {
			titles[i] = ">" + titles[i]
		}
	}
	p.table = term.NewTable(titles...)
	p.table.Style = func(row, column int) term.Style {
		if p.rows[row][column].null {
			return term.Dim
		}
		return term.Plain
	}
}

// end writes the rows that are held.
func (p *tableCells) end() error {
	if p.table == nil {
		p.settle()
	}
	for _, row := range p.rows {
		texts := make([]string, p.shown)
		for i := range texts {
			texts[i] = row[i].shown()
		}
		p.table.Add(texts...)
	}
	err := p.table.Write(p.out)
	p.rows = p.rows[:0]
	return err
}

// csvCells shows rows as CSV.
type csvCells struct {
	w   *csv.Writer
	err error
}

func (p *csvCells) row(cells []cell) error {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = c.text
	}
	if p.err == nil {
		p.err = p.w.Write(texts)
	}
	return p.err
}

func (p *csvCells) end() error {
	p.w.Flush()
	if p.err == nil {
		p.err = p.w.Error()
	}
	return p.err
}

// jsonCells shows rows as JSON objects, with numbers as they are.
type jsonCells struct {
	rows    *jsonArray
	columns []schema.Column
}

func (p *jsonCells) row(cells []cell) error {
	o := orderedObject{}
	for i, c := range cells {
		o.names = append(o.names, p.columns[i].Name)
		o.values = append(o.values, jsonCell(c, p.columns[i].Type))
	}
	return p.rows.add(o)
}

func (p *jsonCells) end() error { return p.rows.end() }

// jsonCell returns a value as JSON. Doubles that JSON has no number for are
// texts.
func jsonCell(c cell, t schema.Type) json.RawMessage {
	switch {
	case c.null:
		return json.RawMessage("null")
	case t.Kind == schema.Boolean, t.Numeric() && !slices.Contains([]string{"NaN", "Inf", "+Inf", "-Inf"}, c.text) && json.Valid([]byte(c.text)):
		return json.RawMessage(c.text)
	}
	return jsonText(c.text)
}
