package vec

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var utf8Samples = []string{"", "a", "abcdefgh", "ABCdefghIJKL", "äöüÄÖÜß", "aä😀bcd𝄞efgh", "İıſKΣς", strings.Repeat("é", 20), "  a b  ", "@[`{ZAza"}

func TestUTF8(t *testing.T) {
	for _, s := range utf8Samples {
		b := []byte(s)
		if got := CodePoints(b); got != utf8.RuneCountInString(s) {
			t.Errorf("CodePoints(%q) = %d", s, got)
		}
		if got := string(AppendLower([]byte("x"), b)); got != "x"+strings.Map(unicode.ToLower, s) {
			t.Errorf("AppendLower(%q) = %q", s, got)
		}
		if got := string(AppendUpper([]byte("x"), b)); got != "x"+strings.Map(unicode.ToUpper, s) {
			t.Errorf("AppendUpper(%q) = %q", s, got)
		}
		if got := string(TrimRight(TrimLeft(b))); got != strings.Trim(s, " ") {
			t.Errorf("trim of %q = %q", s, got)
		}
		if IsASCII(b) != (len(s) == utf8.RuneCountInString(s)) {
			t.Errorf("IsASCII(%q) = %v", s, IsASCII(b))
		}
	}
}

// slowSubstring counts code points as Spark does.
func slowSubstring(s string, from, length int64) string {
	runes := []rune(s)
	n := int64(len(runes))
	start := big.NewInt(from)
	if from > 0 {
		start.Sub(start, big.NewInt(1))
	} else if from < 0 {
		start.Add(start, big.NewInt(n))
	}
	end := new(big.Int).Add(start, big.NewInt(length))
	var part []rune
	for i, r := range runes {
		if at := big.NewInt(int64(i)); at.Cmp(start) >= 0 && at.Cmp(end) < 0 {
			part = append(part, r)
		}
	}
	return string(part)
}

func TestSubstring(t *testing.T) {
	numbers := []int64{0, 1, 2, 3, 5, 8, 20, 100, -1, -2, -5, -20, -100, math.MaxInt64, math.MinInt64}
	for _, s := range utf8Samples {
		for _, from := range numbers {
			for _, length := range numbers {
				if got, want := string(Substring([]byte(s), from, length)), slowSubstring(s, from, length); got != want {
					t.Errorf("Substring(%q, %d, %d) = %q, want %q", s, from, length, got, want)
				}
			}
		}
	}
}

func TestSplitAndReplace(t *testing.T) {
	for _, s := range []string{"", "a", "a,b", ",,", "a,,b,", "ab,ab"} {
		parts := strings.Split(s, ",")
		for n := 1; n < 6; n++ {
			want := ""
			if n <= len(parts) {
				want = parts[n-1]
			}
			if got := string(SplitPart([]byte(s), []byte(","), int64(n))); got != want {
				t.Errorf("SplitPart(%q, %d) = %q, want %q", s, n, got, want)
			}
		}
		if got, want := string(AppendReplaced(nil, []byte(s), []byte(","), []byte("--"))), strings.ReplaceAll(s, ",", "--"); got != want {
			t.Errorf("AppendReplaced(%q) = %q, want %q", s, got, want)
		}
	}
	if got := SplitPart([]byte("a,b"), []byte(","), math.MaxInt64); len(got) != 0 {
		t.Errorf("SplitPart far beyond the end = %q", got)
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text string
		n    int
		want string
	}{{"abc", 5, "abc"}, {"abc", 3, "abc"}, {"abc", 2, "ab"}, {"aäb", 2, "a"}, {"😀", 3, ""}} {
		if got := string(Cut([]byte(test.text), test.n)); got != test.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", test.text, test.n, got, test.want)
		}
	}
}
