package cli

import (
	"slices"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/query/render"
	"github.com/lakectl/lakectl/internal/schema"
	"github.com/lakectl/lakectl/internal/term"
)

// asTable is the format of rows for people; those for programs are render's.
const asTable = "table"

// resultFormats are the formats in which rows are written.
func resultFormats() []string { return append([]string{asTable}, render.Formats()...) }

// checkFormat says whether rows can be written in a format to where the results of
// the command go.
func (app *App) checkFormat(format string) error {
	formats := resultFormats()
	switch {
	case !slices.Contains(formats, format):
		err := diag.Errorf(diag.Usage, "there is no output format %q", format)
		if hint := diag.Suggest(format, formats); hint != "" {
			return err.WithNext("%s The formats are %s", hint, strings.Join(formats, ", "))
		}
		return err.WithNext("the formats are %s", strings.Join(formats, ", "))
	case render.Binary(format) && (app.IO.Out.Terminal || app.IO.Out.Columns() > 0): // a dumb one has only a width
		return diag.Errorf(diag.Usage, "%s is not text, and is not written to a terminal", format).
			WithNext("send it to a file: -o %s > rows.%s", format, format)
	}
	return nil
}

// resultOptions say how rows are written.
type resultOptions struct {
	Format  string
	Columns []schema.Column
	Limit   int                    // rows of a table for people; 0 is all
	JSON    render.DocumentOptions // what a document says beside the rows
}

// resultWriter writes the rows of a result, or of a table of the lake, to where
// the results of the command go.
type resultWriter struct {
	render.Writer
	people *resultTable // nil in formats for programs
}

// newResultWriter begins to write rows in a format that checkFormat has passed.
func (app *App) newResultWriter(o resultOptions) (*resultWriter, error) {
	switch o.Format {
	case asTable:
		t := &resultTable{out: app.IO.Out, columns: o.Columns, limit: o.Limit}
		return &resultWriter{Writer: t, people: t}, nil
	case render.JSON:
		w, err := render.NewDocument(app.IO.Out, o.Columns, o.JSON)
		return &resultWriter{Writer: w}, err
	}
	w, err := render.New(o.Format, app.IO.Out, o.Columns)
	return &resultWriter{Writer: w}, err
}

// told is what there is to say of a result when it is written.
type told struct {
	Rows    int64  // of the result; some may not have been shown
	About   string // what stands behind their number
	All     string // how to see all rows
	Columns string // how to see all columns
}

// tell tells people of a result; of a table too what it left out, and how to see
// that. In formats for programs nothing is left out.
func (app *App) tell(w *resultWriter, what told) {
	text := term.Plural(what.Rows, "row", "rows") + what.About
	switch {
	case w.people != nil:
		text = w.people.told(what)
	case what.About == "":
		return
	}
	app.remark(text)
}
