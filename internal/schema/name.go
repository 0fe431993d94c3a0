package schema

import (
	"strings"
	"unicode"
)

// FoldName returns a text that is the same for names that strings.EqualFold
// calls equal, and for no others: two columns of one file or table must differ
// in it, for engines that read the lake ignore case. Lower case is not enough:
// that of ſ is not s.
func FoldName(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for c := unicode.SimpleFold(r); c != r; c = unicode.SimpleFold(c) {
			least = min(least, c)
		}
		return least
	}, name)
}
