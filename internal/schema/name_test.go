package schema

import (
	"strings"
	"testing"
)

func TestFoldNameIsWhatEqualFoldSays(t *testing.T) {
	names := []string{"", "id", "ID", "s", "S", "ſ", "k", "K", "\u212a", "σ", "ς", "Σ", "i", "I", "ı", "İ", "ß", "ẞ", "é", "É", "a b"}
	for _, a := range names {
		for _, b := range names {
			if got, want := FoldName(a) == FoldName(b), strings.EqualFold(a, b); got != want {
				t.Errorf("FoldName takes %q and %q for one name: %v, want %v", a, b, got, want)
			}
		}
	}
}
