package config

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/lakectl/lakectl/internal/diag"
)

// Limits of a file, so that a mistaken or hostile one is refused and not
// parsed for minutes: the parser's time grows with the square of a map's size.
const (
	maxBytes  = 1 << 20
	maxTokens = 200_000
	maxDepth  = 32
)

// reader turns the text of a file into nodes.
type reader struct {
	file     string
	lines    []string // of the source, without line ends
	problems diag.List
	last     place // asked for last: a file may be one long line
}

// place is a character of the source.
type place struct {
	line, column int // in characters, from 1; 0 is no place
	byte         int // of the line, from 1
}

// read parses a file. The node is nil when the file could not be parsed, which
// is then a problem.
func read(file string, data []byte) (*node, diag.List) {
	r := &reader{file: file}
	if len(data) > maxBytes {
		r.problems.AddHint(diag.Pos{File: file}, "lakehouse.yaml is meant to be written by hand", "the file has more than %d bytes", maxBytes)
		return nil, r.problems
	}
	text := lineEnds.Replace(strings.TrimPrefix(string(data), "\ufeff"))
	if at := invalidUTF8(text); at >= 0 {
		line := 1 + strings.Count(text[:at], "\n")
		column := at - strings.LastIndexByte(text[:at], '\n')
		r.problems.AddHint(diag.Pos{File: file, Line: line, Column: column}, "save it as UTF-8", "the file is not UTF-8")
		return nil, r.problems
	}
	r.lines = strings.Split(text, "\n")
	doc := r.parse(text)
	if doc == nil {
		return nil, r.problems
	}
	return r.node(doc, 0), r.problems
}

// lineEnds makes the line ends of all systems the one that lines are counted by.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func invalidUTF8(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	for i, c := range text {
		if c == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(text[i:]); n == 1 {
				return i
			}
		}
	}
	return -1
}

// parse returns the root of the only document, or nil and a problem.
func (r *reader) parse(text string) ast.Node {
	file, err := r.parseFile(text)
	if err != nil {
		r.syntaxError(err)
		return nil
	}
	var root ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType:
		case doc.Body.Type() == ast.DirectiveType:
			r.add(doc.Body, "take the line out", "YAML directives (%%) are not supported")
		case root != nil:
			start := doc.Start
			if start == nil { // it follows a `...`
				start = firstToken(doc.Body)
			}
			r.problems.AddHint(r.pos(start), "write one document, without `---` in between", "a second document begins in the file")
			return root
		default:
			root = doc.Body
		}
	}
	if root == nil {
		r.problems.AddHint(diag.Pos{File: r.file, Line: 1, Column: 1}, "`lakectl init` writes one to start from", "the file is empty")
	}
	return root
}

// firstToken returns where a node begins; the token of a map is a colon.
func firstToken(n ast.Node) *token.Token {
	switch n := n.(type) {
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	case *ast.MappingNode:
		if len(n.Values) > 0 && n.GetToken().Type != token.MappingStartType {
			return n.Values[0].Key.GetToken()
		}
	}
	return n.GetToken()
}

var errTooDeep = fmt.Errorf("the file is nested more than %d deep", maxDepth)

// placed is an error at a place of the file.
type placed struct {
	error
	at *token.Token
}

// parseFile runs the YAML parser. Its panics on strange input are errors of
// the input here.
func (r *reader) parseFile(text string) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			file, err = nil, fmt.Errorf("the file cannot be read as YAML: %v", p)
		}
	}()
	tokens := lexer.Tokenize(text)
	if len(tokens) > maxTokens {
		return nil, fmt.Errorf("the file has more than %d words and signs", maxTokens)
	}
	if at := tooDeep(tokens); at != nil {
		return nil, placed{errTooDeep, at}
	}
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// tooDeep looks for nesting that would exhaust the recursive parser's stack:
// open brackets, and markers that nest within one line. It returns where that
// is, or nil.
func tooDeep(tokens token.Tokens) *token.Token {
	depth, markers, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, markers = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth = max(depth-1, 0)
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			markers++
		default:
		}
		if depth > maxDepth || markers > 2*maxDepth {
			return t
		}
	}
	return nil
}

// plainWords says in plain words what the parser's messages mean.
var plainWords = []struct{ contains, message, hint string }{
	{"'\\t'", "a tab is used as indentation", "indent with blanks"},
	{"character '\t'", "a tab is used as indentation", "indent with blanks"},
	{"could not find flow mapping end token", "the `{` is never closed", "add a `}`"},
	{"sequence end token", "the `[` is never closed", "add a `]`"},
	{"',' or ']' must be specified", "a `,` or `]` is missing before this", ""},
	{"',' or '}' must be specified", "a `,` or `}` is missing before this", ""},
	{"map key-value is pre-defined", "this cannot follow a finished value", "put a text that has quotes or `: ` in it into double quotes as a whole"},
	{"mapping value is not allowed", "a key is not allowed here", "indent it like its neighbours, or put a text with `: ` in it into quotes"},
	{"value is not allowed in this context", "this is not allowed here", "indent it like its neighbours"},
	{"could not find end character of double", "the double quote is never closed", "add a closing quote"},
	{"could not find end character of single", "the single quote is never closed", "add a closing quote, and write a quote inside as two"},
	{"invalid key for this map", "a key must be a plain name", ""},
	{"is a reserved character", "a text cannot begin with this character", "put it into quotes"},
}

func (r *reader) syntaxError(err error) {
	pos := diag.Pos{File: r.file, Line: 1, Column: 1}
	message, hint := err.Error(), ""
	var syntax *yaml.SyntaxError
	if here, ok := errors.AsType[placed](err); ok {
		pos = r.pos(here.at)
	} else if errors.As(err, &syntax) {
		message = syntax.GetMessage()
		if t := syntax.GetToken(); t != nil {
			pos = r.pos(t)
		}
	}
	for _, w := range plainWords {
		if strings.Contains(message, w.contains) {
			message, hint = w.message, w.hint
			break
		}
	}
	r.problems.AddHint(pos, hint, "not valid YAML: %s", message)
}

func (r *reader) add(n ast.Node, hint, format string, args ...any) {
	r.problems.AddHint(r.pos(n.GetToken()), hint, format, args...)
}

// pos translates the parser's column, which counts characters, into bytes.
func (r *reader) pos(t *token.Token) diag.Pos {
	p := diag.Pos{File: r.file, Line: 1, Column: 1}
	if t == nil || t.Position == nil || t.Position.Line < 1 {
		return p
	}
	p.Line = min(t.Position.Line, len(r.lines))
	line, at := r.lines[p.Line-1], place{p.Line, 1, 1}
	if r.last.line == p.Line && r.last.column <= t.Position.Column {
		at = r.last
	}
	for ; at.column < t.Position.Column && at.byte <= len(line); at.column++ {
		_, size := utf8.DecodeRuneInString(line[at.byte-1:])
		at.byte += size
	}
	r.last, p.Column = at, at.byte
	return p
}

// node converts a value; what is not supported becomes a problem and refused.
func (r *reader) node(n ast.Node, depth int) *node {
	if depth > maxDepth {
		r.add(n, "", "%v", errTooDeep)
		return &node{kind: emptyKind, pos: r.pos(n.GetToken())}
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return r.mapping(n, n.Values, depth)
	case *ast.MappingValueNode:
		return r.mapping(n, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		return r.list(n, depth)
	case *ast.NullNode:
		return r.null(n)
	case *ast.LiteralNode:
		return r.block(n)
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return r.scalar(n)
	case *ast.AnchorNode:
		r.add(n, "write the value out where it is needed; `environments:` varies single fields", "anchors (&) are not supported")
		return r.node(n.Value, depth+1)
	case *ast.AliasNode:
		r.add(n, "write the value out", "aliases (*) are not supported")
	case *ast.TagNode:
		r.add(n, "put a text into quotes instead", "tags (!) are not supported")
		return r.node(n.Value, depth+1)
	default:
		if n != nil {
			r.add(n, "", "this kind of YAML is not supported")
		}
	}
	// It is reported already: nothing more is said about it, nor that it is missing.
	return &node{kind: refusedKind}
}

func (r *reader) null(n *ast.NullNode) *node {
	k := nullKind
	if n.GetToken().Type == token.ImplicitNullType {
		k = emptyKind
	}
	return &node{kind: k, pos: r.pos(n.GetToken())}
}

func (r *reader) list(n *ast.SequenceNode, depth int) *node {
	out := &node{kind: listKind, pos: r.pos(n.GetToken())}
	for _, v := range n.Values {
		if v == nil {
			continue
		}
		if item := r.node(v, depth+1); item.kind != refusedKind {
			out.items = append(out.items, item)
		}
	}
	return out
}

func (r *reader) mapping(n ast.Node, values []*ast.MappingValueNode, depth int) *node {
	out := &node{kind: mapKind, pos: r.pos(n.GetToken())}
	seen := make(map[string]diag.Pos, len(values))
	for i, v := range values {
		pos := r.pos(v.Key.GetToken())
		if i == 0 && n.GetToken().Type != token.MappingStartType {
			out.pos = pos
		}
		name, ok := r.key(v.Key)
		if !ok {
			continue
		}
		if first, twice := seen[name]; twice {
			r.problems.AddHint(pos, fmt.Sprintf("it is already given at %s", first), "%s is given twice", quote(name))
			continue
		}
		seen[name] = pos
		if v.Value == nil {
			out.entries = append(out.entries, entry{name, pos, &node{kind: emptyKind, pos: pos}})
		} else {
			value := r.node(v.Value, depth+1)
			if value.kind == emptyKind {
				value.pos = pos
			}
			out.entries = append(out.entries, entry{name, pos, value})
		}
	}
	return out
}

func (r *reader) key(k ast.MapKeyNode) (string, bool) {
	switch k.(type) {
	case *ast.MergeKeyNode:
		r.add(k, "write the keys out", "merge keys (<<) are not supported")
		return "", false
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return k.GetToken().Value, true
	default:
		r.add(k, "write `name: value`", "a key must be a plain name")
		return "", false
	}
}

func (r *reader) scalar(n ast.Node) *node {
	t := n.GetToken()
	out := &node{kind: scalarKind, pos: r.pos(t), text: diag.Text{Value: t.Value}}
	out.text.Start = out.pos
	line := r.lines[out.pos.Line-1]
	switch t.Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		out.quoted = true
		out.text.Start.Column++
		out.text.Literal = strings.HasPrefix(from(line, out.pos.Column), quoteMark(t)+t.Value+quoteMark(t))
		return out
	default:
	}
	out.text.Literal = strings.HasPrefix(from(line, out.pos.Column), t.Value)
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.plain = isNumber
	case *ast.BoolNode:
		out.plain = isBool
	default: // 1e+22 and what is beyond 64 bits the parser takes for text
		if yamlNumber.MatchString(t.Value) {
			out.plain = isNumber
		}
	}
	return out
}

// yamlNumber is a number by YAML 1.2.
var yamlNumber = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)

// from returns what stands in the line from a column on.
func from(line string, column int) string { return line[min(column-1, len(line)):] }

func quoteMark(t *token.Token) string {
	if t.Type == token.SingleQuoteType {
		return "'"
	}
	return `"`
}

// block converts a block scalar (| or >). Its text begins on the line after
// the header; it is literal if all its lines stand there with one indentation.
func (r *reader) block(n *ast.LiteralNode) *node {
	out := &node{kind: scalarKind, pos: r.pos(n.Start), quoted: true}
	if n.Value != nil {
		out.text.Value = n.Value.Value
	}
	out.text.Start = out.pos
	source := r.lines[min(out.pos.Line, len(r.lines)):]
	value := strings.Split(strings.TrimRight(out.text.Value, "\n"), "\n")
	indent, ok := blockIndent(source, value)
	if !ok {
		return out
	}
	out.text.Start = diag.Pos{File: r.file, Line: out.pos.Line + 1, Column: indent + 1}
	out.text.Literal = true
	return out
}

// blockIndent returns the indentation with which the lines of value stand at
// the top of source, if they do.
func blockIndent(source, value []string) (int, bool) {
	indent := -1
	for i, want := range value {
		if i >= len(source) {
			return 0, false
		}
		got := source[i]
		if want == "" && strings.TrimSpace(got) == "" {
			continue
		}
		if indent < 0 {
			indent = len(got) - len(want)
		}
		if indent < 0 || len(got) < indent || got[indent:] != want || strings.TrimLeft(got[:indent], " ") != "" {
			return 0, false
		}
	}
	return max(indent, 0), indent >= 0
}

// quote prints a text of the user's for a message, cut if it is long.
func quote(text string) string { return strconv.Quote(clip(text)) }

// clip cuts a text to what fits a message.
func clip(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}
