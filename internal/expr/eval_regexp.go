package expr

import (
	"regexp"
)

func (t *textOp) regexpLike() vector {
	out := t.newVector(t.node.Type)
	out.valid = t.valid
	clear(out.bits)
	x := &t.args[0]
	match := matcherOf(t.scratch, t.node)
	for i := range t.n {
		if t.has(i) {
			out.bits[i>>6] |= bit(match(x.text(i))) << (i & 63)
		}
	}
	return out
}

// matcherOf returns the test whether a text contains a match.
func matcherOf(_ *Scratch, node *Node) func(text []byte) bool { return node.Regexp.Match }

// regexpExtract gives the text of a group; null where nothing matches or the
// group takes no part in the match.
func (t *textOp) regexpExtract() vector {
	x := &t.args[0]
	b := t.newTexts(len(x.txt.data))
	valid := t.ownValid(t.valid)
	for i := range t.n {
		if t.has(i) {
			at := t.node.Regexp.FindSubmatchIndex(x.text(i))
			if at == nil || at[2*t.node.Group] < 0 {
				valid[i>>6] &^= 1 << (i & 63)
			} else {
				b.data = append(b.data, x.text(i)[at[2*t.node.Group]:at[2*t.node.Group+1]]...)
			}
		}
		b.end(i)
	}
	return t.finish(b, valid)
}

// regexpReplace returns the function that appends a text with every match
// replaced.
func (t *textOp) regexpReplace() func(dst []byte, i int) []byte {
	x, re := &t.args[0], t.node.Regexp
	parts := preparedFor(t.scratch, t.node, func() []replacementPart {
		return replacementParts(t.node.Replacement)
	})
	return func(dst []byte, i int) []byte { return appendReplaced(dst, x.text(i), re, parts) }
}

// replacementPart is literal text or, if that is nil, the text of a group.
type replacementPart struct {
	literal []byte
	group   int
}

// replacementParts reads a replacement in the binder's form: ${1} is a group
// of one digit, $$ a dollar.
func replacementParts(replacement string) []replacementPart {
	var parts []replacementPart
	var literal []byte
	for len(replacement) > 0 {
		switch {
		case len(replacement) >= 4 && replacement[:2] == "${" && isDigit(replacement[2]):
			if literal != nil {
				parts, literal = append(parts, replacementPart{literal: literal}), nil
			}
			parts = append(parts, replacementPart{group: int(replacement[2] - '0')})
			replacement = replacement[4:]
		case len(replacement) >= 2 && replacement[:2] == "$$":
			literal, replacement = append(literal, '$'), replacement[2:]
		default:
			literal, replacement = append(literal, replacement[0]), replacement[1:]
		}
	}
	if literal != nil {
		parts = append(parts, replacementPart{literal: literal})
	}
	return parts
}

// appendReplaced appends text with every match replaced, from left to right.
func appendReplaced(dst, text []byte, re *regexp.Regexp, parts []replacementPart) []byte {
	last := 0
	for _, at := range re.FindAllSubmatchIndex(text, -1) {
		dst = append(dst, text[last:at[0]]...)
		for _, p := range parts {
			switch {
			case p.literal != nil:
				dst = append(dst, p.literal...)
			case at[2*p.group] >= 0:
				dst = append(dst, text[at[2*p.group]:at[2*p.group+1]]...)
			}
		}
		last = at[1]
	}
	return append(dst, text[last:]...)
}
