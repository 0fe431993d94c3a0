package expr

import (
	"fmt"
	"math"
	"strings"

	"github.com/lakectl/lakectl/internal/schema"
)

// javaReplacement turns ${1} and $$ into $1 and \$. A digit behind a group is
// escaped, as Java would read it as part of the group's number.
func javaReplacement(replacement string) string {
	afterGroup := false
	group := func(g byte) string {
		afterGroup = true
		return "$" + string(g)
	}
	return expandReplacement(replacement, group, func(c rune) string {
		escape := c == '\\' || c == '$' || afterGroup && c >= '0' && c <= '9'
		afterGroup = false
		if escape {
			return `\` + string(c)
		}
		return string(c)
	})
}

// asInt prints a bigint argument where Spark takes an int: positions beyond
// its range are as good as its bounds.
func (s spark) asInt(n *Node, value string) string {
	if i, ok := n.Value.(int64); ok && n.Op == OpLiteral {
		return fmt.Sprintf("CAST('%d' AS INT)", min(max(i, math.MinInt32), math.MaxInt32))
	}
	if n.Op == OpCast && n.Args[0].Type.Kind == schema.Integer {
		return "CAST(" + value + " AS INT)"
	}
	return fmt.Sprintf("CAST(CASE WHEN %[1]s > 2147483647 THEN 2147483647 WHEN %[1]s < -2147483648 THEN -2147483648 ELSE %[1]s END AS INT)", value)
}

// beforeAll is a position before the first code point of any text. From
// positions near -2^31 on Spark counts wrongly.
const beforeAll = -1 << 30

func (s spark) substr(n *Node, args []string) string {
	from := fmt.Sprintf("CAST(CASE WHEN %[1]s > 2147483647 THEN 2147483647 WHEN %[1]s < %[2]d THEN %[2]d ELSE %[1]s END AS INT)", args[1], beforeAll)
	first, fixed := literalOr(n, 1, 0)
	if fixed {
		from = fmt.Sprintf("CAST('%d' AS INT)", min(max(first, beforeAll), math.MaxInt32))
	}
	if len(args) == 2 {
		return "substring(" + args[0] + ", " + from + ")"
	}
	return "substring(" + args[0] + ", " + from + ", " + s.substrLength(n, args) + ")"
}

// substrLength prints the length of substr, less what lies before beforeAll.
func (s spark) substrLength(n *Node, args []string) string {
	first, fixed := literalOr(n, 1, 0)
	length, known := literalOr(n, 2, 0)
	switch {
	case fixed && known && length > 0:
		return fmt.Sprintf("CAST('%d' AS INT)", min(max(length+min(first, beforeAll)-beforeAll, 0), math.MaxInt32))
	case fixed && first >= beforeAll || known && length <= 0:
		return s.asInt(n.Args[2], args[2])
	}
	return fmt.Sprintf("CAST(CASE WHEN %[1]s > 0 AND %[2]s < %[3]d THEN greatest(least(%[1]s - (%[3]d - %[2]s), 2147483647), 0) "+
		"WHEN %[1]s > 2147483647 THEN 2147483647 WHEN %[1]s < 0 THEN 0 ELSE %[1]s END AS INT)", args[2], args[1], beforeAll)
}

func (s spark) splitPart(n *Node, args []string) string {
	call := fmt.Sprintf("split_part(%s, %s, %s)", args[0], args[1], s.asInt(n.Args[2], args[2]))
	if !failsItself(n) {
		return call
	}
	return fmt.Sprintf("CASE WHEN %s >= 1 AND %s <> '' THEN %s END", args[2], args[1], call)
}

// like doubles the backslashes of a pattern, as Spark takes them for escapes.
// Beyond the basic plane Spark tears letters apart if it makes a regular
// expression of the pattern, so the printer makes one itself.
func (s spark) like(n *Node, args []string) string {
	pattern, ok := literalString(n.Args[1])
	switch {
	case !ok:
		quoted := fmt.Sprintf(`regexp_replace(%s, '[^%%_]', '\\\\Q$0\\\\E')`, args[1])
		return fmt.Sprintf(`regexp_like(%s, concat('(?s)^', replace(replace(%s, '%%', '.*'), '_', '.'), '\\z'))`, args[0], quoted)
	case strings.ContainsFunc(pattern, func(c rune) bool { return c > 0xffff }):
		return fmt.Sprintf("regexp_like(%s, %s)", args[0], s.text(likeRegexp(backslashed(pattern, n.Escape))))
	case n.Escape != 0 || strings.Contains(pattern, `\`):
		return fmt.Sprintf("(%s LIKE %s)", args[0], s.text(backslashed(pattern, n.Escape)))
	}
	return fmt.Sprintf("(%s LIKE %s)", args[0], args[1])
}

// likeRegexp writes a pattern of like whose escape character is the backslash
// as a regular expression.
func likeRegexp(pattern string) string {
	const anything = `[\x{0}-\x{10FFFF}]`
	r := patternPrinter{}
	r.out.WriteByte('^')
	open := false
	for _, c := range pattern {
		switch {
		case !open && c == '\\':
			open = true
			continue
		case !open && c == '%':
			r.out.WriteString(anything + "*")
		case !open && c == '_':
			r.out.WriteString(anything)
		default:
			r.char(c)
		}
		open = false
	}
	r.out.WriteString(`\z`)
	return r.out.String()
}
