package jsonschema

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

type object = map[string]any

// Of returns the schema of a value's type. A key that the type does not have is
// not allowed, and one that is always written is required.
func Of(value any, title string) []byte {
	g := &generator{defs: object{}}
	root := g.of(reflect.TypeOf(value))
	root["$schema"], root["title"], root["$defs"] = "https://json-schema.org/draft/2020-12/schema", title, g.defs
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(root); err != nil {
		panic(err) // maps of texts always marshal
	}
	return out.Bytes()
}

type generator struct{ defs object }

func (g *generator) of(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{}
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return object{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return object{"anyOf": []any{g.of(t.Elem()), object{"type": "null"}}}
	case reflect.Struct:
		return g.named(t)
	case reflect.Map:
		return object{"type": "object", "additionalProperties": g.of(t.Elem())}
	case reflect.Slice:
		return object{"type": "array", "items": g.of(t.Elem())}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Uint64, reflect.Uint32:
		return object{"type": "integer", "minimum": 0}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return object{"type": "integer"}
	default:
		panic("jsonschema: " + t.String() + " is not described")
	}
}

// named describes a struct once, and refers to it.
func (g *generator) named(t reflect.Type) object {
	name := t.Name()
	if _, known := g.defs[name]; !known {
		body := object{"type": "object", "additionalProperties": false}
		g.defs[name] = body
		properties, required := object{}, []string{}
		g.fields(t, properties, &required)
		body["properties"], body["required"] = properties, required
	}
	return object{"$ref": "#/$defs/" + name}
}

// fields adds the fields of a struct, those of embedded ones as its own.
func (g *generator) fields(t reflect.Type, properties object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			g.fields(f.Type, properties, required)
		case !f.IsExported() || name == "-":
		default:
			omitted := strings.Contains(options, "omitempty")
			kind := f.Type
			if omitted && kind.Kind() == reflect.Pointer {
				kind = kind.Elem() // it is there or left out, but never null
			}
			properties[name] = g.of(kind)
			if !omitted {
				*required = append(*required, name)
			}
		}
	}
}
