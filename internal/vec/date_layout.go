package vec

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/internal/schema"
)

// Layout is how dates or timestamps are written other than the standard way.
// It never changes and may be shared by goroutines.
type Layout struct {
	tokens []layoutToken
	kind   schema.Kind
}

// layoutToken is a run of one letter, or literal text if the letter is 0.
type layoutToken struct {
	letter  byte
	count   int
	literal string
}

// layoutLetters are the letters of a layout, which are Spark's (and Java's),
// and the numbers of repeats that each may have.
var layoutLetters = map[byte]string{
	'y': "yyyy or yy (2000 to 2099)", 'M': "MM, M (one or two digits), MMM (Jan) or MMMM (January)",
	'd': "dd or d (one or two digits)", 'H': "HH or H (one or two digits), 0 to 23", 'h': "hh or h (one or two digits), 1 to 12, with a",
	'a': "a (AM or PM)", 'm': "mm or m (one or two digits)", 's': "ss or s (one or two digits)",
	'S': "S to SSSSSS (at most so many digits of a fraction)",
	'X': "X (Z, +hh or +hhmm), XX (Z or +hhmm) or XXX (Z or +hh:mm)", 'x': "x (+hh or +hhmm), xx (+hhmm) or xxx (+hh:mm)", 'Z': "Z (+hhmm)",
}

var layoutCounts = map[byte]string{'y': "24", 'M': "1234", 'd': "12", 'H': "12", 'h': "12", 'a': "1",
	'm': "12", 's': "12", 'S': "123456", 'X': "123", 'x': "123", 'Z': "1"}

// CompileLayout reads a layout in the letters of Spark SQL, such as
// `yyyy-MM-dd HH:mm:ss`, for the kind Date or Timestamp:
//
//	yyyy, yy    year of four digits; of two, 2000 to 2099
//	MM, M       month of two digits; of one or two
//	MMM, MMMM   English name of the month, short (Jan) or in full, in any case
//	dd, d       day of the month
//	HH, H       hour from 0 to 23
//	hh, h, a    hour from 1 to 12, with AM or PM in any case
//	mm, m, ss, s
//	S...        1 to so many digits of a fraction of a second, at most 6
//	XXX, XX, X  offset: Z or +hh:mm; Z or +hhmm; Z, +hh or +hhmm
//	xxx, xx, x  the same without Z;  Z is +hhmm
//	'text'      text as it stands; '' is one quote
//
// Other letters are refused; all other characters stand for themselves. A
// text must match to its end. Year, month and day are required; parts of the
// time that are missing are zero.
func CompileLayout(layout string, kind schema.Kind) (*Layout, error) {
	l := &Layout{kind: kind}
	for i := 0; i < len(layout); {
		c := layout[i]
		switch {
		case c == '\'':
			text, n, ok := quotedLayout(layout[i:])
			if !ok {
				return nil, fmt.Errorf("the quote at character %d has no end", i+1)
			}
			l.addLiteral(text)
			i += n
		case c|0x20-'a' < 26:
			n := 1
			for i+n < len(layout) && layout[i+n] == c {
				n++
			}
			if err := l.addLetter(c, n); err != nil {
				return nil, err
			}
			i += n
		case strings.IndexByte("[]{}#", c) >= 0:
			return nil, fmt.Errorf("%q has a meaning in Spark that lakectl does not support; quote it, or give a list of formats", string(c))
		default:
			l.addLiteral(layout[i : i+1])
			i++
		}
	}
	return l, l.check()
}

// quotedLayout returns the text between quotes at the start of s and the
// length of both.
func quotedLayout(s string) (text string, n int, ok bool) {
	if strings.HasPrefix(s, "''") {
		return "'", 2, true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
		} else if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
		} else {
			return b.String(), i + 1, true
		}
	}
	return "", 0, false
}

func (l *Layout) addLiteral(text string) {
	if n := len(l.tokens); n > 0 && l.tokens[n-1].letter == 0 {
		l.tokens[n-1].literal += text
		return
	}
	l.tokens = append(l.tokens, layoutToken{literal: text})
}

func (l *Layout) addLetter(c byte, n int) error {
	run := strings.Repeat(string(c), min(n, 20))
	counts, known := layoutCounts[c]
	switch {
	case !known && c == 'T':
		return fmt.Errorf("the letter T must be quoted: 'T'")
	case !known:
		return fmt.Errorf("%q is not supported; letters are yyyy MM dd HH mm ss SSSSSS, hh with a, MMM and XXX; text is written in quotes: '%s'", run, run)
	case n > 9 || !strings.Contains(counts, string(byte('0'+n))):
		return fmt.Errorf("%q is not supported: write %s", run, layoutLetters[c])
	}
	l.tokens = append(l.tokens, layoutToken{letter: c, count: n})
	return nil
}

// check refuses layouts that leave a value open or say it twice.
func (l *Layout) check() error {
	seen := make(map[byte]bool)
	for i, t := range l.tokens {
		c := t.letter
		if c == 'x' || c == 'Z' {
			c = 'X'
		}
		if c == 0 {
			continue
		}
		if seen[c] {
			return fmt.Errorf("the letter %s stands in two places", string(t.letter))
		}
		seen[c] = true
		if l.kind == schema.Date && strings.IndexByte("yMd", c) < 0 {
			return fmt.Errorf("a date has no %q; make the column a timestamp and cast it", strings.Repeat(string(t.letter), t.count))
		}
		if i+1 < len(l.tokens) && variable(t) && numeric(l.tokens[i+1]) {
			return fmt.Errorf("%q has no fixed length, so no digits may follow it", strings.Repeat(string(t.letter), t.count))
		}
	}
	for _, need := range "yMd" {
		if !seen[byte(need)] {
			return fmt.Errorf("the layout has no year (yyyy), month (MM) or day (dd)")
		}
	}
	hours := seen['H'] || seen['h']
	switch {
	case seen['H'] && seen['h'], seen['H'] && seen['a']:
		return fmt.Errorf("HH (0 to 23) does not go with hh or a")
	case seen['h'] != seen['a']:
		return fmt.Errorf("hh (1 to 12) and a (AM or PM) go together")
	case seen['m'] && !hours, seen['s'] && !seen['m'], seen['S'] && !seen['s'], seen['X'] && !hours:
		return fmt.Errorf("a part of the time is missing: minutes need hours, seconds need minutes, a fraction needs seconds, an offset needs hours")
	}
	return nil
}

// variable says whether a token takes one digit or more.
func variable(t layoutToken) bool {
	return t.count == 1 && strings.IndexByte("MdHhms", t.letter) >= 0 || t.letter == 'S' && t.count > 1
}

// numeric says whether a token starts with a digit.
func numeric(t layoutToken) bool {
	if t.letter == 0 {
		return t.literal[0]-'0' <= 9
	}
	return strings.IndexByte("ydHhmsS", t.letter) >= 0 || t.letter == 'M' && t.count <= 2
}
