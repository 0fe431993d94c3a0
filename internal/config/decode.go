package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
)

// field is a key of a struct, as its tags describe it.
type field struct {
	index    int
	name     string
	required bool
	short    bool
	rules
}

// rules are what the tags of a field say about its value.
type rules struct {
	doc      string
	enum     []string
	later    []string // known values that are not supported yet
	fallback string   // `default`
	names    string   // kind of the keys of a map
}

// shape is a struct's grammar.
type shape struct {
	fields []field
	oneOf  []string // exactly one of these keys
}

// shapeOf reads the tags of a struct type.
func shapeOf(t reflect.Type) shape {
	var s shape
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" {
			s.oneOf = list(f.Tag.Get("oneof"))
			continue
		}
		tag, ok := f.Tag.Lookup("yaml")
		if !ok || tag == "-" {
			continue
		}
		options := strings.Split(tag, ",")
		s.fields = append(s.fields, field{
			index: i, name: options[0],
			required: slices.Contains(options[1:], "required"),
			short:    slices.Contains(options[1:], "short"),
			rules: rules{doc: f.Tag.Get("doc"), enum: list(f.Tag.Get("enum")), later: list(f.Tag.Get("later")),
				fallback: f.Tag.Get("default"), names: f.Tag.Get("names")},
		})
	}
	return s
}

func list(tag string) []string {
	if tag == "" {
		return nil
	}
	return strings.Split(tag, ",")
}

func (s shape) names() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	return names
}

// shorthand returns the field that a scalar in place of the struct means, or nil.
func (s shape) shorthand() *field {
	for i := range s.fields {
		if s.fields[i].short {
			return &s.fields[i]
		}
	}
	return nil
}

// decoder fills Go values from nodes and collects what is wrong.
type decoder struct {
	problems diag.List
	shapes   map[reflect.Type]shape
}

// decodable is a value that reads its node itself.
type decodable interface {
	decode(d *decoder, n *node, r rules)
}

// checkable is a struct that has more to say once its keys are read.
type checkable interface {
	check(d *decoder, at diag.Pos)
}

func (d *decoder) add(pos diag.Pos, hint, format string, args ...any) {
	d.problems.AddHint(pos, hint, format, args...)
}

// wrong reports a value of the wrong kind.
func (d *decoder) wrong(n *node, want string) {
	switch n.kind {
	case emptyKind:
		d.add(n.pos, "give it "+want+", or take the key out", "there is no value here")
	case nullKind:
		d.add(n.pos, "give "+want+", or take the key out", "null is not a value")
	default:
		d.add(n.pos, "", "%s is wanted here, not %s", want, n.describe())
	}
}

// value fills v from n. at is the place to blame for what is missing in it.
func (d *decoder) value(v reflect.Value, n *node, r rules, at diag.Pos) {
	if n.kind == refusedKind {
		return
	}
	if target, ok := v.Addr().Interface().(decodable); ok {
		target.decode(d, n, r)
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		d.value(v.Elem(), n, r, at)
		return
	}
	d.structure(v, n, at)
}

func (d *decoder) shape(t reflect.Type) shape {
	s, ok := d.shapes[t]
	if !ok {
		s = shapeOf(t)
		d.shapes[t] = s
	}
	return s
}

// structure fills a struct from a map, or from a scalar if it has a short form.
func (d *decoder) structure(v reflect.Value, n *node, at diag.Pos) {
	s := d.shape(v.Type())
	if pos := v.FieldByName("Pos"); pos.IsValid() {
		pos.Set(reflect.ValueOf(at))
	}
	d.defaults(v, s)
	short := s.shorthand()
	switch {
	case n.kind == scalarKind && short != nil:
		d.value(v.Field(short.index), n, short.rules, at)
	case n.kind == mapKind:
		d.fields(v, s, n)
		d.missing(s, n, at)
	case n.kind == emptyKind || n.kind == nullKind:
		d.missing(s, &node{kind: mapKind}, at)
	default:
		d.wrong(n, "a map")
		return
	}
	if c, ok := v.Addr().Interface().(checkable); ok {
		c.check(d, at)
	}
}

// defaults gives the fields of a struct their defaults, and those of structs in
// it, which need not be in the file.
func (d *decoder) defaults(v reflect.Value, s shape) {
	for _, f := range s.fields {
		inner := v.Field(f.index)
		target := inner.Addr().Interface()
		if _, leaf := target.(decodable); !leaf && inner.Kind() == reflect.Struct {
			d.defaults(inner, d.shape(inner.Type()))
		}
		if f.fallback == "" {
			continue
		}
		n := &node{kind: scalarKind, text: diag.Text{Value: f.fallback}}
		if f.fallback == "true" || f.fallback == "false" {
			n.plain = isBool
		}
		target.(decodable).decode(d, n, f.rules)
	}
}

func (d *decoder) fields(v reflect.Value, s shape, n *node) {
	for _, e := range n.entries {
		i := slices.IndexFunc(s.fields, func(f field) bool { return f.name == e.name })
		if i < 0 {
			d.unknown(e, s)
			continue
		}
		f := s.fields[i]
		d.value(v.Field(f.index), e.value, f.rules, e.pos)
	}
}

// secrets are keys that people look for and must not find.
var secrets = []string{"password", "passwd", "secret", "token", "private_key", "access_key", "secret_key", "aws_access_key_id", "aws_secret_access_key"}

func (d *decoder) unknown(e entry, s shape) {
	hint := diag.Suggest(e.name, s.names())
	switch {
	case slices.Contains(secrets, strings.ToLower(e.name)):
		hint = "secrets are never in this file: they come from the environment, AWS Secrets Manager or the Snowflake key file"
	case strings.HasSuffix(e.name, ")"): // {type: decimal(10,2)}
		hint = "a comma ends a value within { }: put a text that has one into quotes"
	case hint == "":
		hint = "the keys here are " + strings.Join(s.names(), ", ")
	}
	d.add(e.pos, hint, "unknown key %s", quote(e.name))
}

// missing reports required keys that are absent, and not merely misspelt.
func (d *decoder) missing(s shape, n *node, at diag.Pos) {
	for _, f := range s.fields {
		if f.required && n.get(f.name) == nil && !n.misspells(f.name, s.names()) {
			d.add(n.blame(at, f.name), "", "%q is missing: %s", f.name, uncapitalised(f.doc))
		}
	}
	if s.oneOf == nil {
		return
	}
	var given []*entry
	for _, name := range s.oneOf {
		if e := n.get(name); e != nil {
			given = append(given, e)
		}
	}
	switch {
	case len(given) == 0 && !slices.ContainsFunc(s.oneOf, func(name string) bool { return n.misspells(name, s.names()) }):
		d.add(n.blame(at, s.oneOf...), "", "one of %s is missing", strings.Join(s.oneOf, ", "))
	case len(given) > 1:
		second := slices.MaxFunc(given, func(a, b *entry) int {
			if a.pos.Line != b.pos.Line {
				return a.pos.Line - b.pos.Line
			}
			return a.pos.Column - b.pos.Column
		})
		d.add(second.pos, "", "only one of %s can be given", strings.Join(s.oneOf, ", "))
	}
}

// misspells says whether one of the map's keys is probably meant to be name.
func (n *node) misspells(name string, names []string) bool {
	return slices.ContainsFunc(n.entries, func(e entry) bool {
		return !slices.Contains(names, e.name) && diag.Nearest(e.name, names) == name
	})
}

// uncapitalised turns a sentence into a part of one.
func uncapitalised(sentence string) string {
	return strings.TrimSuffix(strings.ToLower(sentence[:1])+sentence[1:], ".")
}

// decode implements decodable.
func (v *Value[T]) decode(d *decoder, n *node, _ rules) {
	v.Pos = n.pos
	if n.kind != scalarKind {
		v.wrong = true
		d.wrong(n, wanted(&v.Value))
		return
	}
	if problem, hint := parsed(&v.Value, n); problem != "" {
		v.wrong = true
		d.add(n.pos, hint, "%s", problem)
	}
}

// decode implements decodable. A plain null, true or number is refused: YAML
// readers differ in what they make of it.
func (s *String) decode(d *decoder, n *node, r rules) {
	s.Pos = n.pos
	if n.kind != scalarKind {
		s.wrong = true
		if n.kind == nullKind {
			d.add(n.pos, `write "null" in quotes if that text is meant, or take the key out`, "a text is wanted here, not null")
			return
		}
		d.wrong(n, "a text")
		return
	}
	if n.plain != isText {
		s.wrong = true
		d.add(n.pos, fmt.Sprintf("put it into quotes: %q", n.text.Value), "a text is wanted here, not %s", n.describe())
		return
	}
	s.Value, s.text = n.text.Value, n.text
	d.enum(s, r)
}

func (d *decoder) enum(s *String, r rules) {
	switch {
	case r.enum == nil || slices.Contains(r.enum, s.Value):
	case slices.Contains(r.later, s.Value):
		d.add(s.Pos, "use "+alternatives(r.enum), "%q is not supported yet", s.Value)
	default:
		hint := diag.Suggest(s.Value, r.enum)
		if hint == "" {
			hint = "write " + alternatives(r.enum)
		}
		d.add(s.Pos, hint, "%s is not known here", quote(s.Value))
	}
}

func alternatives(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// decode implements decodable.
func (s *Strings) decode(d *decoder, n *node, r rules) {
	s.Pos = n.pos
	switch n.kind {
	case scalarKind:
		s.Items = make([]String, 1)
		s.Items[0].decode(d, n, r)
	case listKind:
		if len(n.items) == 0 {
			d.add(n.pos, "take the key out, or name something", "the list is empty")
		}
		s.Items = make([]String, len(n.items))
		for i, item := range n.items {
			s.Items[i].decode(d, item, r)
		}
	default:
		d.wrong(n, "a text or a list of texts")
	}
}

// wanted says what a scalar type is called in messages.
func wanted(target any) string {
	switch target.(type) {
	case *bool:
		return "true or false"
	case *int64:
		return "a whole number"
	case *Bytes:
		return "a size such as 100GB"
	case *Fraction:
		return "a share such as 5%"
	case *Exact:
		return "a number"
	case *time.Duration:
		return "a duration such as 48h"
	case *schema.Type:
		return "a type such as string or decimal(10,2)"
	case **time.Location:
		return "a time zone such as Europe/Berlin"
	default:
		panic(fmt.Sprintf("config: no words for %T", target))
	}
}
