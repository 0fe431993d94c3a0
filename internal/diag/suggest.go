package diag

import (
	"fmt"
	"strings"
)

// Suggest returns `did you mean "x"?` for the option nearest to word, or ""
// when none is near enough to be what was meant.
func Suggest(word string, options []string) string {
	if best := Nearest(word, options); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return ""
}

// Nearest returns the option with the fewest edits from word (ignoring case),
// if these are at most a third of its length, rounded up; else the only one that
// begins with it, if it has three letters or more.
func Nearest(word string, options []string) string {
	word = strings.ToLower(word)
	best, bestDistance := "", (len(word)+2)/3+1
	for _, option := range options {
		if d := distance(word, strings.ToLower(option)); d < bestDistance {
			best, bestDistance = option, d
		}
	}
	if best == "" && len(word) >= 3 {
		return onlyPrefixed(word, options)
	}
	return best
}

// onlyPrefixed returns the option that begins with a word in lower case, or ""
// if there is none or more than one.
func onlyPrefixed(word string, options []string) string {
	only := ""
	for _, option := range options {
		if !strings.HasPrefix(strings.ToLower(option), word) {
			continue
		}
		if only != "" {
			return ""
		}
		only = option
	}
	return only
}

// distance is the number of insertions, deletions, replacements and swaps of
// neighbours that turn a into b (optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
