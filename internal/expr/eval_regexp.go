package expr

import (
	resyntax "regexp/syntax"
	"slices"
	"unicode/utf8"

	"github.com/lakectl/lakectl/internal/vec"
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

// regexpExtract gives the text of a group; null where nothing matches, the
// group takes no part in the match or its text is empty, which the engines
// that lakectl prints SQL for cannot tell apart.
func (t *textOp) regexpExtract() vector {
	x := &t.args[0]
	b := t.newTexts(len(x.txt.data))
	valid := t.ownValid(t.valid)
	match := matcherOf(t.scratch, t.node)
	for i := range t.n {
		if t.has(i) {
			var at []int
			if text := x.text(i); match(text) {
				at = t.node.Regexp.FindSubmatchIndex(text)
			}
			if at == nil || at[2*t.node.Group] == at[2*t.node.Group+1] {
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
	x := &t.args[0]
	r := preparedFor(t.scratch, t.node, func() *replacer { return newReplacer(t.node) })
	return func(dst []byte, i int) []byte { return r.replace(dst, x.text(i)) }
}

// replacer replaces the matches of an expression.
type replacer struct {
	matcher
	parts []replacementPart
	class *runeClass // the expression, if it is one code point of a class, or some
}

func newReplacer(node *Node) *replacer {
	r := &replacer{parts: replacementParts(node.Replacement), class: classOf(node.Regexp.String())}
	r.re, r.quick = node.Regexp, newAutomaton(node.Regexp.String())
	if slices.ContainsFunc(r.parts, func(p replacementPart) bool { return p.literal == nil }) {
		r.class = nil
	}
	return r
}

// replace appends text with every match replaced, from left to right.
func (r *replacer) replace(dst, text []byte) []byte {
	if r.class != nil {
		var literal []byte
		if len(r.parts) > 0 {
			literal = r.parts[0].literal
		}
		return r.class.replace(dst, text, literal)
	}
	if !r.match(text) {
		return append(dst, text...)
	}
	last := 0
	for _, at := range r.re.FindAllSubmatchIndex(text, -1) {
		dst = append(dst, text[last:at[0]]...)
		for _, p := range r.parts {
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

// runeClass is an expression of one class of code points, such as [^0-9+],
// once or with a + behind it: the commonest way to clean text.
type runeClass struct {
	ascii  [utf8.RuneSelf]bool
	keep   [utf8.RuneSelf]uint8 // 0 for code points of the class, else 1
	ranges []rune               // pairs, ascending
	runs   bool                 // with a +
}

// classOf returns the class that an expression is, or nil.
func classOf(pattern string) *runeClass {
	re, err := resyntax.Parse(pattern, resyntax.Perl)
	if err != nil {
		return nil
	}
	c := &runeClass{}
	if re.Op == resyntax.OpPlus {
		c.runs, re = re.Flags&resyntax.NonGreedy == 0, re.Sub[0]
	}
	switch {
	case re.Op == resyntax.OpCharClass:
		c.ranges = re.Rune
	case re.Op == resyntax.OpLiteral && len(re.Rune) == 1 && re.Flags&resyntax.FoldCase == 0:
		c.ranges = []rune{re.Rune[0], re.Rune[0]}
	default:
		return nil
	}
	for r := range c.ascii {
		c.ascii[r] = c.hasWide(rune(r))
		c.keep[r] = uint8(bit(!c.ascii[r]))
	}
	return c
}

// hasWide says whether the class has a code point, by its ranges.
func (c *runeClass) hasWide(r rune) bool {
	for i := 0; i+1 < len(c.ranges); i += 2 {
		if r <= c.ranges[i+1] {
			return r >= c.ranges[i]
		}
	}
	return false
}

// at says whether the code point at the start of text is of the class, and how
// long it is.
func (c *runeClass) at(text []byte) (bool, int) {
	if text[0] < utf8.RuneSelf {
		return c.ascii[text[0]], 1
	}
	r, n := utf8.DecodeRune(text)
	return c.hasWide(r), n
}

// replace appends text with each code point of the class, or each run of them,
// replaced.
func (c *runeClass) replace(dst, text, by []byte) []byte {
	if len(by) == 0 && vec.IsASCII(text) {
		return c.remove(dst, text)
	}
	from := 0 // what is not copied yet
	for i := 0; i < len(text); {
		in, n := c.at(text[i:])
		if !in {
			i += n
			continue
		}
		dst = append(append(dst, text[from:i]...), by...)
		i += n
		for c.runs && i < len(text) {
			if in, n = c.at(text[i:]); !in {
				break
			}
			i += n
		}
		from = i
	}
	return append(dst, text[from:]...)
}

// remove appends ASCII text without the code points of the class, with no
// branch on any of them.
func (c *runeClass) remove(dst, text []byte) []byte {
	at := len(dst)
	dst = slices.Grow(dst, len(text))[:at+len(text)]
	into := dst[at:]
	n := 0
	for _, b := range text {
		into[n] = b
		n += int(c.keep[b&(utf8.RuneSelf-1)])
	}
	return dst[:at+n]
}
