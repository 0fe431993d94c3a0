package expr

import (
	"math/rand/v2"
	"regexp"
	"testing"
)

var patterns = []string{"a", "^a", "a$", "^a$", "^$", "", "abc", "a|b", "(a|b)*c", "[^@ ]+@[^@ ]+", "^[^@ ]+@[^@ ]+[.][^@ ]+$", "a.c", "(?s)a.c", "(?i)straße", "(?i)k", "[0-9]{3}", "[[:alpha:]]+ä",
	"é+", "[^a]", "[^0-9+]", "[^0-9+]+", " +", "^(completed|failed)$", "a*", "a+?", "(ab)?c$", "x{0,3}y", `\d+\.\d+`, `\s`, `\pL+`, "(^a|b$)", "$^", "(a$|^b)", "[a-c]x|[b-d]y", "\ufffd"}

// comparePattern compares the automaton and the quick replacer with package regexp.
func comparePattern(t *testing.T, pattern, text string) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return
	}
	if a := newAutomaton(pattern); a != nil {
		for range 2 {
			if got, ok := a.match([]byte(text)); ok && got != re.MatchString(text) {
				t.Errorf("%q in %q: got %v", pattern, text, got)
			}
		}
	}
	if c := classOf(pattern); c != nil {
		if got, want := string(c.replace(nil, []byte(text), []byte("<>"))), re.ReplaceAllLiteralString(text, "<>"); got != want {
			t.Errorf("replacing %q in %q: got %q, want %q", pattern, text, got, want)
		}
		if got, want := string(c.replace([]byte("x"), []byte(text), nil)), "x"+re.ReplaceAllLiteralString(text, ""); got != want {
			t.Errorf("removing %q from %q: got %q, want %q", pattern, text, got, want)
		}
	}
}

func TestAutomatonAgainstRegexp(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	alphabet := []string{"a", "b", "c", "x", "y", "0", "7", ".", "@", " ", "é", "ß", "ä", "K", "ſ", "\n", "\xff", "😀", "completed", "K"}
	for _, pattern := range patterns {
		for range 300 {
			text := ""
			for range r.IntN(12) {
				text += alphabet[r.IntN(len(alphabet))]
			}
			comparePattern(t, pattern, text)
		}
	}
}

func FuzzAutomaton(f *testing.F) {
	for _, pattern := range patterns {
		f.Add(pattern, "abc@d.e 123 éß")
	}
	f.Fuzz(comparePattern)
}

// TestAutomatonGivesUp checks that an expression with very many states still works.
func TestAutomatonGivesUp(t *testing.T) {
	m := &matcher{re: regexp.MustCompile("a.{14}b$"), quick: newAutomaton("a.{14}b$")}
	r := rand.New(rand.NewPCG(23, 24))
	for range 3000 {
		text := make([]byte, 30)
		for i := range text {
			text[i] = "ab"[r.IntN(2)]
		}
		if got := m.match(text); got != m.re.Match(text) {
			t.Fatalf("%s: got %v", text, got)
		}
	}
	if m.quick != nil {
		t.Error("the automaton did not give up")
	}
}
