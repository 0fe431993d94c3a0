package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// writeJSON writes one JSON document.
func writeJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// jsonArray writes an object whose last field is a list that need not fit in
// memory.
type jsonArray struct {
	out   io.Writer
	begun bool
	err   error
}

// newJSONArray begins the object {name: value, list: [...]}.
func newJSONArray(out io.Writer, name, value, list string) *jsonArray {
	a := &jsonArray{out: out}
	head, _ := json.Marshal(map[string]string{name: value}) // texts always marshal
	a.write(strings.TrimSuffix(string(head), "}") + ", ")
	field, _ := json.Marshal(list)
	a.write(string(field) + ": [")
	return a
}

func (a *jsonArray) write(text string) {
	if a.err == nil {
		_, a.err = io.WriteString(a.out, text)
	}
}

// add adds an element, on a line of its own.
func (a *jsonArray) add(value any) error {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return err
	}
	if a.begun {
		a.write(",")
	}
	a.begun = true
	a.write("\n  " + strings.TrimSuffix(line.String(), "\n"))
	return a.err
}

// end ends the document.
func (a *jsonArray) end() error {
	if a.begun {
		a.write("\n")
	}
	a.write("]}\n")
	return a.err
}

// printPartial prints, for machines, what was done before an error.
func (app *App) printPartial(result any) error {
	if !app.json {
		return nil
	}
	return app.printJSON(result)
}

// printJSON writes a result for machines.
func (app *App) printJSON(result any) error { return writeJSON(app.IO.Out, result) }
