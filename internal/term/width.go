package term

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// wide are the runes that take two columns: the blocks of East Asian scripts
// and of pictures. Terminals differ in the details; tables survive that.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115F, 1}, {0x2E80, 0x303E, 1}, {0x3041, 0x33FF, 1}, {0x3400, 0x4DBF, 1}, {0x4E00, 0x9FFF, 1},
		{0xA000, 0xA4CF, 1}, {0xA960, 0xA97F, 1}, {0xAC00, 0xD7A3, 1}, {0xF900, 0xFAFF, 1}, {0xFE30, 0xFE6F, 1},
		{0xFF00, 0xFF60, 1}, {0xFFE0, 0xFFE6, 1},
	},
	R32: []unicode.Range32{{0x1F300, 0x1F64F, 1}, {0x1F680, 0x1F6FF, 1}, {0x1F900, 0x1FAFF, 1}, {0x20000, 0x3FFFD, 1}},
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// Width returns how many columns a text takes, one without control characters.
func Width(text string) int {
	width := 0
	for _, r := range text {
		width += runeWidth(r)
	}
	return width
}

// Truncate shortens a text to at most width columns, with … for what is left out.
func Truncate(text string, width int) string {
	if Width(text) <= width {
		return text
	}
	if width < 1 {
		return ""
	}
	return text[:fitting(text, width-1)] + "…"
}

// fitting returns how many bytes at the beginning of a text take at most width
// columns.
func fitting(text string, width int) int {
	taken := 0
	for at, r := range text {
		if taken += runeWidth(r); taken > width {
			return at
		}
	}
	return len(text)
}

// Shorten shortens a name or a path, whose end tells it apart, to at most width
// columns, with … for what is left out of its middle.
func Shorten(text string, width int) string {
	if Width(text) <= width {
		return text
	}
	if width < 3 {
		return Truncate(text, width)
	}
	head := Truncate(text, (width-1)/2+1) // with its …
	room := width - Width(head)
	runes := []rune(text)
	from := len(runes)
	for from > 0 && room >= runeWidth(runes[from-1]) {
		from--
		room -= runeWidth(runes[from])
	}
	return head + string(runes[from:])
}

// leastWrapped is the width below which breaking into lines makes little sense.
const leastWrapped = 24

// Wrap breaks a text, which is made harmless (Clean), between words into lines
// of at most width columns; where that makes little sense it is one line. A word
// that is longer than a line, such as a path, goes on in the next one. What
// stands between backticks is a command, which is never broken: somebody will
// copy it.
func Wrap(text string, width int) []string {
	text = Clean(text)
	if width < leastWrapped {
		return []string{text}
	}
	var out []string
	line := ""
	for _, word := range words(text) {
		if line != "" && Width(line)+1+Width(word) > width {
			out, line = append(out, line), ""
		}
		for !strings.Contains(word, "`") && Width(word) > width {
			at := fitting(word, width)
			out, word = append(out, word[:at]), word[at:]
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(out, line)
}

// words returns the words of a text. What stands between backticks belongs to
// one word.
func words(text string) []string {
	var list []string
	open := false
	for _, word := range strings.Fields(text) {
		if open {
			list[len(list)-1] += " " + word
		} else {
			list = append(list, word)
		}
		if strings.Count(word, "`")%2 == 1 {
			open = !open
		}
	}
	return list
}

// pad fills a text with blanks up to width columns.
func pad(text string, width int, right bool) string {
	blanks := strings.Repeat(" ", max(width-Width(text), 0))
	if right {
		return blanks + text
	}
	return text + blanks
}

// Clean makes text from data safe to show on one line: control characters and
// bytes that are not UTF-8 are written as escapes.
func Clean(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, hidden) {
		return text
	}
	var out strings.Builder
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[at])
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case r == '\r':
			out.WriteString(`\r`)
		case hidden(r) && r < 0x100:
			fmt.Fprintf(&out, `\x%02x`, r)
		case hidden(r):
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
		at += size
	}
	return out.String()
}

// hidden says whether a rune commands the terminal instead of being seen:
// controls, and marks that turn the direction of writing.
func hidden(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029
}
