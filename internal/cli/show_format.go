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
		return newTableCells(out, columns)
	}
}

// tableCells shows rows to people.
type tableCells struct {
	out   term.Stream
	table *term.Table
	nulls map[[2]int]bool
}

func newTableCells(out term.Stream, columns []schema.Column) *tableCells {
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = term.Clean(c.Name)
		if c.Type.Numeric() {
			titles[i] = ">" + titles[i]
		}
	}
	p := &tableCells{out: out, table: term.NewTable(titles...), nulls: map[[2]int]bool{}}
	p.table.Style = func(row, column int) term.Style {
		if p.nulls[[2]int{row, column}] {
			return term.Dim
		}
		return term.Plain
	}
	return p
}

func (p *tableCells) row(cells []cell) error {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = c.text
		if c.null {
			texts[i] = "null"
			p.nulls[[2]int{p.table.Len(), i}] = true
		}
	}
	p.table.Add(texts...)
	return nil
}

func (p *tableCells) end() error { return p.table.Write(p.out) }

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
