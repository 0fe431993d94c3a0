package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/lakectl/lakectl/internal/schema"
)

// object is a JSON object; encoding/json prints its keys sorted.
type object = map[string]any

// JSONSchema returns the JSON Schema (draft 2020-12) of the file, for editors.
// It is made from the types that the decoder fills, and always the same.
func JSONSchema() []byte {
	g := &generator{defs: object{}}
	root := g.body(reflect.TypeFor[Config]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = FileName
	root["description"] = "A lakehouse as lakectl builds it."
	root["$defs"] = g.defs
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("config: the schema is not JSON: " + err.Error())
	}
	return append(out, '\n')
}

// generator makes schemas of types. Structs become definitions; those for
// `environments:` differ, since there nothing is required and null takes a key away.
type generator struct {
	defs     object
	override bool
}

// described is a value that says its own schema.
type described interface {
	schema(g *generator, r rules) object
}

func (g *generator) of(t reflect.Type, r rules) object {
	if s, ok := reflect.New(t).Interface().(described); ok {
		return s.schema(g, r)
	}
	if t.Kind() == reflect.Pointer {
		return g.of(t.Elem(), r)
	}
	return g.structure(t)
}

// structure returns a reference to a struct's definition, and makes it.
func (g *generator) structure(t reflect.Type) object {
	name := t.Name()
	if g.override {
		name += "Override"
	}
	if _, done := g.defs[name]; !done {
		g.defs[name] = object{}
		g.defs[name] = g.body(t)
	}
	ref := object{"$ref": "#/$defs/" + name}
	short := shapeOf(t).shorthand()
	if short == nil {
		return ref
	}
	return object{"anyOf": []object{g.of(t.Field(short.index).Type, short.rules), ref}}
}

// body returns the schema of a struct as a map of its keys.
func (g *generator) body(t reflect.Type) object {
	s := shapeOf(t)
	properties, required := object{}, []string{}
	for _, f := range s.fields {
		properties[f.name] = g.property(t.Field(f.index).Type, f)
		if f.required {
			required = append(required, f.name)
		}
	}
	out := object{"type": "object", "properties": properties, "additionalProperties": false}
	if g.override {
		delete(properties, "environment")
		delete(properties, "environments")
		return out
	}
	if len(required) > 0 {
		out["required"] = required
	} else if s.oneOf == nil {
		out["type"] = []string{"object", "null"}
	}
	if s.oneOf != nil {
		var one []object
		for _, name := range s.oneOf {
			one = append(one, object{"required": []string{name}})
		}
		out["oneOf"] = one
	}
	return out
}

// property returns the schema of a field with what its tags add.
func (g *generator) property(t reflect.Type, f field) object {
	p := g.of(t, f.rules)
	if g.override {
		p = object{"anyOf": []object{p, {"type": "null"}}}
	}
	if f.doc != "" {
		p["description"] = f.doc
	}
	switch f.fallback {
	case "":
	case "true", "false":
		p["default"] = f.fallback == "true"
	default:
		p["default"] = f.fallback
		if wholeNumber.MatchString(f.fallback) {
			p["default"] = json.Number(f.fallback)
		}
	}
	return p
}

func (v *Value[T]) schema(*generator, rules) object {
	switch any(&v.Value).(type) {
	case *bool:
		return object{"type": "boolean"}
	case *int64:
		return object{"type": "integer"}
	case *Bytes:
		return object{"type": []string{"integer", "string"}, "minimum": 0, "pattern": sizePattern}
	case *Fraction:
		return object{"type": []string{"number", "string"}, "minimum": 0, "maximum": 1, "pattern": sharePattern}
	case *time.Duration:
		return object{"type": "string", "pattern": durationPattern}
	case *Exact:
		return object{"type": []string{"number", "string"}, "pattern": numberRegexp.String()}
	case *schema.Type:
		return typeSchema()
	case **time.Location:
		return object{"type": "string", "minLength": 1}
	default:
		panic(fmt.Sprintf("config: no schema for %T", v.Value))
	}
}

// typeSchema lets editors complete the names and accepts decimals.
func typeSchema() object {
	names := slices.DeleteFunc(schema.TypeNames(), func(name string) bool {
		_, err := schema.ParseType(name)
		return err != nil // decimal(p,s)
	})
	return object{"anyOf": []object{
		{"enum": names}, // which editors complete
		{"type": "string", "pattern": "^(" + anyCase(strings.Join(names, "|")) + ")$"},
		{"type": "string", "pattern": "^" + anyCase("decimal") + `\( ?(` + digits + `) ?(, ?(0|` + digits + `) ?)?\)$`, "examples": []string{"decimal(18,2)"}},
	}}
}

// digits is how many a decimal may have.
const digits = "[1-9]|[12][0-9]|3[0-8]"

// anyCase returns a pattern for words in any case.
func anyCase(words string) string {
	var b strings.Builder
	for _, c := range words {
		if c == '|' {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, "[%c%c]", unicode.ToUpper(c), c)
		}
	}
	return b.String()
}

func (s *String) schema(_ *generator, r rules) object {
	if r.enum != nil {
		return object{"enum": r.enum}
	}
	return object{"type": "string"}
}

func (s *Strings) schema(g *generator, r rules) object {
	one := new(String).schema(g, r)
	return object{"anyOf": []object{one, {"type": "array", "items": one, "minItems": 1}}}
}

func (o *On) schema(g *generator, r rules) object {
	out := new(Strings).schema(g, r)
	pairs := object{"type": "object", "additionalProperties": object{"type": "string"}, "minProperties": 1}
	return object{"anyOf": append(out["anyOf"].([]object), pairs)}
}

func (m *Map[T]) schema(g *generator, r rules) object {
	value := g.of(reflect.TypeFor[T](), rules{})
	if g.override {
		value = object{"anyOf": []object{value, {"type": "null"}}}
	}
	out := object{"type": []string{"object", "null"}, "additionalProperties": value}
	if pattern := namePatterns[r.names]; pattern != "" {
		out["propertyNames"] = object{"pattern": pattern}
	}
	return out
}

func (e *Environments) schema(g *generator, _ rules) object {
	inner := &generator{defs: g.defs, override: true}
	return object{
		"type":                 []string{"object", "null"},
		"propertyNames":        object{"pattern": environmentPattern},
		"additionalProperties": object{"anyOf": []object{inner.structure(reflect.TypeFor[Config]()), {"type": "null"}}},
	}
}
