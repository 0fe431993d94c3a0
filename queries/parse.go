package queries

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSQL is how long a query may be in Athena, in bytes.
const maxSQL = 262144

// parser reads one file.
type parser struct {
	query    Query
	seen     []string // fields of the header
	problems []Problem
}

func (p *parser) add(line int, message, hint string) {
	p.problems = append(p.problems, Problem{File: p.query.File, Line: line, Message: message, Hint: hint})
}

var fieldRegexp = regexp.MustCompile(`^--\s*([a-z]+):(?:\s+(.*))?$`)

// fields of the header.
var fields = []string{"name", "description", "parameter"}

// header reads the lines of comments at the start, and leaves the rest to the
// query. The header ends at the first line that is no field.
func (p *parser) header(text string) {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	line := 1
	for rest := text; ; line++ {
		var current string
		var more bool
		current, rest, more = strings.Cut(rest, "\n")
		m := fieldRegexp.FindStringSubmatch(strings.TrimRight(current, " \t"))
		if m == nil || !slices.Contains(fields, m[1]) {
			if more {
				current += "\n" + rest
			}
			p.query.SQL, p.query.Line = current, line
			return
		}
		p.field(line, m[1], strings.TrimSpace(m[2]))
		if !more {
			p.query.Line = line
			return
		}
	}
}

func (p *parser) field(line int, name, value string) {
	if slices.Contains(p.seen, name) && name != "parameter" {
		p.add(line, "there is a second "+name, "take one out")
		return
	}
	p.seen = append(p.seen, name)
	switch name {
	case "name":
		p.query.Name = value
		if !nameRegexp.MatchString(value) {
			p.add(line, quote(value)+" is not a name of a query", "names have a-z, 0-9 and _, and begin with a letter")
		}
	case "description":
		p.query.Description = value
		if value == "" {
			p.add(line, "the description is empty", "say in a few words what the query answers")
		}
	case "parameter":
		p.parameter(line, value)
	}
}

const parameterHint = "write `-- parameter: NAME TYPE DEFAULT what it is`, with - for no default"

// parameter reads NAME TYPE DEFAULT DESCRIPTION.
func (p *parser) parameter(line int, text string) {
	name, rest := word(text)
	kind, rest := word(rest)
	kind = strings.ToLower(kind)
	value, rest, ok := defaultWord(rest)
	if !ok || name == "" || kind == "" {
		p.add(line, "the parameter is not complete", parameterHint)
		return
	}
	parameter := Parameter{Name: name, Type: kind, Default: value, Description: rest, Line: line}
	switch {
	case !nameRegexp.MatchString(name):
		p.add(line, quote(name)+" is not a name of a parameter", "names have a-z, 0-9 and _, and begin with a letter")
	case p.query.parameter(name) != nil:
		p.add(line, "there are two parameters "+name, "take one out")
	case !KnownType(kind):
		p.add(line, quote(kind)+" is not a type of a parameter", "the types are "+strings.Join(Types(), ", "))
	case value != nil:
		if _, err := Literal(kind, *value); err != nil {
			p.add(line, "the default of "+name+": "+err.Error(), parameterHint)
		}
	}
	p.query.Parameters = append(p.query.Parameters, parameter)
}

// parameter returns the parameter of a name, or nil.
func (q *Query) parameter(name string) *Parameter {
	for i := range q.Parameters {
		if q.Parameters[i].Name == name {
			return &q.Parameters[i]
		}
	}
	return nil
}

func word(text string) (first, rest string) {
	text = strings.TrimSpace(text)
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		return text[:i], strings.TrimSpace(text[i:])
	}
	return text, ""
}

// defaultWord reads a default: a word, a text in quotes, or - for none.
func defaultWord(text string) (value *string, rest string, ok bool) {
	if !strings.HasPrefix(text, "'") {
		first, rest := word(text)
		if first == "-" {
			return nil, rest, true
		}
		return &first, rest, first != ""
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] != '\'':
			b.WriteByte(text[i])
		case strings.HasPrefix(text[i+1:], "'"):
			b.WriteByte('\'')
			i++
		default:
			content := b.String()
			return &content, strings.TrimSpace(text[i+1:]), true
		}
	}
	return nil, "", false
}

// finish checks the query as a whole.
func (p *parser) finish(file string) {
	q := &p.query
	for _, name := range fields[:2] {
		if !slices.Contains(p.seen, name) {
			p.add(1, "the header has no "+name, "begin the file with `-- "+name+": ...`")
		}
	}
	if q.Name != "" && nameRegexp.MatchString(q.Name) && q.Name != file {
		p.add(1, "the query is called "+quote(q.Name)+", and its file "+quote(file+".sql"), "give both the same name")
	}
	q.SQL = strings.TrimRight(q.SQL, " \t\n;")
	if len(q.SQL) > maxSQL {
		p.add(0, "the query has more than "+strconv.Itoa(maxSQL)+" bytes, the most that Athena takes", "split it, or make a gold table of a part of it")
	}
	empty := true
	used := map[string]bool{}
	for _, t := range scan(q.SQL) {
		line := q.Line + strings.Count(q.SQL[:t.at], "\n")
		empty = empty && t.kind == comment
		switch {
		case t.kind == parameterUse:
			used[t.text] = true
			if q.parameter(t.text) == nil {
				p.add(line, "the query has no parameter "+t.text, "add `-- parameter: "+t.text+" TYPE DEFAULT what it is` to the header")
			}
		case t.kind == layerUse && !slices.Contains(Layers, t.text):
			p.add(line, "${"+t.text+"} is not known", "the layers are ${"+strings.Join(Layers, "}, ${")+"}")
		case q.SQL[t.at] == '"' && strings.Contains(q.SQL[t.at:t.end], "${"):
			p.add(line, "${...} stands in quotes, where it is a plain text", "write it without quotes: names of databases need none")
		case t.kind == unclosed:
			p.add(line, t.text, "")
		case t.kind == semicolon:
			p.add(line, "there is more than one statement", "a file has one query")
		}
	}
	if empty {
		p.add(q.Line, "there is no query", "write it below the header")
	}
	for _, parameter := range q.Parameters {
		if !used[parameter.Name] && nameRegexp.MatchString(parameter.Name) {
			p.add(parameter.Line, "the query does not use its parameter "+parameter.Name, "say :"+parameter.Name+" where its value goes")
		}
	}
}

func quote(text string) string { return strconv.Quote(text) }

// types are those of parameters, beside decimals.
var types = []string{"string", "boolean", "integer", "bigint", "double", "date", "timestamp"}

// Types returns the types that parameters may have.
func Types() []string { return append(slices.Clone(types), "decimal(p,s)") }

var decimalRegexp = regexp.MustCompile(`^decimal\(([1-9]|[12][0-9]|3[0-8]),([0-9]|[12][0-9]|3[0-8])\)$`)

// KnownType says whether a parameter may be of a type.
func KnownType(name string) bool {
	return slices.Contains(types, name) || decimalRegexp.MatchString(name)
}

var (
	integerRegexp = regexp.MustCompile(`^[+-]?[0-9]{1,19}$`)
	doubleRegexp  = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$`)
	decimalValue  = regexp.MustCompile(`^[+-]?[0-9]{1,38}(\.[0-9]{1,38})?$`)
)

// timestampFormats are those in which a timestamp may be written.
var timestampFormats = []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z", "2006-01-02 15:04", "2006-01-02"}

// ValueError is a text that is no value of a type.
type ValueError struct{ Type, Text string }

// Error says which.
func (e *ValueError) Error() string { return quote(e.Text) + " is not " + article(e.Type) }

func article(name string) string {
	if name == "integer" {
		return "an integer"
	}
	return "a " + name
}

// Literal returns a value as a literal of SQL, as Trino and Athena know it.
func Literal(kind, text string) (string, error) {
	wrong := &ValueError{Type: kind, Text: text}
	switch {
	case kind == "string":
		if strings.ContainsRune(text, 0) {
			return "", wrong
		}
		return "'" + strings.ReplaceAll(text, "'", "''") + "'", nil
	case kind == "boolean":
		if text == "true" || text == "false" {
			return text, nil
		}
	case kind == "integer", kind == "bigint":
		bits := map[string]int{"integer": 32, "bigint": 64}[kind]
		if n, err := strconv.ParseInt(text, 10, bits); err == nil && integerRegexp.MatchString(text) {
			return strconv.FormatInt(n, 10), nil
		}
	case kind == "double":
		if n, err := strconv.ParseFloat(text, 64); err == nil && doubleRegexp.MatchString(text) {
			return strconv.FormatFloat(n, 'E', -1, 64), nil
		}
	case kind == "date":
		if _, err := time.Parse("2006-01-02", text); err == nil {
			return "DATE '" + text + "'", nil
		}
	case kind == "timestamp":
		for _, format := range timestampFormats {
			if t, err := time.Parse(format, text); err == nil {
				return "TIMESTAMP '" + t.Format("2006-01-02 15:04:05.999999") + "'", nil
			}
		}
	case decimalRegexp.MatchString(kind):
		if decimalValue.MatchString(text) && fits(kind, text) {
			return "CAST('" + text + "' AS " + kind + ")", nil
		}
	}
	return "", wrong
}

// fits says whether a number has no more digits than a decimal type, before and
// after its point.
func fits(kind, text string) bool {
	m := decimalRegexp.FindStringSubmatch(kind)
	precision, _ := strconv.Atoi(m[1])
	scale, _ := strconv.Atoi(m[2])
	whole, fraction, _ := strings.Cut(strings.TrimLeft(text, "+-0"), ".")
	return len(whole) <= precision-scale && len(strings.TrimRight(fraction, "0")) <= scale
}
