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

// orderedObject is a JSON object whose fields keep their order. Values are JSON
// already.
type orderedObject struct {
	names  []string
	values []json.RawMessage
}

// MarshalJSON implements json.Marshaler.
func (o orderedObject) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range o.names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.Write(jsonText(name))
		b.WriteString(": ")
		b.Write(o.values[i])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// jsonText returns a text as JSON; bytes that are not UTF-8 become escapes.
func jsonText(text string) json.RawMessage {
	data, err := json.Marshal(strings.ToValidUTF8(text, "\uFFFD"))
	if err != nil {
		panic("cli: a text does not marshal: " + err.Error())
	}
	return data
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
