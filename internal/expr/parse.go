package expr

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/internal/schema"
)

// maxDepth bounds the height of a syntax tree, so that no input can exhaust
// the stack of the parser, the binder, the printers or the evaluator.
const maxDepth = 200

// syntaxKind says what a syntax node is.
type syntaxKind uint8

const (
	synNull    syntaxKind = iota
	synBool               // value is true or false
	synNumber             // value as written
	synString             // value without quotes
	synTyped              // date 'x', timestamp 'x': op is the type, value the text
	synName               // qualifier (may be empty), value
	synStar               // * in count(*)
	synUnary              // op: - + not
	synBinary             // op, two args
	synChain              // op: and or ||; two or more args
	synIsNull             // is [not] null
	synIn                 // args[0] [not] in (args[1:])
	synBetween            // args[0] [not] between args[1] and args[2]
	synLike               // args[0] [not] like args[1] [escape args[2]]
	synCase               // operand or nil; args are when, then, when, then, ...; orElse or nil
	synCast               // op: cast or try_cast; typ
	synCall               // op: function in lower case
)

// syntax is a node of the tree as it was written, before names and types are known.
type syntax struct {
	kind       syntaxKind
	start, end int // byte offsets in the text
	at         int // offset of the operator, where that says more than start
	height     int

	op        string
	value     string
	qualifier string
	negated   bool // not in, not like, not between, is not null
	distinct  bool // count(distinct x)
	typ       schema.Type
	args      []*syntax
	operand   *syntax
	orElse    *syntax
}

// parse reads an expression. It reports every piece that is no token, or the
// first place where the tokens make no expression.
func parse(text diag.Text) (*syntax, diag.List) {
	tokens, problems := lex(text)
	if len(problems) > 0 {
		return nil, problems
	}
	p := parser{text: text, tokens: tokens}
	tree := p.whole()
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return tree, nil
}

// parser is a recursive descent over tokens. After the first problem it is
// `failed`: every method then returns quickly with a nil node.
type parser struct {
	text     diag.Text
	tokens   []token
	at       int
	depth    int
	problems diag.List
}

func (p *parser) failed() bool { return len(p.problems) > 0 }

func (p *parser) failAt(offset int, hint, format string, args ...any) *syntax {
	if !p.failed() {
		p.problems.AddHint(p.text.At(offset), hint, format, args...)
	}
	return nil
}

// failExpected reports the current token as something else than what is due.
func (p *parser) failExpected(what string) *syntax {
	t := p.peek()
	if t.kind == tokenEOF {
		return p.failAt(t.start, "", "the expression ends where %s is expected", what)
	}
	return p.failAt(t.start, p.hintFor(t), "%s stands where %s is expected", clip(p.text.Value[t.start:t.end]), what)
}

// hintFor says what is usually meant by a token that does not fit.
func (p *parser) hintFor(t token) string {
	switch {
	case t.kind == tokenQuoted:
		return "texts stand in single quotes, names of columns in double quotes"
	case t.kind == tokenWord && isReserved(t.value):
		return fmt.Sprintf("%s is a word of the language; as the name of a column it stands in double quotes", strings.ToLower(t.value))
	case t.kind == tokenString:
		return "a quote within a text is doubled: 'it''s'"
	}
	return ""
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) peekAfter(n int) token { return p.tokens[min(p.at+n, len(p.tokens)-1)] }

func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != tokenEOF {
		p.at++
	}
	return t
}

func (t token) isSymbol(s string) bool { return t.kind == tokenSymbol && t.value == s }

func (t token) isWord(w string) bool { return t.kind == tokenWord && strings.EqualFold(t.value, w) }

// symbol takes the symbol if it is next.
func (p *parser) symbol(s string) bool {
	if p.peek().isSymbol(s) {
		p.at++
		return true
	}
	return false
}

// word takes the keyword if it is next.
func (p *parser) word(w string) bool {
	if p.peek().isWord(w) {
		p.at++
		return true
	}
	return false
}

// expect takes the symbol or keyword, or fails.
func (p *parser) expect(s string) bool {
	if p.failed() {
		return false
	}
	if p.symbol(s) || p.word(s) {
		return true
	}
	p.failExpected(s)
	return false
}

// finish completes a node over the tokens since start and checks its height.
func (p *parser) finish(s *syntax, start int) *syntax {
	if p.failed() {
		return nil
	}
	s.start, s.end = start, p.tokens[p.at-1].end
	if s.at == 0 {
		s.at = start
	}
	for _, child := range append([]*syntax{s.operand, s.orElse}, s.args...) {
		if child != nil {
			s.height = max(s.height, child.height)
		}
	}
	s.height++
	if s.height > maxDepth {
		return p.tooDeep(start)
	}
	return s
}

func (p *parser) tooDeep(offset int) *syntax {
	return p.failAt(offset, "split it into several columns", "the expression is nested more than %d levels deep", maxDepth)
}

func (p *parser) whole() *syntax {
	if p.peek().kind == tokenEOF {
		return p.failAt(0, "", "the expression is empty")
	}
	tree := p.expression()
	if !p.failed() && p.peek().kind != tokenEOF {
		return p.failExpected("the end of the expression")
	}
	return tree
}

func (p *parser) expression() *syntax {
	if p.failed() {
		return nil
	}
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return p.tooDeep(p.peek().start)
	}
	return p.chain("or", func() *syntax { return p.chain("and", p.not) })
}

// chain reads operands of an associative keyword into one node.
func (p *parser) chain(op string, operand func() *syntax) *syntax {
	start := p.peek().start
	first := operand()
	if p.failed() || !p.peek().isWord(op) {
		return first
	}
	chain := &syntax{kind: synChain, op: op, at: p.peek().start, args: []*syntax{first}}
	for p.word(op) {
		chain.args = append(chain.args, operand())
	}
	return p.finish(chain, start)
}

func (p *parser) not() *syntax {
	start, count := p.peek().start, 0
	for p.word("not") {
		count++
	}
	tree := p.predicate()
	for ; count > 0 && !p.failed(); count-- {
		tree = p.finish(&syntax{kind: synUnary, op: "not", args: []*syntax{tree}}, start)
	}
	return tree
}

var comparisons = []string{"=", "<>", "!=", "<=", ">=", "<", ">"}

// predicate reads a comparison, or a test such as `is null`, which ends it.
func (p *parser) predicate() *syntax {
	start := p.peek().start
	left := p.sum()
	if p.failed() {
		return nil
	}
	compared := false
	for _, op := range comparisons {
		at := p.peek().start
		if p.symbol(op) {
			left, compared = p.finish(&syntax{kind: synBinary, op: op, at: at, args: []*syntax{left, p.sum()}}, start), true
			break
		}
	}
	tested := left
	for !p.failed() {
		before := tested
		if tested = p.test(tested, start); tested == before {
			break
		}
		if compared && !p.failed() && tested.kind != synIsNull {
			return p.failAt(tested.at, "put parentheses around what belongs together", "a comparison is followed by another test")
		}
	}
	if next := p.peek(); !p.failed() && next.kind == tokenSymbol && (compared || tested != left) && strings.Contains("=<>!=<=>=", next.value) {
		return p.failAt(next.start, "write a < b and b < c, or put parentheses", "comparisons cannot be chained")
	}
	return tested
}

// test reads one of is null, in, between, like behind an operand; without one
// it returns the operand itself.
func (p *parser) test(left *syntax, start int) *syntax {
	at := p.peek().start
	if p.word("is") {
		negated := p.word("not")
		if !p.word("null") {
			return p.failExpected("null")
		}
		return p.finish(&syntax{kind: synIsNull, at: at, negated: negated, args: []*syntax{left}}, start)
	}
	negated := p.peek().isWord("not") && (p.peekAfter(1).isWord("in") || p.peekAfter(1).isWord("between") || p.peekAfter(1).isWord("like"))
	if negated {
		p.at++
	}
	switch {
	case p.word("in"):
		p.expect("(")
		args := append([]*syntax{left}, p.list()...)
		return p.finish(&syntax{kind: synIn, at: at, negated: negated, args: args}, start)
	case p.word("between"):
		low := p.sum()
		p.expect("and")
		return p.finish(&syntax{kind: synBetween, at: at, negated: negated, args: []*syntax{left, low, p.sum()}}, start)
	case p.word("like"):
		args := []*syntax{left, p.sum()}
		if p.word("escape") {
			args = append(args, p.sum())
		}
		return p.finish(&syntax{kind: synLike, at: at, negated: negated, args: args}, start)
	}
	return left
}

// list reads one or more expressions up to the closing parenthesis.
func (p *parser) list() []*syntax {
	var list []*syntax
	for {
		list = append(list, p.expression())
		if p.failed() || !p.symbol(",") {
			break
		}
	}
	if !p.failed() && !p.symbol(")") {
		p.failExpected(", or )")
	}
	return list
}

// sum reads + - and ||, which associate to the left; || makes one node of many operands.
func (p *parser) sum() *syntax {
	start := p.peek().start
	left := p.product()
	for !p.failed() {
		at := p.peek().start
		switch {
		case p.symbol("+"), p.symbol("-"):
			op := p.tokens[p.at-1].value
			left = p.finish(&syntax{kind: synBinary, op: op, at: at, args: []*syntax{left, p.product()}}, start)
		case p.peek().isSymbol("||"):
			chain := &syntax{kind: synChain, op: "||", at: at, args: []*syntax{left}}
			for p.symbol("||") {
				chain.args = append(chain.args, p.product())
			}
			left = p.finish(chain, start)
		default:
			return left
		}
	}
	return nil
}

func (p *parser) product() *syntax {
	start := p.peek().start
	left := p.unary()
	for !p.failed() {
		at := p.peek().start
		if !p.symbol("*") && !p.symbol("/") && !p.symbol("%") {
			return left
		}
		op := p.tokens[p.at-1].value
		left = p.finish(&syntax{kind: synBinary, op: op, at: at, args: []*syntax{left, p.unary()}}, start)
	}
	return nil
}

func (p *parser) unary() *syntax {
	var signs []token
	for p.peek().isSymbol("-") || p.peek().isSymbol("+") {
		signs = append(signs, p.take())
	}
	tree := p.primary()
	for i := len(signs) - 1; i >= 0 && !p.failed(); i-- {
		tree = p.finish(&syntax{kind: synUnary, op: signs[i].value, args: []*syntax{tree}}, signs[i].start)
	}
	return tree
}
