package expr

import (
	"strings"

	"github.com/lakectl/lakectl/internal/schema"
)

// reserved words are no names of columns unless quoted.
const reserved = " and or not is null in between like case when then else end true false "

func isReserved(word string) bool {
	return strings.Contains(reserved, " "+strings.ToLower(word)+" ")
}

// primary reads what needs no precedence: literals, names, calls, case, parentheses.
func (p *parser) primary() *syntax {
	if p.failed() {
		return nil
	}
	t := p.peek()
	switch {
	case t.kind == tokenNumber:
		p.at++
		return p.finish(&syntax{kind: synNumber, value: t.value}, t.start)
	case t.kind == tokenString:
		p.at++
		return p.finish(&syntax{kind: synString, value: t.value}, t.start)
	case t.isSymbol("("):
		return p.parenthesis()
	case t.kind == tokenQuoted:
		return p.name()
	case t.kind == tokenWord:
		return p.wordPrimary(t)
	}
	return p.failExpected("a value")
}

func (p *parser) parenthesis() *syntax {
	start := p.take().start
	tree := p.expression()
	if !p.expect(")") {
		return nil
	}
	tree.start, tree.end = start, p.tokens[p.at-1].end
	return tree
}

func (p *parser) wordPrimary(t token) *syntax {
	after := p.peekAfter(1)
	word := strings.ToLower(t.value)
	switch {
	case word == "null":
		p.at++
		return p.finish(&syntax{kind: synNull}, t.start)
	case word == "true" || word == "false":
		p.at++
		return p.finish(&syntax{kind: synBool, value: word}, t.start)
	case word == "case":
		return p.caseOf()
	case isReserved(word):
		return p.failExpected("a value")
	case (word == "date" || word == "timestamp") && after.kind == tokenString:
		p.at += 2
		return p.finish(&syntax{kind: synTyped, op: word, value: after.value}, t.start)
	case (word == "cast" || word == "try_cast") && after.isSymbol("("):
		return p.cast(word)
	case after.isSymbol("("):
		return p.call(word)
	}
	return p.name()
}

// name reads column or qualifier.column.
func (p *parser) name() *syntax {
	first := p.take()
	s := &syntax{kind: synName, value: first.value}
	if p.symbol(".") {
		second := p.peek()
		if second.kind != tokenWord && second.kind != tokenQuoted {
			return p.failExpected("the name of a column")
		}
		p.at++
		s.qualifier, s.value = first.value, second.value
		if p.peek().isSymbol(".") {
			return p.failAt(p.peek().start, "a name that holds points stands in double quotes", "a name has two parts at most, table.column")
		}
	}
	return p.finish(s, first.start)
}

func (p *parser) caseOf() *syntax {
	start := p.take().start
	s := &syntax{kind: synCase}
	if !p.peek().isWord("when") {
		s.operand = p.expression()
	}
	for !p.failed() && p.word("when") {
		when := p.expression()
		p.expect("then")
		s.args = append(s.args, when, p.expression())
	}
	if p.failed() {
		return nil
	}
	if len(s.args) == 0 {
		return p.failExpected("when")
	}
	if p.word("else") {
		s.orElse = p.expression()
	}
	if p.failed() || !p.word("end") {
		return p.failExpected("when, else or end")
	}
	return p.finish(s, start)
}

func (p *parser) cast(op string) *syntax {
	start := p.take().start
	p.at++ // (
	s := &syntax{kind: synCast, op: op, args: []*syntax{p.expression()}}
	p.expect("as")
	s.typ = p.typeName()
	p.expect(")")
	return p.finish(s, start)
}

// typeName reads a type such as decimal(10,2).
func (p *parser) typeName() schema.Type {
	if p.failed() {
		return schema.Type{}
	}
	first := p.peek()
	if first.kind != tokenWord {
		p.failExpected("a type")
		return schema.Type{}
	}
	p.at++
	end := first.end
	if p.peek().isSymbol("(") {
		for !p.peek().isSymbol(")") {
			if p.take().kind == tokenEOF {
				p.failExpected(")")
				return schema.Type{}
			}
		}
		end = p.take().end
	}
	t, err := schema.ParseType(p.text.Value[first.start:end])
	if err != nil {
		p.failAt(first.start, typeHint(first.value), "%s", err)
	}
	return t
}

// typeHint says what a type of other languages is called here.
func typeHint(word string) string {
	for _, alias := range [...]struct{ names, meant string }{
		{"int int4 int32 smallint tinyint", "integer"}, {"long int8 int64", "bigint"},
		{"varchar text char str", "string"}, {"float real float8 float64 number", "double"},
		{"numeric", "decimal(p,s)"}, {"bool", "boolean"}, {"datetime timestamptz timestamp_ntz", "timestamp"},
	} {
		for _, name := range strings.Fields(alias.names) {
			if strings.EqualFold(name, word) {
				return "write " + alias.meant
			}
		}
	}
	return ""
}

// call reads a function with its arguments; count takes * and distinct.
func (p *parser) call(name string) *syntax {
	start := p.take().start
	p.at++ // (
	s := &syntax{kind: synCall, op: name}
	if p.symbol(")") {
		return p.finish(s, start)
	}
	if star := p.peek(); p.symbol("*") {
		s.args = []*syntax{{kind: synStar, start: star.start, end: star.end, at: star.start, height: 1}}
		p.expect(")")
		return p.finish(s, start)
	}
	s.distinct = p.word("distinct")
	s.args = p.list()
	return p.finish(s, start)
}
