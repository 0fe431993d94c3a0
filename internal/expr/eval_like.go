package expr

import (
	"bytes"
	"unicode/utf8"
)

// like computes s like pattern: % is any text, _ one code point.
func (t *textOp) like() vector {
	out := t.newVector(t.node.Type)
	out.valid = t.valid
	clear(out.bits)
	x, p := &t.args[0], &t.args[1]
	f := failing(t.node, t.args...)
	var pattern likePattern
	ok := true
	for i := range t.n {
		if !t.has(i) {
			continue
		}
		if i == 0 || !p.constant || !pattern.made {
			pattern, ok = parseLike(p.text(i), t.node.Escape)
		}
		if !ok {
			f.add(i, ErrArgument)
			continue
		}
		out.bits[i>>6] |= bit(pattern.match(x.text(i))) << (i & 63)
	}
	out.errs = f.errs
	return out
}

// likePattern is a pattern cut at its %: the text must start with the first
// piece, end with the last, and hold the others in between in order.
type likePattern struct {
	pieces []likePiece
	made   bool
}

// likePiece is literal text in which any[i] says that code point i may be any;
// any is nil if there are none.
type likePiece struct {
	literal []byte
	points  []rune // with anyPoint for _; nil if there is no _
}

const anyPoint = rune(-1)

// parseLike reads a pattern. It is false if the escape character stands before
// anything but %, _ and itself.
func parseLike(pattern []byte, escape rune) (likePattern, bool) {
	p := likePattern{made: true}
	var points []rune
	wild := false
	finish := func() {
		piece := likePiece{}
		for _, r := range points {
			if r != anyPoint {
				piece.literal = utf8.AppendRune(piece.literal, r)
			}
		}
		if wild {
			piece.points = points
		}
		p.pieces = append(p.pieces, piece)
		points, wild = nil, false
	}
	for len(pattern) > 0 {
		r, n := utf8.DecodeRune(pattern)
		pattern = pattern[n:]
		switch {
		case escape != 0 && r == escape:
			next, n := utf8.DecodeRune(pattern)
			if len(pattern) == 0 || next != '%' && next != '_' && next != escape {
				return p, false
			}
			points = append(points, next)
			pattern = pattern[n:]
		case r == '%':
			finish()
		case r == '_':
			points, wild = append(points, anyPoint), true
		default:
			points = append(points, r)
		}
	}
	finish()
	return p, true
}

func (p *likePattern) match(text []byte) bool {
	first, last := &p.pieces[0], &p.pieces[len(p.pieces)-1]
	n := first.matchAt(text)
	if n < 0 {
		return false
	}
	if len(p.pieces) == 1 {
		return n == len(text)
	}
	text = text[n:]
	for i := 1; i < len(p.pieces)-1; i++ {
		end := p.pieces[i].find(text)
		if end < 0 {
			return false
		}
		text = text[end:]
	}
	return last.endOf(text)
}

// matchAt returns how many bytes of text's start the piece takes, or -1.
func (p *likePiece) matchAt(text []byte) int {
	if p.points == nil {
		if bytes.HasPrefix(text, p.literal) {
			return len(p.literal)
		}
		return -1
	}
	at := 0
	for _, want := range p.points {
		if at >= len(text) {
			return -1
		}
		r, n := utf8.DecodeRune(text[at:])
		if want != anyPoint && want != r {
			return -1
		}
		at += n
	}
	return at
}

// find returns the end of the first place in text where the piece matches, or -1.
func (p *likePiece) find(text []byte) int {
	if p.points == nil {
		i := bytes.Index(text, p.literal)
		if i < 0 {
			return -1
		}
		return i + len(p.literal)
	}
	for at := 0; ; {
		if n := p.matchAt(text[at:]); n >= 0 {
			return at + n
		}
		if at >= len(text) {
			return -1
		}
		_, n := utf8.DecodeRune(text[at:])
		at += n
	}
}

// endOf says whether text ends with the piece.
func (p *likePiece) endOf(text []byte) bool {
	if p.points == nil {
		return bytes.HasSuffix(text, p.literal)
	}
	at := len(text)
	for range p.points {
		if at == 0 {
			return false
		}
		_, n := utf8.DecodeLastRune(text[:at])
		at -= n
	}
	return p.matchAt(text[at:]) == len(text)-at
}
