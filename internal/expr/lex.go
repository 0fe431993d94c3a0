package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lakectl/lakectl/internal/diag"
)

// tokenKind is the family of a token.
type tokenKind uint8

const (
	tokenEOF    tokenKind = iota
	tokenWord             // keyword, column or function; value as written
	tokenQuoted           // "column"; value without quotes
	tokenNumber           // value as written
	tokenString           // 'text'; value without quotes
	tokenSymbol           // operator or punctuation
	tokenBad              // already reported
)

// token is one piece of an expression; start and end are byte offsets.
type token struct {
	kind       tokenKind
	value      string
	start, end int
}

// lexer cuts an expression into tokens and reports what is none.
type lexer struct {
	text     diag.Text
	at       int
	problems diag.List
}

// lex returns the tokens of a text, the last of which is tokenEOF.
func lex(text diag.Text) ([]token, diag.List) {
	l := lexer{text: text}
	var tokens []token
	for {
		t := l.next()
		tokens = append(tokens, t)
		if t.kind == tokenEOF {
			return tokens, l.problems
		}
	}
}

func (l *lexer) next() token {
	src := l.text.Value
	for l.at < len(src) && strings.IndexByte(" \t\r\n", src[l.at]) >= 0 {
		l.at++
	}
	if l.at == len(src) {
		return token{kind: tokenEOF, start: l.at, end: l.at}
	}
	switch c := src[l.at]; {
	case c == '\'':
		return l.quoted('\'', tokenString, "text")
	case c == '"':
		return l.quoted('"', tokenQuoted, "quoted name")
	case isDigit(c) || c == '.' && l.at+1 < len(src) && isDigit(src[l.at+1]):
		return l.number()
	}
	if r, _ := utf8.DecodeRuneInString(src[l.at:]); isWordStart(r) {
		return l.word()
	}
	return l.symbol()
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordStart(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func isWordPart(r rune) bool {
	return isWordStart(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// token ends a token that started at start.
func (l *lexer) token(kind tokenKind, start int) token {
	return token{kind: kind, value: l.text.Value[start:l.at], start: start, end: l.at}
}

func (l *lexer) bad(start int, hint, format string, args ...any) token {
	l.problems.AddHint(l.text.At(start), hint, format, args...)
	return l.token(tokenBad, start)
}

func (l *lexer) word() token {
	start := l.at
	for l.at < len(l.text.Value) {
		r, size := utf8.DecodeRuneInString(l.text.Value[l.at:])
		if !isWordPart(r) {
			break
		}
		l.at += size
	}
	return l.token(tokenWord, start)
}

// quoted reads up to the closing quote; a doubled quote stands for one.
func (l *lexer) quoted(quote byte, kind tokenKind, what string) token {
	src, start := l.text.Value, l.at
	var value strings.Builder
	for l.at++; ; l.at++ {
		if l.at >= len(src) {
			return l.bad(start, "add the closing "+string(quote), "the %s %s is not closed", what, clip(src[start:]))
		}
		if src[l.at] == quote {
			if l.at+1 >= len(src) || src[l.at+1] != quote {
				break
			}
			l.at++
		}
		value.WriteByte(src[l.at])
	}
	l.at++
	if s := value.String(); !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return l.bad(start, "", "the %s %s holds bytes that are no text", what, clip(src[start:l.at]))
	}
	if kind == tokenQuoted && value.Len() == 0 {
		return l.bad(start, "texts stand in single quotes: ''", "a column has an empty name")
	}
	return token{kind: kind, value: value.String(), start: start, end: l.at}
}

// number reads 12, 1.5, .5 and 1e3.
func (l *lexer) number() token {
	start := l.at
	l.digits()
	if l.peek(0) == '.' && isDigit(l.peek(1)) {
		l.at++
		l.digits()
	}
	if c := l.peek(0); c == 'e' || c == 'E' {
		sign := 0
		if s := l.peek(1); s == '+' || s == '-' {
			sign = 1
		}
		if isDigit(l.peek(1 + sign)) {
			l.at += 1 + sign
			l.digits()
		}
	}
	r, _ := utf8.DecodeRuneInString(l.text.Value[l.at:])
	if !isWordPart(r) && r != '.' {
		return l.token(tokenNumber, start)
	}
	for l.at < len(l.text.Value) && (isWordPart(r) || r == '.') {
		l.at += utf8.RuneLen(r)
		r, _ = utf8.DecodeRuneInString(l.text.Value[l.at:])
	}
	return l.bad(start, "numbers are written 12, 1.5 or 1e3; a column name that starts with a digit stands in double quotes",
		"%s is not a number", clip(l.text.Value[start:l.at]))
}

func (l *lexer) digits() {
	for isDigit(l.peek(0)) {
		l.at++
	}
}

func (l *lexer) peek(n int) byte {
	if l.at+n < len(l.text.Value) {
		return l.text.Value[l.at+n]
	}
	return 0
}

func (l *lexer) symbol() token {
	src, start := l.text.Value, l.at
	if l.at+1 < len(src) {
		switch two := src[l.at : l.at+2]; two {
		case "<=", ">=", "<>", "!=", "||":
			l.at += 2
			return l.token(tokenSymbol, start)
		case "--", "/*":
			l.at = len(src)
			return l.bad(start, "comments belong into the YAML, after #; minus a negative number is written a - (-b)", "%s is not part of an expression", two)
		case "==", "&&", "::":
			l.at += 2
			hint := map[string]string{"==": "equality is written =", "&&": "write and", "::": "write cast(x as type)"}
			return l.bad(start, hint[two], "%s is not an operator", two)
		}
	}
	r, size := utf8.DecodeRuneInString(src[l.at:])
	l.at += size
	if strings.ContainsRune("+-*/%=<>(),.", r) {
		return l.token(tokenSymbol, start)
	}
	hint := ""
	if r == '`' {
		hint = "column names are quoted as \"name\""
	}
	return l.bad(start, hint, "%q is not part of an expression", r)
}

// clip cuts a piece of an expression to a length that fits a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}
