package template

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/lakectl/lakectl/cloudformation"
	"github.com/lakectl/lakectl/internal/diag"
	"github.com/lakectl/lakectl/queries"
)

// Engine is the folder of queries from which named queries are made.
const Engine = "athena"

// What CloudFormation takes: how many resources, and how many bytes.
const (
	maxResources = 500
	maxTemplate  = 1 << 20
)

// Options are what a project adds to the template.
type Options struct {
	// Queries are the project's own. One with the name of a query that comes
	// with lakectl takes its place.
	Queries []queries.Query
	// Sources are where in S3 its raw files are (see Sources); the Glue jobs may
	// read them.
	Sources []string
}

// Render returns the template of a project. The same project gives the same
// bytes.
func Render(o Options) (string, error) {
	builtin, problems, err := queries.Load(queries.Files(), Engine)
	if err != nil {
		return "", err
	}
	if len(problems) > 0 {
		return "", problems[0]
	}
	text, err := namedQueries(queries.Merge(o.Queries, builtin))
	if err != nil {
		return "", err
	}
	out, err := splice(cloudformation.Template(), section{"named queries", "end of named queries"}, text)
	if err != nil {
		return "", err
	}
	if text, err = sourcesPolicy(o.Sources); err != nil {
		return "", err
	}
	if out, err = splice(out, section{"sources", "end of sources"}, text); err == nil && len(out) > maxTemplate {
		return "", diag.Errorf(diag.Usage, "with all queries the template has %d bytes; CloudFormation takes %d", len(out), maxTemplate).
			WithNext("move queries that nobody needs in Athena out of the folder queries")
	}
	return out, err
}

// section is a part of the template between two lines with comments.
type section struct{ begin, end string }

// splice replaces what is in a section.
func splice(text string, s section, content string) (string, error) {
	lines := strings.SplitAfter(text, "\n")
	line := func(comment string) int {
		return slices.IndexFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "# "+comment })
	}
	begin, end := line(s.begin), line(s.end)
	if begin < 0 || end < begin {
		return "", fmt.Errorf("the template has no lines %q and %q", "# "+s.begin, "# "+s.end)
	}
	return strings.Join(lines[:begin+1], "") + content + strings.Join(lines[end:], ""), nil
}

// namedQueries returns the resources of named queries.
func namedQueries(list []queries.Query) (string, error) {
	if most := maxResources / 2; len(list) > most {
		return "", diag.Errorf(diag.Usage, "there are %d queries, and a stack has room for %d", len(list), most).
			WithNext("move queries that nobody needs in Athena out of the folder queries")
	}
	var b strings.Builder
	ids := map[string]string{}
	for _, q := range list {
		id := logicalID(q.Name)
		if other, taken := ids[id]; taken {
			return "", diag.Errorf(diag.Usage, "the queries %s and %s have the same name to CloudFormation, which knows no _", other, q.Name).
				WithNext("give one of them another name")
		}
		ids[id] = q.Name
		namedQuery(&b, id, q)
	}
	return b.String(), nil
}

func namedQuery(b *strings.Builder, id string, q queries.Query) {
	fmt.Fprintf(b, `  %s:
    Type: AWS::Athena::NamedQuery
    Properties:
      Name: !Sub ${Project}-${Environment}-%s
      Description: %s
      WorkGroup: !Ref Workgroup
      Database: !Ref GoldDatabase
      QueryString: !Sub |
`, id, q.Name, yamlText(shorten(q.Description, 1024)))
	for line := range strings.Lines(substitution(q) + "\n") {
		if line != "\n" {
			b.WriteString("        ")
		}
		b.WriteString(line)
	}
	b.WriteString("\n")
}

// logicalID is the id of a named query in the template.
func logicalID(name string) string {
	var b strings.Builder
	b.WriteString("Query")
	for part := range strings.SplitSeq(name, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// substitution returns the SQL of a query for Fn::Sub: layers are databases of
// the stack, parameters their defaults, so that it runs as it is in Athena's
// console, which asks for those that have none.
func substitution(q queries.Query) string {
	const open = "\x00" // stands for ${ of ours, until those of the query are escaped
	text := q.Text(
		func(layer string) string { return open + databaseID(layer) + "}" },
		func(name string) string { return placeholder(q, name) },
	)
	text = strings.ReplaceAll(strings.ReplaceAll(printable(text), "${", "${!"), open, "${")
	return strings.TrimSpace("-- " + strings.Join(strings.Fields(q.Description), " ") + "\n" + strings.TrimLeft(text, "\n"))
}

// databaseID is the id of a layer's database in the template.
func databaseID(layer string) string { return strings.ToUpper(layer[:1]) + layer[1:] + "Database" }

// placeholder is what stands for a parameter in a named query.
func placeholder(q queries.Query, name string) string {
	for _, p := range q.Parameters {
		if p.Name == name && p.Default != nil {
			if literal, err := queries.Literal(p.Type, *p.Default); err == nil {
				return literal
			}
		}
	}
	return "?"
}

// printable writes blanks for what a YAML file cannot hold as it is.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == 0 || unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

// shorten cuts a text to at most so many characters.
func shorten(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// yamlText returns a text as a scalar in double quotes: what JSON escapes, YAML
// understands.
func yamlText(text string) string { return strconv.Quote(printable(text)) }
