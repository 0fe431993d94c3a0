package expr

import (
	"fmt"
	"regexp"
	resyntax "regexp/syntax"
	"strings"
)

// regexpArgument reads a pattern into n. It must belong to the common part of
// RE2 and Java: the printers write it anew from its tree, with classes as
// ranges of code points, so what is left to refuse is what one side lacks or
// means differently.
func (b *binder) regexpArgument(e *syntax, n *Node) bool {
	if at, problem, hint := scanPattern(e.value); problem != "" {
		b.failAt(b.offsetIn(e, at), hint, "pattern %s: %s", b.src(e), problem)
		return false
	}
	tree, err := resyntax.Parse(e.value, resyntax.Perl)
	if err != nil {
		at, problem := 0, err.Error()
		if bad, ok := err.(*resyntax.Error); ok { //nolint:errorlint // Parse returns it bare
			at, problem = max(0, strings.Index(e.value, bad.Expr)), fmt.Sprintf("%s: %s", bad.Code, bad.Expr)
		}
		b.failAt(b.offsetIn(e, at), "", "pattern %s: %s", b.src(e), problem)
		return false
	}
	if problem := treeProblem(tree); problem != "" {
		b.fail(e, "", "pattern %s: %s", b.src(e), problem)
		return false
	}
	if n.Op == OpRegexpReplace && matchesEmpty(tree) {
		b.fail(e, "use + where * stands, or anchor something that is not empty", "pattern %s can match the empty text, which regexp_replace does not take", b.src(e))
		return false
	}
	n.Regexp = regexp.MustCompile(e.value)
	return true
}

// offsetIn returns the offset in the expression of a byte of a literal's value.
func (b *binder) offsetIn(e *syntax, at int) int {
	offset := e.start + 1
	for i := 0; i < at && i < len(e.value); i++ {
		offset++
		if e.value[i] == '\'' {
			offset++ // written twice
		}
	}
	return offset
}

// scanPattern finds what the tree of a pattern no longer shows.
func scanPattern(pattern string) (at int, problem, hint string) {
	for i := 0; i < len(pattern); i++ {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern):
			if problem, hint = escapeProblem(pattern[i+1]); problem != "" {
				return i, problem, hint
			}
			i++
		case strings.HasPrefix(pattern[i:], "(?"):
			if problem, hint = groupProblem(pattern[i+2:]); problem != "" {
				return i, problem, hint
			}
		}
	}
	return 0, "", ""
}

func escapeProblem(c byte) (problem, hint string) {
	name := `\` + string(c)
	switch {
	case c == 'b' || c == 'B':
		return name + " (word boundary) differs between engines", "write what stands around the word, such as (^|[^A-Za-z])"
	case c == 'A' || c == 'z' || c == 'Z':
		return name + " is not in every engine", "write ^ for the start and $ for the end of the text"
	case c >= '1' && c <= '9' || c == 'k':
		return name + " is a back-reference, which RE2 has not", ""
	case strings.IndexByte("QEGCXRhHvVN", c) >= 0:
		return name + " is not in every engine", ""
	}
	return "", ""
}

// groupProblem looks at what follows (? in a pattern.
func groupProblem(rest string) (problem, hint string) {
	switch {
	case strings.HasPrefix(rest, "="), strings.HasPrefix(rest, "!"), strings.HasPrefix(rest, "<="), strings.HasPrefix(rest, "<!"):
		return "look-around is not in every engine", ""
	case strings.HasPrefix(rest, "P"), strings.HasPrefix(rest, "<"):
		return "named groups are not in every engine", "write (...) and use its number"
	}
	flags := rest[:max(0, strings.IndexAny(rest+")", ":)"))]
	if i := strings.IndexFunc(flags, func(r rune) bool { return !strings.ContainsRune("is-", r) }); i >= 0 {
		return fmt.Sprintf("the flag %q differs between engines", flags[i:i+1]), "only (?i) and (?s) can be used"
	}
	return "", ""
}

// treeProblem says what is wrong with a parsed pattern.
func treeProblem(re *resyntax.Regexp) string {
	switch re.Op {
	case resyntax.OpStar, resyntax.OpPlus, resyntax.OpRepeat:
		if (re.Op != resyntax.OpRepeat || re.Max != 1) && matchesEmpty(re.Sub[0]) {
			return fmt.Sprintf("%s repeats what can be empty, on which engines differ", clip(re.String()))
		}
	case resyntax.OpBeginLine, resyntax.OpEndLine, resyntax.OpWordBoundary, resyntax.OpNoWordBoundary:
		return fmt.Sprintf("%s differs between engines", clip(re.String()))
	case resyntax.OpNoMatch:
		return "it can match nothing"
	case resyntax.OpCharClass:
		if len(re.Rune) == 0 {
			return "it holds a class without characters"
		}
	}
	for _, sub := range re.Sub {
		if problem := treeProblem(sub); problem != "" {
			return problem
		}
	}
	return ""
}

// matchesEmpty says whether a pattern can match no characters at all.
func matchesEmpty(re *resyntax.Regexp) bool {
	switch re.Op {
	case resyntax.OpLiteral, resyntax.OpCharClass, resyntax.OpAnyChar, resyntax.OpAnyCharNotNL, resyntax.OpNoMatch:
		return false
	case resyntax.OpCapture, resyntax.OpPlus:
		return matchesEmpty(re.Sub[0])
	case resyntax.OpRepeat:
		return re.Min == 0 || matchesEmpty(re.Sub[0])
	case resyntax.OpConcat:
		for _, sub := range re.Sub {
			if !matchesEmpty(sub) {
				return false
			}
		}
		return true
	case resyntax.OpAlternate:
		for _, sub := range re.Sub {
			if matchesEmpty(sub) {
				return true
			}
		}
		return false
	default: // star, quest, anchors, the empty pattern
		return true
	}
}

// replacementArgument reads what regexp_replace puts in: text in which $0 to
// $9 stand for groups and $$ for a dollar. It is kept as regexp.Expand reads
// it: ${1} and $$.
func (b *binder) replacementArgument(e *syntax, n *Node) bool {
	var out strings.Builder
	for i := 0; i < len(e.value); i++ {
		c := e.value[i]
		if c != '$' {
			out.WriteByte(c)
			continue
		}
		i++
		switch {
		case i < len(e.value) && e.value[i] == '$':
			out.WriteString("$$")
		case i < len(e.value) && isDigit(e.value[i]) && int(e.value[i]-'0') <= n.groups():
			fmt.Fprintf(&out, "${%c}", e.value[i])
		case i < len(e.value) && isDigit(e.value[i]):
			b.failAt(b.offsetIn(e, i-1), "", "replacement %s: there is no group $%c; the pattern has %d", b.src(e), e.value[i], n.groups())
			return false
		default:
			b.failAt(b.offsetIn(e, i-1), "groups are $0 to $9; $$ is a dollar", "replacement %s: a single $ means nothing", b.src(e))
			return false
		}
	}
	n.Replacement = out.String()
	return true
}
