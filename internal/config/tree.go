package config

import (
	"slices"

	"github.com/lakectl/lakectl/internal/diag"
)

// kind is the shape of a node.
type kind uint8

const (
	scalarKind kind = iota + 1
	mapKind
	listKind
	nullKind  // null or ~
	emptyKind // a key with nothing behind it
	refusedKind
)

// plain says what an unquoted scalar would be to YAML.
type plain uint8

const (
	isText   plain = iota // quoted, or not one of the others
	isNumber              // also .inf and .nan
	isBool
)

// node is a value of the file. Nodes are never changed once made; merging
// environments makes new maps over shared values.
type node struct {
	kind    kind
	pos     diag.Pos  // where it begins, for quoted texts the quote
	text    diag.Text // scalars: without quotes
	plain   plain     // scalars
	quoted  bool      // scalars: in quotes or a block
	entries []entry   // maps, in the file's order, names unique
	taken   []entry   // maps: what an environment takes away
	items   []*node   // lists
}

// entry is one key of a map and its value.
type entry struct {
	name  string
	pos   diag.Pos // of the key
	value *node
}

// get returns the entry of a map by name, or nil.
func (n *node) get(name string) *entry {
	for i := range n.entries {
		if n.entries[i].name == name {
			return &n.entries[i]
		}
	}
	return nil
}

// merge lays over on top of base: maps merge by key, anything else replaces,
// null takes the key away. The result keeps base's order, new keys come last.
func merge(base, over *node) *node {
	if over.kind == emptyKind && base.kind == mapKind {
		return base
	}
	if base.kind != mapKind || over.kind != mapKind {
		return over
	}
	out := &node{kind: mapKind, pos: base.pos}
	for _, e := range base.entries {
		o := over.get(e.name)
		switch {
		case o == nil:
			out.entries = append(out.entries, e)
		case o.value.kind == nullKind:
			out.taken = append(out.taken, *o)
		default:
			e.value = merge(e.value, o.value)
			out.entries = append(out.entries, e)
		}
	}
	for _, o := range over.entries {
		if base.get(o.name) == nil && o.value.kind != nullKind {
			out.entries = append(out.entries, o)
		}
	}
	return out
}

// blame returns the place to blame for the absence of keys: where an environment
// takes one away, else at.
func (n *node) blame(at diag.Pos, names ...string) diag.Pos {
	for _, e := range n.taken {
		if slices.Contains(names, e.name) {
			return e.pos
		}
	}
	return at
}

// has says whether a key or a value of the tree begins at a place.
func (n *node) has(pos diag.Pos) bool {
	return n.pos == pos || slices.ContainsFunc(n.entries, func(e entry) bool { return e.pos == pos || e.value.has(pos) }) ||
		slices.ContainsFunc(n.items, func(item *node) bool { return item.has(pos) })
}

// without returns the map less one key.
func (n *node) without(name string) *node {
	out := &node{kind: n.kind, pos: n.pos}
	for _, e := range n.entries {
		if e.name != name {
			out.entries = append(out.entries, e)
		}
	}
	return out
}

// describe says what the node is, for messages.
func (n *node) describe() string {
	switch n.kind {
	case mapKind:
		return "a map"
	case listKind:
		return "a list"
	case nullKind:
		return "null"
	case emptyKind:
		return "nothing"
	}
	switch {
	case n.quoted:
		return "the text " + quote(n.text.Value)
	case n.plain == isNumber:
		return "the number " + clip(n.text.Value)
	case n.plain == isBool:
		return clip(n.text.Value)
	default:
		return quote(n.text.Value)
	}
}
